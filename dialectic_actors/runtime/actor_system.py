"""The actors of one process: a log, a supervisor, and the runs that live beside them.

Time, chance, identity, threads and the gateway are given to it, so that a simulation hosts the very
same actors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from dialectic_actors.actors.cast import cast_of
from dialectic_actors.actors.messages import Order
from dialectic_actors.core.commands import Open, TakeUp
from dialectic_actors.core.decide import State
from dialectic_actors.runtime.context import RunContext
from dialectic_actors.runtime.live import LEASE_S, LiveRun, load
from dialectic_actors.runtime.log import LogActor
from dialectic_actors.runtime.supervisor import SupervisorActor
from dialectic_actors.runtime.world import World
from dialectic_events.envelope import Envelope, Head
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.runs import RunOpened
from dialectic_events.store import Lease, Store

if TYPE_CHECKING:
    import pykka

__all__ = ["ActorSystem", "Listener"]

Listener = Callable[[Envelope], None]


class ActorSystem:
    """Hosts runs. Listeners are called on the dispatcher's thread with every durable event, in
    order: they must be quick and must not raise.
    """

    def __init__(self, store: Store, world: World) -> None:
        self.store = store
        self.world = world
        self.runs: dict[str, LiveRun] = {}
        self._has_stopped = False
        self._log: pykka.ActorRef[Any] = LogActor.start(world.dispatcher, store, world.writer)
        self._supervisor: pykka.ActorRef[Any] = SupervisorActor.start(
            world.dispatcher, self.runs.get
        )

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
            raise _taken(stream)
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

    def stop(self) -> None:
        """End as a crash would: nothing is recorded, the next process takes the runs up."""
        self._has_stopped = True
        for run in list(self.runs.values()):
            run.broken(_ended(run.stream))
        for ref in (self._log, self._supervisor):
            _ = ref.stop(block=False)

    def _forget(self, stream: str) -> None:
        self.runs.pop(stream, None)

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
        lease = self.world.claims.acquire(self.store, stream, LEASE_S)
        try:
            if self.store.head(stream) != head:
                # Somebody owned the run, and is gone, since it was looked at.
                if order is not None:
                    raise _taken(stream)
                state, head = load(self.store, stream)
            context = RunContext(stream, lease, self.store, self.world, self._log)
            context.texts, context.listener = texts, listener
            context.failed = self._supervisor.tell
            first = order or Order(f"take-up/{lease.epoch}", TakeUp(_claim(lease)))
            run = LiveRun(context, cast_of(opened, context.text), first, self._forget)

            def begin() -> None:
                self.runs[stream] = run
                if self._has_stopped:
                    run.broken(_ended(stream))
                else:
                    run.begin(state, head)

            self.world.dispatcher.call(begin)
        except BaseException:
            self.world.claims.release(self.store, lease)
            raise
        return run


def _taken(stream: str) -> DialecticError:
    return DialecticError(
        "there is a run of this name already",
        where=stream,
        fix=f"dialectic resume {stream}",
        exit_code=ExitCode.USAGE,
    )


def _ended(stream: str) -> DialecticError:
    return DialecticError(
        "the process ended before the run",
        where=stream,
        fix=f"dialectic resume {stream}",
        exit_code=ExitCode.RESUMABLE,
    )


def _claim(lease: Lease) -> str:
    """A token of this taking up, which says nothing about the machine it happens on."""
    return sha256(f"{lease.owner} {lease.epoch}".encode()).hexdigest()[:12]
