"""The live display: a picture of the run at the bottom of the terminal, drawn again as it goes on.

Whoever reports to it only leaves a note; a thread of its own draws, at most ten times a second, and
stops where the terminal stops. What the picture shows is decided in `picture`.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self, TextIO

from dialectic_actors.cli.course import Course
from dialectic_actors.cli.picture import Line, picture, width_of
from dialectic_actors.cli.progress import Progress
from dialectic_actors.cli.terminal import safe, say
from dialectic_events.calls import Ending
from dialectic_events.envelope import Envelope

__all__ = ["LiveDisplay"]

logger = logging.getLogger(__name__)

_FRAME_S = 0.1
_TAIL = 240
_COLORS = {"red", "green", "yellow", "magenta", "cyan"}


class LiveDisplay:
    """Shows a run while the block is entered, and leaves its last state on the screen.

    `display(envelope)` and `heard` may be called from any thread and never wait for the
    terminal.
    """

    is_live = True

    def __init__(
        self, progress: Progress, ref: str, stream: TextIO, env: Mapping[str, str]
    ) -> None:
        self._progress = progress
        self._ref = ref
        self._screen = _Screen(stream, colored=not env.get("NO_COLOR"))
        self._notes: deque[tuple[Envelope, float]] = deque()
        self._tails: dict[str, str] = {}
        self._waiting: Callable[[], Mapping[str, str]] = dict
        self._reasons: Mapping[str, str] = {}
        self._began_s = time.monotonic()
        self._ended = threading.Event()
        self._drawing = threading.RLock()
        self._is_paused = False
        self._thread = threading.Thread(target=self._draw_on, name="live-display", daemon=True)

    @property
    def course(self) -> Course:
        """How far the run has come."""
        return self._progress.course

    def __call__(self, envelope: Envelope) -> None:
        """Hear an event of the run."""
        self._notes.append((envelope, time.monotonic()))

    def heard(self, run: str, call: str, delta: str) -> None:
        """Hear more of what a call is being answered."""
        if run == self._ref:
            self._tails[call] = (self._tails.get(call, "") + delta[-_TAIL:])[-_TAIL:]

    def asks(self, waiting: Callable[[], Mapping[str, str]]) -> None:
        """Ask `waiting` from now on what calls wait for that are not sent yet."""
        self._waiting = waiting

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the terminal to somebody else for a while: the picture is gone until the end."""
        with self._drawing:
            self._catch_up()
            self._is_paused = True
            self._screen.draw([], self._progress.taken())
            stderr, sys.stderr = sys.stderr, self._screen.stream
        try:
            yield
        finally:
            with self._drawing:
                sys.stderr = stderr
                self._is_paused = False

    def __enter__(self) -> Self:
        self._stderr, self._above = sys.stderr, _Above(self._progress.keep)
        sys.stderr = self._above
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        # A terminal that was stopped (Ctrl-S) may keep the thread; the run need not wait for it.
        self._thread.join(timeout=1.0)
        sys.stderr = self._stderr
        self._above.end()
        if self._drawing.acquire(timeout=1.0):
            self._frame(is_last=True)
            self._screen.leave()
            self._drawing.release()
        for line in self._progress.taken():
            say(line)

    def _draw_on(self) -> None:
        while not self._ended.wait(_FRAME_S):
            with self._drawing:
                self._frame()

    def _frame(self, *, is_last: bool = False) -> None:
        """Show how things are now."""
        try:
            self._catch_up()
            if is_last:
                self.course.speaking.clear()
            if not self._is_paused:
                self._draw()
        except Exception:
            # A picture that cannot be drawn is no reason to end what was paid for.
            logger.exception("the live display ends before its run")
            self._screen.give_up()
            self._ended.set()

    def _catch_up(self) -> None:
        """Take in what was heard since the last time."""
        while self._notes:
            envelope, now_s = self._notes.popleft()
            self._progress.take(envelope, now_s)
            if isinstance(envelope.event, Ending):
                self._tails.pop(envelope.event.call, None)

    def _draw(self) -> None:
        # The loop's thread may change what is read here meanwhile: then the last answer stands.
        with suppress(RuntimeError):
            self._reasons = self._waiting()
        size = self._screen.size()
        lines = picture(
            self.course,
            ref=self._ref,
            now_s=time.monotonic(),
            since_s=self._began_s,
            # Whoever erases to the right of a full line erases its last character.
            width=size.columns - 1,
            height=size.lines - 1,
            tail=lambda call: self._tails.get(call, ""),
            held=self._reasons,
        )
        self._screen.draw(lines, self._progress.taken())


class _Screen:
    """The bottom of a terminal, on which a few lines are drawn over and over.

    Lines are drawn without wrapping and the cursor rests at the beginning of the last one. Nothing
    is switched off for longer than one write, so a process that is killed leaves a sane terminal.
    """

    def __init__(self, stream: TextIO, *, colored: bool) -> None:
        self.stream = stream
        self._colored = colored
        self._codes: dict[str, tuple[str, str]] = {}
        self._drawn: list[Line] = []
        self.is_lost = False
        self._width = 0

    def size(self) -> os.terminal_size:
        """The size of the terminal now: asked for each time, so that no signal is needed."""
        try:
            size = os.get_terminal_size(self.stream.fileno())
        except OSError:
            size = os.terminal_size((80, 24))
        # A terminal that does not know its size says 0.
        return os.terminal_size((size.columns or 80, size.lines or 24))

    def draw(self, lines: list[Line], above: list[str]) -> None:
        """Replace what was drawn by `lines`; those of `above` scroll away over it."""
        size = self.size()
        if self.is_lost or (lines == self._drawn and not above and size.columns == self._width):
            return
        words = [self._to_top(size)]
        words += [f"{safe(line)}\x1b[K\n" for line in above]
        drawn = "\x1b[K\n".join(map(self._styled, lines))
        self._write("".join((*words, "\x1b[?7l", drawn, "\x1b[J\r\x1b[?7h")))
        self._drawn, self._width = lines, size.columns

    def give_up(self) -> None:
        """Draw no more."""
        self.is_lost = True

    def leave(self) -> None:
        """Go on below what was drawn."""
        if self._drawn:
            self._write("\n")
        self._drawn = []

    def _to_top(self, size: os.terminal_size) -> str:
        """Go to the first line. A terminal that became narrower has wrapped what it showed."""
        above = self._drawn[:-1]
        rows = sum(max(1, -(-width_of(line) // size.columns)) for line in above)
        rows = min(rows, size.lines - 1)
        return f"\r\x1b[{rows}A" if rows else "\r"

    def _styled(self, line: Line) -> str:
        shown = []
        for words, style in line:
            before, after = self._codes_of(style)
            shown.append(f"{before}{words}{after}")
        return "".join(shown)

    def _codes_of(self, style: str) -> tuple[str, str]:
        """What is written before and after words of a style."""
        if style not in self._codes:
            from rich.color import ColorSystem
            from rich.style import Style

            shown = Style() if style in _COLORS and not self._colored else Style.parse(style)
            before, _, after = shown.render("|", color_system=ColorSystem.STANDARD).partition("|")
            self._codes[style] = before, after
        return self._codes[style]

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except (OSError, ValueError):
            # The window was closed; the run goes on.
            self.give_up()


class _Above(io.TextIOBase):
    """What is written to stderr meanwhile: its lines appear above the picture."""

    encoding = "utf-8"

    def __init__(self, keep: Callable[[str], None]) -> None:
        self._keep = keep
        self._begun = ""

    def write(self, text: str) -> int:
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._keep(line)
        return len(text)

    def isatty(self) -> bool:
        return False

    def end(self) -> None:
        """Nothing more will be written: a line that was begun is one."""
        if self._begun:
            self._keep(self._begun)
