"""The log of a simulated world: kept in memory, in virtual time, with an owner who may refuse an
append or let the process die around it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from dialectic_events.store import Batch, Outcome
from dialectic_events.stores.memory import MemoryStore

__all__ = ["Killed", "SimulatedStore"]


class Killed(BaseException):
    """The process dies here. No handler may survive it."""


class Disk(Struct, frozen=True):
    """Who watches the appends: `before` may raise what a store raises, either may raise Killed."""

    before: Callable[[Sequence[Batch]], None]
    after: Callable[[Sequence[Batch], Sequence[Outcome]], None]


class SimulatedStore(MemoryStore):
    """A store whose every append goes past a disk. A group is written whole or, when the process
    dies before it is synced, not at all.
    """

    def __init__(self, clock: Callable[[], float], disk: Disk) -> None:
        super().__init__(clock)
        self._disk = disk

    def append(self, batches: Sequence[Batch]) -> list[Outcome]:
        """Append, watched on both sides."""
        self._disk.before(batches)
        outcomes = super().append(batches)
        self._disk.after(batches, outcomes)
        return outcomes
