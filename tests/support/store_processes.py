"""What other processes do to a log while a test watches. Run with `spawn`: nothing is inherited."""

from __future__ import annotations

import resource
from multiprocessing.connection import Connection
from pathlib import Path

from dialectic_actors.testing.batches import head_after, proposals
from dialectic_events.envelope import Head
from dialectic_events.store import Appended, StoreFull
from dialectic_events.stores.sqlite import SqliteStore

__all__ = ["append_until_killed", "append_until_the_disk_is_full", "share_a_stream"]

WAL_BYTES = 200_000


def share_a_stream(path: Path, name: str, count: int) -> None:
    """Append to a stream of one's own and, whenever the head allows, to one that all share."""
    with SqliteStore(path, wal_bytes=WAL_BYTES) as store:
        own = Head()
        for index in range(count):
            mine = proposals(name, [f"{name} {index}"], own, command=f"{name}-{index}")
            while True:
                command = f"shared-{name}-{index}"
                shared = proposals("shared", ["-" * 2000], store.head("shared"), command=command)
                own_outcome, shared_outcome = store.append([mine, shared])
                assert isinstance(own_outcome, Appended)
                if isinstance(shared_outcome, Appended):
                    break
            own = head_after(mine)


def append_until_killed(path: Path, acknowledged: Connection) -> None:
    """Append for ever; say after each batch which version is durable."""
    with SqliteStore(path, wal_bytes=WAL_BYTES) as store:
        head = store.head("run")
        while True:
            batch = proposals("run", [f"{head.version}" + "x" * 3000, "-"], head)
            assert isinstance(store.append([batch])[0], Appended)
            head = head_after(batch)
            acknowledged.send(head.version)


def append_until_the_disk_is_full(path: Path, told: Connection) -> None:
    """Append while files may not grow beyond a bound; then tell, lift the bound and append once
    more.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with SqliteStore(path) as store:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
        head = Head()
        while True:
            batch = proposals("run", [f"{head.version} " * 1000], head)
            other = f"other-{head.version}"
            try:
                store.append([proposals(other, ["-"]), batch])
            except StoreFull as full:
                told.send((str(full), head, store.head("run"), store.head(other)))
                break
            head = head_after(batch)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        (outcome,) = store.append([batch])
        told.send((outcome, head_after(batch)))
