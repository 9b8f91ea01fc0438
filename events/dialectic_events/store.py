"""The store port: what every store owes to those who append and read, and the errors they must
expect.

A store keeps bytes: it never re-encodes a header or payload. One contract suite
(dialectic_actors.testing.store_contract) judges every implementation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, Self

from msgspec import Struct

from dialectic_events.envelope import Head, Record
from dialectic_events.errors import DialecticError, ExitCode

__all__ = [
    "Appended",
    "Batch",
    "Lease",
    "LeaseHeld",
    "Outcome",
    "StaleLease",
    "Store",
    "StoreBusy",
    "StoreFull",
    "StreamEntry",
    "Subscription",
    "VersionConflict",
]


class Lease(Struct, frozen=True):
    """The right to decide for a stream. `epoch` grows with every owner; an append under an older
    one is refused.
    """

    stream: str
    owner: str
    epoch: int


class Batch(Struct, frozen=True):
    """Events to append to one stream after `expected` (0: it must not exist), with the parts that
    they name.

    The first record of a fork says its parent in its header; its batch expects 0, whatever version
    it has. `lease` is None for what people add.
    """

    stream: str
    expected: int
    records: tuple[Record, ...]
    parts: Mapping[str, str]
    lease: Lease | None = None


class Appended(Struct, frozen=True):
    """The batch is durable. `position` is that of its last event; `repeated` says that it was there
    already.
    """

    head: Head
    position: int
    repeated: bool = False


class VersionConflict(Struct, frozen=True):
    """Somebody else appended first: nothing was stored. `head` is where the stream ends now."""

    head: Head


class StaleLease(Struct, frozen=True):
    """The run has another owner by now: nothing was stored."""

    owner: str
    epoch: int


Outcome = Appended | VersionConflict | StaleLease


class LeaseHeld(DialecticError):
    """Somebody else owns the run."""

    def __init__(self, stream: str, owner: str) -> None:
        super().__init__(
            f"this run is owned by {owner}",
            where=stream,
            fix="wait for that process to finish, or stop it",
            exit_code=ExitCode.FAILED,
        )
        self.owner = owner


class StoreFull(DialecticError):
    """The store cannot write: full disk, read-only file, I/O error. Nothing of the append was
    stored.
    """

    def __init__(self, what: str, *, where: str) -> None:
        super().__init__(
            what,
            where=where,
            fix="free some space or rights, then resume",
            exit_code=ExitCode.RESUMABLE,
        )


class StoreBusy(StoreFull):
    """Another process kept the store from being written, for longer than it was waited for."""


class StreamEntry(Struct, frozen=True):
    """One stream in a listing: its own events only, whatever its lineage. `first` and `last` carry
    headers and payloads.
    """

    stream: str
    first: Record
    last: Record


class Subscription(Protocol):
    """Catch-up, then live: every event once, in order of position."""

    def poll(self, timeout_s: float) -> Sequence[Record]:
        """The next events, waiting at most `timeout_s` seconds for one; () when there are none."""
        ...

    def close(self) -> None:
        """Stop waiting; a poll under way returns."""
        ...


class Store(Protocol):
    """An append-only log of streams with gapless versions, gapless positions, and parts."""

    def append(self, batches: Sequence[Batch]) -> list[Outcome]:
        """Store each batch or refuse it, all in one durable transaction; outcomes in the order of
        the batches.

        A batch is judged by its lease first, so that a stale owner acts on nothing. One whose
        events are there already (same stream, versions and event ids) returns the recorded result.
        Raises StoreFull when nothing can be written, IntegrityError when events do not continue the
        chain, ValueError for a batch without events: then nothing is stored.
        """
        ...

    def head(self, stream: str) -> Head:
        """Where a stream ends; version 0 when it does not exist."""
        ...

    def read(self, stream: str, first: int = 1, last: int | None = None) -> Iterator[Record]:
        """The events of a stream's lineage with versions `first` to `last`, in order; a fork's
        parents come first.
        """
        ...

    def read_all(self, after: int = 0, limit: int | None = None) -> Iterator[Record]:
        """All events after a position, in order of position."""
        ...

    def parts(self, refs: Sequence[str]) -> dict[str, str]:
        """The texts behind references; those that the store does not have are absent."""
        ...

    def streams(self) -> list[StreamEntry]:
        """All streams, the newest first."""
        ...

    def subscribe(self, after: int = 0) -> Subscription:
        """Follow the log from a position."""
        ...

    def acquire(
        self, stream: str, owner: str, ttl_s: float, *, displace: str | None = None
    ) -> Lease:
        """Own a run for `ttl_s` seconds. Raises LeaseHeld while another owner's lease runs.

        `displace` names an owner known to be dead. The same owner gets its lease again, with its
        epoch.
        """
        ...

    def renew(self, lease: Lease, ttl_s: float) -> bool:
        """Prolong a lease; False when it was lost."""
        ...

    def release(self, lease: Lease) -> None:
        """Give a lease back; a stale one is left alone."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...
