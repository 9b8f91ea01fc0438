"""What a law is, and what is found when one is broken.

A law judges one event in the light of all before it (`Witness`), and returns what it found. No law
of this system is stated here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from msgspec import Struct

from dialectic_actors.testing.laws.witness import Witness
from dialectic_events.store import Store
from dialectic_events.union import Event

__all__ = ["Breach", "Check", "End", "Found", "Law", "Stored", "law"]


class End(Struct, frozen=True):
    """Judged after the last event: what a log owes as a whole. A log that was `cut` need not have
    come to rest.
    """

    cut: bool = False


class Stored(Struct, frozen=True):
    """Judged before the first event, when the log is read from a store."""

    store: Store
    stream: str


class Found(Struct, frozen=True):
    """What a check found: what is wrong, in one sentence, and the numbers (from 1) of the earlier
    events that show it. `at` is the number of the event to blame, if it is not the one judged.
    """

    detail: str
    because: tuple[int, ...] = ()
    at: int | None = None


# What a check is given is of one of the types that its law names in `on`, which no type can say.
Check: TypeAlias = Callable[[Witness, Any], Found | None]


class Law(Struct, frozen=True):
    """A promise that every log keeps.

    `name` is unique, `number` that of the law in the design that it makes checkable. `check` is
    given the witness of all earlier events and what it judges: an event, `End`, `Stored` or a
    `Header`, whichever types `on` holds. A `deep` law recomputes: it is left out of quick checks,
    and judges the end of a log only if no other law is broken.
    """

    name: str
    number: int
    statement: str
    check: Check
    on: tuple[type, ...]
    deep: bool = False


class Breach(Struct, frozen=True):
    """A law that a log breaks.

    `version` is that of the event to blame (0: the log as a whole). `story` holds the events that
    show it, by version, the one to blame among them.
    """

    law: Law
    version: int
    detail: str
    story: tuple[tuple[int, Event], ...] = ()


def law(
    name: str, number: int, statement: str, *on: type, deep: bool = False
) -> Callable[[Check], Law]:
    """Make a check a law: `@law("no-shouting", 9, "Nobody shouts.", ProposalMade)`."""
    return lambda check: Law(name, number, statement, check, on, deep)
