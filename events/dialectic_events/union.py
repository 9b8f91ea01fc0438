"""The union of all events, and what is known about each type: its tag, its schema version, its text
fields.

A type is added here with the code that emits it; `assert_never` then lists the folds that must
learn it.
"""

from __future__ import annotations

from functools import cache
from typing import get_args, get_type_hints

from dialectic_events.calls import (
    CallAnswered,
    CallFailed,
    CallLost,
    CallRequested,
    ToolsUsed,
)
from dialectic_events.parts import Text, references
from dialectic_events.runs import (
    DeadlinePassed,
    RunConcluded,
    RunFailed,
    RunOpened,
    RunResumed,
    RunSuspended,
)
from dialectic_events.turns import (
    AnswerGiven,
    AssessmentMade,
    BallotCast,
    CritiqueMade,
    Fact,
    Kind,
    ProposalMade,
    QuestionAsked,
    RefinementMade,
    StopDecided,
    SummaryMade,
    SynthesisMade,
    TurnFailed,
    TurnSkipped,
)

__all__ = [
    "CONTRIBUTIONS",
    "EVENT_TYPES",
    "Event",
    "Made",
    "refs_beside",
    "schema_of",
    "tag_of",
    "text_fields",
]

Made = (
    QuestionAsked
    | AnswerGiven
    | SummaryMade
    | ProposalMade
    | CritiqueMade
    | RefinementMade
    | AssessmentMade
    | BallotCast
    | SynthesisMade
)
"""The contributions: what agents and people say in their turns."""

CONTRIBUTIONS: dict[Kind, type[Made]] = {
    "question": QuestionAsked,
    "answer": AnswerGiven,
    "summary": SummaryMade,
    "proposal": ProposalMade,
    "critique": CritiqueMade,
    "refinement": RefinementMade,
    "assessment": AssessmentMade,
    "ballot": BallotCast,
    "synthesis": SynthesisMade,
}
"""What a turn of each kind contributes; a `stop` contributes no words."""

Event = (
    RunOpened
    | RunSuspended
    | RunResumed
    | RunConcluded
    | RunFailed
    | DeadlinePassed
    | Made
    | StopDecided
    | TurnFailed
    | TurnSkipped
    | CallRequested
    | CallAnswered
    | CallFailed
    | CallLost
    | ToolsUsed
)


@cache
def tag_of(kind: type[Fact]) -> str:
    """The stored name of an event type."""
    return str(kind.__struct_config__.tag)


def schema_of(kind: type[Fact]) -> int:
    """The schema version that this program writes for an event type."""
    return kind.schema


EVENT_TYPES: dict[str, type[Fact]] = {tag_of(kind): kind for kind in get_args(Event)}
"""Every event type by its tag."""


@cache
def text_fields(kind: type[Fact]) -> tuple[str, ...]:
    """The fields whose words are stored as parts."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple(name for name, hint in hints.items() if hint == Text)


def refs_beside(event: Event) -> tuple[str, ...]:
    """The references that an event holds beside its own texts: its prompt sources, or the parts of
    its request.
    """
    if isinstance(event, CallRequested):
        beside = (*filter(None, (event.schema_part, *(m.tools for m in event.messages))),)
        pieces = [piece for message in event.messages for piece in message.parts]
        return (*references(pieces), *beside, *event.tools)
    if isinstance(event, RunOpened):
        return tuple(source.part for source in event.sources)
    return ()
