"""`given(events).when(command).then(events)`: what a decider makes happen, said in three words.

Any decider can be specified, a user's own too; without another, it is the one that runs debates.
Messages and deeds of actors belong to `playbooks`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from msgspec import Struct

from dialectic_actors.core.commands import Command
from dialectic_actors.core.decide import State, decide, evolve
from dialectic_actors.testing import unfinished
from dialectic_actors.testing.matching import difference, shown
from dialectic_events.union import Event

__all__ = ["Decider", "Given", "When", "given"]

S = TypeVar("S")
C = TypeVar("C")
E = TypeVar("E")


class Decider(Struct, Generic[S, C, E], frozen=True):
    """Three pure functions: what a command makes happen in a state, what an event means to a state,
    and the state in which nothing has happened yet.
    """

    decide: Callable[[S, C], Iterable[E]]
    evolve: Callable[[S, E], S]
    initial: Callable[[], S]

    def given(self, *events: E) -> Given[S, C, E]:
        """What has happened so far; nothing, when no event is given."""
        state = self.initial()
        for event in events:
            state = self.evolve(state, event)
        return Given(self, state, events)


class Given(Generic[S, C, E]):
    """What has happened: `events`, and the `state` that they amount to."""

    def __init__(self, decider: Decider[S, C, E], state: S, events: tuple[E, ...]) -> None:
        self.decider = decider
        self.state = state
        self.events = events

    def when(self, command: C) -> When[S, C, E]:
        """Ask for something; what comes of it is compared by the word that follows."""
        return When(self, command)


class When(Generic[S, C, E]):
    """A command, and what is expected of it. To be finished with one of `then`, `then_nothing`,
    `then_refuses`, or passed over with another `when`.
    """

    def __init__(self, before: Given[S, C, E], command: C) -> None:
        self._before = before
        self._command = command
        unfinished.begin(self)

    @property
    def missing(self) -> str:
        """What has to be said before this step is finished."""
        return f"when({shown(self._command)}) has no then(…)"

    def then(self, *events: E) -> Given[S, C, E]:
        """Exactly these events happen, in this order; they are given to whatever follows.

        `ANY` and `some(type, field=…)` stand for what is not of interest. Raises AssertionError
        with both sides, field by field.
        """
        __tracebackhide__ = True
        decided = self._decided()
        outcome = difference(events, decided, "decided")
        if outcome is not None:
            raise AssertionError(self._story("what is decided is not what is expected", outcome))
        return self._after(decided)

    def then_nothing(self) -> Given[S, C, E]:
        """Nothing happens: a repeat, or none of the decider's business."""
        __tracebackhide__ = True
        return self.then()

    def then_refuses(self, error: type[Exception], match: str = "") -> Given[S, C, E]:
        """The decider raises `error`, and its message has what the expression `match` looks for."""
        __tracebackhide__ = True
        try:
            decided = self._decided()
        except error as raised:
            if re.search(match, str(raised)) is None:
                outcome = f"    expected a message with {match!r}\n    raised   {str(raised)!r}"
                what = "it refuses for another reason"
                raise AssertionError(self._story(what, outcome)) from raised
            return self._before
        outcome = difference((), decided, "decided") or "    (nothing)"
        raise AssertionError(self._story(f"it does not refuse with {error.__name__}", outcome))

    def when(self, command: C) -> When[S, C, E]:
        """Whatever came of the command before is given; ask for the next thing."""
        return self._after(self._decided()).when(command)

    def _decided(self) -> tuple[E, ...]:
        unfinished.finish(self)
        return tuple(self._before.decider.decide(self._before.state, self._command))

    def _after(self, decided: tuple[E, ...]) -> Given[S, C, E]:
        before = self._before
        state = before.state
        for event in decided:
            state = before.decider.evolve(state, event)
        return Given(before.decider, state, (*before.events, *decided))

    def _story(self, what: str, outcome: str) -> str:
        count = len(self._before.events)
        past = "nothing" if not count else f"{count} event{'s' * (count > 1)}"
        return f"{what}\n\n  given {past}\n  when  {shown(self._command)}\n  then\n{outcome}"


_DEBATE: Decider[State, Command, Event] = Decider(decide=decide, evolve=evolve, initial=State)


def given(*events: Event) -> Given[State, Command, Event]:
    """What has happened in a run so far; nothing, when no event is given."""
    return _DEBATE.given(*events)
