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

from dialectic_actors.actors.cast import cast_of
from dialectic_actors.actors.messages import AgentMessage, Ended, Order, Read, Take, Used
from dialectic_actors.core.briefs import Brief, Links, brief_of
from dialectic_actors.core.commands import (
    AskTools,
    Command,
    FailCall,
    GiveAnswer,
    GoOn,
    Open,
    PassDeadline,
    PlaceCall,
    TakeUp,
)
from dialectic_actors.core.computed import answered, questions_of
from dialectic_actors.core.decide import State, decide, fold, react
from dialectic_actors.core.effects import Effect, MakeCall, ReadAnswer, TakeTurn, UseTools, Wake
from dialectic_actors.testing.answers import heard, marks_in, request_for, spoken
from dialectic_events.calls import (
    CallAnswered,
    CallFailed,
    CallRequested,
    Ending,
    ErrorClass,
    Message,
    ToolsUsed,
    Usage,
)
from dialectic_events.contents import ToolCall, ToolResult, read_content, write_content
from dialectic_events.parts import refer
from dialectic_events.runs import RunOpened
from dialectic_events.turns import Turn
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
            text = spoken(request.turn, f"«{request.call}»", marks_in(request))
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
        cast = cast_of(opened, texts.__getitem__)
        self.parts = dict(texts)
        self._answer = answer
        self._links: Links = {}
        self._agents = cast.speakers()

    def __call__(self, state: State, effect: Effect) -> Command:
        """What the agent that an effect is addressed to asks of the debate."""
        match effect:
            case TakeTurn(turn):
                if turn.kind == "answer":
                    return answers(state, turn)
                return self._told(Take(turn, self._brief(state, turn)))
            case MakeCall(_, request, _):
                return self.hear(state, effect, self._answer(request))
            case ReadAnswer(turn, recorded):
                request = state.run.calls[recorded.call].requested
                return self._told(Read(turn, self._brief(state, turn), request, recorded))
            case UseTools(turn, request, answer, used):
                known = used is not None
                said = used if used is not None else uses(answer)
                return self._told(Used(turn, request, answer, said, known))
            case Wake(id):
                return PassDeadline(id)
            case _:
                assert_never(effect)

    def hear(self, state: State, effect: MakeCall, ending: Ending) -> Command:
        """What the agent asks of the debate when its call ends like this."""
        brief = self._brief(state, effect.turn)
        return self._told(Ended(effect.turn, brief, effect.request, ending))

    def _brief(self, state: State, turn: Turn) -> Brief:
        return brief_of(state.run, turn, self._links)

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
            case TakeTurn(turn) if turn.kind == "answer":
                return answers(state, turn)
            case TakeTurn(turn):
                return PlaceCall(turn.id, request_for(state.run, turn))
            case MakeCall(turn, request, _):
                ending: Ending = answer(request)
            case ReadAnswer(turn, recorded):
                ending = recorded
            case UseTools(_, request, asked, used):
                again = (*request.messages, Message("tool", (refer(asked.tools),), answers="1"))
                return GoOn(asked.call, used if used is not None else uses(asked), again)
            case Wake(id):
                return PassDeadline(id)
            case _:
                assert_never(effect)
        if isinstance(ending, CallFailed):
            return FailCall(ending.call, ending)
        if ending.tools and state.run.calls[ending.call].requested.tools:
            return AskTools(ending.call, ending)
        again = (Message("user", (refer(f"again {ending.call}"),)),)
        return heard(state.run, turn, ending, again)

    return command


def answers(state: State, turn: Turn) -> GiveAnswer:
    """What a person who always answers says to the questions of a turn."""
    asked = questions_of(state.run, turn)
    said = [f"The answer to {each.id}." for each in asked]
    return GiveAnswer(turn.id, answered(turn, asked, said, "the kit"))


def uses(answer: CallAnswered) -> ToolsUsed:
    """What tools say that always have something to say."""
    calls = read_content(answer.tools, list[ToolCall]) or []
    results = [ToolResult(each.id, each.name, "success", f"{each.name} says so") for each in calls]
    return ToolsUsed(call=answer.call, results=write_content(results))


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
        # Nothing takes its time here, so no deadline passes by itself.
        effects = {id: each for id, each in react(state).items() if not isinstance(each, Wake)}
        command = act(state, choose(effects)) if effects else TakeUp(str(len(events)))
    raise AssertionError("the run does not end")
