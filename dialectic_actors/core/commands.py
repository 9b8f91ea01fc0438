"""What may be asked of a run. A repeat of any command changes nothing."""

from __future__ import annotations

from msgspec import Struct

from dialectic_events.calls import CallAnswered, CallFailed, Ending, Message, ToolsUsed
from dialectic_events.parts import Ref
from dialectic_events.runs import RunOpened
from dialectic_events.turns import AnswerGiven
from dialectic_events.union import Made

__all__ = [
    "AskAgain",
    "AskTools",
    "AwaitPerson",
    "Command",
    "Contribute",
    "FailCall",
    "GiveAnswer",
    "GiveUp",
    "GoOn",
    "Open",
    "PassDeadline",
    "PlaceCall",
    "Suspend",
    "TakeUp",
]


class Open(Struct, frozen=True, tag=True):
    """Begin the run."""

    opened: RunOpened


class PlaceCall(Struct, frozen=True, tag=True):
    """The agent has its request ready for a turn that it was asked to take. `schema_part` is the
    JSON Schema of the answer that it wants, if it wants one.
    """

    turn: str
    messages: tuple[Message, ...]
    schema_part: Ref | None = None


class Contribute(Struct, frozen=True, tag=True):
    """A call ended with an answer that meets its contract: `made` is the contribution."""

    call: str
    ending: CallAnswered
    made: Made


class AskAgain(Struct, frozen=True, tag=True):
    """A call ended with an answer that misses its contract (`findings`); `messages` ask for what is
    missing, `fallback` may stand when nothing is asked again.
    """

    call: str
    ending: CallAnswered
    findings: tuple[str, ...]
    messages: tuple[Message, ...]
    fallback: Made | None = None


class AskTools(Struct, frozen=True, tag=True):
    """A call ended with an answer that asks for tools first."""

    call: str
    ending: CallAnswered


class GoOn(Struct, frozen=True, tag=True):
    """The tools that the answer to `call` asked for have been used; `messages` hand on what they
    said.
    """

    call: str
    used: ToolsUsed
    messages: tuple[Message, ...]


class GiveAnswer(Struct, frozen=True, tag=True):
    """A person answers the questions of a turn."""

    turn: str
    answer: AnswerGiven


class FailCall(Struct, frozen=True, tag=True):
    """A call ended without an answer."""

    call: str
    ending: CallFailed


class GiveUp(Struct, frozen=True, tag=True):
    """Nobody can take this turn any more; `ending` is how its call ended, if that is known."""

    turn: str
    reason: str
    ending: Ending | None = None


class TakeUp(Struct, frozen=True, tag=True):
    """A process takes the run up: after a rest, after a crash, or at any prefix of its log.

    `claim` tells this taking up from every other one, so that its repeat changes nothing.
    """

    claim: str


class Suspend(Struct, frozen=True, tag=True):
    """Come to rest before the end."""

    reason: str


class AwaitPerson(Struct, frozen=True, tag=True):
    """Nobody is there to answer in these turns: come to rest if nothing else is under way."""

    turns: tuple[str, ...]


class PassDeadline(Struct, frozen=True, tag=True):
    """The time that a `Wake` effect (`wake`) allowed is over."""

    wake: str


Command = (
    Open
    | PlaceCall
    | Contribute
    | AskAgain
    | AskTools
    | GoOn
    | FailCall
    | GiveAnswer
    | GiveUp
    | TakeUp
    | Suspend
    | AwaitPerson
    | PassDeadline
)
