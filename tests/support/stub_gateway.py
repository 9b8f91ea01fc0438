"""A gateway without models: it answers at once, or when told to, and counts what it was asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from dialectic_actors.actors.ports import Ask, Gateway
from dialectic_actors.testing.answers import said
from dialectic_events.calls import CallAnswered, CallFailed, Ending, Usage

__all__ = ["StubGateway", "opening"]

Reply = Callable[[Ending], None]


def echo(ask: Ask) -> Ending:
    """An answer that depends on the call alone."""
    return CallAnswered(
        call=ask.call,
        text=said(ask, f"{ask.model} on {ask.call}"),
        model=ask.model,
        usage=Usage(10, 5),
    )


class StubGateway:
    """Answers at once with `answer`, or keeps calls open while `hold` is true for them."""

    def __init__(
        self,
        answer: Callable[[Ask], Ending] = echo,
        hold: Callable[[Ask], bool] = lambda ask: False,
    ) -> None:
        self.answer, self.hold = answer, hold
        self.unsent: Callable[[Ask], bool] = lambda ask: False
        self.asked: Counter[str] = Counter()
        self.open: dict[str, tuple[Ask, Reply]] = {}
        self._held: dict[tuple[str, str], Ending] = {}

    def start(self, ask: Ask, reply: Reply) -> None:
        """Answer, hold, or answer again with what is held."""
        known = self._held.get((ask.run, ask.call))
        if known is not None:
            reply(known)
        elif ask.call in self.open:
            self.open[ask.call] = (ask, reply)
        else:
            self.asked[ask.call] += 1
            self.open[ask.call] = (ask, reply)
            if not self.hold(ask):
                self.let_go(ask.call)

    def let_go(self, call: str) -> None:
        """End a call that was held open."""
        ask, reply = self.open.pop(call)
        ending = self._held[ask.run, ask.call] = self.answer(ask)
        reply(ending)

    def holding(self, run: str) -> Mapping[str, Ending]:
        """The endings that are not known to be durable."""
        return {call: ending for (of, call), ending in self._held.items() if of == run}

    def release(self, run: str, call: str) -> None:
        """Forget an ending."""
        self._held.pop((run, call), None)

    def recall(self, run: str) -> None:
        """End the open calls that are said to be `unsent`."""
        for call, (ask, reply) in tuple(self.open.items()):
            if ask.run == run and self.unsent(ask):
                del self.open[call]
                failed = CallFailed(call=call, error="cancelled", cost_usd=0.0)
                ending = self._held[ask.run, call] = failed
                reply(ending)

    def cancel(self, run: str) -> None:
        """Abandon open calls."""
        self.open = {
            call: (ask, reply) for call, (ask, reply) in self.open.items() if ask.run != run
        }


def opening(gateway: Gateway) -> Callable[[], object]:
    """What a System takes to open its gateway."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Gateway]:
        yield gateway

    return opened
