"""Calls on their way, and the line before each provider in which they wait.

A pure structure but for the tasks that it breaks off: what is done with a call is done elsewhere.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator

from dialectic_actors.actors.ports import Ask
from dialectic_actors.llm.limits import FairQueue
from dialectic_actors.llm.providers import Provider, Streaming
from dialectic_events.calls import Ending

__all__ = ["Flight", "Line", "Reply"]

Reply = Callable[[Ending], None]


class Flight:
    """One call from its start until its ending is released."""

    __slots__ = ("ask", "ending", "is_late", "is_sent", "reply", "task")

    def __init__(self, ask: Ask, reply: Reply) -> None:
        self.ask = ask
        self.reply: Reply | None = reply
        self.task: asyncio.Task[None] | None = None
        self.is_sent = False
        self.is_late = False
        self.ending: Ending | None = None

    def expire(self) -> None:
        """Break the call off because its deadline has passed."""
        self.is_late = True
        self._break_off()

    def abandon(self) -> None:
        """Break the call off and tell nobody."""
        self.reply = None
        self._break_off()

    def _break_off(self) -> None:
        # A task that is canceled before its first step would never give its slot back.
        if self.task is not None and self.is_sent:
            self.task.cancel()


class Line:
    """A provider, the queue before it, and its models that are left in peace for a while."""

    __slots__ = ("held", "provider", "queue", "rests", "streaming")

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.streaming = provider if isinstance(provider, Streaming) else None
        self.queue: FairQueue[Flight] = FairQueue(provider.concurrency)
        # How many rests of a model are not over: the longest ends the last.
        self.rests: Counter[str] = Counter()
        self.held: dict[str, list[Flight]] = {}

    def take(self) -> Iterator[Flight]:
        """The flights that can go now. Those whose model rests are put aside, outside the slots."""
        for flight in self.queue.take():
            if self.rests[flight.ask.model]:
                self.queue.free()
                self.held.setdefault(flight.ask.model, []).append(flight)
            else:
                yield flight

    def wake(self, model: str) -> None:
        """A rest of `model` is over."""
        self.rests[model] -= 1
        if not self.rests[model]:
            del self.rests[model]
            for flight in self.held.pop(model, ()):
                self.queue.put(flight.ask.run, flight)
