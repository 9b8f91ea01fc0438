"""The debate that tests open, and its whole log when stand-ins for models answer.

No assertions in here; a test says what it expects.
"""

from __future__ import annotations

from collections.abc import Sequence

from dialectic_actors.testing.driving import CALM, Answer, Choose, at_once, perform, play
from dialectic_events.calls import (
    CallAnswered,
    CallFailed,
    CallRequested,
    Ending,
    ErrorClass,
    Usage,
)
from dialectic_events.runs import Agent, History, Limits, Model, RunOpened, RunSuspended, Stage
from dialectic_events.union import Event

__all__ = ["answered", "failing", "finish", "opened"]


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


def answered(request: CallRequested) -> CallAnswered:
    """An answer to a call."""
    return CallAnswered(call=request.call, text="a design", model=request.model, usage=Usage(10, 5))


def failing(*calls: str, error: ErrorClass = "bad-request") -> Answer:
    """An answer that fails for calls whose id contains one of `calls`."""

    def answer(request: CallRequested) -> Ending:
        if any(call in request.call for call in calls):
            return CallFailed(call=request.call, error=error, detail="as told")
        return CALM(request)

    return answer


def finish(answer: Answer = CALM, choose: Choose = at_once) -> list[Event]:
    """The log of the debate to its end, or to where it first comes to rest."""
    log = play([opened()], perform(answer), choose)
    rests = (at for at, event in enumerate(log, 1) if isinstance(event, RunSuspended))
    return log[: next(rests, len(log))]
