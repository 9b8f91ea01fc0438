"""Subscriptions for every store that can read on from a position.

A bell rings with each append of this process. What other processes append is found by looking
again, so a follower never depends on being told.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence

from dialectic_events.envelope import Record
from dialectic_events.errors import DialecticError

__all__ = ["Bell", "Follower"]

_PAGE = 500


class Bell:
    """Wakes all who wait in this process. Whoever saw `strokes` before looking misses nothing."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.strokes = 0

    def ring(self) -> None:
        """Something was appended, or somebody stops waiting."""
        with self._changed:
            self.strokes += 1
            self._changed.notify_all()

    def wait(self, seen: int, timeout_s: float | None) -> None:
        """Return once the bell has rung since `seen`, or after the time-out."""
        with self._changed:
            self._changed.wait_for(lambda: self.strokes != seen, timeout_s)


class Follower:
    """Catch-up, then live, over `read_all`. `look_every_s` is for stores that others write to as
    well.
    """

    def __init__(
        self,
        read_all: Callable[[int, int], Iterator[Record]],
        bell: Bell,
        after: int,
        look_every_s: float | None = None,
    ) -> None:
        self._read_all = read_all
        self._bell = bell
        self._after = after
        self._look_every_s = look_every_s
        self._closed = False

    def poll(self, timeout_s: float) -> Sequence[Record]:
        """The next events, waiting at most `timeout_s` seconds for one; () when there are none."""
        until = time.monotonic() + timeout_s
        while not self._closed:
            seen = self._bell.strokes
            if records := self._next():
                self._after = records[-1].position
                return records
            left_s = until - time.monotonic()
            if left_s <= 0 or self._closed:
                break
            self._bell.wait(seen, min(left_s, self._look_every_s or left_s))
        return ()

    def _next(self) -> tuple[Record, ...]:
        try:
            return tuple(self._read_all(self._after, _PAGE))
        except DialecticError:
            # A store that is closed closes its followers first.
            if self._closed:
                return ()
            raise

    def close(self) -> None:
        """Stop waiting; a poll under way returns."""
        self._closed = True
        self._bell.ring()
