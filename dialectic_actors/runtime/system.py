"""The actor system of this process on its own event loop, behind a blocking portal.

Everything runs on that loop; only commits have a thread of their own.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack
from datetime import datetime
from typing import Self

from anyio.from_thread import start_blocking_portal

from dialectic_actors.actors.ports import Gateway, Person, Tools
from dialectic_actors.runtime.actor_system import ActorSystem, Listener
from dialectic_actors.runtime.bounded_tools import BoundedTools
from dialectic_actors.runtime.dispatcher import LoopDispatcher
from dialectic_actors.runtime.live import LiveRun
from dialectic_actors.runtime.log import Writer
from dialectic_actors.runtime.ownership import our_claims
from dialectic_actors.runtime.world import Nobody, NoTools, World, random_salts, utc_now
from dialectic_events.runs import RunOpened
from dialectic_events.store import Store

__all__ = ["System"]

logger = logging.getLogger(__name__)

OpenGateway = Callable[[], AbstractAsyncContextManager[Gateway]]


class System:
    """Hosts runs on one loop. A context manager; leaving it ends what still runs, as a crash would,
    and loses nothing.

    `open_gateway` is entered on the loop. `start` and `resume` are those of `ActorSystem`.
    """

    actors: ActorSystem
    dispatcher: LoopDispatcher
    gateway: Gateway

    def __init__(
        self,
        store: Store,
        open_gateway: OpenGateway,
        *,
        tools: Tools | None = None,
        person: Person | None = None,
        clock: Callable[[], datetime] = utc_now,
        dispatcher: Callable[[asyncio.AbstractEventLoop], LoopDispatcher] = LoopDispatcher,
    ) -> None:
        self.store = store
        self._open_gateway = open_gateway
        self._tools = BoundedTools(tools or NoTools())
        self._person = person or Nobody()
        self._clock = clock
        self._dispatching = dispatcher
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with self._stack:
            self._portal = self._stack.enter_context(start_blocking_portal())
            self._writer = Writer()
            self._stack.callback(self._writer.close)
            self.gateway = self._stack.enter_context(
                self._portal.wrap_async_context_manager(self._open_gateway())
            )
            self._portal.call(self._start)
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
        """Open a new run."""
        return self.actors.start(stream, opened, parts, listener)

    def resume(self, stream: str, listener: Listener | None = None) -> LiveRun:
        """Take a stored run up where its log ends."""
        return self.actors.resume(stream, listener)

    def call(self, action: Callable[[], None]) -> None:
        """Run an action on the loop's thread."""
        self.dispatcher.call(action)

    def submit(self, job: Callable[[], None]) -> None:
        """Run a job that may take its time on a thread of its own.

        No pool: jobs that hang would take its threads from the others, and hold up the end of the
        process, which waits for a pool.
        """
        threading.Thread(target=_on, args=(job,), name="dialectic-errand", daemon=True).start()

    def commit(self, job: Callable[[], None]) -> None:
        """Run a job on the writer's thread, after the commits before it."""
        self._writer.submit(job)

    async def _start(self) -> None:
        self.dispatcher = self._dispatching(asyncio.get_running_loop())
        world = World(
            self.dispatcher,
            self._writer,
            self.gateway,
            self._clock,
            random_salts(),
            our_claims(),
            self,
            self._tools,
            self._person,
        )
        self.actors = ActorSystem(self.store, world)

    async def _stop(self) -> None:
        self.actors.stop()
        self.dispatcher.close()


def _on(job: Callable[[], None]) -> None:
    try:
        job()
    except Exception:
        logger.exception("an errand failed")
