"""The core alone, driven step by step: fold, react, perform, decide. No actors, no store, no clock.

Who performs is a function from a state and an effect to a command: stand-ins by plan, or the real
agents. What an actor system does with the same core is the simulation's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from random import Random
from typing import Literal, assert_never, get_args

from msgspec import Struct

from dialectic_actors.actors.agent import AgentBehavior
from dialectic_actors.actors.messages import AgentMessage, Ended, Order, Read, Take
from dialectic_actors.core.briefs import Brief, Links, brief_of
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
from dialectic_actors.core.prompts import Renderer
from dialectic_events.calls import (
    CallAnswered,
    CallFailed,
    CallRequested,
    Ending,
    ErrorClass,
    Message,
    Usage,
)
from dialectic_events.parts import refer
from dialectic_events.runs import RunOpened
from dialectic_events.union import Event

__all__ = [
    "CALM",
    "EVERY_ERROR",
    "Agents",
    "Answer",
    "Choose",
    "Perform",
    "Plan",
    "Trouble",
    "at_once",
    "perform",
    "play",
    "shuffled",
]

EVERY_ERROR: tuple[ErrorClass, ...] = get_args(ErrorClass)
"""Every class of errors that a log can hold."""

Trouble = ErrorClass | Literal["says-nothing"]
"""What can come of a call instead of an answer that may stand."""

Answer = Callable[[CallRequested], Ending]
"""How a call ends."""

Perform = Callable[[State, Effect], Command]
"""What comes back when an effect is performed in a state."""

Choose = Callable[[Mapping[str, Effect]], Effect]
"""Which of the outstanding effects is performed next."""


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
"""Every call is answered."""


class Agents:
    """The real agents of a run, with real briefs and requests; `answer` stands in for the models.

    `parts` are the texts that their requests and the opening name by reference.
    """

    def __init__(self, opened: RunOpened, texts: Mapping[str, str], answer: Answer = CALM) -> None:
        # The runtime costs start-up time that stand-ins do not owe.
        from dialectic_actors.runtime.live import cast_of

        cast = cast_of(opened, texts.__getitem__)
        self.parts = dict(texts)
        self._answer = answer
        self._links: Links = {}
        self._agents = {
            agent: AgentBehavior(Renderer(role, cast.templates, cast.names, {}))
            for agent, role in cast.roles.items()
        }

    def __call__(self, state: State, effect: Effect) -> Command:
        """What the agent that an effect is addressed to asks of the debate."""
        match effect:
            case TakeTurn(turn):
                return self._told(Take(turn, self._brief(state, effect)))
            case MakeCall(_, request, _):
                return self.hear(state, effect, self._answer(request))
            case ReadAnswer(turn, recorded):
                return self._told(Read(turn, self._brief(state, effect), recorded))
            case _:
                assert_never(effect)

    def hear(self, state: State, effect: MakeCall, ending: Ending) -> Command:
        """What the agent asks of the debate when its call ends like this."""
        return self._told(Ended(effect.turn, self._brief(state, effect), ending))

    def _brief(self, state: State, effect: Effect) -> Brief:
        return brief_of(state.run, effect.turn, self._links)

    def _told(self, message: AgentMessage) -> Command:
        (tell,) = self._agents[message.turn.speaker].receive(message)
        order = tell.message
        if not isinstance(order, Order):
            raise TypeError(f"an agent gives orders, not {order!r}")
        self.parts |= order.parts
        return order.command


def perform(answer: Answer = CALM) -> Perform:
    """What comes back from stand-ins for agents: requests of one reference, endings by plan."""

    def command(state: State, effect: Effect) -> Command:
        match effect:
            case TakeTurn(turn):
                return PlaceCall(turn.id, (Message("user", (refer(turn.id),)),))
            case MakeCall(_, request, _):
                ending: Ending = answer(request)
            case ReadAnswer(_, recorded):
                ending = recorded
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

    `watch` is shown the state after every event, with the log up to there. Raises AssertionError
    when the run does not end.
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
