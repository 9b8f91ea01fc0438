"""What a SQLite log looks like from outside: its modes, its size, its leases. Nothing is written,
and nothing is waited for.

Whether the events are what was written is for verification to say.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from msgspec import Struct

from dialectic_events.errors import DialecticError
from dialectic_events.stores.sqlite_schema import speaking

__all__ = ["Health", "Held", "examine"]


class Held(Struct, frozen=True):
    """A lease as it is stored; `expires_at` in seconds since 1970."""

    stream: str
    owner: str
    expires_at: float


class Health(Struct, frozen=True):
    """A log at rest or in use. `wal_bytes` are not yet written back into the file."""

    journal_mode: str
    file_bytes: int
    wal_bytes: int
    leases: tuple[Held, ...]


def examine(path: Path) -> Health:
    """Look at the log at `path`. Raises DialecticError when it is none, or is damaged."""
    try:
        with speaking(path):
            connection = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=1.0
            )
            try:
                (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
                query = (
                    "SELECT stream, owner, expires_at FROM leases WHERE owner != '' ORDER BY stream"
                )
                leases = tuple(Held(*row) for row in connection.execute(query))
            finally:
                connection.close()
    except sqlite3.OperationalError as error:
        raise DialecticError(f"it is not a log: {error}", where=str(path)) from error
    wal = path.with_name(f"{path.name}-wal")
    return Health(mode, path.stat().st_size, wal.stat().st_size if wal.exists() else 0, leases)
