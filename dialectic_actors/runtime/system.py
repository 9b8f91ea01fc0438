"""The actor system of one process: a loop, a gateway, a log, a supervisor, and the runs that live
on them.

Everything runs on one event loop behind a blocking portal; only commits have a thread of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Self

from anyio.from_thread import start_blocking_portal

from dialectic_actors.actors.messages import Order
from dialectic_actors.actors.ports import Gateway
from dialectic_actors.core.commands import Open, TakeUp
from dialectic_actors.core.decide import State
from dialectic_actors.runtime.context import RunContext
from dialectic_actors.runtime.dispatcher import LoopDispatcher
from dialectic_actors.runtime.live import LEASE_S, LiveRun, cast_of, load
from dialectic_actors.runtime.log import LogActor, Writer
from dialectic_actors.runtime.ownership import acquire, release
from dialectic_actors.runtime.supervisor import SupervisorActor
from dialectic_events.envelope import Envelope, Head
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.runs import RunOpened
from dialectic_events.store import Lease, Store

if TYPE_CHECKING:
    import pykka

__all__ = ["System"]

OpenGateway = Callable[[], AbstractAsyncContextManager[Gateway]]
Listener = Callable[[Envelope], None]


def _now() -> datetime:
    return datetime.now(UTC)


class System:
    """Hosts runs on one loop. A context manager; leaving it ends what still runs, as a crash would,
    and loses nothing.

    `open_gateway` is entered on the loop. Listeners are called on the loop's thread with every
    durable event, in order: they must be quick and must not raise.
    """

    dispatcher: LoopDispatcher
    gateway: Gateway

    def __init__(
        self, store: Store, open_gateway: OpenGateway, *, clock: Callable[[], datetime] = _now
    ) -> None:
        self.store = store
        self._open_gateway = open_gateway
        self._clock = clock
        self._stack = ExitStack()
        self._runs: dict[str, LiveRun] = {}
        self._log: pykka.ActorRef[Any]
        self._supervisor: pykka.ActorRef[Any]

    def __enter__(self) -> Self:
        with self._stack:
            self._portal = self._stack.enter_context(start_blocking_portal())
            self._writer = Writer()
            self._stack.callback(self._writer.close)
            self.gateway = self._stack.enter_context(
                self._portal.wrap_async_context_manager(self._open_gateway())
            )
            self._loop = self._portal.call(self._start)
            self._stack.callback(self._portal.call, self._stop)
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def start(
        self,
        stream: str,
        opened: RunOpened,
        parts: Mapping[str, str],
        listener: Listener | None = None,
    ) -> LiveRun:
        """Open a new run; `parts` are the texts of its sources. Raises DialecticError when the name
        is taken, LeaseHeld or a store's errors.
        """
        if self.store.head(stream).version:
            raise DialecticError(
                "there is a run of this name already",
                where=stream,
                fix=f"dialectic resume {stream}",
                exit_code=ExitCode.USAGE,
            )
        order = Order("open", Open(opened), parts)
        return self._begin(stream, State(), Head(), order, opened, dict(parts), listener)

    def resume(self, stream: str, listener: Listener | None = None) -> LiveRun:
        """Take a stored run up where its log ends. Raises LeaseHeld while somebody owns it."""
        state, head = load(self.store, stream)
        if state.run.opened is None:
            raise DialecticError(
                "its first event does not open a run", where=stream, exit_code=ExitCode.INTEGRITY
            )
        return self._begin(stream, state, head, None, state.run.opened, {}, listener)

    def call(self, action: Callable[[], None]) -> None:
        """Run an action on the loop's thread."""
        self._loop.call_soon_threadsafe(action)

    def commit(self, job: Callable[[], None]) -> None:
        """Run a job on the writer's thread, after the commits before it."""
        self._writer.submit(job)

    def forget(self, stream: str) -> None:
        """The run lives here no longer."""
        self._runs.pop(stream, None)

    def _begin(
        self,
        stream: str,
        state: State,
        head: Head,
        order: Order | None,
        opened: RunOpened,
        texts: dict[str, str],
        listener: Listener | None,
    ) -> LiveRun:
        lease = acquire(self.store, stream, LEASE_S)
        try:
            context = RunContext(stream, lease, self.store, self.gateway, self._log, self._clock)
            context.texts, context.listener = texts, listener
            context.failed = self._supervisor.tell
            first = order or Order(f"take-up/{lease.epoch}", TakeUp(_claim(lease)))
            run = LiveRun(self, context, cast_of(opened, context.text), first)

            def begin() -> None:
                self._runs[stream] = run
                run.begin(state, head)

            self.call(begin)
        except BaseException:
            release(self.store, lease)
            raise
        return run

    async def _start(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        self.dispatcher = LoopDispatcher(loop)
        self._log = LogActor.start(self.dispatcher, self.store, self._writer)
        self._supervisor = SupervisorActor.start(self.dispatcher, self._runs.get)
        return loop

    async def _stop(self) -> None:
        """End as a crash would: nothing is recorded, the next process takes the runs up."""
        for run in list(self._runs.values()):
            run.broken(
                DialecticError(
                    "the process ended before the run",
                    where=run.stream,
                    fix=f"dialectic resume {run.stream}",
                    exit_code=ExitCode.RESUMABLE,
                )
            )
        for ref in (self._log, self._supervisor):
            _ = ref.stop(block=False)
        self.dispatcher.close()


def _claim(lease: Lease) -> str:
    """A token of this taking up, which says nothing about the machine it happens on."""
    return sha256(f"{lease.owner} {lease.epoch}".encode()).hexdigest()[:12]
