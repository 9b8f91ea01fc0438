"""Everything that is read from a SQLite log, over one connection.

No statement is left open between calls: a reader that lingers would keep the WAL from being written
back.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dialectic_events.envelope import Head, Record
from dialectic_events.parts import REF_PATTERN, ROPE
from dialectic_events.store import Lease, StreamEntry
from dialectic_events.stores.admission import NOBODY

__all__ = ["Reading", "Segment", "digest_in"]

_EVENT = "position, version, digest, header, payload, salt"
_OWN = f"SELECT {_EVENT} FROM events WHERE stream = ? AND version BETWEEN ? AND ?"  # noqa: S608

_HEAD = """
    SELECT s.id, e.version, e.digest FROM streams s JOIN events e ON e.stream = s.id
    WHERE s.name = ? ORDER BY e.version DESC LIMIT 1
"""
_ALL = """
    SELECT s.name, e.position, e.version, e.digest, e.header, e.payload, e.salt
    FROM events e JOIN streams s ON s.id = e.stream WHERE e.position > ?
    ORDER BY e.position LIMIT ?
"""
_ENDS = """
    SELECT s.name, e.position, e.version, e.digest, e.header, e.payload, e.salt
    FROM streams s JOIN events e ON e.stream = s.id AND e.version IN (
        (SELECT min(version) FROM events WHERE stream = s.id),
        (SELECT max(version) FROM events WHERE stream = s.id)
    ) ORDER BY s.id DESC, e.version
"""
# Most texts lie in two rows: to ask for the second of each by itself takes as long as all the rest.
_FIRST_ROWS = """
    SELECT first.id, first.digest, first.size, first.body, second.body FROM texts first
    LEFT JOIN texts second ON second.id = first.id + 1 AND length(first.body) < first.size
    WHERE first.digest IN ({marks})
"""
_ROWS_AFTER = "SELECT body FROM texts WHERE id > ? ORDER BY id"
# SQLite before 3.32 takes 999 parameters.
_TOGETHER = 500


class Segment(NamedTuple):
    """A stretch of a lineage that lies in one stream."""

    id: int
    stream: str
    first: int
    last: int


def digest_in(ref: str) -> bytes:
    """The digest that a reference names."""
    return bytes.fromhex(ref[1:65] if ref[0] == ROPE else ref[:64])


def _record(
    stream: str,
    position: int,
    version: int,
    digest: bytes,
    header: bytes,
    payload: bytes | None,
    salt: bytes | None,
) -> Record:
    return Record(stream, version, digest.hex(), header, payload, salt, position)


class Reading:
    """The questions that one connection answers."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._ask = connection.execute

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def tail(self, stream: str) -> tuple[int, Head] | None:
        """A stream's row and its head."""
        row = self._ask(_HEAD, (stream,)).fetchone()
        return row and (row[0], Head(row[1], row[2].hex()))

    def head(self, stream: str) -> Head:
        """Where a stream ends; version 0 when it does not exist."""
        tail = self.tail(stream)
        return tail[1] if tail else Head()

    def lineage(self, stream: str, first: int, last: int) -> list[Segment]:
        """Where the events of a lineage lie, in order."""
        found: list[Segment] = []
        name: str | None = stream
        while name is not None and last >= first:
            row = self._ask(
                "SELECT id, parent, fork_version FROM streams WHERE name = ?", (name,)
            ).fetchone()
            if row is None:
                break
            id_, parent, fork_version = row
            if last > fork_version:
                found.append(Segment(id_, name, first, last))
            name, last = parent, min(last, fork_version)
        return found[::-1]

    def page(self, segment: Segment, limit: int) -> list[Record]:
        """The first events of a segment."""
        rows = self._ask(
            f"{_OWN} ORDER BY version LIMIT ?", (segment.id, segment.first, segment.last, limit)
        ).fetchall()
        # Spelled out: this runs for every event of a run, and a call takes longer than its work.
        return [
            Record(segment.stream, version, digest.hex(), header, payload, salt, position)
            for position, version, digest, header, payload, salt in rows
        ]

    def own(self, stream: str, first: int, last: int) -> list[Record]:
        """A stream's own events in a range of versions."""
        tail = self.tail(stream)
        return self.page(Segment(tail[0], stream, first, last), -1) if tail else []

    def digest_at(self, stream: str, version: int) -> str | None:
        """The digest of an event in a stream's lineage."""
        for segment in self.lineage(stream, version, version):
            for record in self.page(segment, 1):
                return record.digest
        return None

    def all_after(self, position: int, limit: int) -> list[Record]:
        """The first events of the log after a position."""
        return [_record(*row) for row in self._ask(_ALL, (position, limit)).fetchall()]

    def streams(self) -> list[StreamEntry]:
        """All streams, the newest first."""
        entries: list[StreamEntry] = []
        for row in self._ask(_ENDS).fetchall():
            record = _record(*row)
            first = record
            if entries and entries[-1].stream == record.stream:
                first = entries.pop().first
            entries.append(StreamEntry(record.stream, first, record))
        return entries

    def texts(self, refs: Iterable[str]) -> dict[str, str]:
        """The texts behind references, as far as they are here."""
        try:
            wanted = {ref: digest_in(ref) for ref in refs}
        except (ValueError, IndexError):
            # Somebody asks for what is no reference: nothing is stored under that.
            wanted = {ref: digest_in(ref) for ref in refs if re.fullmatch(REF_PATTERN, ref)}
        digests = list(set(wanted.values()))
        bodies: dict[bytes, bytes] = {}
        for start in range(0, len(digests), _TOGETHER):
            self._fetch(digests[start : start + _TOGETHER], bodies)
        # What is no text any more is handed on as another text: its digest tells.
        return {
            ref: bodies[digest].decode(errors="replace")
            for ref, digest in wanted.items()
            if digest in bodies
        }

    def _fetch(self, digests: Sequence[bytes], bodies: dict[bytes, bytes]) -> None:
        # One question for many texts: to ask for each takes a fifth longer.
        marks = ",".join("?" * len(digests))
        rows = self._ask(_FIRST_ROWS.format(marks=marks), digests).fetchall()
        for last, digest, size, first, second in rows:
            body = first if second is None else first + second
            if (left := size - len(body)) > 0:
                body += self._after(last + (second is not None), left)
            bodies[digest] = body

    def _after(self, row: int, size: int) -> bytes:
        """The next `size` bytes of the text that the row begins."""
        pieces: list[bytes] = []
        rows = self._ask(_ROWS_AFTER, (row,))
        for (body,) in rows:
            pieces.append(body)
            size -= len(body)
            if size <= 0:
                break
        rows.close()
        return b"".join(pieces)

    def lease(self, stream: str) -> Lease:
        """The lease that counts; owner NOBODY and epoch 0 when there never was one."""
        return self.lease_and_end(stream)[0]

    def lease_and_end(self, stream: str) -> tuple[Lease, float]:
        """The lease that counts, and when it expires (seconds of the store's clock)."""
        row: Sequence[object] | None = self._ask(
            "SELECT owner, epoch, expires_at FROM leases WHERE stream = ?", (stream,)
        ).fetchone()
        if row is None:
            return Lease(stream, NOBODY, 0), 0.0
        owner, epoch, expires_at = row
        return Lease(stream, str(owner), int(str(epoch))), float(str(expires_at))
