"""Batches as a run makes them: short to write, sealed for real.

For tests of stores and of whatever reads a log. What a run decides is made by `driving`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256

from msgspec.structs import replace

from dialectic_events.envelope import Head, Record, Stamp, seal
from dialectic_events.store import Batch, Lease
from dialectic_events.turns import ProposalMade
from dialectic_events.union import Event

__all__ = ["AT", "at", "batch_of", "head_after", "proposals", "salt_of", "unplaced"]

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
"""When everything was decided and recorded."""


def batch_of(
    stream: str,
    events: Sequence[Event],
    head: Head | None = None,
    *,
    command: str | None = None,
    parent: str | None = None,
    lease: Lease | None = None,
) -> Batch:
    """Events to append after `head`; with `parent`, `head` lies in the parent. Ids follow from the
    command.
    """
    head = head or Head()
    command = command or f"command-{head.version}"
    salts = [salt_of(command, index) for index in range(len(events))]
    records, parts = seal(stream, events, head, Stamp(command, AT, AT), salts, parent=parent)
    return Batch(stream, 0 if parent else head.version, records, parts, lease)


def proposals(
    stream: str,
    texts: Sequence[str],
    head: Head | None = None,
    *,
    command: str | None = None,
    parent: str | None = None,
    lease: Lease | None = None,
) -> Batch:
    """One proposal for each text."""
    made: list[Event] = [ProposalMade(turn=f"turn-{i}", text=text) for i, text in enumerate(texts)]
    return batch_of(stream, made, head, command=command, parent=parent, lease=lease)


def head_after(batch: Batch) -> Head:
    """Where the stream ends once the batch is stored."""
    return Head(batch.records[-1].version, batch.records[-1].digest)


def salt_of(command: str, index: int) -> bytes:
    """The 16 bytes that a test seals a command's event with: the same ones again every time."""
    return sha256(f"{command}.{index}".encode()).digest()[:16]


def unplaced(records: Iterable[Record]) -> list[Record]:
    """The records without their positions, as they were sealed."""
    return [replace(record, position=0) for record in records]


def at(records: Iterable[Record]) -> list[tuple[str, int]]:
    """Stream and version of each record."""
    return [(record.stream, record.version) for record in records]
