"""What a durable append costs, alone and among many, and what it leaves on the disk.

Must not go in here: assertions. The limit is a plain SQLite table of the same bytes, without
versions, chain or parts; where it says so, the same rows digested and inserted by hand, so that
what is above it is ours and not SQLite's or SHA-256's. Peers are a bare `write` and `fdatasync`
and, where installed, `eventsourcing`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, SimpleQueue
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Any

from benchmarks.by_hand import ByHand, Rows, rows_of
from benchmarks.table import Goal, Row, show
from dialectic_events.envelope import Head, Stamp, seal
from dialectic_events.store import Appended, Batch
from dialectic_events.stores.sqlite import SqliteStore
from dialectic_events.stores.sqlite_schema import connect
from dialectic_events.turns import ProposalMade

__all__ = ["Step", "medians_us", "rows"]

TEXT = ("The cart keeps an append-only log of intents. " * 60)[:2450]
BYTES = 3100
WRITERS = 64
SINGLES = 400
GROUPS = 25
SLOW_GROUPS = 5
FLUSH_S = 0.002

Step = Callable[[], None]


class SlowStore(SqliteStore):
    """A store on a disk that takes 2 ms to flush."""

    def _commit(self) -> None:
        super()._commit()
        sleep(FLUSH_S)


class Run:
    """A stream, and who appends to it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.head = Head()

    def batch(self, size: int = len(TEXT)) -> Batch:
        """Seal one event whose text, of `size` characters, was never seen before."""
        version, now = self.head.version, datetime.now(UTC)
        text = f"{self.name} {version} {TEXT * (size // len(TEXT) + 1)}"[:size]
        event = ProposalMade(turn=f"debate/r{version}", text=text)
        stamp = Stamp(f"command-{version}", now, now)
        records, parts = seal(self.name, [event], self.head, stamp, [os.urandom(16)])
        expected, self.head = version, Head(version + 1, records[-1].digest)
        return Batch(self.name, expected, records, parts)


class Bare:
    """A file that grows, and nothing else."""

    def __init__(self, path: Path) -> None:
        self.file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        self.body = os.urandom(BYTES)

    def append(self, count: int) -> None:
        """Write so many events and flush once."""
        for _ in range(count):
            os.write(self.file, self.body)
        os.fdatasync(self.file)


class Plain:
    """A SQLite table of whole events: no versions, no chain, no parts."""

    def __init__(self, path: Path) -> None:
        self.table = connect(path)
        self.table.execute("PRAGMA journal_mode = WAL")
        self.table.execute("PRAGMA wal_autocheckpoint = 1000")
        self.table.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, body BLOB)")
        self.body = os.urandom(BYTES)

    def append(self, count: int) -> None:
        """Insert so many events in one durable transaction."""
        self.table.execute("BEGIN IMMEDIATE")
        self.table.executemany("INSERT INTO events (body) VALUES (?)", [(self.body,)] * count)
        self.table.execute("COMMIT")


def ours(store: SqliteStore, runs: Sequence[Run]) -> None:
    """Append one event to each run in one call, as the log actor does."""
    outcomes = store.append([run.batch() for run in runs])
    assert all(isinstance(outcome, Appended) for outcome in outcomes)


def ours_in_threads(store: SqliteStore, runs: Sequence[Run]) -> None:
    """One thread for each run, all waiting for one that writes what has come up meanwhile."""
    mail: SimpleQueue[tuple[Batch, threading.Event] | None] = SimpleQueue()

    def write() -> None:
        while first := mail.get():
            letters = [first]
            try:
                while letter := mail.get_nowait():
                    letters.append(letter)
            except Empty:
                pass
            store.append([batch for batch, _ in letters])
            for _, durable in letters:
                durable.set()

    def run_one(run: Run) -> None:
        for _ in range(GROUPS):
            durable = threading.Event()
            mail.put((run.batch(), durable))
            durable.wait()

    writer = threading.Thread(target=write)
    threads = [threading.Thread(target=run_one, args=(run,)) for run in runs]
    for thread in (writer, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    mail.put(None)
    writer.join()


def _rows_by_hand() -> tuple[Iterator[Rows], Iterator[Rows]]:
    """What the same commits write, of all writers and of one; made before anything is timed."""
    runs = [Run(f"by-hand-{index}") for index in range(WRITERS)]
    groups = [[run.batch() for run in runs] for _ in range(GROUPS)]
    rows = rows_of([*groups, *([runs[0].batch()] for _ in range(SINGLES))])
    return iter(rows[:GROUPS]), iter(rows[GROUPS:])


def peer(path: Path) -> Step | None:
    """`eventsourcing` saving one event, or None when it is not installed."""
    if find_spec("eventsourcing") is None:
        return None
    application = import_module("eventsourcing.application").Application
    domain = import_module("eventsourcing.domain")

    def propose(self: Any, turn: str, text: str) -> None:
        self.turn = turn

    proposed = domain.event("Proposed")(propose)
    debate: Any = type("Debate", (domain.Aggregate,), {"propose": proposed})()
    environment = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(path)}
    app: Any = application(env=environment)
    app.save(debate)

    def step() -> None:
        debate.propose(f"debate/r{debate.version}", f"{debate.version} {TEXT}")
        app.save(debate)

    return step


def medians_us(rounds: int, events: int, steps: Sequence[Step | None]) -> list[float | None]:
    """The microseconds per event of each step, in alternating rounds."""
    times: list[list[float]] = [[] for _ in steps]
    for _ in range(rounds):
        for step, took in zip(steps, times, strict=True):
            if step is not None:
                began = perf_counter()
                step()
                took.append(perf_counter() - began)
    return [median(took) / events * 1e6 if took else None for took in times]


def size_and_said(path: Path, count: int) -> tuple[int, int]:
    """The bytes on the disk after so many events with texts of 0.3 to 8 KB, and in them."""
    run, said = Run("run"), 0
    with SqliteStore(path) as store:
        for index in range(count):
            batch = run.batch(300 + index * 7919 % 7700)
            store.append([batch])
            said += sum(map(len, batch.parts.values()))
            for record in batch.records:
                digest = bytes.fromhex(record.digest)
                kept = (record.header, record.payload, record.salt, digest)
                said += sum(len(part) for part in kept if part is not None)
    return path.stat().st_size, said


def disk_rows(folder: Path) -> list[Row]:
    """What a call costs on the disk once the log has begun."""
    rows = []
    for few, many in ((10, 100), (100, 1000)):
        size, said = size_and_said(folder / f"{few}-of-{many}.db", few)
        size_after, said_after = size_and_said(folder / f"{many}.db", many)
        ratio = (size_after - size) / (said_after - said)
        name = f"bytes on disk, call {few} to {many:,}"
        rows.append(Row(name, ratio, 1.0, None, Goal(1.4, "ours"), "per byte"))
    return rows


def time_rows(folder: Path) -> list[Row]:
    """What an append costs in time, in microseconds per event."""
    bare, plain = Bare(folder / "bare"), Plain(folder / "plain.db")
    runs = [Run(f"run-{index}") for index in range(WRITERS)]
    threaded = [Run(f"threaded-{index}") for index in range(WRITERS)]
    by_hand = ByHand(folder / "by_hand.db")
    with SqliteStore(folder / "log.db") as store:
        groups, singles = _rows_by_hand()
        many, many_plain, many_by_hand = medians_us(
            GROUPS,
            WRITERS,
            [
                lambda: ours(store, runs),
                lambda: plain.append(WRITERS),
                lambda: by_hand.write(next(groups)),
            ],
        )
        (threads,) = medians_us(1, WRITERS * GROUPS, [lambda: ours_in_threads(store, threaded)])
        # By now the WAL has been begun anew: until then the file system grows it, at a price.
        one, one_plain, one_by_hand, one_bare, saved = medians_us(
            SINGLES,
            1,
            [
                lambda: ours(store, runs[:1]),
                lambda: plain.append(1),
                lambda: by_hand.write(next(singles)),
                lambda: bare.append(1),
                peer(folder / "peer.db"),
            ],
        )
    grouped, each = slow_us(folder / "slow.db")
    return [
        us("append, beside write + fdatasync", one, one_plain, one_bare, Goal(1.5)),
        us("append, beside eventsourcing", one, one_plain, saved, Goal(1)),
        us("append, beside the same by hand", one, one_by_hand, one_bare, None),
        us(f"{WRITERS} writers in one call", many, many_plain, saved, Goal(15, "ours")),
        us(f"{WRITERS} writers, beside the same by hand", many, many_by_hand, None, None),
        us(f"{WRITERS} writers in threads", threads, many_plain, saved, Goal(1)),
        us("flush of 2 ms: one call, beside each", grouped, None, each, Goal(1 / 30)),
    ]


def us(
    name: str, mine: float | None, limit: float | None, other: float | None, goal: Goal | None
) -> Row:
    """A row in microseconds per event; without a peer there is no goal."""
    assert mine is not None
    return Row(name, mine, limit, other, None if other is None else goal, "us/event")


def slow_us(path: Path) -> list[float | None]:
    """One call for all writers, and one call for each, where a flush takes 2 ms."""
    runs = [Run(f"run-{index}") for index in range(WRITERS)]
    with SlowStore(path) as store:

        def each() -> None:
            for run in runs:
                ours(store, [run])

        return medians_us(SLOW_GROUPS, WRITERS, [lambda: ours(store, runs), each])


def rows() -> list[Row]:
    """All measurements, on the disk of the current folder: memory has nothing to flush."""
    with TemporaryDirectory(dir=".") as name:
        return [*time_rows(Path(name)), *disk_rows(Path(name))]


if __name__ == "__main__":
    show(rows())
