"""Verification of the digest chain: any change to a stored event, its order or its absence is
found.

Works on records, wherever they come from. What it cannot know by itself (that the newest events
were cut off) takes a head that somebody kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from dialectic_events.envelope import GENESIS, Head, Header, Record, commit, digest_of, read_header
from dialectic_events.errors import IntegrityError

__all__ = ["Chain", "verified"]


class Chain:
    """Checks the records of one lineage in order and remembers its head."""

    def __init__(self, head: Head | None = None) -> None:
        self.head = head or Head()

    def check(self, record: Record) -> Header:
        """The record's header, once all that the chain covers fits. Raises IntegrityError where it
        does not.
        """
        try:
            header = read_header(record)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise _fault(record, f"the header is unreadable: {error}") from error
        version = header.version
        if header.stream != record.stream or version != record.version:
            raise _fault(record, f"the header belongs to {header.stream}:{version}")
        if version != self.head.version + 1:
            raise _fault(record, f"version {self.head.version + 1} is missing before it")
        if header.previous != self.head.digest:
            raise _fault(record, "it does not follow the event before it")
        digest = digest_of(record.header)
        if record.digest != digest:
            raise _fault(record, "the header was changed")
        if record.payload is not None and (
            record.salt is None or commit(record.salt, record.payload) != header.commitment
        ):
            raise _fault(record, "the payload was changed")
        self.head = Head(version, digest)
        return header


def _fault(record: Record, what: str) -> IntegrityError:
    return IntegrityError(what, where=f"{record.stream}:{record.version}")


def verified(
    records: Iterable[Record],
    *,
    after: Head | None = None,
    known: Head | None = None,
    redacted: Callable[[Record], bool] = lambda _: False,
) -> Iterator[tuple[Record, Header]]:
    """The records of one lineage with their headers, each checked before it is handed on.

    `after` is the head that they continue, if not from the beginning. `known` is a head that the
    lineage must contain: a shorter or rewritten one is refused. `redacted` says which absent
    payloads are accounted for. Raises IntegrityError at the first fault.
    """
    chain = Chain(after)
    met = known is None or known == Head(0, GENESIS)
    for record in records:
        header = chain.check(record)
        if record.payload is None and not redacted(record):
            raise _fault(record, "the payload is gone and no redaction says so")
        met = met or chain.head == known
        yield record, header
    if not met:
        raise IntegrityError(
            f"the known head at version {known.version if known else 0} is not in this log: "
            "it was cut off or rewritten"
        )
