"""The events of one run for any number of listeners, each from the beginning.

A feed has one listener; this hands every envelope to all feeds. Nothing is interpreted here.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from dialectic_events.envelope import Envelope

if TYPE_CHECKING:
    from dialectic_actors.runtime.feed import Feed

__all__ = ["Broadcast"]


class Broadcast:
    """Keeps what was heard, so that a late listener misses nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heard: list[Envelope] = []
        self._feeds: list[Feed] = []
        self._closed = False

    def put(self, envelope: Envelope) -> None:
        """Hand an envelope to every feed; from any thread, never blocks for long."""
        with self._lock:
            self._heard.append(envelope)
            for feed in self._feeds:
                feed.put(envelope)

    def close(self) -> None:
        """Nothing more will come; every feed ends."""
        with self._lock:
            self._closed = True
            for feed in self._feeds:
                feed.close()

    def feed(self) -> Feed:
        """A feed of everything: first what was heard already, then what comes."""
        from dialectic_actors.runtime.feed import Feed

        feed = Feed()
        with self._lock:
            for envelope in self._heard:
                feed.put(envelope)
            if self._closed:
                feed.close()
            self._feeds.append(feed)
        return feed
