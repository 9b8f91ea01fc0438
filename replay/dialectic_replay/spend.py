"""What a run spent: calls, tokens, money and time, in all and per agent, model and kind of turn.

Only what the log states is counted; estimates and budgets do not belong here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from dialectic_events.calls import CallFailed, Ending, Usage
from dialectic_replay.run import Call, Run

__all__ = ["Spend", "Tally", "is_unpriced", "spend"]


class Tally(Struct, frozen=True):
    """What some calls came to. Cached tokens are part of the input, reasoning tokens of the output.

    `calls` were requested, `failed` of them ended without an answer, `lost` counts the times that
    one was sent and its sender died. `cost_usd` is the sum of the stated costs; `unpriced` counts
    what has none: endings, and lost calls.
    """

    calls: int = 0
    failed: int = 0
    lost: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    latency_ms: int = 0


class Spend(Struct, frozen=True):
    """The spend of a run. Agents by id, models as they were asked for, kinds of turns by name."""

    total: Tally
    by_agent: Mapping[str, Tally]
    by_model: Mapping[str, Tally]
    by_kind: Mapping[str, Tally]


def spend(run: Run) -> Spend:
    """What the run spent so far."""
    agents: dict[str, list[Call]] = {}
    models: dict[str, list[Call]] = {}
    kinds: dict[str, list[Call]] = {}
    for call in run.calls.values():
        turn = run.turns[call.requested.turn]
        agents.setdefault(turn.speaker, []).append(call)
        models.setdefault(call.requested.model, []).append(call)
        kinds.setdefault(turn.kind, []).append(call)
    return Spend(_tally(run.calls.values()), _tallies(agents), _tallies(models), _tallies(kinds))


def _tallies(groups: Mapping[str, Iterable[Call]]) -> dict[str, Tally]:
    return {name: _tally(calls) for name, calls in sorted(groups.items())}


def _tally(calls: Iterable[Call]) -> Tally:
    calls = list(calls)
    endings = [call.ended for call in calls if call.ended is not None]
    usages = [ending.usage or Usage() for ending in endings]
    lost = sum(call.lost for call in calls)
    return Tally(
        calls=len(calls),
        failed=sum(isinstance(ending, CallFailed) for ending in endings),
        lost=lost,
        input_tokens=sum(usage.input_tokens for usage in usages),
        output_tokens=sum(usage.output_tokens for usage in usages),
        cached_tokens=sum(usage.cached_tokens for usage in usages),
        reasoning_tokens=sum(usage.reasoning_tokens for usage in usages),
        cost_usd=sum(ending.cost_usd or 0.0 for ending in endings),
        unpriced=lost + sum(map(is_unpriced, endings)),
        latency_ms=sum(ending.latency_ms for ending in endings),
    )


def is_unpriced(ending: Ending) -> bool:
    """Whether nobody knows what a call cost: one that was turned away cost nothing."""
    status = ending.status if isinstance(ending, CallFailed) else None
    is_refused = status is not None and 400 <= status < 500
    return ending.cost_usd is None and not is_refused
