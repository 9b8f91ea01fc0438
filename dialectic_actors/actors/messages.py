"""What actors say to each other, and what a behavior asks its shell to do.

Messages are facts or requests between addresses; deeds are the only way in which a behavior touches
the world.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from dialectic_actors.core.briefs import Brief, Shown
from dialectic_actors.core.commands import Command
from dialectic_actors.core.effects import MakeCall, UseTools
from dialectic_events.calls import CallAnswered, CallRequested, Ending, ToolsUsed
from dialectic_events.contents import Question
from dialectic_events.envelope import Head
from dialectic_events.turns import Turn
from dialectic_events.union import Event

__all__ = [
    "DEBATE",
    "HUMAN",
    "SUMMARIZER",
    "Abandoned",
    "AgentMessage",
    "Append",
    "Committed",
    "DebateMessage",
    "Deed",
    "Due",
    "Ended",
    "HumanMessage",
    "NobodyAnswers",
    "Order",
    "Overtaken",
    "Place",
    "Put",
    "Read",
    "Recall",
    "Release",
    "Restarted",
    "Take",
    "Tell",
    "Use",
    "Used",
    "Wait",
    "Withdraw",
    "address_of",
    "agent_address",
]

DEBATE = "debate"
"""The address of the actor that owns a run."""


SUMMARIZER = "summarizer"
"""The address of the actor that condenses what agents said."""

HUMAN = "human"
"""The address of the actor that asks a person."""


def agent_address(agent: str) -> str:
    """The address of the actor that speaks for an agent."""
    return f"agent/{agent}"


def address_of(turn: Turn) -> str:
    """The address of the actor that takes a turn."""
    match turn.kind:
        case "summary":
            return SUMMARIZER
        case "answer":
            return HUMAN
        case _:
            return agent_address(turn.speaker)


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


class NobodyAnswers(Struct, frozen=True):
    """No person is there who could answer this turn's questions now."""

    turn: str


DebateMessage = Order | Committed | Overtaken | Due | Restarted | Abandoned | NobodyAnswers


# To an agent.


class Take(Struct, frozen=True):
    """Take this turn: here is what you may know."""

    turn: Turn
    brief: Brief


class Ended(Struct, frozen=True):
    """The call that you asked for has ended."""

    turn: Turn
    brief: Brief
    request: CallRequested
    ending: Ending


class Read(Struct, frozen=True):
    """Your call was answered, and the answer is on record: read it."""

    turn: Turn
    brief: Brief
    request: CallRequested
    answer: CallAnswered


class Used(Struct, frozen=True):
    """The tools that your answer asked for have been used; `known` says that this is on record."""

    turn: Turn
    request: CallRequested
    answer: CallAnswered
    used: ToolsUsed
    known: bool


AgentMessage = Take | Ended | Read | Used


# To the human.


class Put(Struct, frozen=True):
    """Put the questions of the agent `asker` to a person."""

    turn: Turn
    asker: str
    questions: tuple[Question, ...]


class Withdraw(Struct, frozen=True):
    """These questions need no answer any more."""

    turn: str


HumanMessage = Put | Withdraw


# What a behavior asks for.


class Tell(Struct, frozen=True):
    """Tell the actor at an address something."""

    to: str
    message: AgentMessage | HumanMessage | Order


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
    """These calls' endings are durable: the gateway need not hold them any longer, and abandons
    those that it still makes.
    """

    calls: tuple[str, ...]


class Recall(Struct, frozen=True):
    """The run rests or has ended: have its calls that were not sent yet end unsent."""


class Use(Struct, frozen=True):
    """Have tools used on behalf of a turn, which may search `ground`, and tell its speaker."""

    effect: UseTools
    ground: tuple[Shown, ...]


Deed = Tell | Append | Place | Wait | Release | Recall | Use
