"""How long one debate takes while models think, beside what its turns must wait for.

The clock is the server's: from the first request that came in to the last answer that went out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.cast import barriers, hold, opening, turns
from benchmarks.server import Asked, Entry, calling, digest_of, ledger, provider, serving
from benchmarks.table import Goal, Row, show
from dialectic_events.calls import CallAnswered
from dialectic_events.stores.sqlite import SqliteStore
from dialectic_events.turns import Turn

__all__ = ["rows"]

LATENCY_MS = 200.0
SIGMA = 0.6
ROUNDS = 5
SEEDS = range(7)
RUN = "run"


def _span_ms(entries: Sequence[Entry]) -> float:
    assert all(entry.status == 200 for entry in entries)
    first = min(entry.arrived_s for entry in entries)
    return (max(entry.answered_s for entry in entries) - first) * 1e3


def _ours(url: str, agents: int, rounds: int) -> tuple[Asked, Sequence[Entry]]:
    """Hold a debate over a durable log: its calls, and what the server saw of it."""
    asked: Asked = {}
    with TemporaryDirectory(dir=".") as folder, SqliteStore(Path(folder) / "log.db") as store:
        hold(store, calling(url, asked), {RUN: opening(agents, rounds)}, perf_counter)
    return asked, ledger(url).requests


async def _with_barriers(url: str, agents: int, rounds: int, asked: Asked) -> None:
    """Make the same calls phase by phase, with the same client and no log."""
    client = provider(url)

    async def call(turn: Turn) -> None:
        assert isinstance(await client.complete(asked[RUN, turn.id]), CallAnswered)

    try:
        await barriers(turns(agents, rounds), call)
    finally:
        await client.aclose()


def _path_ms(agents: int, rounds: int, thought_s: Mapping[str, float]) -> float:
    """The longest chain of turns, each taking what the server took for it."""
    done: dict[str, float] = {}
    for turn in turns(agents, rounds):
        begins = max((done[other] for other in turn.after), default=0.0)
        done[turn.id] = begins + thought_s.get(turn.id, 0.0)
    return max(done.values()) * 1e3


def _drawn(seed: int) -> tuple[float, float, float]:
    """One seed's latencies: ours, the longest chain, and the same calls with barriers, in ms."""
    shape = 5, 3
    with serving(latency_ms=LATENCY_MS, sigma=SIGMA, seed=seed) as url:
        asked, seen = _ours(url, *shape)
        took_s = {entry.digest: entry.answered_s - entry.arrived_s for entry in seen}
        thought_s = {turn: took_s[digest_of(ask)] for (_, turn), ask in asked.items()}
        asyncio.run(_with_barriers(url, *shape, asked))
        theirs = ledger(url).requests[len(seen) :]
    return _span_ms(seen), _path_ms(*shape, thought_s), _span_ms(theirs)


def rows() -> list[Row]:
    """A fixed latency, then one that is drawn for each prompt: the same for ours and the peer."""
    fixed = []
    for _ in range(ROUNDS):
        with serving(latency_ms=LATENCY_MS) as url:
            fixed.append(_span_ms(_ours(url, 3, 2)[1]))
    ours, path, barred = (mean(column) for column in zip(*map(_drawn, SEEDS), strict=True))
    return [
        Row(
            "wall, 3 x 2 at 200 ms",
            median(fixed),
            6 * LATENCY_MS,
            None,
            Goal(1.05, "x limit"),
            "ms",
        ),
        Row("wall, 5 x 3, drawn, beside barriers", ours, path, barred, Goal(0.82), "ms"),
        Row("wall, 5 x 3, drawn, beside its path", ours, path, barred, Goal(1.06, "x limit"), "ms"),
    ]


if __name__ == "__main__":
    show(rows())
