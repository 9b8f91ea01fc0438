"""What it costs to read runs back: verified and folded from the log.

The limit is bare typed decoding of the same events from JSON lines with their texts in place: no
chain, no store, no state; a second one reads, digests and decodes the same rows by hand, so that
what is above it is ours and not SQLite's or SHA-256's. The peer is `eventsourcing`, which replays
aggregates of as many events with the same texts.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from benchmarks.append import Step, medians_us
from benchmarks.by_hand import ByHand, rows_of
from benchmarks.table import Goal, Row, show
from dialectic_events.envelope import Head, Stamp, seal
from dialectic_events.store import Batch
from dialectic_events.stores.sqlite import SqliteStore
from dialectic_events.turns import ProposalMade, Turn
from dialectic_events.union import Event
from dialectic_replay.read import envelopes, events_of, known_event
from dialectic_replay.run import fold

__all__ = ["rows"]

RUNS = 100
EVENTS = 100
ROUNDS = 5
WORDS = "cart write path – order log λ latency **risk** queue “at most once” zone replica\n"


def _events(run: int) -> list[Event]:
    """Contributions of 1.5 to 4 KB, some of it beyond ASCII."""
    draw, words = random.Random(run), WORDS.split(" ")
    events: list[Event] = []
    for index in range(EVENTS):
        turn = Turn(id=f"debate/r{index}/proposal/a", kind="proposal", speaker="a", round=index)
        text = " ".join(draw.choices(words, k=draw.randint(280, 740)))
        events.append(ProposalMade(turn=turn.id, text=text, plan=turn))
    return events


def _batch(run: str, events: Sequence[Event]) -> Batch:
    now = datetime.now(UTC)
    salts = [bytes([index]) * 16 for index in range(EVENTS)]
    records, parts = seal(run, events, Head(), Stamp("command", now, now), salts)
    return Batch(run, 0, records, parts)


def _peer(path: Path, logs: Sequence[Sequence[Event]]) -> Step | None:
    """Replay as many aggregates with `eventsourcing`, or None when it is not installed."""
    if find_spec("eventsourcing") is None:
        return None
    application = import_module("eventsourcing.application").Application
    domain = import_module("eventsourcing.domain")

    def propose(self: Any, turn: str, text: str) -> None:
        self.results[turn] = text

    def begin(self: Any) -> None:
        self.results = {}

    methods = {"__init__": begin, "propose": domain.event("Proposed")(propose)}
    kind: Any = type("Replayed", (domain.Aggregate,), methods)
    environment = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(path)}
    app: Any = application(env=environment)
    ids = []
    for log in logs:
        debate = kind()
        for event in log:
            assert isinstance(event, ProposalMade)
            debate.propose(event.turn, event.text)
        app.save(debate)
        ids.append(debate.id)

    def step() -> None:
        for each in ids:
            assert len(app.repository.get(each).results) == EVENTS

    return step


def rows() -> list[Row]:
    """Verified against both, and what is left of it when nothing is verified."""
    logs = {f"run-{index}": _events(index) for index in range(RUNS)}
    lines = {run: [msgspec.json.encode(event) for event in log] for run, log in logs.items()}
    decode = msgspec.json.Decoder(Event).decode
    with TemporaryDirectory(dir=".") as name, SqliteStore(Path(name) / "log.db") as store:
        batches = [_batch(run, log) for run, log in logs.items()]
        store.append(batches)
        by_hand = ByHand(Path(name) / "by_hand.db")
        (rows,) = rows_of([batches])
        by_hand.write(rows)

        def verified() -> None:
            for run in logs:
                assert fold(map(known_event, envelopes(store, run))).version == EVENTS

        def unverified() -> None:
            for run in logs:
                assert fold(events_of(store, run)).version == EVENTS

        def bare() -> None:
            for run in logs:
                for line in lines[run]:
                    decode(line)

        def unfolded() -> None:
            assert by_hand.read() == RUNS * EVENTS

        peer = _peer(Path(name) / "peer.db", list(logs.values()))
        steps = [verified, unverified, bare, unfolded, peer]
        full, quick, limit, hand, theirs = medians_us(ROUNDS, RUNS * EVENTS, steps)
    assert full is not None
    assert quick is not None
    return [
        Row(
            "replay, verified, beside bare decoding", full, limit, theirs, Goal(2.2, "x limit"), US
        ),
        Row("replay, verified, beside eventsourcing", full, limit, theirs, Goal(1 / 3), US),
        Row("replay, verified, beside the same by hand", full, hand, theirs, None, US),
        Row("replay, not verified", quick, limit, theirs, Goal(1 / 5), US),
    ]


US = "us/event"

if __name__ == "__main__":
    show(rows())
