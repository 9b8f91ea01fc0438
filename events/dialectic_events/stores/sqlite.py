"""The log in one SQLite file: durable, shared by processes, the default.

One connection writes, under a lock; readers each take a connection from a pool and never wait for
the writer. The WAL is written back by whoever holds the lock file: SQLite up to 3.51.2 can corrupt
a WAL that two connections write back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self
from weakref import WeakSet

from msgspec.structs import replace

from dialectic_events.envelope import Head, Record
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.store import Batch, Lease, Outcome, StreamEntry, Subscription
from dialectic_events.stores.admission import NOBODY, grant
from dialectic_events.stores.file_lock import held
from dialectic_events.stores.following import Bell, Follower
from dialectic_events.stores.sqlite_reading import Reading
from dialectic_events.stores.sqlite_schema import (
    BUSY_S,
    PAGE_SIZE,
    connect,
    lock_file,
    prepare,
    speaking,
)
from dialectic_events.stores.sqlite_writing import Writing

__all__ = ["SqliteStore"]

_PAGE = 500
_LOOK_EVERY_S = 0.05
_WRITE_BACK_WAIT_S = 0.25


class SqliteStore:
    """A log at `path`; the file and its folder are made when they are missing.

    `clock` gives seconds, for leases. The WAL is written back every `wal_bytes`, roughly. Raises
    DialecticError when `path` is no log, or a newer one. Where nothing can be written, a log at
    rest is read.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,
        wal_bytes: int = 4 * 1024 * 1024,
    ) -> None:
        self.path = path
        self._clock = clock
        self._wal_bytes = wal_bytes
        self._commits = 0
        self._lock = threading.Lock()
        self._bell = Bell()
        self._followers = WeakSet[Follower]()
        self._idle: list[Reading] = []
        self._closed = False
        self._at_rest = prepare(path)
        with speaking(path):
            self._writing = Writing(connect(path, at_rest=self._at_rest))

    @contextmanager
    def _transaction(self, *, flushed: bool = True) -> Iterator[Writing]:
        """Write under the lock; all of it is there at the end of the block, or none of it, and on
        the disk unless it is not to be `flushed`.
        """
        with self._lock, speaking(self.path):
            self._check_open()
            self._writing.begin(flushed=flushed)
            try:
                yield self._writing
                self._commit()
            except BaseException:
                self._writing.roll_back()
                raise

    def _commit(self) -> None:
        """The flush. A benchmark or test that imitates a slower disk waits here."""
        self._writing.commit()

    @contextmanager
    def _reading(self) -> Iterator[Reading]:
        """A connection of one's own for a moment."""
        self._check_open()
        with speaking(self.path):
            reading = self._idle.pop() if self._idle else self._connected()
            try:
                yield reading
            finally:
                if self._closed:
                    reading.close()
                else:
                    self._idle.append(reading)

    def _connected(self) -> Reading:
        return Reading(connect(self.path, at_rest=self._at_rest))

    def _check_open(self) -> None:
        if self._closed:
            raise DialecticError(
                "the log was closed", where=str(self.path), exit_code=ExitCode.FAILED
            )

    def append(self, batches: Sequence[Batch]) -> list[Outcome]:
        """Store each batch or refuse it, all in one durable transaction."""
        with self._transaction() as writing:
            outcomes = [writing.append(batch) for batch in batches]
        self._bell.ring()
        self._write_back()
        return outcomes

    def _write_back(self) -> None:
        """Once enough was appended, move it into the file, unless somebody else does."""
        # Besides the events' own bytes, a commit rewrites about four pages.
        self._commits += 1
        if self._writing.appended_bytes + self._commits * 4 * PAGE_SIZE < self._wal_bytes:
            return
        self._writing.appended_bytes = self._commits = 0
        # What was appended is durable in the WAL: a failure here is nobody's but the next round's.
        with (
            self._lock,
            suppress(OSError, DialecticError),
            speaking(self.path),
            held(lock_file(self.path), wait=False) as is_ours,
        ):
            if is_ours and not self._closed:
                self._writing.write_back(_WRITE_BACK_WAIT_S, BUSY_S)

    def head(self, stream: str) -> Head:
        """Where a stream ends; version 0 when it does not exist."""
        with self._reading() as reading:
            return reading.head(stream)

    def read(self, stream: str, first: int = 1, last: int | None = None) -> Iterator[Record]:
        """The events of a stream's lineage with versions `first` to `last`, in order."""
        with self._reading() as reading:
            to = reading.head(stream).version if last is None else last
            segments = reading.lineage(stream, first, to)
        for segment in segments:
            rest = segment
            while rest.first <= rest.last:
                with self._reading() as reading:
                    page = reading.page(rest, _PAGE)
                yield from page
                if len(page) < _PAGE:
                    break
                rest = rest._replace(first=page[-1].version + 1)

    def read_all(self, after: int = 0, limit: int | None = None) -> Iterator[Record]:
        """All events after a position, in order of position."""
        left = limit
        while left is None or left > 0:
            size = _PAGE if left is None else min(left, _PAGE)
            with self._reading() as reading:
                page = reading.all_after(after, size)
            yield from page
            if len(page) < size:
                return
            after = page[-1].position
            left = None if left is None else left - size

    def parts(self, refs: Sequence[str]) -> dict[str, str]:
        """The texts behind references; those that the store does not have are absent."""
        with self._reading() as reading:
            return reading.texts(refs)

    def streams(self) -> list[StreamEntry]:
        """All streams, the newest first."""
        with self._reading() as reading:
            return reading.streams()

    def subscribe(self, after: int = 0) -> Subscription:
        """Follow the log from a position; what other processes append is seen within 50 ms."""
        follower = Follower(self.read_all, self._bell, after, _LOOK_EVERY_S)
        self._followers.add(follower)
        return follower

    def acquire(
        self, stream: str, owner: str, ttl_s: float, *, displace: str | None = None
    ) -> Lease:
        """Own a run for `ttl_s` seconds. Raises LeaseHeld while another owner's lease runs.

        A lease is not flushed: the next durable append takes it along, and a power cut before that
        leaves neither owner nor events.
        """
        with self._transaction(flushed=False) as writing:
            now = self._clock()
            current, expires_at = writing.lease_and_end(stream)
            lease = grant(current, expires_at, owner, now, displace)
            writing.put_lease(lease, now + ttl_s)
        return lease

    def renew(self, lease: Lease, ttl_s: float) -> bool:
        """Prolong a lease; False when it was lost."""
        with self._transaction(flushed=False) as writing:
            is_ours = writing.lease(lease.stream) == lease
            if is_ours:
                writing.put_lease(lease, self._clock() + ttl_s)
        return is_ours

    def release(self, lease: Lease) -> None:
        """Give a lease back; a stale one is left alone."""
        with self._transaction(flushed=False) as writing:
            if writing.lease(lease.stream) == lease:
                writing.put_lease(replace(lease, owner=NOBODY), 0.0)

    def close(self) -> None:
        """Let go of the file. Polls under way return; whoever reads on gets a DialecticError."""
        for follower in self._followers:
            follower.close()
        with self._lock:
            self._closed = True
            for reading in (*self._idle, self._writing):
                reading.close()
            self._idle.clear()

    def __enter__(self) -> Self:
        """Hand out the store itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close it."""
        self.close()
