"""The lines of an exported log: how each is written, and how one from a stranger is read.

A line has exactly one form, so what was read is written again as the same bytes. What lines mean to
each other is judged elsewhere.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from dialectic_events.envelope import Head, Record
from dialectic_events.errors import IntegrityError

__all__ = [
    "FORMAT",
    "EventLine",
    "HeadLine",
    "Line",
    "PartLine",
    "event_line",
    "format_line",
    "head_line",
    "part_line",
    "read_line",
]

FORMAT = 1
LINE_BYTES = 64 * 1024 * 1024
DEPTH = 64
SALT_BYTES = 16


class PartLine(Struct, frozen=True, forbid_unknown_fields=True):
    """A text under its reference."""

    part: str
    text: str


class EventLine(Struct, frozen=True):
    """An event as bytes; payload and salt are absent once redacted."""

    header: bytes
    payload: bytes | None
    salt: bytes | None


class HeadLine(Struct, frozen=True):
    """Where a stream ends."""

    stream: str
    head: Head


Line = PartLine | EventLine | HeadLine

T = TypeVar("T", PartLine, EventLine, HeadLine)


class _Event(Struct, frozen=True, forbid_unknown_fields=True):
    header: Raw
    payload: Raw
    salt: str | None


class _End(Struct, frozen=True, forbid_unknown_fields=True):
    stream: str
    version: int
    digest: str


class _Head(Struct, frozen=True, forbid_unknown_fields=True):
    head: _End


_encode = msgspec.json.Encoder().encode
_read_part = msgspec.json.Decoder(PartLine).decode
_read_event = msgspec.json.Decoder(_Event).decode
_read_head = msgspec.json.Decoder(_Head).decode


def format_line() -> bytes:
    """The first line of a file."""
    return b'{"dialectic":"log","format":%d}' % FORMAT


def part_line(ref: str, text: str) -> bytes:
    """The line of a part."""
    return _encode(PartLine(ref, text))


def event_line(record: Record) -> bytes:
    """The line of an event. Raises IntegrityError when its bytes do not fit on one."""
    for stored in (record.header, record.payload):
        if stored is not None and not _on_one_line(stored):
            raise IntegrityError(
                "the event is no JSON object on one line", where=f"{record.stream}:{record.version}"
            )
    salt = None if record.salt is None else record.salt.hex()
    return _event_line(record.header, record.payload or b"null", salt)


def head_line(stream: str, head: Head) -> bytes:
    """The line that ends a stream."""
    return _encode(_Head(_End(stream, head.version, head.digest)))


def read_line(line: bytes) -> Line:
    """What a line says. Raises IntegrityError for anything but the form in which it is written."""
    if len(line) > LINE_BYTES:
        raise IntegrityError(f"it is longer than {LINE_BYTES} bytes")
    try:
        if line.startswith(b'{"header"'):
            return _event(line)
        if line.startswith(b'{"part"'):
            part = _read_part(line)
            return _written_like(line, part_line(part.part, part.text), part)
        if line.startswith(b'{"head"'):
            end = _read_head(line).head
            head = HeadLine(end.stream, Head(end.version, end.digest))
            return _written_like(line, head_line(head.stream, head.head), head)
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"it is unreadable: {error}") from error
    raise IntegrityError("it is no part, no event and no head")


def _event(line: bytes) -> EventLine:
    read = _read_event(line)
    header, payload = bytes(read.header), bytes(read.payload)
    _check_object(header)
    if payload != b"null":
        _check_object(payload)
    salt = None if read.salt is None else bytes.fromhex(read.salt)
    if salt is not None and len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    event = EventLine(header, None if payload == b"null" else payload, salt)
    form = _event_line(header, payload, None if salt is None else salt.hex())
    return _written_like(line, form, event)


def _event_line(header: bytes, payload: bytes, salt: str | None) -> bytes:
    return b'{"header":%b,"payload":%b,"salt":%b}' % (header, payload, _encode(salt))


def _written_like(line: bytes, form: bytes, read: T) -> T:
    if line != form:
        raise ValueError("it is not written in the form of an export")
    return read


def _on_one_line(stored: bytes) -> bool:
    framed = stored[:1] == b"{" and stored[-1:] == b"}"
    return framed and b"\n" not in stored and b"\r" not in stored


def _check_object(stored: bytes) -> None:
    """Raise ValueError unless this is one object that every reader understands alike."""
    if not _on_one_line(stored):
        raise ValueError("a header and a payload are JSON objects on one line")
    pending = [(json.loads(stored.decode(), object_pairs_hook=_without_repeats), 1)]
    while pending:
        value, depth = pending.pop()
        if depth > DEPTH:
            raise ValueError(f"it is nested more than {DEPTH} deep")
        inner = value.values() if isinstance(value, dict) else value
        pending.extend((each, depth + 1) for each in inner if isinstance(each, dict | list))


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found
