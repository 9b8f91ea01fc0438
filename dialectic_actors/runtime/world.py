"""What actors get from outside: threads, models, time, chance and a name.

Given to them in one piece, so that a simulation hosts the very same actors in a world of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import Protocol

from msgspec import Struct

from dialectic_actors.actors.ports import Gateway
from dialectic_actors.runtime.mailbox import Dispatcher
from dialectic_actors.runtime.ownership import Claims

__all__ = ["World", "Writing", "random_salts", "utc_now"]

_SALTS = [slice(at, at + 16) for at in range(0, 16 * 256, 16)]


class Writing(Protocol):
    """One thread for what must not hold up the dispatcher's."""

    def submit(self, job: Callable[[], None]) -> None:
        """Run `job` after those submitted before it; from any thread."""
        ...


class World(Struct, frozen=True):
    """Where actors live. `salts` are of 16 bytes each, `clock` tells UTC."""

    dispatcher: Dispatcher
    writer: Writing
    gateway: Gateway
    clock: Callable[[], datetime]
    salts: Iterator[bytes]
    claims: Claims


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def random_salts() -> Iterator[bytes]:
    """Salts that nobody can guess, drawn many at a time: each draw lets other threads interrupt
    this one.
    """
    return chain.from_iterable(map(os.urandom(16 * 256).__getitem__, _SALTS) for _ in repeat(None))
