"""Which model is asked: at first, and after a failed call.

Three decisions: *retry* asks the same model again after a wait, *fall-back* asks the next model of
the route, *cool-down* passes over a model that failed in all the turns that this one waits for.

Pure, and its jitter is drawn from the run's seed and the call's id, so that a replay decides the
same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from hashlib import sha256

from msgspec import Struct

from dialectic_events.calls import CallAnswered, CallFailed, ErrorClass
from dialectic_events.runs import Agent, Limits, Model
from dialectic_replay.run import Call

__all__ = ["COOLING_AFTER", "PATIENCE_S", "STOPS_THE_RUN", "Attempt", "first_model", "next_attempt"]

_WORTH_WAITING: frozenset[ErrorClass] = frozenset(
    ("rate-limited", "server", "timeout", "connection", "empty", "malformed")
)
STOPS_THE_RUN: frozenset[ErrorClass] = frozenset(("auth", "payment"))
"""Failures that no other attempt can mend, only a person; the attempt they spoiled is not counted.
"""

_NOT_COUNTED: frozenset[ErrorClass] = STOPS_THE_RUN | {"cancelled"}


class Attempt(Struct, frozen=True):
    """The next try: which model, after how many seconds, and the failure that calls for it."""

    model: Model
    delay_s: float
    why: str


COOLING_AFTER = 3
"""Failures without one answer, in the turns that a turn waits for, after which it passes over a
model. What happens beside them is not looked at, so that the order of answers decides nothing; and
the turns after it find no failures in theirs, so that the model is tried again.
"""

PATIENCE_S = 3600.0
"""Who asks for a longer wait is not waited for: the next model, or the failure that says so."""

_TIRING: frozenset[ErrorClass] = frozenset(("server", "timeout", "connection", "empty"))


def first_model(agent: Agent, calls: Iterable[Call]) -> tuple[Model, str]:
    """The model that a turn begins with, and why: the first of the route that is not cooling down
    after `calls`, those of the turns that it waits for.
    """
    if len(agent.route) == 1:
        return agent.route[0], "first"
    cooling = _cooling(calls)
    ready = [model for model in agent.route if (model.provider, model.name) not in cooling]
    if not ready or ready[0] is agent.route[0]:
        return agent.route[0], "first"
    return ready[0], "cool-down"


def next_attempt(
    agent: Agent,
    limits: Limits,
    seed: int,
    calls: Sequence[Call],
    others: Collection[Call] = (),
    *,
    spent: int = 0,
) -> Attempt | None:
    """The attempt that follows the last of `calls` (a turn's, in order; the last one failed); None
    to give up. `others` are the calls of the turns that it waits for: a model that cools down after
    them is passed over. Of the first `spent` calls no failure counts: without others the route
    begins anew.
    """
    last = calls[-1]
    ending = last.ended
    if not isinstance(ending, CallFailed):
        raise TypeError(f"call {last.requested.call} has not failed")
    tried = (last.requested.provider, last.requested.model)
    # A model that the route names twice counts once: its attempts are spent wherever it stands.
    route = list({(model.provider, model.name): model for model in agent.route}.items())
    place = next((i for i, (model, _) in enumerate(route) if model == tried), 0)
    if ending.error in _NOT_COUNTED:
        return Attempt(route[place][1], 0.0, ending.error)
    counted = calls[spent:]
    if not counted:
        return Attempt(agent.route[0], 0.0, ending.error)
    following = _following(route, place, _cooling(others) if len(route) > 1 else frozenset())
    failures = sum(_counts(call, tried) for call in counted)
    hint_s = ending.retry_after_s or 0.0
    # Another model that is ready now is better than a wait that the provider asks for.
    waits = ending.error == "rate-limited" and following is not None
    worth = ending.error in _WORTH_WAITING and failures < limits.attempts
    if worth and not waits and hint_s <= PATIENCE_S:
        delay = _backoff(limits, seed, ending.call, failures)
        return Attempt(route[place][1], max(delay, hint_s), ending.error)
    return Attempt(following, 0.0, ending.error) if following is not None else None


def _following(
    route: Sequence[tuple[tuple[str, str], Model]],
    place: int,
    cooling: frozenset[tuple[str, str]],
) -> Model | None:
    """The next model of a route: one that is not cooling down, if there is one."""
    rest = route[place + 1 :]
    ready = [model for name, model in rest if name not in cooling]
    return ready[0] if ready else rest[0][1] if rest else None


def _cooling(calls: Iterable[Call]) -> frozenset[tuple[str, str]]:
    """The models that only ever failed in some calls, for reasons of their own."""
    failures: Counter[tuple[str, str]] = Counter()
    answered: set[tuple[str, str]] = set()
    for call in calls:
        name = (call.requested.provider, call.requested.model)
        if isinstance(call.ended, CallAnswered):
            answered.add(name)
        elif isinstance(call.ended, CallFailed) and call.ended.error in _TIRING:
            failures[name] += 1
    return frozenset(
        name for name, times in failures.items() if times >= COOLING_AFTER and name not in answered
    )


def _counts(call: Call, tried: tuple[str, str]) -> bool:
    return (
        (call.requested.provider, call.requested.model) == tried
        and isinstance(call.ended, CallFailed)
        and call.ended.error not in _NOT_COUNTED
    )


def _backoff(limits: Limits, seed: int, call: str, failures: int) -> float:
    """Doubling from `backoff_s`, between half and the whole of it, so that a crowd does not come
    back at once.
    """
    draw = int.from_bytes(sha256(f"{seed} {call}".encode()).digest()[:4]) / 2**32
    whole = min(limits.backoff_s * 2.0 ** (failures - 1), limits.backoff_max_s)
    return round(whole * (0.5 + draw / 2), 3)
