"""The events of one run for any number of listeners on event loops, each from the beginning.

Nothing is interpreted here.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator

from dialectic_events.envelope import Envelope

__all__ = ["Broadcast"]


class Broadcast:
    """Keeps what was heard, so that a late listener misses nothing. Whoever stops listening, or is
    cancelled, leaves nothing behind.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heard: list[Envelope] = []
        self._closed = False
        self._waiting: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    def put(self, envelope: Envelope) -> None:
        """Hand an envelope to every listener; from any thread, never blocks for long."""
        with self._lock:
            self._heard.append(envelope)
            self._wake()

    def close(self) -> None:
        """Nothing more will come; every listener ends."""
        with self._lock:
            self._closed = True
            self._wake()

    async def listen(self) -> AsyncIterator[Envelope]:
        """Everything: first what was heard already, then what comes."""
        count = 0
        while True:
            news = asyncio.Event()
            with self._lock:
                fresh = self._heard[count:]
                if not fresh and self._closed:
                    return
                if not fresh:
                    self._waiting[news] = asyncio.get_running_loop()
            try:
                for envelope in fresh:
                    count += 1
                    yield envelope
                if not fresh:
                    await news.wait()
            finally:
                with self._lock:
                    self._waiting.pop(news, None)

    def _wake(self) -> None:
        for news, loop in self._waiting.items():
            # A loop that has closed meanwhile has nobody left to wake.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(news.set)
        self._waiting.clear()
