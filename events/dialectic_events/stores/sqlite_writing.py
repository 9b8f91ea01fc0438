"""Everything that is written to a SQLite log, over one connection and inside one transaction.

When to begin and to commit is the store's affair. Texts are cut where pages end: in pages of 4 KB,
rows of a few KB leave a third of the file empty, and rows of a fixed 1 KB cost twice the time of
these.
"""

from __future__ import annotations

import sqlite3

from dialectic_events.envelope import Head
from dialectic_events.store import Appended, Batch, Lease, Outcome
from dialectic_events.stores.admission import fork_parent, judge
from dialectic_events.stores.sqlite_reading import Reading, digest_in
from dialectic_events.stores.sqlite_schema import PAGE_SIZE

__all__ = ["Writing"]

# What SQLite spends on a page, on the largest row that stays on its page, and on a row of `texts`
# (at most): https://www.sqlite.org/fileformat2.html. Estimates cost room, never correctness.
_ROOM = PAGE_SIZE - 8
_LARGEST_ROW = PAGE_SIZE - 35
_ROW = 20
_FIRST_ROW = _ROW + 36
_WORTHWHILE = 1024
_REMEMBERED = 10_000


class Writing(Reading):
    """One transaction after another on the connection that writes.

    It remembers where the streams end, who owns them and which texts are stored, for as long as no
    other connection commits. `appended_bytes` counts what was appended, roughly; the store that
    writes it back sets it to 0.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        # In KB. New digests fall anywhere in their index: to read its pages again costs a
        # quarter more time.
        self._ask("PRAGMA cache_size = -16384")
        self._tails: dict[str, tuple[int, Head]] = {}
        self._leases: dict[str, Lease] = {}
        self._stored: set[str] = set()
        self._position: int | None = None
        self._seen_version = -1
        self._room = 0
        self._flushed = True
        self.appended_bytes = 0

    def begin(self, *, flushed: bool = True) -> None:
        """Take the right to write; SQLite waits for other processes. The commit waits for the disk
        if it is to be `flushed`.
        """
        if flushed != self._flushed:
            self._ask(f"PRAGMA synchronous = {'FULL' if flushed else 'NORMAL'}")
            self._flushed = flushed
        self._ask("BEGIN IMMEDIATE")
        (version,) = self._ask("PRAGMA data_version").fetchone()
        remembered = len(self._tails) + len(self._leases) + len(self._stored)
        if version != self._seen_version or remembered > _REMEMBERED:
            self._forget()
            self._seen_version = version

    def commit(self) -> None:
        """Keep everything since `begin`."""
        self._ask("COMMIT")

    def roll_back(self) -> None:
        """Undo everything since `begin`."""
        self._forget()
        if self._connection.in_transaction:
            self._ask("ROLLBACK")

    def _forget(self) -> None:
        self._tails.clear()
        self._leases.clear()
        self._stored.clear()
        self._position = None

    def tail(self, stream: str) -> tuple[int, Head] | None:
        """A stream's row and its head."""
        tail = self._tails.get(stream)
        if tail is None and (tail := super().tail(stream)):
            self._tails[stream] = tail
        return tail

    def lease(self, stream: str) -> Lease:
        """The lease that counts; owner NOBODY and epoch 0 when there never was one."""
        lease = self._leases.get(stream)
        if lease is None:
            lease = self._leases[stream] = super().lease(stream)
        return lease

    def append(self, batch: Batch) -> Outcome:
        """Store a batch or refuse it."""
        return judge(batch, self) or self._add(batch)

    def _add(self, batch: Batch) -> Appended:
        tail = self.tail(batch.stream)
        stream = tail[0] if tail else self._open_stream(batch)
        position = self._last_position()
        rows = [
            (at, stream, r.version, bytes.fromhex(r.digest), r.header, r.payload, r.salt)
            for at, r in enumerate(batch.records, position + 1)
        ]
        self._connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        for ref, text in batch.parts.items():
            # Agents of one role are told the same in every run.
            if ref not in self._stored:
                self._add_text(digest_in(ref), text.encode())
                self._stored.add(ref)
        self.appended_bytes += sum([len(r.header) + len(r.payload or b"") for r in batch.records])
        head = Head(batch.records[-1].version, batch.records[-1].digest)
        self._tails[batch.stream] = stream, head
        self._position = position + len(rows)
        return Appended(head, self._position)

    def _open_stream(self, batch: Batch) -> int:
        row = (batch.stream, fork_parent(batch), batch.records[0].version - 1)
        (stream,) = self._ask(
            "INSERT INTO streams (name, parent, fork_version) VALUES (?, ?, ?) RETURNING id", row
        ).fetchone()
        return int(stream)

    def _last_position(self) -> int:
        if self._position is None:
            (position,) = self._ask("SELECT coalesce(max(position), 0) FROM events").fetchone()
            return int(position)
        return self._position

    def _add_text(self, digest: bytes, body: bytes) -> None:
        size = len(body)
        end = self._next_end(0, _FIRST_ROW)
        piece = body[:end]
        is_new = self._ask(
            "INSERT OR IGNORE INTO texts (digest, size, body) VALUES (?, ?, ?)",
            (digest, size, piece),
        ).rowcount
        if not is_new:
            return
        self.appended_bytes += size
        self._room -= _FIRST_ROW + len(piece)
        while end < size:
            start, end = end, self._next_end(end, _ROW)
            piece = body[start:end]
            self._ask("INSERT INTO texts (body) VALUES (?)", (piece,))
            self._room -= _ROW + len(piece)

    def _next_end(self, start: int, row: int) -> int:
        """Where a piece from `start` must end to stay on its page; `row` is what its row costs
        besides.
        """
        if self._room < row + _WORTHWHILE:
            self._room = _ROOM
        return start + min(self._room, _LARGEST_ROW) - row

    def put_lease(self, lease: Lease, expires_at: float) -> None:
        """Set who owns a run, and until when (seconds of the store's clock)."""
        self._ask(
            "INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?)",
            (lease.stream, lease.owner, lease.epoch, expires_at),
        )
        self._leases[lease.stream] = lease

    def write_back(self, wait_s: float, busy_s: float) -> None:
        """Move the WAL into the file and begin it anew, waiting at most `wait_s` for readers.

        Afterwards other processes are again waited for `busy_s` seconds.
        """
        self._ask(f"PRAGMA busy_timeout = {round(wait_s * 1000)}")
        try:
            self._ask("PRAGMA wal_checkpoint(RESTART)").fetchall()
        finally:
            self._ask(f"PRAGMA busy_timeout = {round(busy_s * 1000)}")
