"""What follows a failed call: the same model again after a wait, the next model of the route, or
nothing.

Pure, and its jitter is drawn from the run's seed and the call's id, so that a replay decides the
same.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from msgspec import Struct

from dialectic_events.calls import CallFailed, ErrorClass
from dialectic_events.runs import Agent, Limits, Model
from dialectic_replay.run import Call

__all__ = ["STOPS_THE_RUN", "Attempt", "next_attempt"]

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


def next_attempt(agent: Agent, limits: Limits, seed: int, calls: Sequence[Call]) -> Attempt | None:
    """The attempt that follows the last of `calls` (a turn's, in order; the last one failed); None
    to give up.
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
    failures = sum(_counts(call, tried) for call in calls)
    if ending.error in _WORTH_WAITING and failures < limits.attempts:
        delay = _backoff(limits, seed, ending.call, failures)
        return Attempt(route[place][1], max(delay, ending.retry_after_s or 0.0), ending.error)
    if place + 1 < len(route):
        return Attempt(route[place + 1][1], 0.0, ending.error)
    return None


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
