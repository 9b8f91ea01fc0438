"""What actors get from outside: threads, models, time, chance and a name.

Given to them in one piece, so that a simulation hosts the very same actors in a world of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import Protocol

from msgspec import Struct

from dialectic_actors.actors.ports import Gateway, Person, Tools
from dialectic_actors.core.briefs import Shown
from dialectic_actors.runtime.mailbox import Dispatcher
from dialectic_actors.runtime.ownership import Claims
from dialectic_events.contents import Question, ToolCall, ToolResult

__all__ = ["NoTools", "Nobody", "World", "Writing", "random_salts", "utc_now"]

_SALTS = [slice(at, at + 16) for at in range(0, 16 * 256, 16)]


class Writing(Protocol):
    """A thread or several for what must not hold up the dispatcher's."""

    def submit(self, job: Callable[[], None]) -> None:
        """Run `job`; from any thread. The writer runs one after the other, in order."""
        ...


class Nobody:
    """The person who is never there."""

    by = "nobody"

    def put(
        self,
        run: str,
        turn: str,
        asker: str,
        questions: Sequence[Question],
        reply: Callable[[Sequence[str] | None], None],
    ) -> None:
        """Say at once that nobody answers."""
        reply(None)

    def withdraw(self, run: str, turn: str) -> None:
        """Nothing was put to anybody."""


class NoTools:
    """A box without tools."""

    def use(
        self,
        run: str,
        calls: Sequence[ToolCall],
        ground: Sequence[Shown],
        offered: Collection[str],
    ) -> Iterator[ToolResult]:
        """Say of each call that there is no such tool."""
        for call in calls:
            yield ToolResult(call.id, call.name, "error", f"there is no tool {call.name!r} here")


class World(Struct, frozen=True):
    """Where actors live. `salts` are of 16 bytes each, `clock` tells UTC; `errands` run what may
    take its time beside loop and writer.
    """

    dispatcher: Dispatcher
    writer: Writing
    gateway: Gateway
    clock: Callable[[], datetime]
    salts: Iterator[bytes]
    claims: Claims
    errands: Writing
    tools: Tools = NoTools()
    person: Person = Nobody()


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def random_salts() -> Iterator[bytes]:
    """Salts that nobody can guess, drawn many at a time: each draw lets other threads interrupt
    this one.
    """
    return chain.from_iterable(map(os.urandom(16 * 256).__getitem__, _SALTS) for _ in repeat(None))
