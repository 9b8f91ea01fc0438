"""A hundred debates at once in one process: what a call costs the processor, log included.

The peer makes the same calls with stock `AsyncOpenAI.create` from plain asyncio and keeps no log;
the limit does so with the product's own client. One server process answers after 200 ms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import openai

from benchmarks.cast import Opening, dataflow, hold, opening, turns
from benchmarks.server import KEY, Asked, calling, ledger, provider, serving
from benchmarks.table import Goal, Row, show
from dialectic_actors.actors.ports import Ask
from dialectic_events.calls import CallAnswered
from dialectic_events.stores.sqlite import SqliteStore
from dialectic_events.turns import Turn

__all__ = ["rows"]

SHAPE = 3, 1
DEBATES = 100
ROUNDS = 3
LATENCY_MS = 200.0
OPENINGS: Mapping[str, Opening] = {f"run-{n}": opening(*SHAPE, n) for n in range(DEBATES)}

Complete = Callable[[Ask], Awaitable[object]]


def _ours_s(url: str, asked: Asked) -> float:
    with TemporaryDirectory(dir=".") as folder, SqliteStore(Path(folder) / "log.db") as store:
        took_s, runs = hold(store, calling(url, asked), OPENINGS, process_time)
    ends = [call.ended for run in runs for call in run.calls.values()]
    assert all(isinstance(end, CallAnswered) for end in ends)
    return took_s


async def _plain(asked: Asked, complete: Complete) -> None:
    listed = turns(*SHAPE)

    async def hold_one(run: str) -> None:
        async def call(turn: Turn) -> None:
            await complete(asked[run, turn.id])

        await dataflow(listed, call)

    await asyncio.gather(*map(hold_one, OPENINGS))


async def _limit_s(url: str, asked: Asked) -> float:
    client = provider(url)
    try:
        began = process_time()
        await _plain(asked, client.complete)
        return process_time() - began
    finally:
        await client.aclose()


async def _stock_s(url: str, asked: Asked) -> float:
    async with openai.AsyncOpenAI(api_key=KEY, base_url=url) as client:

        async def complete(ask: Ask) -> object:
            messages: Any = [{"role": each.role, "content": each.text} for each in ask.messages]
            return await client.chat.completions.create(
                model=ask.model, temperature=ask.temperature, messages=messages
            )

        began = process_time()
        await _plain(asked, complete)
        return process_time() - began


def rows() -> list[Row]:
    """CPU per call, connections opened per round, and requests that failed."""
    asked: Asked = {}
    times: list[tuple[float, float, float]] = []
    connections: list[tuple[int, int, int]] = []
    with serving(latency_ms=LATENCY_MS) as url:
        _ours_s(url, asked)
        for _ in range(ROUNDS):
            opened = [ledger(url).connections]
            ours_s = _ours_s(url, asked)
            opened.append(ledger(url).connections)
            limit_s = asyncio.run(_limit_s(url, asked))
            opened.append(ledger(url).connections)
            stock_s = asyncio.run(_stock_s(url, asked))
            opened.append(ledger(url).connections)
            times.append((ours_s, limit_s, stock_s))
            # Each look at the ledger is a connection too.
            first, second, third = (b - a - 1 for a, b in pairwise(opened))
            connections.append((first, second, third))
        errors = sum(entry.status != 200 for entry in ledger(url).requests)
    ours, limit, stock = (median(each) / len(asked) * 1e6 for each in zip(*times, strict=True))
    ours_open, limit_open, stock_open = (median(each) for each in zip(*connections, strict=True))
    name = f"{DEBATES} debates at once"
    return [
        Row(f"{name}, CPU", ours, limit, stock, Goal(0.5), "us/call"),
        Row(f"{name}, opened", ours_open, limit_open, stock_open, Goal(1), "connections"),
        Row(f"{name}, failed", errors, None, None, Goal(0, "ours"), "requests"),
    ]


if __name__ == "__main__":
    show(rows())
