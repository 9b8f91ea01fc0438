"""How an event is recorded: the header that the chain covers, the bytes that stores keep, the
envelope that readers get.

`seal` turns facts into records, chained to the head of their stream. Time, salts and ids come in;
nothing is minted here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

import msgspec
from msgspec import Struct

from dialectic_events.codec import Redacted, Unknown, encode
from dialectic_events.union import Event, schema_of, tag_of

__all__ = [
    "GENESIS",
    "Envelope",
    "Head",
    "Header",
    "Record",
    "Stamp",
    "commit",
    "digest_of",
    "log_digest",
    "read_header",
    "seal",
]

GENESIS = "0" * 64
"""The previous digest of a stream's first event."""

_EVENT, _PAYLOAD, _LOG = b"dialectic event\0", b"dialectic payload\0", b"dialectic log\0"


class Header(Struct, frozen=True, omit_defaults=True, gc=False):
    """What is stored beside every payload, and covered by the chain.

    `version` counts from 1 in the stream, over its whole lineage. `decided_at` and `recorded_at`
    are UTC. `correlation` is the run that all belongs to, `causation` the command or event that led
    to this one. `commitment` is the digest of salt and payload; `parent` is the stream that a
    fork's first event continues.
    """

    stream: str
    version: int
    id: str
    type: str
    schema: int
    decided_at: datetime
    recorded_at: datetime
    causation: str
    previous: str
    commitment: str
    correlation: str = ""
    parent: str | None = None


class Head(Struct, frozen=True, gc=False):
    """Where a stream ends: its last version and that event's digest."""

    version: int = 0
    digest: str = GENESIS


class Record(Struct, frozen=True, gc=False):
    """An event as bytes. Payload and salt are absent once redacted; `position` is the store's own,
    0 before storing.
    """

    stream: str
    version: int
    digest: str
    header: bytes
    payload: bytes | None
    salt: bytes | None
    position: int = 0


class Envelope(Struct, frozen=True):
    """An event as readers get it: where it lies, and the fact with its texts in place."""

    position: int
    header: Header
    event: Event | Unknown | Redacted


class Stamp(Struct, frozen=True, gc=False):
    """What the shell adds to decided facts: the command's id and time, the time of recording."""

    command: str
    decided_at: datetime
    recorded_at: datetime


_headers = msgspec.json.Encoder()
_read_header = msgspec.json.Decoder(Header)


def commit(salt: bytes, payload: bytes) -> str:
    """The commitment to a payload: nobody can guess it without the salt."""
    return sha256(_PAYLOAD + salt + payload).hexdigest()


def digest_of(header: bytes) -> str:
    """The digest of an event: of its stored header bytes, which name its predecessor and its
    payload's commitment.
    """
    return sha256(_EVENT + header).hexdigest()


def log_digest(heads: dict[str, Head]) -> str:
    """The head of a whole log: one digest over all stream heads."""
    lines = (f"{stream} {head.version} {head.digest}\n" for stream, head in sorted(heads.items()))
    return sha256(_LOG + "".join(lines).encode()).hexdigest()


def read_header(record: Record) -> Header:
    """The header of a record. Raises MsgspecError or UnicodeDecodeError when there is none."""
    return _read_header.decode(record.header)


def seal(
    stream: str,
    events: Sequence[Event],
    head: Head,
    stamp: Stamp,
    salts: Sequence[bytes],
    *,
    parent: str | None = None,
) -> tuple[tuple[Record, ...], dict[str, str]]:
    """Chain `events` to `head`: the records to store, and the parts (reference to text) that they
    name.

    `salts` holds 16 random bytes per event. `parent` marks the first event of a fork.
    """
    records: list[Record] = []
    parts: dict[str, str] = {}
    version, previous = head.version, head.digest
    for index, (event, salt) in enumerate(zip(events, salts, strict=True)):
        payload, kind = encode(event, parts), type(event)
        version += 1
        header = _headers.encode(
            Header(
                stream=stream,
                version=version,
                id=f"{stamp.command}.{index}",
                type=tag_of(kind),
                schema=schema_of(kind),
                decided_at=stamp.decided_at,
                recorded_at=stamp.recorded_at,
                causation=stamp.command,
                correlation=stream,
                previous=previous,
                commitment=commit(salt, payload),
                parent=parent if index == 0 else None,
            )
        )
        previous = digest_of(header)
        records.append(Record(stream, version, previous, header, payload, salt))
    return tuple(records), parts
