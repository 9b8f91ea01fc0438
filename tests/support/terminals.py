"""A pseudo-terminal with a screen behind it: what is written to it can be looked at as a person
would see it.

No assertions in here but that the terminal keeps up.
"""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import struct
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from support.screen import Screen

__all__ = ["Terminal", "terminal"]

_PATIENCE_S = 60.0


class Terminal:
    """A screen, and the stream that is shown on it."""

    def __init__(self, columns: int, rows: int) -> None:
        self._master, self.slave = pty.openpty()
        self.stream: TextIO = os.fdopen(self.slave, "w", encoding="utf-8", closefd=False)
        self.screen = Screen(columns, rows)
        self.raw = ""
        self._marks = 0
        self.problem: ValueError | None = None
        self._lock = threading.Lock()
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._set_size(columns, rows)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        """What a person sees, scrolled-out lines included. Raises what was no text."""
        with self._lock:
            if self.problem is not None:
                raise self.problem
            return self.screen.text

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size, between two writes."""
        with self._lock:
            self.screen.resize(columns, rows)
            self._set_size(columns, rows)

    def press(self, keys: bytes) -> None:
        """Type something."""
        os.write(self._master, keys)

    def until(self, seen: Callable[[str], bool]) -> str:
        """The text once `seen` is true of it."""
        end = time.monotonic() + _PATIENCE_S
        while not seen(self.text):
            if time.monotonic() > end:
                raise AssertionError(f"never seen; the screen shows\n{self.text}")
            time.sleep(0.01)
        return self.text

    def settle(self) -> str:
        """The text once all that was written is shown."""
        self._marks += 1
        mark = f"<{self._marks}>\r\x1b[K"
        self.stream.write(f"\r{mark}")
        self.stream.flush()
        end = time.monotonic() + _PATIENCE_S
        while not self.raw.endswith(mark):
            if time.monotonic() > end:
                raise AssertionError(f"not all was shown: {self.raw[-80:]!r}")
            time.sleep(0.005)
        return self.text

    def close(self) -> None:
        """Take the terminal away."""
        with suppress(OSError):
            self.stream.close()
        with suppress(OSError):
            os.close(self.slave)
        self._reader.join(timeout=_PATIENCE_S)
        os.close(self._master)

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self) -> None:
        with suppress(OSError):
            while piece := os.read(self._master, 65536):
                text = self._decode(piece)
                with self._lock:
                    try:
                        self.screen.feed(text)
                    except ValueError as error:
                        self.problem = self.problem or error
                    self.raw += text


@contextmanager
def terminal(columns: int = 100, rows: int = 24) -> Iterator[Terminal]:
    """A terminal of a size."""
    opened = Terminal(columns, rows)
    try:
        yield opened
    finally:
        opened.close()
