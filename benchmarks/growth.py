"""What a long debate leaves on the disk: a call must cost as much at its end as at its beginning.

A real run of 1,033 calls, answered with texts of 0.3 to 8 KB.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

from benchmarks.cast import hold, opening
from benchmarks.orchestration import answering
from benchmarks.table import Goal, Row, show
from dialectic_events.codec import decode
from dialectic_events.envelope import read_header
from dialectic_events.parts import strands
from dialectic_events.references import refs_named
from dialectic_events.store import Store
from dialectic_events.stores.sqlite import SqliteStore

__all__ = ["rows"]

SHAPE = 8, 16
RUN = "run"
EARLY = 10, 110
LATE = 930, 1030
DIGEST_BYTES = 32


def size_of(index: int) -> int:
    """How many characters an answer has: all sizes equally often in every stretch of 77."""
    return 300 + index * 2900 % 7700


class Kept(NamedTuple):
    """What had to be kept: bytes by call in the order of the requests, in all, and of them texts
    and payloads.
    """

    by_call: list[int]
    whole: int
    payload: int


def _kept(store: Store) -> Kept:
    by_call: dict[str, int] = {}
    known: set[str] = set()
    whole = payload = 0
    for record in store.read(RUN):
        header, body = read_header(record), record.payload or b""
        fresh = _fresh_bytes(store, refs_named(header.type, header.schema, body).refs, known)
        payload += len(body) + fresh
        size = len(record.header) + len(body) + len(record.salt or b"") + DIGEST_BYTES + fresh
        whole += size
        # A proposal that was carried over rests on no call of its own.
        call = getattr(decode(header.type, header.schema, body), "call", None)
        if call is not None:
            by_call[call] = by_call.get(call, 0) + size
    return Kept(list(by_call.values()), whole, payload)


def _fresh_bytes(store: Store, refs: Iterable[str], known: set[str]) -> int:
    """The bytes of all texts behind references that were not `known` yet, those of ropes too."""
    size, pending = 0, list(refs)
    while pending:
        ref = pending.pop()
        if ref not in known:
            known.add(ref)
            text = store.parts((ref,))[ref]
            size += len(text.encode())
            pending.extend(strands(ref, text))
    return size


def rows() -> list[Row]:
    """Bytes per call late in the run beside early, and the file beside what it had to keep."""
    with TemporaryDirectory(dir=".") as name:
        folder = Path(name)
        with SqliteStore(folder / "log.db") as store:
            _, (run,) = hold(
                store, lambda: answering(size_of), {RUN: opening(*SHAPE)}, perf_counter
            )
            kept = _kept(store)
        size = sum(path.stat().st_size for path in folder.iterdir())
    early, late = mean(kept.by_call[slice(*EARLY)]), mean(kept.by_call[slice(*LATE)])
    title = f"a run of {len(run.calls):,} calls"
    span = "{} to {:,}".format(*LATE)
    bound = Goal(1.4, "x limit")
    return [
        Row(f"{title}, call {span}", late, early, None, Goal(1.1, "x limit"), "bytes"),
        Row(f"{title}, file / payloads and texts", size, kept.payload, None, bound, "bytes"),
        Row(f"{title}, file / all that is kept", size, kept.whole, None, bound, "bytes"),
    ]


if __name__ == "__main__":
    show(rows())
