"""Stores: where events are kept, each behind its URL.

What every store owes is said by the port, `dialectic_events.store`. A store is imported when it is
opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.store import Store

__all__ = ["default_url", "open_store"]


def default_url(cwd: Path, env: Mapping[str, str]) -> str:
    """Where the log is: what `DIALECTIC_STORE` says, else a file under `cwd`."""
    return env.get("DIALECTIC_STORE") or f"sqlite:{cwd / 'debates' / 'log.db'}"


def open_store(url: str | Path) -> Store:
    """Open the store behind `memory:`, `sqlite:PATH` or a plain path (SQLite as well).

    Raises DialecticError when there is no such kind of store, or it cannot work there.
    """
    if isinstance(url, Path):
        return _sqlite(url)
    scheme, colon, rest = url.partition(":")
    # A single letter is a drive, and whatever has a slash before its colon is a path.
    if not colon or len(scheme) < 2 or not scheme.isidentifier():
        return _sqlite(Path(url))
    match scheme:
        case "memory" if not rest:
            from dialectic_events.stores.memory import MemoryStore

            return MemoryStore()
        case "sqlite" if rest:
            return _sqlite(Path(rest))
        case _:
            raise DialecticError(
                "there is no such kind of store",
                where=url,
                fix="name a file, sqlite:PATH or memory:",
                exit_code=ExitCode.CONFIGURATION,
            )


def _sqlite(path: Path) -> Store:
    from dialectic_events.stores.sqlite import SqliteStore

    return SqliteStore(path)
