"""A plain in-process driver: fold, react, answer, decide; nothing else. The core's tests run
debates with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from dialectic_actors.core.commands import (
    Command,
    Contribute,
    FailCall,
    Open,
    PlaceCall,
    TakeUp,
)
from dialectic_actors.core.decide import decide, fold, react
from dialectic_actors.core.effects import Effect, MakeCall, ReadAnswer, TakeTurn
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
from dialectic_events.runs import Agent, History, Limits, Model, RunOpened, Stage
from dialectic_events.union import Event

__all__ = ["answered", "command_for", "failing", "finish", "opened", "said"]

Answer = Callable[[CallRequested], Ending]


def opened(
    agents: Sequence[str] = ("architect", "security", "kiss"),
    rounds: int = 2,
    *,
    history: History = "own",
    route: Sequence[str] = ("model-a",),
    limits: Limits | None = None,
) -> RunOpened:
    """The opening of a debate between `agents`, with a judge."""
    models = tuple(Model("scripted", name) for name in route)
    return RunOpened(
        problem="Design a rate limiter that must never lose a request.",
        stages=(Stage("debate", "debate@1", tuple(agents), "judge", rounds, history),),
        agents=tuple(
            Agent(name, name.title(), name, f"role/{name}", models) for name in (*agents, "judge")
        ),
        sources=(),
        seed=7,
        limits=limits or Limits(),
    )


def said(request: CallRequested) -> str:
    """What the stand-in for a model says: a function of the call alone."""
    return f"{request.model} on {request.call}"


def answered(request: CallRequested) -> CallAnswered:
    """The stand-in's ending."""
    return CallAnswered(
        call=request.call, text=said(request), model=request.model, usage=Usage(10, 5)
    )


def failing(*calls: str, error: ErrorClass = "bad-request") -> Answer:
    """An answer that fails for calls whose id contains one of `calls`."""

    def answer(request: CallRequested) -> Ending:
        if any(call in request.call for call in calls):
            return CallFailed(call=request.call, error=error, detail="as told")
        return answered(request)

    return answer


def command_for(effect: Effect, answer: Answer = answered) -> Command:
    """What comes back when an effect is performed."""
    match effect:
        case TakeTurn(turn):
            return PlaceCall(turn.id, (Message("user", (refer(turn.id),)),))
        case MakeCall(_, request, _):
            ending = answer(request)
            if isinstance(ending, CallFailed):
                return FailCall(request.call, ending)
            return Contribute(request.call, ending, ending.text)
        case ReadAnswer(_, ending):
            return Contribute(ending.call, ending, ending.text)


def finish(
    log: Iterable[Event],
    answer: Answer = answered,
    choose: Callable[[int], int] = lambda count: 0,
    steps: int = 100_000,
) -> list[Event]:
    """Take a log up and perform effects, in the order that `choose` picks, until none is
    outstanding.
    """
    events = list(log)
    state = fold(events)
    if state.run.opened is None:
        events.extend(decide(state, Open(opened())))
    else:
        events.extend(decide(state, TakeUp(str(len(events)))))
    state = fold(events)
    for _ in range(steps):
        effects = list(react(state).values())
        if not effects:
            return events
        effect = effects[choose(len(effects))]
        for event in decide(state, command_for(effect, answer)):
            events.append(event)
            state.advance(event)
    raise AssertionError(f"the run did not end in {steps} steps")
