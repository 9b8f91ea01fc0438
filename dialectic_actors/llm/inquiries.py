"""Finding out about an endpoint what its file does not say: one call asks, the others wait for what
it finds, but not for long.

What is asked and what is found are known to those who ask; neither belongs in here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager

import anyio

__all__ = ["Inquiries"]


class Inquiries:
    """The questions that are out at one endpoint, on one event loop."""

    def __init__(self, patience_s: float) -> None:
        """Others wait `patience_s` for the one that asks."""
        self._patience_s = patience_s
        self._gates: dict[Hashable, anyio.Event] = {}

    @asynccontextmanager
    async def into(self, question: Hashable, is_known: Callable[[], bool]) -> AsyncIterator[None]:
        """Be the one that asks `question`, or wait until it is known or patience is over."""
        while not is_known() and (gate := self._gates.get(question)) and not gate.is_set():
            await gate.wait()
        if is_known() or question in self._gates:
            yield
            return
        gate = self._gates[question] = anyio.Event()
        timer = asyncio.get_running_loop().call_later(self._patience_s, gate.set)
        try:
            yield
        finally:
            timer.cancel()
            del self._gates[question]
            gate.set()

    def answered(self, question: Hashable) -> None:
        """It is known now: nobody needs to wait any longer."""
        if question in self._gates:
            self._gates[question].set()
