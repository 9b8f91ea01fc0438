"""A simulated world: processes that host the production actors, a store, models, a person, and
whatever strikes them.

One thread, one clock, and every choice drawn from one source, so that the same choices are the same
run. What must hold is said by `watch`.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Literal

from dialectic_actors.actors.messages import Order
from dialectic_actors.actors.ports import Ask
from dialectic_actors.core.briefs import Shown
from dialectic_actors.core.commands import TakeUp
from dialectic_actors.runtime.context import tell
from dialectic_actors.runtime.mailbox import Mailbox
from dialectic_actors.runtime.ownership import Claims
from dialectic_actors.runtime.shells import AgentActor, DebateActor
from dialectic_actors.runtime.world import World
from dialectic_actors.testing.config import Config
from dialectic_actors.testing.simulation.choices import Choices
from dialectic_actors.testing.simulation.faults import Faults
from dialectic_actors.testing.simulation.hosting import STREAM, Hosting, Process
from dialectic_actors.testing.simulation.perils import Perils
from dialectic_actors.testing.simulation.person import SimulatedPerson, answer_elsewhere
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
from dialectic_events.contents import ToolCall, ToolResult
from dialectic_events.store import Batch, Outcome, StoreFull

__all__ = ["SimulatedWorld"]

_KILLED = 24
"""A process that may crash dies at one in so many appends and starts of calls."""


class SimulatedWorld:
    """Runs one debate to its end under faults."""

    def __init__(
        self, config: Config, faults: Faults, choices: Choices, story: Story | None = None
    ) -> None:
        self.config, self.faults, self.choices, self.story = config, faults, choices, story
        self.schedule = Schedule(choices)
        self.provider = Provider(faults)
        self.watch = Watch(STREAM, self.provider)
        self.store = SimulatedStore(
            lambda: self.schedule.now_s, Disk(self._before_append, self._after_append)
        )
        self.hosting = Hosting(
            config,
            self.schedule,
            self.watch,
            self.store,
            self._world_of,
            self._tell,
            absent=faults.absent,
        )
        self.breaks = 0
        self._salts = (number.to_bytes(16) for number in count(1))
        self._heard: Order | None = None
        self._silence = _silence()
        deeds = {
            "crashes": self.crash_somebody,
            "breaks": self.break_somebody,
            "stalls": self.stall_somebody,
            "rival": self.rival,
            "interrupts": self.interrupt,
            "elsewhere": self.answer_elsewhere,
        }
        self._perils = Perils(faults, choices, self.schedule, deeds)

    def begin(self) -> None:
        """Have somebody start the debate. The world is to be closed after this."""
        self._silence.__enter__()
        self.hosting.take_up()

    def close(self) -> None:
        """End all processes, and what they would still do."""
        for process in self.hosting.processes:
            process.end()
        self._silence.__exit__(None, None, None)

    def run_on(self, most_steps: int) -> None:
        """Let it take steps until it is over. Raises Breach, also when that takes `most_steps`."""
        while not self.hosting.is_over:
            if self.schedule.steps >= most_steps:
                raise Breach(10, self._stuck())
            self.step()

    def step(self) -> None:
        """Let one thing happen, and look at the laws. Raises Breach."""
        schedule = self.schedule
        self._perils.strike()
        chosen = schedule.next(haste=self.faults.haste and self._perils.are_on)
        if chosen is None:
            if self.hosting.is_over:
                return
            raise Breach(10, f"deadlock: {self._stuck()}")
        schedule.steps += 1
        plant, runnable = chosen
        self.hosting.running = process = _process(plant)
        debate = self._peek(process, runnable)
        try:
            runnable.run(1)
        except Killed:
            self.hosting.kill(process)
            return
        finally:
            self.hosting.running = None
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
            if self.faults.duplicates and self.choices.strikes(8) and self._may_repeat(message):
                actor.actor_ref.tell(message)
        process.debate = actor
        return actor

    def _may_repeat(self, order: Order) -> bool:
        # Taken up again after a rest in between, a run goes on: that is no repeat.
        return not (self.faults.interrupts and isinstance(order.command, TakeUp))

    # What strikes.

    def crash_somebody(self) -> None:
        """Kill a process that has the run."""
        busy = self.hosting.busy()
        if busy:
            self.hosting.kill(busy[self.choices.pick(len(busy))])

    def break_somebody(self) -> None:
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

    def stall_somebody(self) -> None:
        """Stop a process for a while, perhaps for longer than its lease lasts."""
        busy = [process for process in self.hosting.busy() if not process.is_stalled]
        if busy:
            process = busy[self.choices.pick(len(busy))]
            for_s = (5.0, 20.0, 45.0)[self.choices.pick(3)]
            self._tell(process.name, f"stops for {for_s:g} s")
            self.schedule.stall(process)
            self.schedule.later(for_s, lambda: self.schedule.wake(process), None, "a stall ends")

    def rival(self) -> None:
        """A process of another machine wants the run, whether or not somebody has it."""
        delay_s = (0.0, 31.0)[self.choices.pick(2)]
        hosting = self.hosting
        self.schedule.later(delay_s, lambda: hosting.host(hosting.boot(1)), None, "a rival")

    def interrupt(self) -> None:
        """The person suspends the run."""
        for process in self.hosting.busy():
            if process.live is not None:
                self._tell("the person", f"interrupts {process.name}")
                process.live.suspend("interrupted")

    def answer_elsewhere(self) -> None:
        """The person answers in another process."""
        state, head = self.watch.state, self.store.head(STREAM)
        if state.run.version == head.version and not state.run.ended:
            turn = answer_elsewhere(self.store, STREAM, head, state.run, state.agenda)
            if turn:
                self._tell("the person", f"answers {turn} from another process")

    def reply(self) -> None:
        """The person answers what was put to them first, at once."""
        for process in self.hosting.processes:
            if process.is_alive and process.person.reply_now():
                return

    def _before_append(self, batches: Sequence[Batch]) -> None:
        if self.hosting.running is None:
            return
        if self._perils.may("crashes", _KILLED):
            raise Killed
        if self._perils.may("full", 12):
            self._tell("the store", "is full")
            raise StoreFull("no space is left", where="the simulated disk")

    def _after_append(self, batches: Sequence[Batch], outcomes: Sequence[Outcome]) -> None:
        self.watch.stored(batches, outcomes, self.schedule.now_s)
        if self.story is not None:
            self.story.stored(self.schedule.now_s, batches, outcomes)
        if self.hosting.running is not None and self._perils.may("crashes", _KILLED):
            raise Killed

    def _before_call(self, ask: Ask) -> None:
        owner = self.store.lease(STREAM).owner
        running = self.hosting.running
        mine = running is not None and owner.startswith(f"{running.name}#")
        self.watch.sent(ask, self.schedule.now_s, by_owner=mine)
        if self._perils.may("crashes", _KILLED):
            raise Killed
        if self.story is not None:
            self.story.sent(self.schedule.now_s, ask)

    def _after_call(self, ask: Ask) -> None:
        if self._perils.may("crashes", _KILLED):
            raise Killed

    def _commit_delay_s(self) -> float:
        if not self._perils.may("slow", 6):
            return 0.0
        return (0.01, 0.5, 12.0, 40.0)[self.choices.pick(4)]

    def repeat_an_order(self) -> None:
        """The order that a debate heard last is told to it again."""
        for process in self.hosting.busy():
            if process.debate is not None and self._heard is not None:
                tell(process.debate.actor_ref, self._heard)

    def open_calls(self) -> list[OpenCall]:
        """The calls under way, the oldest first, of all processes that live."""
        return [
            call
            for process in self.hosting.processes
            if process.is_alive
            for call in process.gateway.open_calls()
        ]

    def _world_of(self, process: Process) -> World:
        """What the actors of a process are given."""
        process.gateway = SimulatedGateway(
            process,
            self.schedule,
            self.choices,
            self.provider,
            Hooks(self._before_call, self._after_call),
        )
        process.person = SimulatedPerson(
            process, self.schedule, self.choices, lambda: self._perils.may("away", 3)
        )
        return World(
            SimulatedDispatcher(process, self.schedule),
            Queue(process, self.schedule, self._commit_delay_s),
            process.gateway,
            self.schedule.clock,
            self._salts,
            Claims(process.name, lambda name: self.hosting.is_gone(name, process)),
            Queue(process, self.schedule, self._commit_delay_s),
            _Tools(),
            process.person,
        )

    # What is told.

    def _tell(self, who: str, what: str) -> None:
        if self.story is not None:
            self.story.note(self.schedule.now_s, who, what)

    def _stuck(self) -> str:
        """What is waited for in a run that does not end."""
        waiting = [
            f"{process.name} waits for {effect} at {address}"
            for process in self.hosting.busy()
            if process.debate is not None
            for effect, address in process.debate.behavior.in_flight.items()
        ]
        timers = self.schedule.waits_for()
        return "; ".join(
            [f"after {self.schedule.steps} steps the run is {self.watch.state.run.status}"]
            + (waiting or ["nobody waits for anything"])
            + ([f"to come: {', '.join(timers)}"] if timers else [])
        )


def _process(plant: Plant) -> Process:
    if not isinstance(plant, Process):
        raise TypeError(f"{plant.name} is no process of this world")
    return plant


class _Tools:
    """Tools that always say the same."""

    def use(
        self,
        run: str,
        calls: Sequence[ToolCall],
        ground: Sequence[Shown],
        offered: Collection[str],
    ) -> Iterator[ToolResult]:
        """What the tools say to each call; only those that were offered say something."""
        for each in calls:
            status: Literal["success", "error"] = "success" if each.name in offered else "error"
            said = f"{each.name} found nothing in {len(ground)}"
            yield ToolResult(each.id, each.name, status, said)


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
