"""What a broadcast promises to whoever listens: all of it, in order, to the end."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.runtime.broadcast import Broadcast
from dialectic_events.envelope import Envelope, Header
from dialectic_events.runs import RunResumed
from support.systems import PATIENCE_S

AT = datetime(2026, 1, 2, tzinfo=UTC)


def an_envelope(version: int) -> Envelope:
    """An envelope that is told from others by its version."""
    header = Header("run", version, f"x.{version}", "run-resumed", 1, AT, AT, "x", "0", "0")
    return Envelope(version, header, RunResumed(claim="one"))


async def heard(broadcast: Broadcast, most: int | None = None) -> list[int]:
    """What a listener hears, who stops after so many."""
    found = list[int]()
    async for envelope in broadcast.listen():
        found.append(envelope.position)
        if len(found) == most:
            break
    return found


@given(before=st.integers(0, 5), stops=st.lists(st.integers(1, 9), max_size=5))
def test_every_listener_hears_all_from_the_beginning(before: int, stops: list[int]) -> None:
    """However late it comes, and whoever else stopped early."""
    broadcast = Broadcast()

    async def listen() -> list[list[int]]:
        for version in range(1, before + 1):
            broadcast.put(an_envelope(version))
        listeners = [asyncio.create_task(heard(broadcast, most)) for most in (*stops, None)]
        await asyncio.sleep(0)
        for version in range(before + 1, 10):
            broadcast.put(an_envelope(version))
        broadcast.close()
        return [*await asyncio.gather(*listeners), await heard(broadcast)]

    everything = list(range(1, 10))
    expected = [*(everything[:most] for most in stops), everything, everything]
    assert expected == asyncio.run(listen())


def test_a_listener_hears_another_thread_to_the_end() -> None:
    """The event loop goes on meanwhile; a second look after the end waits for nothing."""
    broadcast = Broadcast()

    def speak() -> None:
        for version in range(1, 201):
            broadcast.put(an_envelope(version))
        broadcast.close()

    async def listen() -> tuple[list[int], list[int]]:
        return await heard(broadcast), await heard(broadcast)

    speaker = threading.Thread(target=speak)
    speaker.start()
    first, second = asyncio.run(asyncio.wait_for(listen(), PATIENCE_S))
    speaker.join(PATIENCE_S)

    assert list(range(1, 201)) == first == second


def test_listeners_that_give_up_leave_nothing_behind() -> None:
    """No thread, and nobody who would still be woken, however many come and go."""
    broadcast, threads = Broadcast(), threading.active_count()

    async def come_and_go() -> None:
        listeners = [asyncio.create_task(heard(broadcast)) for _ in range(200)]
        await asyncio.sleep(0)
        assert 200 == len(broadcast._waiting)
        for each in listeners:
            each.cancel()
        await asyncio.gather(*listeners, return_exceptions=True)
        assert threads == threading.active_count()

    asyncio.run(come_and_go())

    assert not broadcast._waiting
    broadcast.put(an_envelope(1))
    broadcast.close()
    assert [1] == asyncio.run(heard(broadcast))
