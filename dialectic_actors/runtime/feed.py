"""A feed carries what becomes durable from the loop's thread to a listening event loop."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator

from anyio import to_thread

from dialectic_events.envelope import Envelope

__all__ = ["Feed"]


class Feed:
    """A queue of envelopes with an end, for `async for`. One listener at a time; whoever stops
    listening, or is cancelled, goes on later where it was.
    """

    def __init__(self) -> None:
        self._queue: deque[Envelope] = deque()
        self._closed = False
        self._news = threading.Event()

    def put(self, envelope: Envelope) -> None:
        """Hand an envelope on; from any thread, never blocks."""
        self._queue.append(envelope)
        self._news.set()

    def close(self) -> None:
        """Nothing more will come."""
        self._closed = True
        self._news.set()

    async def __aiter__(self) -> AsyncIterator[Envelope]:
        while self._goes_on():
            for envelope in self._arrived():
                yield envelope
            # The waiting thread takes nothing, so that abandoning it loses nothing.
            if not self._closed:
                await to_thread.run_sync(self._news.wait, abandon_on_cancel=True)

    def _goes_on(self) -> bool:
        # In this order: what was put before the end is in the queue once the end is seen.
        return not self._closed or bool(self._queue)

    def _arrived(self) -> Iterator[Envelope]:
        self._news.clear()
        while self._queue:
            yield self._queue.popleft()
