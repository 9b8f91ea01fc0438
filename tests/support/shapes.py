"""Generated debates: shapes of a stage, providers that fail by plan, and a driver that performs
effects one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from random import Random
from typing import Literal, assert_never, get_args

import msgspec
from hypothesis import strategies as st
from msgspec import Struct

from dialectic_actors.core.agenda import Agenda
from dialectic_actors.core.commands import (
    AskAgain,
    Command,
    Contribute,
    FailCall,
    Open,
    PlaceCall,
    TakeUp,
)
from dialectic_actors.core.decide import State, decide, fold, react
from dialectic_actors.core.effects import Effect, MakeCall, ReadAnswer, TakeTurn
from dialectic_events.calls import (
    CallAnswered,
    CallFailed,
    CallLost,
    CallRequested,
    Ending,
    ErrorClass,
    Message,
    Usage,
)
from dialectic_events.parts import refer
from dialectic_events.runs import History, Limits, RunOpened, RunResumed, RunSuspended
from dialectic_events.union import Event
from support.drive import opened

__all__ = [
    "CALM",
    "EVERY_ERROR",
    "Plan",
    "Trouble",
    "alike",
    "at_once",
    "facts",
    "openings",
    "perform",
    "plans",
    "play",
    "shuffled",
]

NAMES = ("architect", "security", "kiss", "testing", "data modeling")
EVERY_ERROR: tuple[ErrorClass, ...] = get_args(ErrorClass)
Trouble = ErrorClass | Literal["says-nothing"]
"""What can come of a call instead of an answer that may stand."""


class Plan(Struct, frozen=True):
    """What a provider does with a call: by the call's id alone, so that no order of delivery can
    change it.

    `failing` calls in a hundred end as one of `kinds`; "says-nothing" is an answer that misses its
    contract.
    """

    seed: int = 0
    failing: int = 0
    kinds: tuple[Trouble, ...] = ()

    def __call__(self, request: CallRequested) -> Ending:
        """How the call ends."""
        draw = int.from_bytes(sha256(f"{self.seed} {request.call}".encode()).digest()[:8])
        kind = self.kinds[draw // 100 % len(self.kinds)] if self.kinds else "says-nothing"
        if draw % 100 >= self.failing:
            text = f"«{request.call}»"
        elif kind == "says-nothing":
            text = "…"
        else:
            return CallFailed(call=request.call, error=kind, detail=f"plan {self.seed}")
        return CallAnswered(call=request.call, text=text, model=request.model, usage=Usage(10, 5))


CALM = Plan()


@st.composite
def openings(draw: st.DrawFn, agents: int = 5, rounds: int = 4, turns: int = 60) -> RunOpened:
    """The opening of a debate: 1 to `agents` agents, 1 to `rounds` rounds, at most some `turns`
    turns.
    """
    count = draw(st.integers(1, agents))
    most = max(1, min(rounds, turns // (count * (count + 1))))
    return opened(
        NAMES[:count],
        draw(st.integers(1, most)),
        history=draw(st.sampled_from(get_args(History))),
        route=("model-a", "model-b", "model-c")[: draw(st.integers(1, 3))],
        limits=Limits(attempts=draw(st.integers(1, 3)), repairs=draw(st.integers(0, 2))),
    )


def plans() -> st.SearchStrategy[Plan]:
    """Providers that fail now and then, never always."""
    return st.builds(
        Plan,
        seed=st.integers(0, 2**16),
        failing=st.integers(0, 60),
        kinds=st.lists(st.sampled_from((*EVERY_ERROR, "says-nothing")), min_size=1, max_size=3).map(
            tuple
        ),
    )


Perform = Callable[[State, Effect], Command]
Choose = Callable[[Mapping[str, Effect]], Effect]


def perform(plan: Plan) -> Perform:
    """What comes back from stand-ins for agents: requests of one reference, endings by plan."""

    def command(state: State, effect: Effect) -> Command:
        match effect:
            case TakeTurn(turn):
                return PlaceCall(turn.id, (Message("user", (refer(turn.id),)),))
            case MakeCall(_, request, _):
                ending: Ending = plan(request)
            case ReadAnswer(_, answer):
                ending = answer
            case _:
                assert_never(effect)
        if isinstance(ending, CallFailed):
            return FailCall(ending.call, ending)
        if ending.text == "…":
            again = (Message("user", (refer(f"again {ending.call}"),)),)
            return AskAgain(ending.call, ending, ("it says nothing",), again)
        return Contribute(ending.call, ending, ending.text)

    return command


def at_once(effects: Mapping[str, Effect]) -> Effect:
    """The oldest effect first."""
    return next(iter(effects.values()))


def shuffled(seed: int) -> Choose:
    """Any effect next, chosen by a seed."""
    random = Random(seed)
    return lambda effects: effects[random.choice(sorted(effects))]


def play(
    log: Iterable[Event],
    act: Perform,
    choose: Choose = at_once,
    watch: Callable[[State, list[Event]], object] = lambda state, events: None,
) -> list[Event]:
    """The whole log of a run whose log so far is given (an opening at least): taken up whenever it
    rests, to its end.

    `watch` is shown the state after every event, with the log up to there.
    """
    events = list(log)
    state = fold(events)
    command: Command = TakeUp(str(len(events)))
    match events:
        case [RunOpened() as opening]:
            events, state, command = [], State(), Open(opening)
    for _ in range(3_000):
        for event in decide(state, command):
            events.append(event)
            state.advance(event)
            watch(state, events)
        if state.run.ended:
            return events
        effects = react(state)
        command = act(state, choose(effects)) if effects else TakeUp(str(len(events)))
    raise AssertionError("the run does not end")


def facts(events: Iterable[Event]) -> Counter[bytes]:
    """What must be the same whatever the order of delivery and wherever a run was taken up."""
    return Counter(
        msgspec.json.encode(event)
        for event in events
        if not isinstance(event, CallLost | RunSuspended | RunResumed)
    )


def alike(state: State) -> tuple[object, ...]:
    """All that a state knows, comparable."""
    return (state.run, *(getattr(state.agenda, name) for name in Agenda.__slots__))
