"""What a feed promises to whoever listens: all of it, in order, to the end, however often they
stop.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import anyio
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.runtime.feed import Feed
from dialectic_events.envelope import Envelope, Header
from dialectic_events.runs import RunResumed
from support.systems import PATIENCE_S

AT = datetime(2026, 1, 2, tzinfo=UTC)


def an_envelope(version: int) -> Envelope:
    """An envelope that is told from others by its version."""
    header = Header("run", version, f"x.{version}", "run-resumed", 1, AT, AT, "x", "0", "0")
    return Envelope(version, header, RunResumed(claim="one"))


def fed(count: int) -> Feed:
    """A feed that has ended after `count` envelopes."""
    feed = Feed()
    for version in range(1, count + 1):
        feed.put(an_envelope(version))
    feed.close()
    return feed


@given(stops=st.lists(st.integers(1, 4), max_size=5))
def test_a_listener_that_stops_goes_on_where_it_was(stops: list[int]) -> None:
    """Nothing is lost between two loops over a feed, and a loop after its end ends at once."""
    feed = fed(20)

    async def listen() -> list[int]:
        heard = list[int]()
        for stop in stops:
            async for envelope in feed:
                heard.append(envelope.position)
                if len(heard) % 4 == stop % 4:
                    break
        return heard + [e.position async for e in feed] + [e.position async for e in feed]

    assert list(range(1, 21)) == anyio.run(listen)


def test_a_listener_hears_another_thread_to_the_end() -> None:
    """The event loop goes on meanwhile; a second look after the end waits for nothing."""
    feed = Feed()

    async def listen() -> tuple[list[int], list[int]]:
        return [e.position async for e in feed], [e.position async for e in feed]

    def speak() -> None:
        for version in range(1, 201):
            feed.put(an_envelope(version))
        feed.close()

    speaker = threading.Thread(target=speak)
    speaker.start()
    heard, after = anyio.run(listen)
    speaker.join(PATIENCE_S)

    assert list(range(1, 201)) == heard
    assert [] == after


def test_a_listener_that_is_cancelled_takes_nothing_with_it() -> None:
    """What comes after the cancellation is there for the next who listens, the end included."""
    feed = Feed()

    async def hear(feed: Feed) -> None:
        async for _ in feed:
            pass

    async def listen() -> list[int]:
        async with anyio.create_task_group() as group:
            group.start_soon(hear, feed)
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        feed.put(an_envelope(1))
        feed.close()
        return [envelope.position async for envelope in feed]

    assert [1] == anyio.run(listen)
