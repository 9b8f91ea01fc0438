"""The judgement on a batch that every store must give alike: stored before, stale, too late, or fit
to be stored.

How a log finds its heads and leases does not belong here, nor how it stores. What `seal` computed
is not computed again: a digest that does not fit its own bytes is found by `verified`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec
from msgspec import Struct

from dialectic_events.envelope import Head, Record
from dialectic_events.errors import IntegrityError
from dialectic_events.store import (
    Appended,
    Batch,
    Lease,
    LeaseHeld,
    Outcome,
    StaleLease,
    VersionConflict,
)

__all__ = ["NOBODY", "Log", "fork_parent", "grant", "judge"]

NOBODY = ""
"""The owner of a lease that was given back. The lease itself stays, so that its epoch goes on."""


class Log(Protocol):
    """What the judgement asks of a store, within the transaction that will append."""

    def head(self, stream: str) -> Head:
        """Where a stream ends; version 0 when it does not exist."""
        ...

    def digest_at(self, stream: str, version: int) -> str | None:
        """The digest of an event in a stream's lineage."""
        ...

    def own(self, stream: str, first: int, last: int) -> Sequence[Record]:
        """A stream's own events in a range of versions."""
        ...

    def lease(self, stream: str) -> Lease:
        """The lease that counts; owner NOBODY and epoch 0 when there never was one."""
        ...


class _Link(Struct, frozen=True, gc=False):
    """The part of a header that ties it to its place."""

    stream: str
    version: int
    id: str
    previous: str
    parent: str | None = None


_links = msgspec.json.Decoder(_Link)


def _link(record: Record) -> _Link:
    try:
        return _links.decode(record.header)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _misfit(record, f"its header is unreadable: {error}") from error


def _misfit(record: Record, what: str) -> IntegrityError:
    return IntegrityError(what, where=f"{record.stream}:{record.version}")


def fork_parent(batch: Batch) -> str | None:
    """The stream that the batch's first event continues; None unless it begins a fork."""
    return _link(batch.records[0]).parent


def judge(batch: Batch, log: Log) -> Outcome | None:
    """What becomes of a batch without storing it; None when it is to be stored.

    Raises IntegrityError when its events do not continue the chain, ValueError when it has none.
    """
    if not batch.records:
        raise ValueError("a batch holds at least one event")
    if batch.lease is not None and (lease := log.lease(batch.stream)) != batch.lease:
        return StaleLease(lease.owner, lease.epoch)
    head = log.head(batch.stream)
    if head.version != batch.expected:
        return _recorded(batch, log) or VersionConflict(head)
    _check_chain(batch, head, log)
    return None


def _recorded(batch: Batch, log: Log) -> Appended | None:
    """The result of the same batch when it was appended before."""
    stored = log.own(batch.stream, batch.records[0].version, batch.records[-1].version)
    if [_link(record).id for record in stored] != [_link(record).id for record in batch.records]:
        return None
    last = stored[-1]
    return Appended(Head(last.version, last.digest), last.position, repeated=True)


def _check_chain(batch: Batch, head: Head, log: Log) -> None:
    links = [_link(record) for record in batch.records]
    parent, previous = links[0].parent, head
    if parent is not None and head.version == 0:
        previous = _branching_point(batch.records[0], parent, log)
    version, digest = previous.version, previous.digest
    for index, (record, link) in enumerate(zip(batch.records, links, strict=True)):
        version += 1
        if not record.stream == link.stream == batch.stream:
            raise _misfit(record, f"it belongs to another stream than {batch.stream}")
        if not record.version == link.version == version:
            raise _misfit(record, f"version {version} belongs in its place")
        if link.previous != digest:
            raise _misfit(record, "it does not follow the event before it")
        if link.parent is not None and (index or head.version):
            raise _misfit(record, "only the first event of a stream can name a parent")
        digest = record.digest


def _branching_point(first: Record, parent: str, log: Log) -> Head:
    version = first.version - 1
    digest = log.digest_at(parent, version)
    if digest is None:
        raise _misfit(first, f"it continues {parent}:{version}, which is not in this store")
    return Head(version, digest)


def grant(
    current: Lease, expires_at: float, owner: str, now: float, displace: str | None = None
) -> Lease:
    """The lease that `owner` gets in place of `current`. Raises LeaseHeld while another's runs."""
    if owner == NOBODY:
        raise ValueError("an owner needs a name")
    if current.owner == owner:
        return current
    if current.owner not in (NOBODY, displace) and now < expires_at:
        raise LeaseHeld(current.stream, current.owner)
    return Lease(current.stream, owner, current.epoch + 1)
