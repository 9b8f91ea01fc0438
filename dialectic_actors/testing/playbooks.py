"""`playbook(behavior).hears(message).does(deeds)`: what an actor does about what it is told.

A behavior is anything with `receive(message)` that answers with deeds: the shipped ones, or a
user's own. Each line is played as it is written, on the very same behavior. What decides belongs to
`deciders`.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from dialectic_actors.testing import unfinished
from dialectic_actors.testing.matching import difference, shown

__all__ = ["Behavior", "Heard", "Playbook", "playbook"]

M = TypeVar("M")
D = TypeVar("D")
M_contra = TypeVar("M_contra", contravariant=True)
D_co = TypeVar("D_co", covariant=True)


class Behavior(Protocol[M_contra, D_co]):
    """A pure actor: a message in, deeds out."""

    def receive(self, message: M_contra, /) -> Iterable[D_co]:
        """What the actor does about a message."""
        ...


class Playbook(Generic[M, D]):
    """The lines played so far. As a context manager it also sees to it that the last line was
    finished.
    """

    def __init__(self, behavior: Behavior[M, D], heard: tuple[M, ...] = ()) -> None:
        self._behavior = behavior
        self._heard = heard
        self._line: Heard[M, D] | None = None

    def hears(self, message: M) -> Heard[M, D]:
        """Tell the behavior something, now; what it does is compared by the word that follows.

        Raises Unfinished when what it did before was never compared.
        """
        self._check_finished()
        self._line = Heard(self, message, tuple(self._behavior.receive(message)))
        return self._line

    def played(self, line: Heard[M, D], outcome: str | None = None) -> Self:
        """A line has come to its end; raises AssertionError with all lines when `outcome` says how
        it differs from what was expected.
        """
        __tracebackhide__ = True
        unfinished.finish(line)
        self._line = None
        if outcome is not None:
            before = "".join(f"  hears {shown(each)}\n" for each in self._heard)
            raise AssertionError(
                "what is done is not what is expected\n\n"
                f"{before}  hears {shown(line.message)}\n  does\n{outcome}"
            )
        self._heard = (*self._heard, line.message)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if kind is None:
            self._check_finished()

    def _check_finished(self) -> None:
        if self._line is not None:
            unfinished.finish(self._line)
            raise unfinished.Unfinished(self._line.missing)


class Heard(Generic[M, D]):
    """A message that was heard, and what the behavior did about it. To be finished with `does`,
    `does_nothing` or `does_anything`.
    """

    def __init__(self, book: Playbook[M, D], message: M, deeds: tuple[D, ...]) -> None:
        self.message = message
        self._book = book
        self._deeds = deeds
        unfinished.begin(self)

    @property
    def missing(self) -> str:
        """What has to be said before the line is finished."""
        return f"hears({shown(self.message)}) has no does(…)"

    def does(self, *deeds: D) -> Playbook[M, D]:
        """Exactly these deeds, in this order.

        `ANY` and `some(type, field=…)` stand for what is not of interest. Raises AssertionError
        with both sides, field by field, after the lines that went well.
        """
        __tracebackhide__ = True
        return self._book.played(self, difference(deeds, self._deeds, "did"))

    def does_nothing(self) -> Playbook[M, D]:
        """It does nothing: a repeat, or not yet."""
        __tracebackhide__ = True
        return self.does()

    def does_anything(self) -> Playbook[M, D]:
        """Whatever it does: a line that only leads to the one that matters."""
        return self._book.played(self)


def playbook(behavior: Behavior[M, D]) -> Playbook[M, D]:
    """A playbook that begins with a behavior as it is."""
    return Playbook(behavior)
