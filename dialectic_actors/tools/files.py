"""Reading and listing files of one directory, and of nothing else.

A path is followed step by step and must stay inside at every step; what it resolves to is then
opened from the directory downwards without following a link, so that a link that appears in between
is not followed either. Nothing is written, and what is no regular file is never opened.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dialectic_actors.tools.arguments import Refused, quoted
from dialectic_events.contents import ToolSpec

__all__ = [
    "CONTENT_LIMIT",
    "ENTRIES_LIMIT",
    "FILE_LIMIT",
    "FILE_READ",
    "LIST_FILES",
    "Parts",
    "list_files",
    "read_file",
]

CONTENT_LIMIT = 200_000
"""Characters of a file that one call returns."""

FILE_LIMIT = 20_000_000
"""Bytes of a file beyond which it is not read at all."""

ENTRIES_LIMIT = 1_000
"""Entries of a directory that one call returns."""

Parts = tuple[str, ...]
"""The names on the way from the context directory to a place in it."""

_PATH_LIMIT = 4_096
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# What became a pipe since it was looked at must not hold up whoever opens it.
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC

FILE_READ = ToolSpec(
    name="file_read",
    description="Read a text file of the context directory. A long file is returned in pieces.",
    parameters={
        "type": "object",
        "properties": {
            "path": {
                "type": "string",
                "description": "The path of the file, relative to the context directory.",
            },
            "from_line": {
                "type": "integer",
                "minimum": 1,
                "description": "The first line to return; 1 when left out.",
            },
        },
        "required": ["path"],
        "additionalProperties": False,
    },
)

LIST_FILES = ToolSpec(
    name="list_files",
    description="List the files and directories in a directory of the context directory.",
    parameters={
        "type": "object",
        "properties": {
            "path": {
                "type": "string",
                "description": 'The path of the directory, relative to the context directory; "."'
                " is the context directory itself.",
            },
        },
        "required": ["path"],
        "additionalProperties": False,
    },
)


def read_file(root: Path | None, path: str, from_line: int = 1) -> dict[str, object]:
    """The text of a UTF-8 file from a line (counted from 1) on: `content`, and a `note` when that
    is not all of it.

    Raises Refused when there is no such file inside of `root`, or none that can be read as text.
    """
    with _reading(path):
        top, parts = _resolved(root, path)
        if not parts:
            raise Refused(f"{quoted(path)} is a directory; use list_files")
        with _opened(top, parts[:-1]) as folder:
            content = _bytes_of(folder, parts[-1], path)
    if b"\0" in content:
        raise Refused(f"{quoted(path)} is binary, not text")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(f"{quoted(path)} is not text in UTF-8") from None
    return _piece(text, from_line, path)


def list_files(root: Path | None, path: str) -> dict[str, object]:
    """The `entries` of one directory by name, each with its path relative to `root` and its type,
    and a `note` when some are left out. What leads outside, and what is neither file nor directory,
    is not mentioned.

    Raises Refused when there is no such directory inside of `root`, or none that can be read.
    """
    with _reading(path):
        top, parts = _resolved(root, path)
        with _opened(top, parts) as folder, os.scandir(folder) as scan:
            found = sorted(scan, key=lambda entry: entry.name)
            return _listing(found, top, parts)


def _listing(found: Sequence[os.DirEntry[str]], top: Path, parts: Parts) -> dict[str, object]:
    entries: list[dict[str, str]] = []
    unnamed = 0
    for index, entry in enumerate(found):
        if len(entries) == ENTRIES_LIMIT:
            note = f"names that were not looked at: {len(found) - index:,}"
            return {"entries": entries, "note": note}
        kind = _kind(entry, top, parts)
        if kind is not None and _is_text(entry.name):
            entries.append({"path": "/".join((*parts, entry.name)), "type": kind})
        elif kind is not None:
            unnamed += 1
    if unnamed:
        return {"entries": entries, "note": f"entries whose names are not UTF-8: {unnamed:,}"}
    return {"entries": entries}


def _kind(entry: os.DirEntry[str], top: Path, parts: Parts) -> str | None:
    """The type of an entry; None for what is neither file nor directory, or lies outside."""
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):
            place = Path(os.path.realpath(top.joinpath(*parts, entry.name)))
            if not place.is_relative_to(top):
                return None
            mode = place.lstat().st_mode
    except OSError:
        return None
    if stat.S_ISDIR(mode):
        return "directory"
    return "file" if stat.S_ISREG(mode) else None


def _is_text(name: str) -> bool:
    """Whether a name is UTF-8: others cannot be written down, so nobody could ask for them."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


@contextmanager
def _reading(path: str) -> Iterator[None]:
    """What the system refuses, in words for a model; they never hold a path of this machine."""
    try:
        yield
    except FileNotFoundError:
        raise Refused(f"there is nothing at {quoted(path)}; see list_files") from None
    except NotADirectoryError:
        raise Refused(f"{quoted(path)} is not a directory, or leads through a file") from None
    except OSError as failed:
        reason = os.strerror(failed.errno) if failed.errno else "unknown reason"
        raise Refused(f"{quoted(path)} cannot be read: {reason}") from None
    except ValueError:
        raise Refused(f"{quoted(path)} holds a character that no path can hold") from None


def _resolved(root: Path | None, path: str) -> tuple[Path, Parts]:
    """The real path of `root`, and the way from there to what `path` names, free of links.

    No step may lead out, not even to come back in: otherwise the difference between two refusals
    would tell what lies outside.
    """
    if root is None:
        raise Refused("no --context directory was given, so there are no files to read")
    if len(path) > _PATH_LIMIT:
        raise Refused(f"the path is longer than {_PATH_LIMIT:,} characters")
    if path.startswith("/"):
        raise Refused(f"{quoted(path)} is absolute; give a path relative to the context directory")
    top = place = Path(os.path.realpath(root))
    for part in path.split("/"):
        place = place.parent if part == ".." else place / part
        if place.is_symlink():
            place = Path(os.path.realpath(place))
        if not place.is_relative_to(top):
            raise Refused(f"{quoted(path)} leads out of the context directory")
    return top, place.relative_to(top).parts


@contextmanager
def _opened(top: Path, parts: Parts) -> Iterator[int]:
    """A descriptor of a directory, reached from `top` without following a link."""
    folder = os.open(top, _DIRECTORY)
    try:
        for part in parts:
            above, folder = folder, os.open(part, _DIRECTORY, dir_fd=folder)
            os.close(above)
        yield folder
    finally:
        os.close(folder)


def _bytes_of(folder: int, name: str, path: str) -> bytes:
    """The content of a regular file in an opened directory."""
    _refuse_irregular(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode, path)
    descriptor = os.open(name, _FILE, dir_fd=folder)
    try:
        _refuse_irregular(os.fstat(descriptor).st_mode, path)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(FILE_LIMIT + 1)
    finally:
        os.close(descriptor)
    if len(content) > FILE_LIMIT:
        raise Refused(f"{quoted(path)} is larger than {FILE_LIMIT:,} bytes")
    return content


def _refuse_irregular(mode: int, path: str) -> None:
    if stat.S_ISDIR(mode):
        raise Refused(f"{quoted(path)} is a directory; use list_files")
    if stat.S_ISLNK(mode):
        raise OSError(errno.ELOOP, "a link appeared, or leads to itself")
    if not stat.S_ISREG(mode):
        raise Refused(f"{quoted(path)} is not a regular file")


def _piece(text: str, from_line: int, path: str) -> dict[str, object]:
    """As many whole lines as one call returns, and how to get the others."""
    lines = text.count("\n") + (not text.endswith("\n") and text != "")
    if from_line > max(lines, 1):
        raise Refused(f"{quoted(path)} has {lines:,} lines")
    rest = text.split("\n", from_line - 1)[-1]
    if len(rest) <= CONTENT_LIMIT:
        end = f"lines {from_line:,} to {lines:,}, the last"
        return {"content": rest} if from_line == 1 else {"content": rest, "note": end}
    content = rest[: rest.rfind("\n", 0, CONTENT_LIMIT) + 1]
    if content:
        last = from_line + content.count("\n") - 1
        note = f"lines {from_line:,} to {last:,} of {lines:,}"
    else:
        content, last = rest[:CONTENT_LIMIT], from_line
        note = f"line {from_line:,} of {lines:,}, without its end, for it is too long"
    if last < lines:
        note += f"; read on with from_line {last + 1}"
    return {"content": content, "note": note}
