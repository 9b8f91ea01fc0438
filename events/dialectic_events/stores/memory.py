"""A log in memory: for tests, and the worked example of a store.

Everything happens under one lock; nothing here is tuned.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Self
from weakref import WeakSet

from msgspec import Struct
from msgspec.structs import replace

from dialectic_events.envelope import Head, Record
from dialectic_events.parts import ROPE
from dialectic_events.store import (
    Appended,
    Batch,
    Lease,
    Outcome,
    StreamEntry,
    Subscription,
)
from dialectic_events.stores.admission import NOBODY, fork_parent, grant, judge
from dialectic_events.stores.following import Bell, Follower

__all__ = ["MemoryStore"]


class _Stream(Struct):
    """A stream's own events, and the stream that the first of them continues."""

    parent: str | None
    records: list[Record]

    @property
    def first(self) -> int:
        return self.records[0].version

    def between(self, first: int, last: int) -> list[Record]:
        """Its own events with versions `first` to `last`."""
        return self.records[max(first - self.first, 0) : max(last - self.first + 1, 0)]


class MemoryStore:
    """Keeps everything until the process ends. `clock` gives seconds, for leases."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._bell = Bell()
        self._followers = WeakSet[Follower]()
        self._log: list[Record] = []
        self._streams: dict[str, _Stream] = {}
        self._parts: dict[str, str] = {}
        self._leases: dict[str, tuple[Lease, float]] = {}

    def append(self, batches: Sequence[Batch]) -> list[Outcome]:
        """Store each batch or refuse it, all or none of those that fit."""
        with self._lock:
            length = len(self._log)
            try:
                outcomes = [judge(batch, self) or self._add(batch) for batch in batches]
            except BaseException:
                self._cut(length)
                raise
            for batch, outcome in zip(batches, outcomes, strict=True):
                if isinstance(outcome, Appended):
                    self._parts |= {ref.removeprefix(ROPE): t for ref, t in batch.parts.items()}
        self._bell.ring()
        return outcomes

    def _add(self, batch: Batch) -> Appended:
        if batch.stream not in self._streams:
            self._streams[batch.stream] = _Stream(fork_parent(batch), [])
        for sealed in batch.records:
            record = replace(sealed, position=len(self._log) + 1)
            self._log.append(record)
            self._streams[batch.stream].records.append(record)
        return Appended(self.head(batch.stream), len(self._log))

    def _cut(self, length: int) -> None:
        """Forget all events after the first `length`."""
        for record in reversed(self._log[length:]):
            self._streams[record.stream].records.pop()
            if not self._streams[record.stream].records:
                del self._streams[record.stream]
        del self._log[length:]

    def head(self, stream: str) -> Head:
        """Where a stream ends; version 0 when it does not exist."""
        with self._lock:
            if stream not in self._streams:
                return Head()
            last = self._streams[stream].records[-1]
            return Head(last.version, last.digest)

    def own(self, stream: str, first: int, last: int) -> list[Record]:
        """A stream's own events in a range of versions."""
        with self._lock:
            return self._streams[stream].between(first, last) if stream in self._streams else []

    def digest_at(self, stream: str, version: int) -> str | None:
        """The digest of an event in a stream's lineage."""
        return next((record.digest for record in self.read(stream, version, version)), None)

    def read(self, stream: str, first: int = 1, last: int | None = None) -> Iterator[Record]:
        """The events of a stream's lineage with versions `first` to `last`, in order."""
        found: list[Record] = []
        with self._lock:
            to, name = len(self._log) if last is None else last, stream
            while own := self._streams.get(name):
                found = own.between(first, to) + found
                if own.parent is None:
                    break
                name, to = own.parent, min(to, own.first - 1)
        return iter(found)

    def read_all(self, after: int = 0, limit: int | None = None) -> Iterator[Record]:
        """All events after a position, in order of position."""
        with self._lock:
            return iter(self._log[after : None if limit is None else after + limit])

    def parts(self, refs: Sequence[str]) -> dict[str, str]:
        """The texts behind references; those that the store does not have are absent."""
        with self._lock:
            found = {ref: self._parts.get(ref.removeprefix(ROPE)) for ref in refs}
        return {ref: text for ref, text in found.items() if text is not None}

    def streams(self) -> list[StreamEntry]:
        """All streams, the newest first."""
        with self._lock:
            return [
                StreamEntry(name, stream.records[0], stream.records[-1])
                for name, stream in reversed(self._streams.items())
            ]

    def subscribe(self, after: int = 0) -> Subscription:
        """Follow the log from a position."""
        follower = Follower(self.read_all, self._bell, after)
        self._followers.add(follower)
        return follower

    def lease(self, stream: str) -> Lease:
        """The lease that counts; owner NOBODY and epoch 0 when there never was one."""
        return self._leases.get(stream, (Lease(stream, NOBODY, 0), 0.0))[0]

    def acquire(
        self, stream: str, owner: str, ttl_s: float, *, displace: str | None = None
    ) -> Lease:
        """Own a run for `ttl_s` seconds. Raises LeaseHeld while another owner's lease runs."""
        with self._lock:
            now = self._clock()
            current, expires_at = self._leases.get(stream, (Lease(stream, NOBODY, 0), 0.0))
            lease = grant(current, expires_at, owner, now, displace)
            self._leases[stream] = lease, now + ttl_s
            return lease

    def renew(self, lease: Lease, ttl_s: float) -> bool:
        """Prolong a lease; False when it was lost."""
        with self._lock:
            if self.lease(lease.stream) != lease:
                return False
            self._leases[lease.stream] = lease, self._clock() + ttl_s
            return True

    def release(self, lease: Lease) -> None:
        """Give a lease back; a stale one is left alone."""
        with self._lock:
            if self.lease(lease.stream) == lease:
                self._leases[lease.stream] = replace(lease, owner=NOBODY), 0.0

    def close(self) -> None:
        """Let those who follow go; the events stay as long as the store itself."""
        for follower in self._followers:
            follower.close()

    def __enter__(self) -> Self:
        """Hand out the store itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close it."""
        self.close()
