"""The file of a SQLite log: its tables, how it is opened, and what SQLite's errors mean to people.

No query belongs here. The tables are a storage format: a changed one is a new `SCHEMA` with a
migration.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from dialectic_events.errors import DialecticError, ExitCode, IntegrityError
from dialectic_events.store import StoreBusy, StoreFull
from dialectic_events.stores.file_lock import held

__all__ = ["BUSY_S", "PAGE_SIZE", "connect", "lock_file", "prepare", "speaking"]

SCHEMA = 1
APPLICATION = 0x6469616C
PAGE_SIZE = 4096
BUSY_S = 30.0

# A part lies in consecutive rows of `texts`; the first names its digest and its size in bytes.
_TABLES = """
    CREATE TABLE streams (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        parent TEXT,
        fork_version INTEGER NOT NULL
    ) {strict};
    CREATE TABLE events (
        position INTEGER PRIMARY KEY,
        stream INTEGER NOT NULL REFERENCES streams,
        version INTEGER NOT NULL,
        digest BLOB NOT NULL,
        header BLOB NOT NULL,
        payload BLOB,
        salt BLOB
    ) {strict};
    CREATE UNIQUE INDEX events_of_stream ON events (stream, version);
    CREATE TABLE texts (
        id INTEGER PRIMARY KEY,
        digest BLOB,
        size INTEGER,
        body BLOB NOT NULL
    ) {strict};
    CREATE UNIQUE INDEX text_of_digest ON texts (digest) WHERE digest IS NOT NULL;
    CREATE TABLE leases (
        stream TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        expires_at REAL NOT NULL
    ) {strict};
    PRAGMA application_id = {application};
    PRAGMA user_version = {schema};
"""

_CANNOT_WRITE = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
}


def lock_file(path: Path) -> Path:
    """The lock beside a log: held while its tables are made, and while its WAL is written back."""
    return path.with_name(f"{path.name}-lock")


def connect(path: Path, *, at_rest: bool = False) -> sqlite3.Connection:
    """A connection for one thread at a time, every commit of which is durable.

    A log that is `at_rest` is read as its file is, without locks: nobody may be writing to it.
    """
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?immutable=1" if at_rest else path,
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
        uri=at_rest,
    )
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    return connection


@contextmanager
def speaking(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into StoreFull and IntegrityError."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code == sqlite3.SQLITE_NOTADB:
            raise _refused(path, "it is not a log: SQLite cannot read it") from error
        if code == sqlite3.SQLITE_CORRUPT:
            raise IntegrityError(
                f"the file is damaged: {error}", where=str(path), fix="restore it from a copy"
            ) from error
        if code in _CANNOT_WRITE:
            kind = StoreBusy if code == sqlite3.SQLITE_BUSY else StoreFull
            raise kind(f"the log cannot be written: {error}", where=str(path)) from error
        raise


def prepare(path: Path) -> bool:
    """Make a log at `path` unless there is one; True when it is at rest, where nothing can be
    written. Raises DialecticError when none can be there, or be read.

    A file of somebody else is never written to.
    """
    if path.is_dir():
        raise _refused(path, "it is a folder, not a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(path, f"its folder cannot be made: {error.strerror}") from error
    at_rest = False
    with speaking(path):
        try:
            _make(path)
        except sqlite3.OperationalError:
            if not path.exists() or _can_be_changed(path):
                raise
            at_rest = True
            _look(path)
    return at_rest


def _make(path: Path) -> None:
    with closing(connect(path)) as connection:
        if _is_new(connection, path):
            with _only_one(path):
                _make_tables(connection, path)


def _can_be_changed(path: Path) -> bool:
    """Whether a log can be opened as usual: even those who read write beside it."""
    return os.access(path, os.R_OK) and os.access(path.parent, os.W_OK)


def _look(path: Path) -> None:
    """Raise DialecticError unless the log can be read as its file is."""
    if not os.access(path, os.R_OK):
        raise _refused(
            path, "it cannot be read", fix="mend its rights, or name another log with --store"
        )
    wal = path.with_name(f"{path.name}-wal")
    if wal.exists() and wal.stat().st_size:
        raise _refused(
            path,
            f"its newest events are in {wal.name}, which cannot be read in a read-only folder",
            fix=f"cp {path}* FOLDER, one that can be written; then --store FOLDER/{path.name}",
        )
    with closing(connect(path, at_rest=True)) as connection:
        if _is_new(connection, path):
            raise _refused(path, "it is empty, and no log can be made in a read-only folder")


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    try:
        with held(lock_file(path), wait=True):
            yield
    except OSError as error:
        raise _refused(path, f"its lock cannot be made: {error.strerror}") from error


def _make_tables(connection: sqlite3.Connection, path: Path) -> None:
    if not _is_new(connection, path):
        return
    connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise _refused(path, "its file system cannot keep a write-ahead log")
    strict = "STRICT" if sqlite3.sqlite_version_info >= (3, 37) else ""
    tables = _TABLES.format(strict=strict, application=APPLICATION, schema=SCHEMA)
    connection.executescript(f"BEGIN IMMEDIATE; {tables} COMMIT;")


def _is_new(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the file is still empty. Raises DialecticError when it holds no log of ours."""
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (schema,) = connection.execute("PRAGMA user_version").fetchone()
    if not tables and application in (0, APPLICATION):
        return True
    if application != APPLICATION:
        raise _refused(path, "it is a database of another program")
    if schema > SCHEMA:
        raise _refused(
            path,
            f"it was written by a newer version (schema {schema}, this one knows {SCHEMA})",
            fix="upgrade this program",
        )
    return False


def _refused(path: Path, what: str, fix: str = "name another file") -> DialecticError:
    return DialecticError(what, where=str(path), fix=fix, exit_code=ExitCode.CONFIGURATION)
