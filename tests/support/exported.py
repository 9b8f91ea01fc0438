"""Stores with batches in them, and small exported files.

No assertions in here; a test says what it expects.
"""

from __future__ import annotations

from dialectic_actors.testing.batches import proposals
from dialectic_events.jsonl import export
from dialectic_events.store import Batch, Store
from dialectic_events.stores import open_store

__all__ = ["FIRST", "contents", "small", "stored"]

FIRST = b'{"dialectic":"log","format":1}\n'


def stored(*batches: Batch) -> Store:
    """A store with these batches."""
    store = open_store("memory:")
    store.append(batches)
    return store


def contents(store: Store) -> tuple[object, ...]:
    """All that a store holds of events."""
    return tuple(store.read_all())


def small() -> list[bytes]:
    """The lines of a log of two events."""
    return list(export(stored(proposals("deb-1", ["one", "two"])), ["deb-1"]))
