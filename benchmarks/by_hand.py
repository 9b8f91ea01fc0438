"""The floor under a log: the same bytes digested and kept in the same tables by statements written
out by hand.

No versions are checked, no leases, no chain; nothing is encoded, decided or told. What costs more
than this is ours; what costs this much is SQLite's and SHA-256's.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from dialectic_events.envelope import Header
from dialectic_events.store import Batch, Outcome
from dialectic_events.stores.sqlite import SqliteStore
from dialectic_events.stores.sqlite_schema import connect, prepare
from dialectic_events.union import Event

__all__ = ["ByHand", "Recording", "Rows", "rows_of"]

_header = msgspec.json.Decoder(Header).decode
_event = msgspec.json.Decoder(Event).decode


_STREAM = "INSERT INTO streams (id, name, fork_version) VALUES (?, ?, 0)"
_EVENT = """
    INSERT INTO events (stream, version, digest, header, payload, salt) VALUES (?, ?, ?, ?, ?, ?)
"""
_TEXT = "INSERT INTO texts (digest, size, body) VALUES (?, ?, ?)"


class Rows(NamedTuple):
    """What one commit writes, and the bytes that must be digested for it."""

    streams: list[tuple[int, str]]
    events: list[tuple[int, int, bytes, bytes, bytes | None, bytes | None]]
    texts: list[tuple[bytes, int, bytes]]
    digested: list[bytes]


class Recording(SqliteStore):
    """A store that remembers what each of its commits was given."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.groups: list[Sequence[Batch]] = []

    def append(self, batches: Sequence[Batch]) -> list[Outcome]:
        """Remember, and append."""
        self.groups.append(batches)
        return super().append(batches)


def rows_of(groups: Sequence[Sequence[Batch]]) -> list[Rows]:
    """The same commits as plain rows: every text once, where it first came."""
    streams: dict[str, int] = {}
    seen: set[str] = set()
    commits = []
    for batches in groups:
        rows = Rows([], [], [], [])
        for batch in batches:
            if batch.stream not in streams:
                streams[batch.stream] = len(streams) + 1
                rows.streams.append((streams[batch.stream], batch.stream))
            for r in batch.records:
                digest = bytes.fromhex(r.digest)
                stream = streams[r.stream]
                rows.events.append((stream, r.version, digest, r.header, r.payload, r.salt))
                rows.digested.extend((r.header, (r.salt or b"") + (r.payload or b"")))
            for ref, text in batch.parts.items():
                if ref not in seen:
                    seen.add(ref)
                    body = text.encode()
                    rows.texts.append((sha256(body).digest(), len(body), body))
                    rows.digested.append(body)
        commits.append(rows)
    return commits


class ByHand:
    """A log's file, written and read without a log."""

    def __init__(self, path: Path) -> None:
        prepare(path)
        self._table = connect(path)
        self._table.execute("PRAGMA wal_autocheckpoint = 1000")

    def write(self, rows: Rows) -> None:
        """Digest and insert what one commit holds, and flush it."""
        for body in rows.digested:
            sha256(body).digest()
        table = self._table
        table.execute("BEGIN IMMEDIATE")
        table.executemany(_STREAM, rows.streams)
        table.executemany(_EVENT, rows.events)
        table.executemany(_TEXT, rows.texts)
        table.execute("COMMIT")

    def read(self) -> int:
        """Digest and decode all events, and digest all texts, in the order of the file: how many
        events there were.
        """
        count = 0
        for header, payload, salt in self._table.execute(
            "SELECT header, payload, salt FROM events"
        ):
            sha256(header).digest()
            sha256(salt + payload).digest()
            _header(header)
            _event(payload)
            count += 1
        for (body,) in self._table.execute("SELECT body FROM texts"):
            sha256(body).digest()
            str(body, "utf-8")
        return count
