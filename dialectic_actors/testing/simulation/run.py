"""`simulate`: one debate under faults, held to the laws.

A run is repeated exactly by its choices; a calm run of the same calls is what it is compared with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from dialectic_actors.core.decide import State
from dialectic_actors.testing.config import Config
from dialectic_actors.testing.laws import LawBroken, prefixes
from dialectic_actors.testing.simulation.choices import Choices, listed, seeded
from dialectic_actors.testing.simulation.faults import CALM, Faults
from dialectic_actors.testing.simulation.hosting import STREAM
from dialectic_actors.testing.simulation.story import Story
from dialectic_actors.testing.simulation.watch import Breach
from dialectic_actors.testing.simulation.world import SimulatedWorld
from dialectic_events.calls import ToolsUsed
from dialectic_events.envelope import Envelope
from dialectic_events.runs import FailurePolicy
from dialectic_events.store import Store
from dialectic_events.union import Event
from dialectic_replay.read import envelopes
from dialectic_replay.run import Run, fold

__all__ = ["Simulated", "SimulationFailed", "calmly", "conclude", "simulate"]

_MOST_STEPS = 20_000

_RESUMED = 8
"""One run in so many has a prefix of its log resumed."""

_TOLD = 30
"""Lines of its story that a failure prints."""


class Simulated(Struct, frozen=True):
    """A run that was simulated. `choices` repeat it; `steps` are those that its actors, writers and
    timers took; `breaks` counts the actors that were made to fail.
    """

    config: Config
    faults: Faults
    choices: tuple[int, ...]
    steps: int
    breaks: int
    events: tuple[Event, ...]
    state: State
    facts: Counter[bytes]
    store: Store

    @property
    def log(self) -> tuple[Envelope, ...]:
        """The log, read from its store, chain and texts verified."""
        return tuple(envelopes(self.store, STREAM))

    def replay(self) -> Run:
        """What the log amounts to."""
        return fold(self.events)


class SimulationFailed(AssertionError):
    """A law was broken. `law` is its number in design section 9, `events` what was durable by then;
    `config`, `faults` and `choices` repeat the run. Printed, it tells how it came to that.
    """

    def __init__(
        self, law: int, detail: str, world: SimulatedWorld, choices: Sequence[int]
    ) -> None:
        super().__init__(law, detail)
        self.law, self.detail = law, detail
        self.config, self.faults, self.choices = world.config, world.faults, tuple(choices)
        self.steps = world.schedule.steps
        self.events: tuple[Event, ...] = tuple(world.watch.events)

    @property
    def summary(self) -> str:
        """The law and how it was broken, in one line."""
        return f"law {self.law}: {self.detail}"

    def story(self) -> Story:
        """The run told from its beginning, by running it again."""
        story = Story()
        world = SimulatedWorld(self.config, self.faults, listed(self.choices), story)
        try:
            world.begin()
            world.run_on(max(self.steps, 1))
        except Breach:
            pass
        finally:
            world.close()
        return story

    def __str__(self) -> str:
        lines = self.story().lines
        left_out = [f"  … {len(lines) - _TOLD} lines before"] if len(lines) > _TOLD else []
        again = {"config": self.config, "faults": self.faults, "choices": self.choices}
        return "\n".join(
            [
                self.summary,
                *left_out,
                *lines[-_TOLD:],
                "the case, as a file that repeats it:",
                msgspec.json.encode(again).decode(),
            ]
        )


def simulate(
    config: Config | None = None,
    faults: Faults | None = None,
    *,
    seed: int | None = None,
    choices: Sequence[int] | None = None,
    story: Story | None = None,
) -> Simulated:
    """Run a debate under faults and hold it to the laws, at every step and at its end.

    The schedule is that of `faults`; `seed` draws one instead, `choices` give another. Raises
    SimulationFailed.
    """
    config, faults = config or Config(), faults or CALM
    given = faults.schedule if choices is None else choices
    source = listed(given) if seed is None else seeded(seed)
    world = SimulatedWorld(config, faults, source, story)
    try:
        world.begin()
        conclude(world)
    except Breach as breach:
        raise SimulationFailed(breach.law, breach.detail, world, source.taken) from breach
    finally:
        world.close()
    return _simulated(world, source)


def conclude(world: SimulatedWorld, *, comparable: bool = True) -> None:
    """Leave a world alone until it is over, and hold it to the laws of the end. A run that is not
    `comparable` need not have the facts of the calm one. Raises Breach.
    """
    limits, policy = world.config.limits, world.config.failure
    # Whether time runs out before an answer comes, or a tool, is the schedule's affair, and so is
    # what was said before a failure stopped the run.
    untimed = limits.round_deadline_s is None and limits.run_deadline_s is None
    comparable = comparable and untimed and policy == FailurePolicy()
    calm = calmly(world.config, _of_the_provider(world.faults))
    world.run_on(3 * world.faults.steps + 20 * calm.steps + world.schedule.steps)
    late = any(isinstance(each, ToolsUsed) and each.latency_ms for each in world.watch.events)
    _settled(world, calm if comparable and not late else None)


@lru_cache(maxsize=1024)
def calmly(config: Config, faults: Faults) -> Simulated:
    """The same calls without any other trouble, in the order in which they become possible."""
    source = listed(())
    world = SimulatedWorld(config, faults, source)
    try:
        world.begin()
        world.run_on(_MOST_STEPS)
        _settled(world, None)
    except Breach as breach:
        raise SimulationFailed(breach.law, breach.detail, world, source.taken) from breach
    finally:
        world.close()
    return _simulated(world, source)


def _simulated(world: SimulatedWorld, choices: Choices) -> Simulated:
    watch = world.watch
    return Simulated(
        world.config,
        world.faults,
        tuple(choices.taken),
        world.schedule.steps,
        world.breaks,
        tuple(watch.events),
        watch.state,
        watch.facts,
        world.store,
    )


def _of_the_provider(faults: Faults) -> Faults:
    """Only that which decides how calls end."""
    return replace(
        CALM,
        provider=faults.provider,
        failing=faults.failing,
        troubles=faults.troubles,
        outage=faults.outage,
    )


def _settled(world: SimulatedWorld, calm: Simulated | None) -> None:
    """What must hold once it is over."""
    watch = world.watch
    watch.counted()
    run = watch.state.run
    if not run.ended and not world.hosting.is_abandoned:
        raise Breach(10, f"it is over, and the run is {run.status}")
    _resumed(watch.events, world.schedule.steps)
    if calm is None or world.breaks > 3:
        return
    if extra := watch.facts - calm.facts:
        raise Breach(4, f"recorded, and not by the calm run: {next(iter(extra)).decode()[:300]}")
    if run.ended and (lacking := calm.facts - watch.facts):
        raise Breach(4, f"recorded by the calm run only: {next(iter(lacking)).decode()[:300]}")


def _resumed(events: Sequence[Event], steps: int) -> None:
    """Law 6, which costs a run of its own: for one prefix of one run in a few."""
    if steps % _RESUMED == 0:
        try:
            prefixes(events, lengths=(1 + steps // _RESUMED % len(events),))
        except LawBroken as broken_law:
            raise Breach(6, broken_law.detail) from broken_law
