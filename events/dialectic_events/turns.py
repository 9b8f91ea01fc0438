"""A turn, and what can come of it: contributions, failures, skips.

These names and tags are the storage format: a tag is never renamed, a field never changes its
meaning.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec import Struct

from dialectic_events.parts import Text

__all__ = [
    "Contribution",
    "CritiqueMade",
    "Fact",
    "Kind",
    "ProposalMade",
    "RefinementMade",
    "SynthesisMade",
    "Turn",
    "TurnFailed",
    "TurnSkipped",
]

Kind = Literal["proposal", "critique", "refinement", "synthesis"]


class Turn(Struct, frozen=True, omit_defaults=True):
    """One contribution asked of one agent; the atom of cost, retry, replay, audit and fork.

    `after` are the turns it waits for. `sees` are those whose results it is shown, `recalls` those
    whose whole brief it is shown again (a history that grows is named by its last link). `target`
    is the turn it answers: without that one there is nothing to say. `carries` is the turn whose
    result stands in for this one, so that no call is made.
    """

    id: str
    kind: Kind
    speaker: str
    round: int = 0
    target: str | None = None
    carries: str | None = None
    after: tuple[str, ...] = ()
    sees: tuple[str, ...] = ()
    recalls: tuple[str, ...] = ()


class Fact(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """Something that happened to a run. `schema` is the version of the shape that this program
    writes.
    """

    schema: ClassVar[int] = 1


class Contribution(Fact, frozen=True, kw_only=True):
    """What an agent contributed. `call` names the answer it rests on; without a call, `plan` holds
    the full turn.
    """

    turn: str
    text: Text
    call: str | None = None
    plan: Turn | None = None


class ProposalMade(Contribution, frozen=True, kw_only=True, tag="proposal-made"):
    """An agent proposed a solution, or carried its last refinement over as its proposal
    (`plan.carries`).
    """


class CritiqueMade(Contribution, frozen=True, kw_only=True, tag="critique-made"):
    """An agent criticized another's proposal."""


class RefinementMade(Contribution, frozen=True, kw_only=True, tag="refinement-made"):
    """An agent refined its proposal in the light of the critiques it received."""


class SynthesisMade(Contribution, frozen=True, kw_only=True, tag="synthesis-made"):
    """The judge drew the conclusion."""


class TurnFailed(Fact, frozen=True, kw_only=True, tag="turn-failed"):
    """A turn ended without a contribution, and why. `plan` is there when no call was ever made."""

    turn: str
    reason: Text
    plan: Turn | None = None


class TurnSkipped(Fact, frozen=True, kw_only=True, tag="turn-skipped"):
    """A turn was not asked for, because what it would answer does not exist."""

    turn: str
    plan: Turn
    reason: str
