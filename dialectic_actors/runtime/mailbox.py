"""The mailbox of an actor that owns no thread, and the future that answers who asks it.

Envelopes wait in order of arrival; a dispatcher lends its thread to drain them in slices. Nothing
is lost in silence: what can no longer be handled is answered or becomes a dead letter.
Must not go in here: when or where a slice runs (`dispatcher`), what a message means (`actors`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import pykka
from pykka.messages import _ActorStop

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from pykka._envelope import Envelope
    from pykka._types import OptExcInfo

__all__ = ["BlockingGetError", "Cancel", "Dispatcher", "Mailbox", "MailboxFuture", "Tenant"]

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Cancel(Protocol):
    """Calls a timer off; calling it again, or after the timer fired, does nothing."""

    def __call__(self) -> None:
        """Drop the action, unless it has begun."""


class Dispatcher(Protocol):
    """Lends a thread to mailboxes with mail, and owns the timers of their actors."""

    def schedule(self, mailbox: Mailbox) -> None:
        """Call `mailbox.run` once, soon; called from any thread, never twice before that run."""

    def call(self, action: Callable[[], None]) -> None:
        """Run `action` on the dispatcher's thread, soon; called from any thread."""

    def call_later(self, delay_s: float, action: Callable[[], None]) -> Cancel:
        """Run `action` on the dispatcher's thread after `delay_s` seconds, unless canceled."""

    def dead_letters(self, recipient: str, message: object) -> None:
        """Take a told `message` that `recipient` can no longer handle; called from any thread."""


class Tenant(Protocol):
    """What a mailbox asks of the actor that it belongs to."""

    actor_stopped: threading.Event

    def run_slice(self, queue: deque[Envelope[Any]], limit: int) -> int:
        """Handle at most `limit` envelopes and return how many; stop early once not alive."""

    def abandon(self) -> None:
        """Stop without handling anything more."""


class Mailbox:
    """An actor's inbox: unbounded, ordered per sender, safe to put into from any thread.

    Whoever holds the claim decides what happens next: the dispatcher while the mailbox is scheduled
    or running, nobody while it is idle. It begins claimed, so mail sent from `__init__` waits for
    `open`, and ends claimed, so a closed mailbox is never scheduled again.
    """

    __slots__ = ("_claim", "_closed", "_dispatcher", "_queue", "_recipient", "_tenant")

    _dispatcher: Dispatcher
    _tenant: Tenant

    def __init__(self) -> None:
        self._queue: deque[Envelope[Any]] = deque()
        self._claim = threading.Lock()
        self._claim.acquire()
        self._closed = False
        self._recipient = ""

    def open(self, tenant: Tenant, dispatcher: Dispatcher) -> None:
        """Bind the actor, hold it strongly until it stops, and schedule its first slice."""
        # pykka's references are weak: without this hold an idle actor would be collected.
        self._tenant = tenant
        self._dispatcher = dispatcher
        dispatcher.schedule(self)

    def put(self, envelope: Envelope[Any], /) -> None:
        """Add an envelope; after the actor stopped it is answered or dead-lettered at once."""
        self._queue.append(envelope)
        if self._claim.acquire(False):
            self._dispatcher.schedule(self)
        elif self._closed:
            # Looking only after the append leaves no gap: whoever sees the envelope last buries it.
            self._bury()

    def get(self) -> Envelope[Any]:
        """Return the oldest envelope; raises `IndexError` when there is none, never blocks."""
        return self._queue.popleft()

    def empty(self) -> bool:
        """Tell whether no envelope waits."""
        return not self._queue

    def peek(self) -> tuple[Tenant, object] | None:
        """The actor and the message that it would handle next; None when there is none. For a
        dispatcher that tells what it runs.
        """
        return (self._tenant, self._queue[0].message) if self._queue and not self._closed else None

    def run(self, limit: int) -> int:
        """Let the actor handle at most `limit` envelopes, then rest, ask to go on, or close.

        Returns how many were handled, at least 1, as the price of the slice. A `BaseException` that
        is no `Exception` is raised to the dispatcher's thread once the mailbox is closed.
        """
        tenant = self._tenant
        try:
            return tenant.run_slice(self._queue, limit) or 1
        finally:
            if tenant.actor_stopped.is_set():
                self._close()
            elif self._queue:
                self._dispatcher.schedule(self)
            else:
                self._claim.release()
                # Mail that came before the release found the claim taken and relied on this look.
                if self._queue and self._claim.acquire(False):
                    self._dispatcher.schedule(self)

    def abandon(self) -> None:
        """Stop the actor and answer its mail, for a dispatcher that will never run it again."""
        if not self._closed:
            self._tenant.abandon()
            self._close()

    def _close(self) -> None:
        self._recipient = str(self._tenant)
        del self._tenant
        self._closed = True
        self._bury()

    def _bury(self) -> None:
        # Several threads may bury at once; taking an envelope is atomic, so each is answered once.
        with contextlib.suppress(IndexError):
            while True:
                self._return(self._queue.popleft())

    def _return(self, envelope: Envelope[Any]) -> None:
        """Answer one envelope that no handler will see; a stop got what it asked for."""
        reply_to, is_stop = envelope.reply_to, isinstance(envelope.message, _ActorStop)
        if reply_to is None:
            if not is_stop:
                self._dead_letter(envelope.message)
        elif is_stop:
            reply_to.set(None)
        else:
            dead = pykka.ActorDeadError(f"{self._recipient} stopped before handling the message")
            reply_to.set_exception((pykka.ActorDeadError, dead, None))

    def _dead_letter(self, message: object) -> None:
        try:
            self._dispatcher.dead_letters(self._recipient, message)
        except Exception:
            # The rest of the mail must still be answered.
            logger.exception("dead letter for %s was refused", self._recipient)


class BlockingGetError(RuntimeError):
    """An answer was waited for on a thread whose event loop must run to produce it."""


class MailboxFuture(pykka.ThreadingFuture[T]):
    """A pykka future that is awaited without blocking the loop, and refuses to block one."""

    def __init__(self) -> None:
        super().__init__()
        self._waiters: list[asyncio.Future[None]] = []

    def get(self, *, timeout: float | None = None) -> Any:
        """Return the answer or raise what was answered, as `pykka.Future.get`.

        Raises `BlockingGetError` where waiting would hold up a running event loop. A zero `timeout`
        polls and is therefore allowed everywhere.
        """
        is_open = self._result is None and self._get_hook is None
        if is_open and (timeout is None or timeout > 0) and running_loop() is not None:
            what = "blocking get() on a thread that runs an event loop: await the future, or tell"
            raise BlockingGetError(what)
        return super().get(timeout=timeout)

    def set(self, value: Any | None = None) -> None:
        """Set the answer and wake who awaits it."""
        super().set(value)
        self._wake()

    def set_exception(self, exc_info: OptExcInfo | None = None) -> None:
        """Set the exception, by default the one being handled, and wake who awaits it."""
        super().set_exception(exc_info)
        self._wake()

    def __await__(self) -> Generator[Any, None, T]:
        """Wait for the answer while the running event loop goes on."""
        loop = running_loop()
        if loop is None:
            return (yield from super().__await__())
        if self._get_hook is not None:
            # A hook (stop, map, join) can only block, so it blocks a thread that may.
            return cast("T", (yield from loop.run_in_executor(None, self.get).__await__()))
        with self._condition:
            waiter = loop.create_future()
            if self._result is None:
                self._waiters.append(waiter)
            else:
                waiter.set_result(None)
        yield from waiter.__await__()
        return cast("T", self.get())

    __iter__ = __await__

    def _wake(self) -> None:
        with self._condition:
            waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            # A loop that has closed meanwhile has nobody left to wake.
            with contextlib.suppress(RuntimeError):
                waiter.get_loop().call_soon_threadsafe(_finish, waiter)


def _finish(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop that runs on this thread, if any."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
