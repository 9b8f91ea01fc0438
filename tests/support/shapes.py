"""What is compared of two runs: all that their states know, or the facts that their logs hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from dialectic_actors.core.agenda import Agenda
from dialectic_actors.core.decide import State
from dialectic_events.calls import CallLost
from dialectic_events.runs import RunResumed, RunSuspended
from dialectic_events.union import Event

__all__ = ["alike", "facts"]


def facts(events: Iterable[Event]) -> Counter[bytes]:
    """What must be the same whatever the order of delivery and wherever a run was taken up."""
    return Counter(
        msgspec.json.encode(event)
        for event in events
        if not isinstance(event, CallLost | RunSuspended | RunResumed)
    )


def alike(state: State) -> tuple[object, ...]:
    """All that a state knows, comparable."""
    return (state.run, *(getattr(state.agenda, name) for name in Agenda.__slots__))
