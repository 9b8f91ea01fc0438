"""Looking at the log from outside: that it can be written, has room, is what was written, and that
no dead process owns a run.

A log that does not exist is made for a new run only.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from dialectic_actors.api.store import Store, nothing_at
from dialectic_events.envelope import read_header
from dialectic_events.errors import DialecticError, ExitCode, IntegrityError
from dialectic_events.store import StoreFull, StreamEntry
from dialectic_events.stores import default_url

if TYPE_CHECKING:
    from dialectic_events.stores.sqlite_health import Held

__all__ = ["StoreFound", "check_store", "writable_store"]

_ROOM_BYTES = 200 * 1024 * 1024
_LEAST_BYTES = 10 * 1024 * 1024


class StoreFound(Struct, frozen=True):
    """What was found in one place of the store; `at` is when its last event was recorded."""

    name: str
    status: Literal["ok", "warning", "problem"]
    detail: str
    fix: str = ""
    exit_code: int = ExitCode.CONFIGURATION
    at: datetime | None = None


def check_store(url: str | Path | None, cwd: Path, env: Mapping[str, str]) -> Iterator[StoreFound]:
    """Look at the store behind `url`, or the one that a debate in `cwd` would use."""
    place = str(url or default_url(cwd, env))
    if place == "memory:":
        yield StoreFound("log", "warning", "is in memory and is gone afterwards", "name a file")
        return
    path = Path(place.removeprefix("sqlite:"))
    yield from _room(path)
    if nothing_at(path):
        yield _folder(path)
        return
    try:
        yield from _log(path, place, cwd)
    except DialecticError as error:
        fix = error.fix or "name another log with --store"
        detail = f"{error.where or path}: {error.what}"
        yield StoreFound("log", "problem", detail, fix, error.exit_code)


def writable_store(url: str | Path | None, cwd: Path) -> Store:
    """The store for new runs. Raises DialecticError (exit 4) when nothing could be written to it:
    there is nothing yet that could be resumed.
    """
    try:
        store = Store(url, cwd=cwd)
    except StoreFull as full:
        raise _unwritable(full.where, full.what) from full
    path = Path(store.url.removeprefix("sqlite:"))
    if store.url != "memory:" and not _can_be_written(path):
        store.close()
        raise _unwritable(str(path), "the log cannot be written")
    return store


def _unwritable(where: str, what: str) -> DialecticError:
    fix = "mend its rights, or name another place with --store"
    return DialecticError(what, where=where, fix=fix, exit_code=ExitCode.CONFIGURATION)


def _can_be_written(path: Path) -> bool:
    """Whether a log can be written: its file, and its folder, where SQLite keeps what is new."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _above(path: Path) -> Path:
    return next(each for each in path.absolute().parents if each.exists())


def _room(path: Path) -> Iterator[StoreFound]:
    free = shutil.disk_usage(_above(path)).free
    words = f"{free / 1024**2:,.0f} MB free"
    fix = "free some space, or name another place with --store"
    if free < _LEAST_BYTES:
        yield StoreFound("space", "problem", words, fix)
    else:
        enough = free >= _ROOM_BYTES
        yield StoreFound("space", "ok" if enough else "warning", words, "" if enough else fix)


def _folder(path: Path) -> StoreFound:
    above = _above(path)
    if above.is_dir() and os.access(above, os.W_OK | os.X_OK):
        return StoreFound("log", "ok", f"{path} is made by the first debate")
    detail = f"{path} cannot be made: {above} is no directory that can be written"
    return StoreFound("log", "problem", detail, "name another place with --store")


def _log(path: Path, url: str, cwd: Path) -> Iterator[StoreFound]:
    from dialectic_events.stores.sqlite_health import examine

    if not _can_be_written(path):
        fix = "mend its rights, or name another log with --store"
        yield StoreFound("log", "problem", f"{path} cannot be written", fix)
        return
    with Store(url, cwd=cwd) as store:
        runs = store.port.streams()
        health = examine(path)
        words = f"{path}: runs {len(runs)}, {health.file_bytes / 1024**2:,.1f} MB"
        if health.journal_mode == "wal":
            yield StoreFound("log", "ok", words)
        else:
            detail = f"{words}, journal mode {health.journal_mode}: readers would wait for writers"
            yield StoreFound("log", "warning", detail, "put the log on a local disk")
        if runs:
            yield _chain(store, runs[0], len(runs))
        yield from _leases(store, health.leases)


def _chain(store: Store, newest: StreamEntry, runs: int) -> StoreFound:
    """Whether the newest of so many runs is what was written."""
    try:
        (last,) = store.verify([newest.stream])
    except IntegrityError as error:
        detail = f"{error.where}: {error.what}"
        fix = error.fix or "restore the log from a copy; dialectic audit verify looks at all runs"
        return StoreFound("chain", "problem", detail, fix, error.exit_code)
    at = read_header(newest.last).recorded_at
    words = f"{last.ref}: {last.version} events verified"
    if runs > 1:
        words += f", the newest of {runs} runs; dialectic audit verify looks at all"
    return StoreFound("chain", "ok", words, at=at)


def _leases(store: Store, leases: tuple[Held, ...]) -> Iterator[StoreFound]:
    """Runs that were left by a process which is gone, and runs that are under way."""
    # Loads the actors' runtime only where somebody owns a run.
    if not leases:
        yield StoreFound("owners", "ok", "no run is owned")
        return
    from dialectic_actors.runtime.ownership import our_claims

    claims = our_claims()
    unfinished = {run.ref for run in store.runs() if run.status == "unfinished"}
    left = [each for each in leases if claims.is_gone(each.owner)]
    for each in left:
        if each.stream in unfinished:
            detail = f"{each.stream} was left by {each.owner}, which is gone"
            fix = f"dialectic resume {each.stream}"
            yield StoreFound("owners", "warning", detail, fix)
    if len(left) < len(leases):
        yield StoreFound("owners", "ok", f"runs under way: {len(leases) - len(left)}")
    elif not any(each.stream in unfinished for each in left):
        yield StoreFound("owners", "ok", "no run is owned")
