"""A rule-based state machine over a simulated world: Hypothesis starts a debate, delivers, answers,
drops, crashes and resumes in any order, and continues from any prefix.

    TestMyDebates = debate_machine(Config(protocol="mine@1")).TestCase
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from dialectic_actors.core.decide import fold
from dialectic_actors.testing.config import Config
from dialectic_actors.testing.laws import prefixes
from dialectic_actors.testing.simulation.choices import Choices
from dialectic_actors.testing.simulation.faults import Faults
from dialectic_actors.testing.simulation.run import SimulationFailed, conclude
from dialectic_actors.testing.simulation.watch import Breach
from dialectic_actors.testing.simulation.world import SimulatedWorld
from dialectic_events.runs import RunOpened

__all__ = ["DebateMachine", "debate_machine"]

_MANY = st.integers(0, 255)


class DebateMachine(RuleBasedStateMachine):
    """One debate, `config`, in the hands of Hypothesis. Every law is looked at after every step; in
    the end the run is left alone and must come to its end with the facts of a calm run.
    """

    config = Config(agents=2)

    def __init__(self) -> None:
        super().__init__()
        self._next = 0
        self._dropped = False
        self.world = SimulatedWorld(self.config, Faults(steps=0), Choices(self._choose))

    def _choose(self, count: int) -> int:
        return self._next % count

    @initialize()
    def start(self) -> None:
        """Open the debate."""
        self.world.begin()

    @rule(choice=_MANY, steps=st.integers(1, 12))
    def deliver(self, choice: int, steps: int) -> None:
        """Let some of what is ready take its steps."""
        self._next = choice
        for _ in range(steps):
            if self.world.hosting.is_over:
                return
            self._guarded(self.world.step)
        self._next = 0

    @rule(choice=_MANY)
    def answer(self, choice: int) -> None:
        """The provider answers one of the open calls, whichever was asked first."""
        self._end_call(choice, lost=False)

    @precondition(lambda self: self.config.clarifications is not None)
    @rule()
    def reply(self) -> None:
        """The person answers the oldest open question, in the process that asks."""
        self._guarded(self.world.reply)

    @precondition(lambda self: self.config.clarifications is not None)
    @rule()
    def reply_elsewhere(self) -> None:
        """The person answers the oldest open question from another process."""
        self._guarded(self.world.answer_elsewhere)

    @rule(choice=_MANY)
    def drop(self, choice: int) -> None:
        """An answer gets lost: the deadline of its call passes."""
        self._dropped |= self._end_call(choice, lost=True)

    @rule(choice=_MANY)
    def deliver_again(self, choice: int) -> None:
        """An order that was heard is heard again."""
        self._next = choice
        self.world.repeat_an_order()

    @rule()
    def crash(self) -> None:
        """The process is killed."""
        self.world.crash_somebody()

    @rule()
    def interrupt(self) -> None:
        """The person suspends the run."""
        self.world.interrupt()

    @rule()
    def resume(self) -> None:
        """Somebody takes the run up, unless somebody has it."""
        self.world.hosting.take_up()

    @precondition(lambda self: len(self.world.watch.events) > 1)
    @rule(choice=_MANY)
    def continue_from_a_prefix(self, choice: int) -> None:
        """The log so far, cut anywhere, is resumed to an end."""
        events = self.world.watch.events
        prefixes(events, lengths=(1 + choice % len(events),))

    @invariant()
    def the_state_is_the_fold_of_the_log(self) -> None:
        """Law 1, from the beginning."""
        watch = self.world.watch
        if watch.events:
            assert isinstance(watch.events[0], RunOpened)
            assert fold(watch.events).run == watch.state.run

    def teardown(self) -> None:
        """Leave the run alone: it ends, and as the laws say."""
        self._next = 0
        try:
            if self.world.hosting.processes:
                self._guarded(lambda: conclude(self.world, comparable=not self._dropped))
        finally:
            self.world.close()

    def _end_call(self, choice: int, *, lost: bool) -> bool:
        calls = self.world.open_calls()
        if calls:
            self._guarded(lambda: calls[choice % len(calls)].end(lost=lost))
        return bool(calls)

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Breach as breach:
            raise SimulationFailed(breach.law, breach.detail, self.world, ()) from breach


def debate_machine(config: Config) -> type[DebateMachine]:
    """A machine of a debate of your own; its `TestCase` is what pytest runs."""
    return type("DebateMachine", (DebateMachine,), {"config": config})
