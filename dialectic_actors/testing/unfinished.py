"""Expectations that were begun and never said to their end: a test that makes one would prove
nothing.

A step of a specification is entered here when it begins and taken out when its outcome has been
compared. The pytest plugin asks at the end of every test; elsewhere, ask yourself.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Step", "Unfinished", "begin", "check_finished", "finish", "forget"]


class Unfinished(AssertionError):
    """A `when` without its `then`, or a `hears` without its `does`."""


class Step(Protocol):
    """One step of a specification."""

    @property
    def missing(self) -> str:
        """What has to be said before it is finished."""
        ...


_open: dict[int, Step] = {}


def begin(step: Step) -> None:
    """`step` has begun."""
    _open[id(step)] = step


def finish(step: Step) -> None:
    """The outcome of `step` was compared, or its lack was reported."""
    _open.pop(id(step), None)


def forget() -> None:
    """Forget all that was begun: a new test begins, or one has failed already."""
    _open.clear()


def check_finished() -> None:
    """Raise Unfinished when something was begun and not finished; it is forgotten then."""
    missing = [step.missing for step in _open.values()]
    forget()
    if missing:
        raise Unfinished("\n".join(missing))
