"""What actors say to each other, and what a behavior asks its shell to do.

Messages are facts or requests between addresses; deeds are the only way in which a behavior touches
the world.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from dialectic_actors.core.briefs import Brief
from dialectic_actors.core.commands import Command
from dialectic_actors.core.effects import MakeCall
from dialectic_events.calls import CallAnswered, Ending
from dialectic_events.envelope import Head
from dialectic_events.turns import Turn
from dialectic_events.union import Event

__all__ = [
    "DEBATE",
    "Abandoned",
    "AgentMessage",
    "Append",
    "Committed",
    "DebateMessage",
    "Deed",
    "Due",
    "Ended",
    "Order",
    "Overtaken",
    "Place",
    "Read",
    "Release",
    "Restarted",
    "Take",
    "Tell",
    "Wait",
    "agent_address",
]

DEBATE = "debate"
"""The address of the actor that owns a run."""


def agent_address(agent: str) -> str:
    """The address of the actor that speaks for an agent."""
    return f"agent/{agent}"


# To the debate.


class Order(Struct, frozen=True):
    """A command, its id (a repeat has the same), and the texts behind references that it uses for
    the first time.
    """

    id: str
    command: Command
    parts: Mapping[str, str] = {}


class Committed(Struct, frozen=True):
    """What was decided is durable; the stream ends at `head`."""

    head: Head


class Overtaken(Struct, frozen=True):
    """Somebody else appended first: `tail` came in between, nothing of ours was stored."""

    tail: tuple[Event, ...]
    head: Head


class Due(Struct, frozen=True):
    """The wait that an effect had to observe is over."""

    effect: str


class Restarted(Struct, frozen=True):
    """The actor at `address` is new and remembers nothing."""

    address: str


class Abandoned(Struct, frozen=True):
    """The actor at `address` failed too often and will not come back."""

    address: str
    reason: str
    endings: Mapping[str, Ending]


DebateMessage = Order | Committed | Overtaken | Due | Restarted | Abandoned


# To an agent.


class Take(Struct, frozen=True):
    """Take this turn: here is what you may know."""

    turn: Turn
    brief: Brief


class Ended(Struct, frozen=True):
    """Your call has ended."""

    turn: Turn
    brief: Brief
    ending: Ending


class Read(Struct, frozen=True):
    """Your call was answered, and the answer is on record: read it."""

    turn: Turn
    brief: Brief
    answer: CallAnswered


AgentMessage = Take | Ended | Read


# What a behavior asks for.


class Tell(Struct, frozen=True):
    """Tell the actor at an address something."""

    to: str
    message: AgentMessage | Order


class Append(Struct, frozen=True):
    """Make decided events durable, grouped by the command that they come from, and answer with the
    outcome.
    """

    groups: tuple[tuple[str, tuple[Event, ...]], ...]


class Place(Struct, frozen=True):
    """Have the gateway make a call, and tell the speaker how it ends."""

    effect: MakeCall
    brief: Brief


class Wait(Struct, frozen=True):
    """Say `Due` after so many seconds."""

    effect: str
    delay_s: float


class Release(Struct, frozen=True):
    """These calls' endings are durable: the gateway need not hold them any longer."""

    calls: tuple[str, ...]


Deed = Tell | Append | Place | Wait | Release
