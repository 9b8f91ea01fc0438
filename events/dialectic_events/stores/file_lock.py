"""A lock that processes share, beside the file that it guards.

Windows has no `fcntl`, so there it excludes nobody: SQLite's own locks still keep the log whole.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["held"]

if sys.platform == "win32":

    def _take(file: BinaryIO, *, wait: bool) -> bool:
        return True

else:
    import fcntl

    def _take(file: BinaryIO, *, wait: bool) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True


@contextmanager
def held(path: Path, *, wait: bool) -> Iterator[bool]:
    """Hold the lock for the block. Without `wait`, say False when somebody else has it."""
    with path.open("ab") as file:
        yield _take(file, wait=wait)
