"""Writing files for people: whole or not at all.

What is in them is the affair of the caller.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from dialectic_events.errors import DialecticError, ExitCode

__all__ = ["refuse_database", "write_atomically"]


def refuse_database(path: Path) -> None:
    """Raise DialecticError for a SQLite database, as a log is one: nothing may take its place."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            return
    raise DialecticError(
        "this file is a database, perhaps the log itself",
        where=str(path),
        fix="name another file",
        exit_code=ExitCode.USAGE,
    )


def write_atomically(path: Path, content: str | bytes) -> Path:
    """Put `content` (text as UTF-8) in the place of a file in one step: readers see the old or the
    new one, whole. The directory is made if need be.

    A link is followed, and what is no regular file (a pipe, a device) is written to, not replaced.
    Raises DialecticError where a database is.
    """
    encoded = content.encode() if isinstance(content, str) else content
    if path.exists() and not path.is_file():
        # Where /dev/stdout leads to, in a pipe, is a place without a name.
        path.write_bytes(encoded)
        return path
    place = path.resolve()
    refuse_database(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    # Not the tempfile module: its files are private, this one has the rights of any new file.
    draft = place.with_name(f".{secrets.token_hex(6)}.tmp")
    try:
        with draft.open("xb") as file:
            file.write(encoded)
            file.flush()
            os.fsync(file.fileno())
        if place.exists():
            draft.chmod(place.stat().st_mode & 0o777)
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)
    return path
