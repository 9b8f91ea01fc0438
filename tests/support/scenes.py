"""Scenes for playbooks of the debate: a behavior with what it made durable, what it hears, what it
does.

No assertions but law 1, which holds after every message; a playbook says what it expects.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dialectic_actors.actors.debate import DebateBehavior
from dialectic_actors.actors.messages import (
    Append,
    Committed,
    DebateMessage,
    Deed,
    Order,
    Overtaken,
    Place,
    Take,
    Tell,
    Wait,
    agent_address,
)
from dialectic_actors.core.commands import Command, Contribute, FailCall, Open, PlaceCall
from dialectic_actors.core.decide import fold
from dialectic_actors.core.effects import MakeCall
from dialectic_actors.testing.answers import kind_of
from dialectic_actors.testing.matching import ANY, some
from dialectic_events.calls import CallAnswered, CallFailed, CallRequested, ErrorClass
from dialectic_events.envelope import Head
from dialectic_events.runs import Limits
from dialectic_events.turns import CritiqueMade, ProposalMade, RefinementMade, Turn, TurnSkipped
from dialectic_events.union import Event
from support.drive import opened
from support.shapes import alike

__all__ = [
    "B_ON_A",
    "DONE",
    "FOLLOWING",
    "OPENED",
    "A",
    "B",
    "Scene",
    "answer",
    "appends",
    "ask",
    "begun",
    "contribute",
    "fail",
    "offers",
    "places",
    "requests",
    "two",
    "waits",
]

A, B = "debate/r1/proposal/a", "debate/r1/proposal/b"
B_ON_A = "debate/r1/critique/b>a"
DONE = Committed(Head())
OPENED = opened(("a", "b"), 1)
FOLLOWING = (some(TurnSkipped, turn=B_ON_A), some(TurnSkipped, turn="debate/r1/refinement/a"))
"""What a failure of A's proposal makes needless."""


class Scene:
    """A behavior, and all that it made durable: to be put into a playbook. Law 1 holds after every
    message.
    """

    def __init__(self, log: Sequence[Event] = ()) -> None:
        self.log = list(log)
        self.behavior = DebateBehavior(fold(log))
        self._open: tuple[Event, ...] = ()

    def receive(self, message: DebateMessage) -> Iterable[Deed]:
        """What the behavior does about a message."""
        if message is DONE:
            self.log += self._open
        if isinstance(message, Overtaken):
            self.log += message.tail
        deeds = list(self.behavior.receive(message))
        for deed in deeds:
            if isinstance(deed, Append):
                self._open = tuple(event for _, events in deed.groups for event in events)
        assert alike(fold(self.log)) == alike(self.behavior.state)
        return deeds

    def settles(self, message: DebateMessage) -> list[Deed]:
        """Hear it, make durable what comes of it, and go on until nothing is appended."""
        deeds = list(self.receive(message))
        while any(isinstance(deed, Append) for deed in deeds):
            deeds = [*(d for d in deeds if not isinstance(d, Append)), *self.receive(DONE)]
        return deeds


def begun() -> Scene:
    """A debate of two agents who were offered their first turns."""
    scene = Scene()
    scene.settles(ask(Open(OPENED)))
    return scene


def two(limits: Limits | None = None, route: Sequence[str] = ("model-a",)) -> Scene:
    """A debate of two agents whose first calls are under way."""
    scene = Scene()
    scene.settles(ask(Open(opened(("a", "b"), 1, limits=limits, route=route))))
    scene.settles(ask(PlaceCall(A, ())))
    scene.settles(ask(PlaceCall(B, ())))
    return scene


# What the debate hears.


def ask(command: Command) -> Order:
    """A command as an order, whose id follows from what it is about."""
    about = getattr(command, "turn", None) or getattr(command, "call", "run")
    return Order(f"{about}/{type(command).__name__}", command)


def answer(turn: str, attempt: int = 1) -> CallAnswered:
    """The ending of a call that was answered."""
    return CallAnswered(call=f"{turn}#{attempt}", text="x", model="model-a")


def contribute(turn: str) -> Order:
    """A contribution that rests on the turn's first call."""
    kinds: dict[str, type[ProposalMade | CritiqueMade | RefinementMade]] = {
        "proposal": ProposalMade,
        "critique": CritiqueMade,
        "refinement": RefinementMade,
    }
    made = kinds[kind_of(turn)](turn=turn, text="x", call=f"{turn}#1")
    return ask(Contribute(f"{turn}#1", answer(turn), made))


def fail(turn: str, error: ErrorClass, attempt: int = 1) -> Order:
    """A call that ended without an answer."""
    call = f"{turn}#{attempt}"
    return ask(FailCall(call, CallFailed(call=call, error=error)))


# What it does.


def offers(turn: str) -> Deed:
    """It offers a turn to its speaker."""
    speaker = turn.rpartition("/")[2].partition(">")[0]
    return Tell(agent_address(speaker), some(Take, turn=some(Turn, id=turn)))


def places(turn: str, attempt: int = 1) -> Deed:
    """It has the gateway make a call."""
    request = some(CallRequested, call=f"{turn}#{attempt}")
    return some(Place, effect=some(MakeCall, request=request))


def waits(turn: str, attempt: int) -> Deed:
    """It wants to be told when a call is due."""
    return some(Wait, effect=f"{turn}#{attempt}~0")


def appends(*events: Event) -> Deed:
    """It makes the events of one command durable."""
    return Append(((ANY, events),))


def requests(turn: str, attempt: int = 1) -> Event:
    """The event that asks for a call."""
    return some(CallRequested, call=f"{turn}#{attempt}")
