"""Writing files for people: whole or not at all.

What is in them is the affair of the caller.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

__all__ = ["write_atomically"]


def write_atomically(path: Path, content: str | bytes) -> Path:
    """Put `content` (text as UTF-8) in the place of a file in one step: readers see the old or the
    new one, whole. The directory is made if need be.

    A link is followed, and what is no regular file (a pipe, a device) is written to, not replaced.
    """
    place = path.resolve()
    encoded = content.encode() if isinstance(content, str) else content
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists() and not place.is_file():
        place.write_bytes(encoded)
        return path
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
