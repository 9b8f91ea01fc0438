"""Batches as a run makes them: short to write, sealed for real."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from dialectic_events.envelope import Head, Stamp, seal
from dialectic_events.store import Batch, Lease
from dialectic_events.turns import ProposalMade
from dialectic_events.union import Event

__all__ = ["batch_of", "head_after", "proposals"]

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def batch_of(
    stream: str,
    events: list[Event],
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
    salts = [sha256(f"{command}.{index}".encode()).digest()[:16] for index in range(len(events))]
    records, parts = seal(stream, events, head, Stamp(command, AT, AT), salts, parent=parent)
    return Batch(stream, 0 if parent else head.version, records, parts, lease)


def proposals(
    stream: str,
    texts: list[str],
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
