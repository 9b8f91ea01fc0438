"""A run under way in this process: its actors, its lease, and how it comes to rest.

All methods but `suspend` belong to the loop's thread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future

from dialectic_actors.actors.agent import SummarizerBehavior
from dialectic_actors.actors.cast import Cast
from dialectic_actors.actors.debate import DebateBehavior
from dialectic_actors.actors.messages import (
    DEBATE,
    HUMAN,
    SUMMARIZER,
    Abandoned,
    Order,
    Restarted,
    agent_address,
)
from dialectic_actors.core.commands import Suspend
from dialectic_actors.core.decide import State, fold
from dialectic_actors.runtime.context import RunContext
from dialectic_actors.runtime.dispatcher import Cancel
from dialectic_actors.runtime.human import HumanActor
from dialectic_actors.runtime.log import Renew
from dialectic_actors.runtime.shells import AgentActor, DebateActor
from dialectic_events.calls import Ending
from dialectic_events.envelope import Head
from dialectic_events.errors import DialecticError, ExitCode, IntegrityError
from dialectic_events.store import Store
from dialectic_events.turns import AnswerGiven
from dialectic_replay.read import envelopes, events_of, known_event
from dialectic_replay.run import Run

__all__ = ["LEASE_S", "LiveRun", "load"]

LEASE_S = 30.0
"""How long a run's lease lasts without renewal, in seconds."""


def load(store: Store, stream: str) -> tuple[State, Head]:
    """The state of a stored run, its chain verified on the way, and the head to append to."""
    head = store.head(stream)
    if not head.version:
        raise DialecticError(
            f"there is no run {stream}", fix="dialectic ls", exit_code=ExitCode.USAGE
        )
    log = envelopes(store, stream, last=head.version)
    state = fold(known_event(envelope) for envelope in log)
    _check_cast(state.run, stream)
    return state, head


def _check_cast(run: Run, stream: str) -> None:
    """Refuse a run whose turns nobody here could take: it would wait for them for ever."""
    agents = {agent.id for agent in run.opened.agents} if run.opened is not None else set()
    for turn in run.turns.values():
        if turn.speaker not in agents and turn.kind != "answer":
            raise IntegrityError(
                f"{turn.id} is asked of {turn.speaker!r}, who is no agent of this run",
                where=stream,
                fix="it can be shown, exported and verified; nobody could take that turn",
            )


class LiveRun:
    """Starts the actors of a run, rebuilds them, and ends them; `result` holds the run once it is
    at rest.
    """

    def __init__(
        self, context: RunContext, cast: Cast, first: Order, forget: Callable[[str], None]
    ) -> None:
        self.stream = context.stream
        self.result: Future[Run] = Future()
        # Whoever waits for the result may be cancelled; the run is not.
        self.result.set_running_or_notify_cancel()
        self.failures: Counter[str] = Counter()
        self._world = context.world
        self._context = context
        self._cast = cast
        self._first = first
        self._forget = forget
        self._found = 0
        self._has_left = False
        self._suspension: Order | None = None
        self._cancel_renewal: Cancel = lambda: None
        context.roles = cast.roles
        context.rested = self._rested
        context.broken = self.broken
        context.is_ours = self._is_ours

    def begin(self, state: State, head: Head) -> None:
        """Start all actors and give the debate its first order."""
        for address in (*map(agent_address, self._cast.roles), SUMMARIZER, HUMAN):
            self.rebuild(address)
        self._found = self._context.heard = head.version
        self._start_debate(state, head)
        self._context.tell(DEBATE, self._first)
        self._plan_renewal()

    def suspend(self, reason: str) -> None:
        """Come to rest: record why, abandon the calls under way. From any thread; `result` tells
        when it is done.
        """
        order = Order(f"suspend/{self._context.lease.epoch}", Suspend(reason))

        def tell() -> None:
            self._suspension = order
            self._context.tell(DEBATE, order)

        if not self.result.done():
            self._world.dispatcher.call(tell)

    def rebuild(self, address: str) -> None:
        """Start a new actor at an address; a debate is folded anew from the log."""
        context, cast, dispatcher = self._context, self._cast, self._world.dispatcher
        if address == DEBATE:
            self._rebuild_debate()
        elif address == HUMAN:
            context.directory[address] = HumanActor.start(dispatcher, context)
        elif address == SUMMARIZER:
            summarizer = SummarizerBehavior(cast.speakers())
            context.directory[address] = AgentActor.start(dispatcher, context, address, summarizer)
        else:
            agent = next(each for each in cast.roles if agent_address(each) == address)
            speaker = cast.speaker(agent)
            context.directory[address] = AgentActor.start(dispatcher, context, address, speaker)

    def abandon(self, address: str, reason: str) -> None:
        """Let nobody live at an address any more."""
        self._context.abandoned[address] = reason

    def tell_debate(self, message: Restarted | Abandoned) -> None:
        """Tell the run's debate."""
        self._context.tell(DEBATE, message)

    def held(self) -> Mapping[str, Ending]:
        """The endings that the gateway holds because they are not durable yet, by call."""
        return self._context.world.gateway.holding(self.stream)

    def broken(self, error: Exception) -> None:
        """End the run here with an error; its log is as it was last committed."""
        self._leave(lambda: self.result.set_exception(error))

    def _rested(self, run: Run) -> None:
        self._leave(lambda: self.result.set_result(run))

    def _leave(self, say: Callable[[], None]) -> None:
        """Stop the actors, give the lease back, then say how it ended."""
        context = self._context
        if self._has_left:
            return
        self._has_left = True
        self._cancel_renewal()
        self._world.gateway.cancel(self.stream)
        for turn in context.asked:
            # At once: whoever takes the run up next may put the same questions.
            self._world.person.withdraw(self.stream, turn)
        for ref in context.directory.values():
            _ = ref.stop(block=False)
        context.directory = {}
        self._forget(self.stream)

        def end() -> None:
            try:
                self._world.claims.release(context.store, context.lease)
            finally:
                say()

        self._world.writer.submit(end)

    def _rebuild_debate(self) -> None:
        """Fold the log anew, and order again what the one that broke may have left undone.

        Only if the run is still ours: another owner's calls are in the log as well.
        """
        context = self._context
        if not self._is_ours():
            return
        head = context.store.head(self.stream)
        state, head = load(context.store, self.stream) if head.version else (State(), head)
        context.catch_up(head)
        self._start_debate(state, head)
        context.tell(DEBATE, Restarted(DEBATE) if self._has_begun() else self._first)
        if self._suspension is not None:
            context.tell(DEBATE, self._suspension)

    def _has_begun(self) -> bool:
        """Whether the first order was carried out. As long as there is nothing but answers that
        others gave meanwhile, nothing was started.
        """
        fresh = events_of(self._context.store, self.stream, first=self._found + 1)
        return any(not isinstance(each, AnswerGiven) for each in fresh)

    def _start_debate(self, state: State, head: Head) -> None:
        self._context.directory[DEBATE] = DebateActor.start(
            self._world.dispatcher, self._context, DebateBehavior(state), head
        )

    def _plan_renewal(self) -> None:
        self._cancel_renewal = self._world.dispatcher.call_later(LEASE_S / 3, self._renew)

    def _renew(self) -> None:
        context = self._context
        context.log.tell(
            Renew(context.lease, LEASE_S, lambda: self._world.dispatcher.call(self._displaced))
        )
        self._plan_renewal()

    def _is_ours(self) -> bool:
        """Whether the lease still holds; if not, the run is left to whoever has it."""
        if self._context.store.renew(self._context.lease, LEASE_S):
            return True
        self._displaced()
        return False

    def _displaced(self) -> None:
        self.broken(
            DialecticError(
                "the lease was lost: another process owns this run now",
                where=self.stream,
                fix=f"dialectic resume {self.stream}, once that process is gone",
                exit_code=ExitCode.RESUMABLE,
            )
        )
