"""What every part of the store contract stands on: a store to judge, and the clock of its leases.

No tests belong in here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dialectic_events.store import Store

__all__ = ["Clock", "Setting"]


class Clock:
    """Seconds that pass when a test says so: add to `now_s`."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        """The time, in seconds."""
        return self.now_s


class Setting:
    """A store, empty for each test, and closed after it."""

    def make_store(self, clock: Clock, folder: Path) -> Store:
        """An empty store whose leases go by `clock`, with its files, if it has any, in `folder`.

        Yours to override; everything else of the contract builds on it.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has to say which store it judges: override make_store"
        )

    @pytest.fixture
    def clock(self) -> Clock:
        """The clock that the leases go by."""
        return Clock()

    @pytest.fixture
    def store(self, clock: Clock, tmp_path: Path) -> Iterator[Store]:
        """The store that is judged."""
        with self.make_store(clock, tmp_path) as store:
            yield store
