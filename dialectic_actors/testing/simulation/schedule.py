"""One thread and a clock that only moves when it is told to: mailboxes, writers and timers of all
simulated processes take their steps in an order that is chosen.

What the steps mean, and which faults there are, does not belong in here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import Protocol

from dialectic_actors.runtime.mailbox import Cancel, Mailbox
from dialectic_actors.testing.simulation.choices import Choices

__all__ = ["Plant", "Queue", "Runnable", "Schedule", "SimulatedDispatcher", "Timer"]

HOUSEKEEPING = "._renew"
"""How the reason of a timer ends that sets itself again for ever."""

_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class Runnable(Protocol):
    """What can take a step: a mailbox, a writer, a queue of actions."""

    def run(self, limit: int) -> int:
        """Take at most `limit` steps."""
        ...


class Plant:
    """One process to the schedule: what of it waits while it is stalled, and whether it lives."""

    __slots__ = ("held", "is_alive", "is_stalled", "mailboxes", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_alive = True
        self.is_stalled = False
        self.held: list[Runnable] = []
        self.mailboxes: list[Mailbox] = []


class Timer:
    """An action at a time; without its action it is nothing."""

    __slots__ = ("action", "plant", "reason")

    def __init__(self, plant: Plant | None, action: Callable[[], None], reason: str) -> None:
        self.plant = plant
        self.action: Callable[[], None] | None = action
        self.reason = reason

    def cancel(self) -> None:
        """Drop the action."""
        self.action = None


class _Wakened:
    """A timer's action, once its process can take it."""

    __slots__ = ("timer",)

    def __init__(self, timer: Timer) -> None:
        self.timer = timer

    def run(self, limit: int) -> int:
        if self.timer.action is not None:
            self.timer.action()
        return 1


class Schedule:
    """Everything that could happen next. `now_s` is the time, in seconds."""

    def __init__(self, choices: Choices) -> None:
        self.now_s = 0.0
        self.steps = 0
        self.choices = choices
        self.ready: list[tuple[Plant, Runnable]] = []
        self._timers: list[tuple[float, int, Timer]] = []
        self._count = 0

    def clock(self) -> datetime:
        """The time as the actors are told it."""
        return _BEGINNING + timedelta(seconds=self.now_s)

    def add(self, plant: Plant, runnable: Runnable) -> None:
        """Something of a process can take a step."""
        if plant.is_stalled:
            plant.held.append(runnable)
        elif plant.is_alive:
            self.ready.append((plant, runnable))

    def later(
        self, delay_s: float, action: Callable[[], None], plant: Plant | None, reason: str
    ) -> Timer:
        """Have an action done in `delay_s` seconds, for a process or for the world (None)."""
        self._count += 1
        timer = Timer(plant, action, reason)
        heappush(self._timers, (self.now_s + max(delay_s, 0.0), self._count, timer))
        return timer

    def next(self, *, haste: bool) -> tuple[Plant, Runnable] | None:
        """Choose what takes a step, letting time pass where nothing else can happen; None when
        nothing ever will. With `haste` time may pass although something is ready.
        """
        ready = self.ready
        while True:
            count = len(ready)
            if count:
                index = self.choices.pick(count + (haste and bool(self._timers)))
                if index < count:
                    return ready.pop(index)
            elif not self._promises():
                return None
            self._let_time_pass()

    def _promises(self) -> bool:
        """Whether any timer stands that brings something: renewing a lease for ever does not."""
        return any(
            timer.action is not None and not timer.reason.endswith(HOUSEKEEPING)
            for _, _, timer in self._timers
        )

    def waits_for(self) -> list[str]:
        """Why time would have to pass, for each timer that stands."""
        return [
            timer.reason
            for _, _, timer in sorted(self._timers)
            if timer.action is not None and not timer.reason.endswith(HOUSEKEEPING)
        ]

    def kill(self, plant: Plant) -> None:
        """Nothing of this process takes a step any more."""
        plant.is_alive = False
        self.ready[:] = [each for each in self.ready if each[0] is not plant]
        for _, _, timer in self._timers:
            if timer.plant is plant:
                timer.cancel()

    def stall(self, plant: Plant) -> None:
        """A process takes no step until it is woken."""
        plant.is_stalled = True
        plant.held.extend(runnable for of, runnable in self.ready if of is plant)
        self.ready[:] = [each for each in self.ready if each[0] is not plant]

    def wake(self, plant: Plant) -> None:
        """A stalled process goes on, as if no time had passed."""
        held, plant.held, plant.is_stalled = plant.held, [], False
        for runnable in held:
            self.add(plant, runnable)

    def _let_time_pass(self) -> None:
        """To the next timer, whose action is ready then."""
        due, _, timer = heappop(self._timers)
        if timer.action is None:
            return
        self.now_s = max(self.now_s, due)
        if timer.plant is None:
            timer.action()
        else:
            self.add(timer.plant, _Wakened(timer))


class Queue:
    """Things that one process does one after the other, each as a step. `delay_s` says how long
    each is held up before it can be done.
    """

    __slots__ = ("_delay_s", "_jobs", "_plant", "_schedule")

    def __init__(
        self, plant: Plant, schedule: Schedule, delay_s: Callable[[], float] = lambda: 0.0
    ) -> None:
        self._plant, self._schedule, self._delay_s = plant, schedule, delay_s
        self._jobs: deque[Callable[[], None]] = deque()

    def submit(self, job: Callable[[], None]) -> None:
        """Do `job` after those before it."""
        self._jobs.append(job)
        if len(self._jobs) == 1:
            self._begin()

    def run(self, limit: int) -> int:
        """Do the oldest."""
        try:
            self._jobs[0]()
        finally:
            self._jobs.popleft()
            if self._jobs:
                self._begin()
        return 1

    def _begin(self) -> None:
        delay_s = self._delay_s()
        if delay_s > 0:
            self._schedule.later(delay_s, self._ready, self._plant, "a slow commit")
        else:
            self._ready()

    def _ready(self) -> None:
        self._schedule.add(self._plant, self)


class SimulatedDispatcher:
    """The `Dispatcher` of one simulated process."""

    def __init__(self, plant: Plant, schedule: Schedule) -> None:
        self._plant, self._schedule = plant, schedule
        self._calls = Queue(plant, schedule)
        self._known: set[Mailbox] = set()

    def schedule(self, mailbox: Mailbox) -> None:
        """Let the mailbox take a step when it is chosen."""
        if mailbox not in self._known:
            self._known.add(mailbox)
            self._plant.mailboxes.append(mailbox)
        self._schedule.add(self._plant, mailbox)

    def call(self, action: Callable[[], None]) -> None:
        """Run an action as a step of its own, after those before it."""
        self._calls.submit(action)

    def call_later(self, delay_s: float, action: Callable[[], None]) -> Cancel:
        """Run an action when the clock has come there."""
        reason = getattr(action, "__qualname__", repr(action))
        return self._schedule.later(delay_s, action, self._plant, reason).cancel

    def dead_letters(self, recipient: str, message: object) -> None:
        """Nobody reads them: what they would have brought about is missed by the laws."""
