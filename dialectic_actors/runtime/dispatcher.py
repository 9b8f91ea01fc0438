"""Actors that cost no thread, and the dispatcher that runs them on an event loop.

`MailboxActor` is pykka's actor with a mailbox for a thread; `LoopDispatcher` pumps all ready
mailboxes in one callback of the loop. A simulation brings its own dispatcher for the same actors.
Must not go in here: what actors say to each other (`actors`), whatever waits for a model (`llm`).
"""

from __future__ import annotations

import contextlib
import contextvars
import logging
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

import pykka
from pykka.messages import ProxyCall, ProxyGetAttr, ProxySetAttr, _ActorStop

from dialectic_actors.runtime.mailbox import (
    BlockingGetError,
    Cancel,
    Dispatcher,
    Mailbox,
    MailboxFuture,
    running_loop,
)

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from pykka._envelope import Envelope

__all__ = [
    "BlockingGetError",
    "Cancel",
    "Dispatcher",
    "LoopDispatcher",
    "Mailbox",
    "MailboxActor",
    "MailboxFuture",
]

SLICE = 64
"""Envelopes that one mailbox may have handled before the next mailbox has its turn."""

PUMP = 256
"""Envelopes handled in one loop callback before sockets and timers have their turn."""

_OF_PYKKA = frozenset((_ActorStop, ProxyCall, ProxyGetAttr, ProxySetAttr))

logger = logging.getLogger(__name__)


class MailboxActor(pykka.Actor):
    """A pykka actor without a thread of its own: subclass it and write `on_receive`.

    Start it with `MyActor.start(dispatcher, ...)`; a subclass with a constructor takes the
    dispatcher first and passes it on. Handlers run one at a time on the dispatcher's thread and
    must not block. What they raise is treated as in pykka: it goes to an asker and the actor lives
    on, but after a `tell` the actor stops and `on_failure` runs. Unlike pykka, a `BaseException`
    that is no `Exception` fails this actor alone (its asker is answered) and is raised to the
    dispatcher's thread, because pykka's registry also holds actors that are not ours to stop.
    """

    actor_inbox: Mailbox

    def __init__(self, dispatcher: Dispatcher) -> None:
        super().__init__()
        self.dispatcher = dispatcher
        self._began = False

    @staticmethod
    def _create_actor_inbox() -> Mailbox:
        return Mailbox()

    @staticmethod
    def _create_future() -> MailboxFuture[Any]:
        return MailboxFuture()

    def _start_actor_loop(self) -> None:
        self.actor_inbox.open(self, self.dispatcher)

    def run_slice(self, queue: deque[Envelope[Any]], limit: int) -> int:
        """Handle at most `limit` envelopes of `queue` and return how many; the mailbox calls it."""
        spent = 0
        has_stopped = self.actor_stopped.is_set
        try:
            if not self._began:
                self._began = True
                self._actor_loop_setup()
            while queue and spent < limit and not has_stopped():
                spent += 1
                self._handle(queue.popleft())
        except BaseException:
            self._fail()
            raise
        return spent

    def abandon(self) -> None:
        """Stop at once, leaving the mail unread; called when the dispatcher has closed."""
        self._stop()

    def _handle(self, envelope: Envelope[Any]) -> None:
        message, reply_to = envelope.message, envelope.reply_to
        # What pykka itself has to say is rare here, and to ask it of every message is dear.
        receive = self._handle_receive if type(message) in _OF_PYKKA else self.on_receive
        if reply_to is None:
            try:
                receive(message)
            except Exception:
                self._fail()
            return
        try:
            reply_to.set(receive(message))
        except BaseException as raised:
            reply_to.set_exception()
            if not isinstance(raised, Exception):
                raise

    def _fail(self) -> None:
        """Stop because of the exception being handled, then let the subclass clean up."""
        self._handle_failure(*sys.exc_info())
        try:
            self.on_failure(*sys.exc_info())
        except Exception:
            self._handle_failure(*sys.exc_info())


class LoopDispatcher:
    """Runs actors on one asyncio event loop, which may be started later or on another thread.

    `schedule` and `call_later` may be called from any thread. Close the dispatcher before its loop,
    so that nobody waits for an answer that cannot come.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        dead_letters: Callable[[str, object], None] | None = None,
    ) -> None:
        self._loop = loop
        self._dead_letters = dead_letters or _log_dead_letter
        self._ready: deque[Mailbox] = deque()
        # Held while a pump is due or runs; the loop is woken only by whoever takes it.
        self._claim = threading.Lock()
        self._closed = False
        # One fixed context: an actor must not inherit that of whoever happened to wake the loop.
        self._context = contextvars.copy_context()

    def schedule(self, mailbox: Mailbox) -> None:
        """Queue a mailbox for its slice; on a closed dispatcher its actor is stopped instead."""
        self._ready.append(mailbox)
        if self._claim.acquire(False):
            self._wake()
        elif self._closed:
            self._abandon()

    def call(self, action: Callable[[], None]) -> None:
        """Run `action` on the loop's thread. Raises `RuntimeError` when the loop is closed."""
        self._loop.call_soon_threadsafe(action)

    def call_later(self, delay_s: float, action: Callable[[], None]) -> Cancel:
        """Run `action` on the loop's thread after `delay_s` seconds.

        Returns the cancel, good from any thread. Raises `RuntimeError` when the loop is closed.
        """
        timer = _Timer(self._loop, action)
        due = self._loop.time() + delay_s
        if running_loop() is self._loop:
            timer.arm(due)
        else:
            self._loop.call_soon_threadsafe(timer.arm, due)
        return timer.cancel

    def dead_letters(self, recipient: str, message: object) -> None:
        """Hand on a told message that `recipient` stopped before handling."""
        self._dead_letters(recipient, message)

    def close(self) -> None:
        """Run nothing more: whatever is or becomes ready is stopped and its mail answered.

        Call it on the loop's thread or after the loop has ended. Idle actors stop when they next
        get mail.
        """
        self._closed = True
        self._abandon()

    def _wake(self) -> None:
        if self._closed:
            self._abandon()
        elif running_loop() is self._loop:
            self._loop.call_soon(self._pump, context=self._context)
        else:
            try:
                self._loop.call_soon_threadsafe(self._pump, context=self._context)
            except RuntimeError:
                logger.warning("the event loop closed before its dispatcher")
                self.close()

    def _pump(self) -> None:
        ready, budget = self._ready, PUMP
        try:
            while ready and budget > 0:
                budget -= ready.popleft().run(SLICE)
        finally:
            if ready:
                self._wake()
            else:
                self._claim.release()
                # A mailbox that came before the release found the claim taken and relied on this.
                if ready and self._claim.acquire(False):
                    self._wake()

    def _abandon(self) -> None:
        with contextlib.suppress(IndexError):
            while True:
                self._ready.popleft().abandon()


class _Timer:
    """One action and the loop's handle for it; dropping the action is what cancels."""

    __slots__ = ("_action", "_handle", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop, action: Callable[[], None]) -> None:
        self._loop = loop
        self._action: Callable[[], None] | None = action
        self._handle: asyncio.TimerHandle | None = None

    def arm(self, due: float) -> None:
        if self._action is not None:
            self._handle = self._loop.call_at(due, self._fire)

    def cancel(self) -> None:
        self._action = None
        if running_loop() is self._loop:
            self._forget()
        else:
            # On a closed loop nothing can fire any more.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._forget)

    def _forget(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def _fire(self) -> None:
        action, self._action = self._action, None
        if action is not None:
            action()


def _log_dead_letter(recipient: str, message: object) -> None:
    # The type alone: messages carry prompts and answers, which do not belong in diagnostics.
    logger.warning("%s stopped before handling a %s", recipient, type(message).__name__)
