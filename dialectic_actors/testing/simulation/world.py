"""A simulated world: processes that host the production actors, a store, models, a person, and
whatever strikes them.

One thread, one clock, and every choice drawn from one source, so that the same choices are the same
run. What must hold is said by `watch`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import count

from dialectic_actors.actors.messages import Order
from dialectic_actors.actors.ports import Ask
from dialectic_actors.runtime.actor_system import ActorSystem
from dialectic_actors.runtime.context import tell
from dialectic_actors.runtime.live import LiveRun
from dialectic_actors.runtime.mailbox import Mailbox
from dialectic_actors.runtime.ownership import Claims
from dialectic_actors.runtime.shells import AgentActor, DebateActor
from dialectic_actors.runtime.world import World
from dialectic_actors.testing.config import Config
from dialectic_actors.testing.simulation.choices import Choices
from dialectic_actors.testing.simulation.faults import SWITCHES, Faults
from dialectic_actors.testing.simulation.provider import (
    Hooks,
    OpenCall,
    Provider,
    SimulatedGateway,
)
from dialectic_actors.testing.simulation.schedule import (
    Plant,
    Queue,
    Runnable,
    Schedule,
    SimulatedDispatcher,
)
from dialectic_actors.testing.simulation.store import Disk, Killed, SimulatedStore
from dialectic_actors.testing.simulation.story import Story
from dialectic_actors.testing.simulation.watch import Breach, Watch
from dialectic_events.errors import DialecticError
from dialectic_events.store import Batch, Outcome, StoreFull
from dialectic_replay.run import Run

__all__ = ["STREAM", "Process", "SimulatedWorld"]

STREAM = "deb-20260101-000000-sims"
"""The run that every simulation is about."""

PERIL = 40
"""A fault that may strike at any step does so once in so many steps."""

_MOST = 3
"""How often each fault may strike in one run: after that it is a different experiment."""


class Process(Plant):
    """One simulated process, and the run in it while there is one."""

    __slots__ = ("debate", "gateway", "live", "system")

    gateway: SimulatedGateway
    system: ActorSystem

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.live: LiveRun | None = None
        self.debate: DebateActor | None = None

    @property
    def is_busy(self) -> bool:
        """Whether the run lives here and has not come to rest."""
        return self.is_alive and self.live is not None and not self.live.result.done()


class SimulatedWorld:
    """Runs one debate to its end under faults."""

    def __init__(
        self, config: Config, faults: Faults, choices: Choices, story: Story | None = None
    ) -> None:
        self.config, self.faults, self.choices = config, faults, choices
        self.schedule = Schedule(choices)
        self.provider = Provider(faults)
        self.watch = Watch(STREAM, self.provider)
        self.store = SimulatedStore(
            lambda: self.schedule.now_s, Disk(self._before_append, self._after_append)
        )
        self.story = story
        self.processes: list[Process] = []
        self.breaks = 0
        self.is_over = False
        self._opening = config.opening()
        self._numbers = count(1)
        self._salts = (number.to_bytes(16) for number in count(1))
        self._running: Process | None = None
        self._left = dict.fromkeys(SWITCHES, _MOST)
        self._heard: Order | None = None
        self._silence = _silence()
        self.is_abandoned = False
        perils: tuple[tuple[str, Callable[[], None]], ...] = (
            ("crashes", self.crash_somebody),
            ("breaks", self._break_somebody),
            ("stalls", self._stall_somebody),
            ("rival", self._rival),
            ("interrupts", self.interrupt),
        )
        self._perils = [(name, act) for name, act in perils if getattr(faults, name)]

    def begin(self) -> None:
        """Have somebody start the debate. The world is to be closed after this."""
        self._silence.__enter__()
        self.take_up()

    def close(self) -> None:
        """End all processes, and what they would still do."""
        for process in self.processes:
            self._bury(process)
        self._silence.__exit__(None, None, None)

    def run_on(self, most_steps: int) -> None:
        """Let it take steps until it is over. Raises Breach, also when that takes `most_steps`."""
        while not self.is_over:
            if self.schedule.steps >= most_steps:
                raise Breach(10, self._stuck())
            self.step()

    def step(self) -> None:
        """Let one thing happen, and look at the laws. Raises Breach."""
        schedule = self.schedule
        faulty = schedule.steps < self.faults.steps
        if self._perils and faulty:
            self._strike()
        chosen = schedule.next(haste=self.faults.haste and faulty)
        if chosen is None:
            if self.is_over:
                return
            raise Breach(10, f"deadlock: {self._stuck()}")
        schedule.steps += 1
        plant, runnable = chosen
        self._running = process = self._process(plant)
        debate = self._peek(process, runnable)
        try:
            runnable.run(1)
        except Killed:
            self._crash(process)
            return
        finally:
            self._running = None
        if debate is not None:
            self.watch.heard(debate.behavior)

    def _peek(self, process: Process, runnable: Runnable) -> DebateActor | None:
        """The debate, if it is about to handle something; tells the story on the way."""
        # By their types and not by `isinstance`: actors are abstract, which makes asking dear.
        if type(runnable) is not Mailbox or (peeked := runnable.peek()) is None:
            return None
        actor, message = peeked
        if self.story is not None:
            self.story.hears(self.schedule.now_s, process.name, actor, message)
        if type(actor) is not DebateActor:
            return None
        if isinstance(message, Order):
            self._heard = message
            if self.faults.duplicates and self.choices.strikes(8):
                actor.actor_ref.tell(message)
        process.debate = actor
        return actor

    # What strikes.

    def _strike(self) -> None:
        drawn = PERIL - 1 - self.choices.pick(PERIL)
        if drawn < len(self._perils):
            name, act = self._perils[drawn]
            act()
            self._left[name] -= 1
            if not self._left[name]:
                del self._perils[drawn]

    def _may(self, fault: str, rarity: int) -> bool:
        """Whether a fault that has its own occasions strikes now."""
        if not getattr(self.faults, fault) or self.schedule.steps >= self.faults.steps:
            return False
        if self._left[fault] > 0 and self.choices.strikes(rarity):
            self._left[fault] -= 1
            return True
        return False

    def crash_somebody(self) -> None:
        """Kill a process that has the run."""
        busy = [process for process in self.processes if process.is_busy]
        if busy:
            self._crash(busy[self.choices.pick(len(busy))])

    def _crash(self, process: Process) -> None:
        self._tell(process.name, "is killed")
        self.schedule.kill(process)
        self._bury(process)
        self._attend(1.0)

    def _break_somebody(self) -> None:
        """Send an actor something that it fails at."""
        actors = [
            peeked[0]
            for _, each in self.schedule.ready
            if isinstance(each, Mailbox)
            and (peeked := each.peek()) is not None
            and isinstance(peeked[0], DebateActor | AgentActor)
        ]
        if actors:
            actor = actors[self.choices.pick(len(actors))]
            self.breaks += 1
            self._tell("a defect", f"will break {actor.address}")
            actor.actor_ref.tell(_Poison())

    def _stall_somebody(self) -> None:
        busy = [process for process in self.processes if process.is_busy and not process.is_stalled]
        if busy:
            process = busy[self.choices.pick(len(busy))]
            for_s = (5.0, 20.0, 45.0)[self.choices.pick(3)]
            self._tell(process.name, f"stops for {for_s:g} s")
            self.schedule.stall(process)
            self.schedule.later(for_s, lambda: self.schedule.wake(process), None, "a stall ends")

    def _rival(self) -> None:
        """A second process wants the run, whether or not somebody has it."""
        self.schedule.later(
            (0.0, 31.0)[self.choices.pick(2)], lambda: self._host(self._boot()), None, "a rival"
        )

    def interrupt(self) -> None:
        """The person suspends the run."""
        for process in self.processes:
            if process.is_busy and process.live is not None:
                self._tell("the person", f"interrupts {process.name}")
                process.live.suspend("interrupted")

    def _before_append(self, batches: Sequence[Batch]) -> None:
        if self._may("crashes", 24):
            raise Killed
        if self._may("full", 12):
            self._tell("the store", "is full")
            raise StoreFull("no space is left", where="the simulated disk")

    def _after_append(self, batches: Sequence[Batch], outcomes: Sequence[Outcome]) -> None:
        self.watch.stored(batches, outcomes, self.schedule.now_s)
        if self.story is not None:
            self.story.stored(self.schedule.now_s, batches, outcomes)
        if self._may("crashes", 24):
            raise Killed

    def _before_call(self, ask: Ask) -> None:
        owner = self.store.lease(STREAM).owner
        mine = self._running is not None and owner.startswith(f"{self._running.name}#")
        self.watch.sent(ask, self.schedule.now_s, by_owner=mine)
        if self._may("crashes", 24):
            raise Killed
        if self.story is not None:
            self.story.sent(self.schedule.now_s, ask)

    def _after_call(self, ask: Ask) -> None:
        if self._may("crashes", 24):
            raise Killed

    def _commit_delay_s(self) -> float:
        if not self.faults.slow or self.schedule.steps >= self.faults.steps:
            return 0.0
        return (0.0, 0.01, 0.5, 12.0, 40.0)[self.choices.pick(5)] if self.choices.strikes(6) else 0

    def repeat_an_order(self) -> None:
        """The order that a debate heard last is told to it again."""
        for process in self.processes:
            if process.is_busy and process.debate is not None and self._heard is not None:
                tell(process.debate.actor_ref, self._heard)

    def open_calls(self) -> list[OpenCall]:
        """The calls under way, the oldest first, of all processes that live."""
        return [
            call
            for process in self.processes
            if process.is_alive
            for call in process.gateway.open_calls()
        ]

    # Who runs the debate.

    def _boot(self) -> Process:
        name = f"p{next(self._numbers)}"
        process = Process(name)
        dispatcher = SimulatedDispatcher(process, self.schedule)
        gateway = process.gateway = SimulatedGateway(
            process,
            self.schedule,
            self.choices,
            self.provider,
            Hooks(self._before_call, self._after_call),
        )
        world = World(
            dispatcher,
            Queue(process, self.schedule, self._commit_delay_s),
            gateway,
            self.schedule.clock,
            self._salts,
            Claims(name, self._is_gone),
        )
        process.system = ActorSystem(self.store, world)
        self.processes.append(process)
        return process

    def _is_gone(self, name: str) -> bool:
        return any(each.name == name and not each.is_alive for each in self.processes)

    def _process(self, plant: Plant) -> Process:
        if not isinstance(plant, Process):
            raise TypeError(f"{plant.name} is no process of this world")
        return plant

    def _attend(self, delay_s: float) -> None:
        """Somebody looks after the run in a while."""
        self.schedule.later(delay_s, self.take_up, None, "somebody looks after the run")

    def take_up(self) -> None:
        """Start or resume the run, unless that has been done."""
        if self.is_over or any(process.is_busy for process in self.processes):
            return
        if self.watch.state.run.ended:
            self._rest()
            return
        idle = [each for each in self.processes if each.is_alive and not each.is_stalled]
        self._host(idle[-1] if idle else self._boot())

    def _host(self, process: Process) -> None:
        if self.is_over or process.is_busy or self.watch.state.run.ended:
            return
        self._tell(process.name, "takes the run up")
        self._running = process
        try:
            if self.store.head(STREAM).version:
                live = process.system.resume(STREAM)
            else:
                live = process.system.start(STREAM, *self._opening)
        except DialecticError as refusal:
            self._tell(process.name, f"is refused: {refusal.what}")
            self._attend(11.0)
            return
        finally:
            self._running = None
        process.live = live
        live.result.add_done_callback(lambda result: self._ended(process, result))

    def _ended(self, process: Process, result: Future[Run]) -> None:
        """The run has left a process: for good, at rest, or broken."""
        error = result.exception()
        if error is not None:
            self._tell(process.name, f"lets go: {error}")
            self._attend(5.0)
            return
        run = result.result()
        self._tell(process.name, f"comes to rest: {run.status}")
        if run.ended:
            self._rest()
        elif self.faults.absent:
            self.is_abandoned = True
            self._rest()
        else:
            self._attend(60.0)

    def _rest(self) -> None:
        """It is over once no process works on it any more."""
        if any(process.is_busy for process in self.processes):
            self._attend(30.0)
        else:
            self.is_over = True

    def _bury(self, process: Process) -> None:
        process.is_alive = False
        for mailbox in process.mailboxes:
            mailbox.abandon()

    # What is told.

    def _tell(self, who: str, what: str) -> None:
        if self.story is not None:
            self.story.note(self.schedule.now_s, who, what)

    def _stuck(self) -> str:
        """What is waited for in a run that does not end."""
        waiting = [
            f"{process.name} waits for {effect} at {address}"
            for process in self.processes
            if process.is_busy and process.debate is not None
            for effect, address in process.debate.behavior.in_flight.items()
        ]
        timers = self.schedule.waits_for()
        return "; ".join(
            [f"after {self.schedule.steps} steps the run is {self.watch.state.run.status}"]
            + (waiting or ["nobody waits for anything"])
            + ([f"to come: {', '.join(timers)}"] if timers else [])
        )


class _Poison:
    """A message that no actor understands."""


@contextmanager
def _silence() -> Iterator[None]:
    """Actors break on purpose here; what they would say about it is told by the story."""
    loggers = [logging.getLogger(name) for name in ("pykka", "dialectic_actors.runtime")]
    were = [(each, each.level) for each in loggers]
    for each in loggers:
        each.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for each, level in were:
            each.setLevel(level)
