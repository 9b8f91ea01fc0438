"""What the system itself costs per model call, log included: the call is answered at once.

The limit is plain asyncio that takes the same turns and keeps no log; where it says so, the log
alone: the same commits, digested and inserted by hand.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from benchmarks.by_hand import ByHand, Recording, rows_of
from benchmarks.cast import hold, opening
from benchmarks.machine import ASYNCIO_US, asyncio_us
from benchmarks.table import Goal, Row, show
from dialectic_actors.actors.ports import Ask
from dialectic_actors.testing.answers import said
from dialectic_events.calls import CallAnswered, Ending, Usage
from dialectic_events.stores.sqlite import SqliteStore

__all__ = ["Answering", "answering", "rows"]

ROUNDS = 7
SHAPES = ((3, 1, 30), (5, 3, 5))
GOAL_US = 80
TEXT = "The cart keeps an append-only log of intents, and a reader folds it. " * 120


class Answering:
    """A gateway without models: it answers at once, with a text of its own for each call."""

    def __init__(self, size: Callable[[int], int]) -> None:
        """`size` is how many characters the so-manyth answer has."""
        self._size = size
        self._count = 0

    def start(self, ask: Ask, reply: Callable[[Ending], None]) -> None:
        """Answer."""
        words = self.words(ask)
        # An answer that misses its contract would be asked for again.
        text = said(ask, words) if ask.schema is not None else words
        reply(CallAnswered(call=ask.call, text=text, model=ask.model, usage=Usage(1900, 380)))

    def words(self, ask: Ask) -> str:
        """What it has to say."""
        self._count += 1
        return f"{ask.run} {ask.call} {TEXT}"[: self._size(self._count - 1)]

    def holding(self, run: str) -> Mapping[str, Ending]:
        """Nothing: an answer is told as it is made."""
        return {}

    def release(self, run: str, call: str) -> None:
        """Nothing is held."""

    def recall(self, run: str) -> None:
        """Nothing waits."""

    def cancel(self, run: str) -> None:
        """Nothing is under way."""


@asynccontextmanager
async def answering(size: Callable[[int], int] = lambda index: 1500) -> AsyncIterator[Answering]:
    """Open a gateway that answers at once."""
    yield Answering(size)


def ours_us(agents: int, rounds: int, debates: int, watch: Callable[[], float]) -> float:
    """Microseconds of `watch` per call of debates held at once over a durable log."""
    with TemporaryDirectory(dir=".") as folder, SqliteStore(Path(folder) / "log.db") as store:
        took_s, calls = _held(store, agents, rounds, debates, watch)
    return took_s / calls * 1e6


def log_us(agents: int, rounds: int, debates: int) -> float:
    """Microseconds per call of writing by hand what such debates wrote."""
    with TemporaryDirectory(dir=".") as folder:
        with Recording(Path(folder) / "log.db") as store:
            _, calls = _held(store, agents, rounds, debates, perf_counter)
        commits, log = rows_of(store.groups), ByHand(Path(folder) / "by_hand.db")
        began = perf_counter()
        for commit in commits:
            log.write(commit)
        return (perf_counter() - began) / calls * 1e6


def _held(
    store: SqliteStore, agents: int, rounds: int, debates: int, watch: Callable[[], float]
) -> tuple[float, int]:
    """Hold debates at once: what `watch` counted, and how many calls were made."""
    openings = {f"run-{index}": opening(agents, rounds, index) for index in range(debates)}
    took_s, runs = hold(store, answering, openings, watch)
    return took_s, sum(len(run.calls) for run in runs)


def rows() -> list[Row]:
    """The goal twice: in microseconds, and as what these are beside plain asyncio.

    The processor's part alone says what is left when the disk answers at once.
    """
    measured = []
    for shape in SHAPES:
        ours_us(*shape, perf_counter)
        times = [
            (
                ours_us(*shape, perf_counter),
                ours_us(*shape, process_time),
                asyncio_us(*shape),
                log_us(*shape),
            )
            for _ in range(ROUNDS)
        ]
        wall, cpu, limit, log = (median(column) for column in zip(*times, strict=True))
        name = "N={} R={} x {}".format(*shape)
        ratio = Goal(GOAL_US / ASYNCIO_US, "x limit")
        measured += [
            Row(f"{name}, time", wall, limit, None, Goal(GOAL_US, "ours"), "us/call"),
            Row(f"{name}, time", wall, limit, None, ratio, "us/call"),
            Row(f"{name}, CPU alone", cpu, limit, None, ratio, "us/call"),
            Row(f"{name}, beside its log by hand", wall, log, None, None, "us/call"),
        ]
    return measured


if __name__ == "__main__":
    show(rows())
