"""Whether questions, summaries, assessments and votes overlap wherever what they wait for allows.

A stub answers after a while, over a durable log: from the first request to the last answer, beside
the longest chain of turns that wait for each other, as the log names them. The peer is arithmetic
too: the same latencies phase by phase, summaries one after another, as the seed has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from zlib import crc32

from msgspec.structs import replace

from benchmarks.cast import composed, condensed, hold, settings_of
from benchmarks.orchestration import Answering
from benchmarks.table import Goal, Row, show
from dialectic_actors.actors.ports import Ask
from dialectic_actors.core.protocols import known_turns, protocol_of
from dialectic_actors.settings import Settings
from dialectic_events.calls import Ending
from dialectic_events.contents import Question
from dialectic_events.runs import Clarifications, StopRule, Summarization
from dialectic_events.stores.sqlite import SqliteStore
from dialectic_replay.run import Result, Run

__all__ = ["rows"]

SHAPE = 3, 2
LATENCY_S = 0.1
ROUNDS = 3
RUN = "run"
SIZE = 1500

PLAIN = settings_of(*SHAPE)
SUMMARIES = condensed(PLAIN, "hierarchical", Summarization(threshold=1000))
CLARIFIED = Clarifications(passes=2)
QUALITY = StopRule("quality", 1.0)
"""Never reached, so that all rounds are held."""

FEATURES: Mapping[str, Settings] = {
    "clarifications": replace(PLAIN, clarify=True, clarifications=CLARIFIED),
    "summaries": SUMMARIES,
    "quality": replace(PLAIN, stop=QUALITY),
    "voting": replace(PLAIN, synthesis="voting"),
    "all": replace(
        SUMMARIES, clarify=True, clarifications=CLARIFIED, stop=QUALITY, synthesis="voting"
    ),
}

Latency = Callable[[str], float]
"""Seconds that a call takes, by its id."""


def fixed(call: str) -> float:
    """The same for all."""
    return LATENCY_S


def drawn(call: str) -> float:
    """Half to one and a half times as long, so that whoever waits for too much is found out."""
    return LATENCY_S * (0.5 + crc32(call.encode()) % 1000 / 1000)


class Thinking(Answering):
    """A gateway without models that takes its time; `seen_s` is when it was asked first, and when
    it answered last.
    """

    def __init__(self, latency: Latency) -> None:
        """`latency` is how long a call takes."""
        super().__init__(lambda index: SIZE)
        self._latency = latency
        self.seen_s: list[float] = []

    def start(self, ask: Ask, reply: Callable[[Ending], None]) -> None:
        """Answer when it is time."""
        self.seen_s.append(perf_counter())
        loop = asyncio.get_running_loop()
        loop.call_later(self._latency(ask.call), self._end, ask, reply)

    def _end(self, ask: Ask, reply: Callable[[Ending], None]) -> None:
        self.seen_s.append(perf_counter())
        super().start(ask, reply)


class Present:
    """A person who answers at once."""

    by = "benchmark"

    def put(
        self,
        run: str,
        turn: str,
        asker: str,
        questions: Sequence[Question],
        reply: Callable[[Sequence[str] | None], None],
    ) -> None:
        """Answer."""
        reply([f"The answer to {question.id}." for question in questions])

    def withdraw(self, run: str, turn: str) -> None:
        """Nothing is pending."""


def _held(settings: Settings, latency: Latency) -> tuple[float, Run]:
    """Seconds from the first request to the last answer of a debate, and the debate."""
    gateway = Thinking(latency)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Thinking]:
        yield gateway

    with TemporaryDirectory(dir=".") as folder, SqliteStore(Path(folder) / "log.db") as store:
        openings = {RUN: composed(settings)}
        _, (run,) = hold(store, opened, openings, perf_counter, Present())
    return gateway.seen_s[-1] - gateway.seen_s[0], run


def _path_s(run: Run, latency: Latency) -> float:
    """The longest chain of turns that wait for each other, or for what decides that they are held;
    the log has each after those.
    """
    branches = _branches(run)
    done: dict[str, float] = {}
    for turn in run.turns.values():
        waits = (*turn.after, *branches[turn.id])
        begins = max((done[other] for other in waits), default=0.0)
        done[turn.id] = begins + sum(map(latency, run.attempts.get(turn.id, ())))
    return max(done.values())


def _branches(run: Run) -> Mapping[str, tuple[str, ...]]:
    """The turns whose results the protocol had to know before it named a turn."""
    assert run.opened is not None
    (stage,) = run.opened.stages
    protocol = protocol_of(stage)
    listed, awaited = known_turns(protocol, stage, {})
    branches = {turn.id: tuple[str, ...]() for turn in listed}
    read: dict[str, Result] = {}
    while awaited is not None:
        read[awaited] = run.results[awaited]
        listed, awaited = known_turns(protocol, stage, read)
        for turn in listed:
            branches.setdefault(turn.id, tuple(read))
    return branches


def _phases_s(run: Run, latency: Latency) -> float:
    """The same calls, nobody going on before all are done, summaries one after another."""
    phases: dict[tuple[int, str], list[float]] = {}
    for call, state in run.calls.items():
        turn = run.turns[state.requested.turn]
        phases.setdefault((turn.round, turn.kind), []).append(latency(call))
    return sum(sum(each) if kind == "summary" else max(each) for (_, kind), each in phases.items())


def _row(feature: str, latency: Latency) -> Row:
    held = [_held(FEATURES[feature], latency) for _ in range(ROUNDS)]
    run = held[0][1]
    return Row(
        f"{feature}, {SHAPE[0]} x {SHAPE[1]}, {latency.__name__} latency, {len(run.calls)} calls",
        median(took_s for took_s, _ in held) * 1e3,
        _path_s(run, latency) * 1e3,
        _phases_s(run, latency) * 1e3,
        Goal(1.05, "x limit"),
        "ms",
    )


def rows() -> list[Row]:
    """Each feature by itself, then all of them, and all with latencies that differ."""
    return [*(_row(feature, fixed) for feature in FEATURES), _row("all", drawn)]


if __name__ == "__main__":
    show(rows())
