"""Dispatchers and actors for tests of the runtime.

Must not go in here: expectations; what an actor should do is said by the tests.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context
from typing import Any, TypeVar, TypeVarTuple

import pykka
from pykka.messages import _ActorStop

from dialectic_actors.runtime.dispatcher import (
    SLICE,
    Cancel,
    LoopDispatcher,
    Mailbox,
    MailboxActor,
)

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

PATIENCE_S = 30
"""How long a thread waits before a hang is called a failure; nothing is expected to take it."""


class Mail:
    """A message with an identity, so that each one can be followed."""


class Trouble(Mail):
    """A message whose handling fails."""

    def __call__(self) -> None:
        """Fail in the ordinary way."""
        fail()


class Recorder(MailboxActor):
    """Notes what it receives; calls what can be called, and answers with the outcome."""

    def __init__(self, dispatcher: Any, first: object = None) -> None:
        super().__init__(dispatcher)
        self.seen: list[Any] = []
        self.hooks: list[str] = []
        if first is not None:
            self.actor_ref.tell(first)

    def on_start(self) -> None:
        """Note the start."""
        self.hooks.append("started")

    def on_stop(self) -> None:
        """Note the stop."""
        self.hooks.append("stopped")

    def on_failure(self, exception_type: Any, exception_value: Any, traceback: Any) -> None:
        """Note the class of the failure."""
        self.hooks.append(f"failed: {exception_type.__name__}")

    def on_receive(self, message: Any) -> Any:
        """Note the message and answer it."""
        self.seen.append(message)
        return message() if callable(message) else message


class StepDispatcher:
    """Runs one slice when told to, on the calling thread: the smallest possible dispatcher."""

    def __init__(self) -> None:
        self.ready: deque[Mailbox] = deque()
        self.dead: list[object] = []

    def schedule(self, mailbox: Mailbox) -> None:
        """Queue the mailbox, which must not be queued already."""
        assert mailbox not in self.ready
        self.ready.append(mailbox)

    def call(self, action: Callable[[], None]) -> None:
        """Run it at once: everything happens on the calling thread."""
        action()

    def call_later(self, delay_s: float, action: Callable[[], None]) -> Cancel:
        """Refuse: these tests need no timers here."""
        raise NotImplementedError

    def dead_letters(self, recipient: str, message: object) -> None:
        """Keep the letter."""
        self.dead.append(message)

    def run(self, limit: int = SLICE) -> None:
        """Run slices until nothing is ready."""
        while self.ready:
            self.ready.popleft().run(limit)


class Loop:
    """A dispatcher on a running loop, and the dead letters that it was given."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.dead: list[object] = []
        self.dispatcher = LoopDispatcher(loop, lambda _, message: self.dead.append(message))


@contextmanager
def loop_thread(loop: asyncio.AbstractEventLoop | None = None) -> Iterator[Loop]:
    """Run a dispatcher on a thread of its own, and take both down."""
    world = Loop(loop or asyncio.new_event_loop())
    thread = threading.Thread(target=world.loop.run_forever)
    thread.start()
    try:
        yield world
    finally:
        world.loop.call_soon_threadsafe(world.dispatcher.close)
        world.loop.call_soon_threadsafe(world.loop.stop)
        thread.join()
        world.loop.close()


def on_loop(scenario: Callable[[Loop], Coroutine[Any, Any, T]]) -> T:
    """Run a scenario on a loop that also runs its actors."""

    async def run() -> T:
        world = Loop(asyncio.get_running_loop())
        try:
            return await scenario(world)
        finally:
            world.dispatcher.close()

    return asyncio.run(run())


def in_threads(*jobs: Callable[[], None]) -> None:
    """Run all jobs at once and wait for them."""
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def actor(ref: pykka.ActorRef[Any]) -> Recorder:
    """Return the actor behind a reference, alive or held by the caller."""
    found = ref._actor_weakref()
    assert isinstance(found, Recorder)
    return found


def fail() -> None:
    """Fail in the ordinary way."""
    raise ValueError("no")


class Gap:
    """A claim in whose first release somebody acts at the worst moment: just before it is free."""

    def __init__(self, claim: threading.Lock, act: Callable[[], None]) -> None:
        self.claim = claim
        self.acts = [act]

    def acquire(self, blocking: bool = True) -> bool:
        """Take the claim if it is free."""
        return self.claim.acquire(blocking)

    def release(self) -> None:
        """Let the other act, then free the claim."""
        if self.acts:
            self.acts.pop()()
        self.claim.release()


class CountingLoop(asyncio.SelectorEventLoop):
    """Counts how often it was woken from outside."""

    wakes = 0

    def call_soon_threadsafe(
        self,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Count, and wake."""
        self.wakes += 1
        return super().call_soon_threadsafe(callback, *args, context=context)


class StillLoop(asyncio.SelectorEventLoop):
    """Tells a time that passes only when told to."""

    now_s = 0.0

    def time(self) -> float:
        """Return the seconds that have passed."""
        return self.now_s

    async def pass_time(self, by_s: float) -> None:
        """Let time pass and whatever is due happen."""
        await asyncio.sleep(0)
        self.now_s += by_s
        await asyncio.sleep(0)
        await asyncio.sleep(0)


def tell_stop(ref: pykka.ActorRef[Any]) -> None:
    """Ask an actor to stop, without a future for the outcome."""
    ref.tell(_ActorStop())


def quit_with(raised: type[BaseException]) -> Callable[[], None]:
    """Return a message that raises when handled."""

    def leave() -> None:
        raise raised

    return leave


async def as_task(answer: pykka.Future[T]) -> T:
    """Await a pykka future from a task of its own."""
    return await answer
