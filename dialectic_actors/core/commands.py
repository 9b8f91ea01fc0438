"""What may be asked of a run. A repeat of any command changes nothing."""

from __future__ import annotations

from msgspec import Struct

from dialectic_events.calls import CallAnswered, CallFailed, Ending, Message
from dialectic_events.runs import RunOpened

__all__ = [
    "AskAgain",
    "Command",
    "Contribute",
    "FailCall",
    "GiveUp",
    "Open",
    "PlaceCall",
    "Suspend",
    "TakeUp",
]


class Open(Struct, frozen=True, tag=True):
    """Begin the run."""

    opened: RunOpened


class PlaceCall(Struct, frozen=True, tag=True):
    """The agent has its request ready for a turn that it was asked to take."""

    turn: str
    messages: tuple[Message, ...]


class Contribute(Struct, frozen=True, tag=True):
    """A call ended with an answer that meets its contract: `text` is the contribution."""

    call: str
    ending: CallAnswered
    text: str


class AskAgain(Struct, frozen=True, tag=True):
    """A call ended with an answer that misses its contract (`findings`); `messages` ask for what is
    missing.
    """

    call: str
    ending: CallAnswered
    findings: tuple[str, ...]
    messages: tuple[Message, ...]


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


Command = Open | PlaceCall | Contribute | AskAgain | FailCall | GiveUp | TakeUp | Suspend
