"""Words for people: talk on stderr, data on stdout, errors with their remedies; text from outside
is made harmless.

Model text may hold escape sequences that move the cursor or change the title; none reaches a
terminal.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from dialectic_events.errors import DialecticError, ExitCode

__all__ = [
    "cut",
    "data",
    "document",
    "fit",
    "is_lively",
    "json_data",
    "one_line",
    "open_closed_streams",
    "report",
    "safe",
    "say",
    "stored",
]

_JOINERS = "\u200c\u200d"
"""Invisible, but words of several languages and many emoji are not themselves without them."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""What no program can mend that only wanted to write."""


def safe(text: str) -> str:
    """`text` with every control character but newline and tab made visible."""
    if text.isprintable():
        return text
    return "".join(char if _harmless(char) else _visible(char) for char in text)


def _harmless(char: str) -> bool:
    if char in "\n\t" or char in _JOINERS:
        return True
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _visible(char: str) -> str:
    return chr(0x2400 + ord(char)) if ord(char) < 0x20 else "\N{REPLACEMENT CHARACTER}"


def one_line(text: str, most: int = 200) -> str:
    """`text` made harmless and brought on one line, at most so many characters of its beginning."""
    return safe(" ".join(text[: 4 * most].split()))[:most]


def cut(line: str, width: int) -> str:
    """`line`, cut so that it fills at most `width` columns: wide characters take two, marks none.

    Expects text that is `safe` and on one line.
    """
    if line.isascii():
        return line if len(line) <= width else line[: max(0, width - 1)] + "…"[:width]
    from rich.cells import cell_len, set_cell_size

    if cell_len(line) <= width:
        return line
    return set_cell_size(line, max(0, width - 1)).rstrip() + "…"[:width]


def fit(line: str, tail: str = "") -> str:
    """`line` and `tail`, the line cut so that both fit a terminal; elsewhere they are whole."""
    if not sys.stdout.isatty():
        return line + tail
    import shutil

    return cut(safe(line), shutil.get_terminal_size().columns - len(tail)) + tail


def is_lively(stream: TextIO, env: Mapping[str, str]) -> bool:
    """Whether a picture can be drawn on `stream` again and again: a terminal that moves its cursor
    and shows more than ASCII, with a person before it.
    """
    return (
        stream.isatty()
        and env.get("TERM", "dumb") not in ("", "dumb", "unknown")
        and not env.get("CI")
        and (stream.encoding or "").lower().replace("-", "") == "utf8"
    )


def say(line: str) -> None:
    """Talk: a line on stderr."""
    _print(safe(line), sys.stderr)


def data(text: str) -> None:
    """Data: text on stdout."""
    _print(safe(text), sys.stdout)


def document(schema: str, content: Any) -> None:
    """Data as one JSON document."""
    whole = {"schema": f"dialectic.{schema}/1", "data": content}
    json_data(json.dumps(whole, ensure_ascii=False, indent=2))


def json_data(text: str) -> None:
    """Data: JSON text on stdout, its control characters escaped, so that it means what it meant."""
    if not text.isprintable():
        text = "".join(char if _harmless(char) else json.dumps(char)[1:-1] for char in text)
    _print(text.rstrip("\n"), sys.stdout)


def stored(chunks: Iterable[bytes]) -> None:
    """Data as it is stored: bytes on stdout."""
    try:
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _mute(sys.stdout)


def report(error: Exception) -> int:
    """Say what is wrong, where, and what mends it; the exit code that goes with it."""
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        error = DialecticError(
            os.strerror(error.errno),
            where=str(error.filename or "standard output"),
            fix="free some space, or write to another place",
        )
    if not isinstance(error, DialecticError):
        import traceback

        say("".join(traceback.format_exception(error)).rstrip())
        say("error: this is a defect of dialectic; the log holds all that was durable")
        return ExitCode.FAILED
    say(f"error: {error.what}")
    if error.where:
        say(f"  where: {error.where}")
    if error.fix:
        say(f"  fix:   {error.fix}")
    return error.exit_code


def open_closed_streams() -> None:
    """Let nothing come from a standard stream that the caller has closed, and what is said to it go
    nowhere.
    """
    # In this order each takes the lowest descriptor that is free, its own: no log is opened there.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(nowhere, mode, encoding="utf-8"))


def _print(text: str, stream: TextIO) -> None:
    """Whoever stops reading does not stop the run: the rest is written to nowhere."""
    try:
        print(text, file=stream, flush=True)
    except OSError as error:
        # A terminal whose window was closed answers EIO.
        if error.errno not in (errno.EPIPE, errno.EIO):
            raise
        _mute(stream)


def _mute(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
