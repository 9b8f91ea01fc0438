"""A turn, and what can come of it: contributions, failures, skips.

These names and tags are the storage format: a tag is never renamed, a field never changes its
meaning.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec import Struct

from dialectic_events.parts import Text

__all__ = [
    "AnswerGiven",
    "AssessmentMade",
    "BallotCast",
    "Contribution",
    "CritiqueMade",
    "Fact",
    "Kind",
    "ProposalMade",
    "QuestionAsked",
    "RefinementMade",
    "Standing",
    "StopDecided",
    "SummaryMade",
    "SynthesisMade",
    "Turn",
    "TurnFailed",
    "TurnSkipped",
]

Kind = Literal[
    "question",
    "answer",
    "summary",
    "proposal",
    "critique",
    "refinement",
    "assessment",
    "stop",
    "ballot",
    "synthesis",
]
"""What a turn is for. An `answer` is a person's, a `stop` is computed; all others ask a model."""


class Turn(Struct, frozen=True, omit_defaults=True):
    """One contribution asked of one agent; the atom of cost, retry, replay, audit and fork.

    `after` are the turns it waits for. `sees` are those whose results it is shown, `recalls` those
    whose whole brief it is shown again (a history that grows is named by its last link). `target`
    is the turn it answers: without that one there is nothing to say. `carries` is the turn whose
    result stands in for this one, so that no call is made. `summary` is the turn that, if it
    contributes, is shown in place of all that is recalled. `round` counts the passes of questions
    and their answers on their own.
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
    summary: str | None = None


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


class QuestionAsked(Contribution, frozen=True, kw_only=True, tag="question-asked"):
    """An agent asked what it must know before it can propose: `text` holds that many `questions`
    (a JSON list of `Question`); `dropped` more were over the limit.
    """

    questions: int
    dropped: int = 0


class AnswerGiven(Contribution, frozen=True, kw_only=True, tag="answer-given"):
    """A person answered an agent's questions: `text` is a JSON list of `Answered`. `by` says how
    the answers came: a terminal, a file, another process.
    """

    by: str = ""


class SummaryMade(Contribution, frozen=True, kw_only=True, tag="summary-made"):
    """What was said was condensed, from so many characters to so many; `cut` when the answer was
    longer than allowed and lost its end.
    """

    before_chars: int
    after_chars: int
    method: str
    cut: bool = False


class AssessmentMade(Contribution, frozen=True, kw_only=True, tag="assessment-made"):
    """The judge assessed how far the debate has come: `score` is 0 to 1, `text` says why."""

    score: float


class BallotCast(Contribution, frozen=True, kw_only=True, tag="ballot-cast"):
    """An agent ranked the refinements of others: turn ids, the best first; `text` says why."""

    ranking: tuple[str, ...]


class Standing(Struct, frozen=True):
    """How a refinement fared in a vote: its Borda points, and how many ranked it first."""

    turn: str
    points: int
    first: int


class SynthesisMade(Contribution, frozen=True, kw_only=True, tag="synthesis-made"):
    """The debate was concluded. `text` is a JSON `Verdict`, or the judge's own words where no
    verdict could be read from them. `standings` are those of a vote, the winner first; `tied` are
    those that only the drawn lot told apart.
    """

    form: Literal["verdict", "text"] = "verdict"
    standings: tuple[Standing, ...] = ()
    tied: tuple[str, ...] = ()


class StopDecided(Fact, frozen=True, kw_only=True, tag="stop-decided"):
    """Whether the debate ends before its last round: `value` was measured by `measure` and held
    against `threshold` (both 0 to 1; None when there was nothing to measure). A measured
    convergence also says what it is made of.
    """

    turn: str
    plan: Turn
    rule: Literal["convergence", "quality"]
    measure: str
    value: float | None
    threshold: float
    stop: bool
    stability: float | None = None
    agreement: float | None = None


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
