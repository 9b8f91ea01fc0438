"""How answers reach those who ask an actor, from its loop's thread and from others.

Must not go in here: what the actor does with the question (`test_mailbox`).
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Iterator
from typing import Any

import pykka
import pytest

from dialectic_actors.runtime.dispatcher import BlockingGetError, MailboxFuture
from support.mailboxes import (
    PATIENCE_S,
    Loop,
    Recorder,
    as_task,
    fail,
    in_threads,
    loop_thread,
    on_loop,
)


@pytest.fixture(autouse=True)
def _own_registry() -> Iterator[None]:
    yield
    for ref in pykka.ActorRegistry.get_all():
        pykka.ActorRegistry.unregister(ref)


def test_asking_from_outside_threads_blocks_them_until_the_answer() -> None:
    """Upstream's blocking `ask` works from any thread that runs no loop."""
    answers = deque[int]()
    with loop_thread() as world:
        ref = Recorder.start(world.dispatcher)

        def ask() -> None:
            answers.extend(ref.ask(n, block=True, timeout=PATIENCE_S) for n in range(100))

        in_threads(ask, ask, ask)
        assert ref.stop(timeout=PATIENCE_S)
        assert not ref.stop(timeout=PATIENCE_S)

    assert sorted(3 * list(range(100))) == sorted(answers)


def test_a_blocking_get_on_a_loops_thread_raises_instead_of_hanging() -> None:
    """Both inside a handler and beside it, waiting for what only this thread can do is refused."""

    async def scenario(world: Loop) -> None:
        ref, other = Recorder.start(world.dispatcher), Recorder.start(world.dispatcher)
        with pytest.raises(BlockingGetError, match="await"):
            ref.ask("hello")
        with pytest.raises(BlockingGetError, match="await"):
            await other.ask(lambda: ref.ask("hello"), block=False)
        with pytest.raises(BlockingGetError, match="await"):
            ref.stop()

    on_loop(scenario)


def test_polling_on_a_loops_thread_is_allowed() -> None:
    """A zero timeout never blocks: it times out, or returns what is there."""

    async def scenario(world: Loop) -> str:
        answer = Recorder.start(world.dispatcher).ask("hello", block=False)
        with pytest.raises(pykka.Timeout):
            answer.get(timeout=0)
        await asyncio.sleep(0)
        found: str = answer.get()
        return found

    assert "hello" == on_loop(scenario)


def test_an_answer_is_awaited_while_the_loop_goes_on() -> None:
    """Awaiting returns or raises what was answered, before, during or after the answer."""

    async def scenario(world: Loop) -> list[Any]:
        ref = Recorder.start(world.dispatcher)
        answer = ref.ask("now", block=False)
        both = await asyncio.gather(as_task(answer), as_task(answer))
        with pytest.raises(ValueError, match="no"):
            await ref.ask(fail, block=False)
        later = ref.ask("mapped", block=False).map(str.upper)
        return [*both, await answer, await later, await ref.stop(block=False)]

    assert ["now", "now", "now", "MAPPED", True] == on_loop(scenario)


def test_whoever_no_longer_awaits_an_answer_does_not_keep_others_from_it() -> None:
    """A canceled waiter is skipped, even one whose loop has closed."""
    answer: MailboxFuture[str] = MailboxFuture()

    async def give_up() -> None:
        task = asyncio.create_task(as_task(answer))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    async def scenario() -> str:
        gone = asyncio.create_task(as_task(answer))
        patient = asyncio.create_task(as_task(answer))
        await asyncio.sleep(0)
        gone.cancel()
        threading.Thread(target=answer.set, args=["late"]).start()
        return await patient

    asyncio.run(give_up())

    assert "late" == asyncio.run(scenario())


def test_without_a_loop_awaiting_falls_back_to_blocking() -> None:
    """A coroutine driven by hand, as in pykka's own tests, gets the answer too."""
    answer: MailboxFuture[str] = MailboxFuture()
    answer.set("there")
    steps = answer.__await__()
    next(steps)

    with pytest.raises(StopIteration) as stopped:
        next(steps)
    assert "there" == stopped.value.value
