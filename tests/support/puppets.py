"""A provider that a test plays, and the way to play a scene in an open gateway.

No assertions in here; a test says what it expects.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from dialectic_actors.actors.ports import Ask
from dialectic_actors.llm.gateway import Heard, LoopGateway
from dialectic_events.calls import CallAnswered, Ending
from support.asks import PROVIDER

__all__ = ["Clock", "Puppet", "drive"]


class Puppet:
    """A provider that answers when it is let, and remembers what it was asked."""

    def __init__(self, concurrency: int | None = None, *, is_free: bool = False) -> None:
        self.concurrency = concurrency
        self.asked: list[Ask] = []
        self.broken_off = 0
        self.closed = 0
        self.gate = asyncio.Event()
        if is_free:
            self.gate.set()

    async def complete(self, ask: Ask) -> Ending:
        """Answer when the gate is open."""
        self.asked.append(ask)
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.broken_off += 1
            raise
        return CallAnswered(call=ask.call, text=f"to {ask.call}", model=ask.model)

    async def aclose(self) -> None:
        """Count the closing."""
        self.closed += 1


class Clock:
    """Timers that fire when they are told to, the soonest first."""

    def __init__(self) -> None:
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def later(self, delay_s: float, action: Callable[[], None]) -> None:
        """Remember the timer."""
        self.timers.append((delay_s, action))

    def fire(self) -> None:
        """Let the next one fire."""
        timer = min(self.timers, key=lambda each: each[0])
        self.timers.remove(timer)
        timer[1]()


def drive(
    scene: Callable[[LoopGateway, Puppet], Awaitable[None]],
    puppet: Puppet,
    heard: Heard | None = None,
    clock: Clock | None = None,
) -> None:
    """Play a scene in an open gateway."""

    async def go() -> None:
        later = None if clock is None else clock.later
        async with LoopGateway({PROVIDER: puppet}, heard, later) as gateway:
            await scene(gateway, puppet)

    asyncio.run(go())
