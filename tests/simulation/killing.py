"""How a planted bug is found: by which law, after how many seeds and steps, and in which smallest
run.

Which bugs there are does not belong in here, nor how they are planted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import product

from msgspec import Struct
from msgspec.structs import replace

from dialectic_actors.core.protocols import fixed_turns
from dialectic_actors.testing.simulation.campaign import run_seed
from dialectic_actors.testing.simulation.faults import swarm
from dialectic_actors.testing.simulation.run import SimulationFailed, calmly, simulate
from dialectic_actors.testing.simulation.shrinking import shrink
from simulation.planting import Mutant

__all__ = ["LAWS", "SEEDS", "SHORT", "Kill", "broken_by", "find", "planted"]

SEEDS = 2_000
"""So many seeds are tried before a planted bug is said to live."""

SHORT = 12
"""The events that a counterexample may have once it is shrunk."""

_ATTEMPTS = 400
"""Runs that may be spent on shrinking one failure."""

_SCHEDULES = 400
"""Schedules that are tried of each smaller debate."""

LAWS = {
    1: "live state is the fold of the log",
    2: "nothing starts before it is durable",
    3: "a repeat changes nothing",
    4: "the order of delivery changes no fact",
    5: "a killed run pays nothing twice",
    6: "every prefix can be resumed",
    7: "a replay makes no call",
    8: "what is stored can be verified",
    9: "a brief is what its turn sees",
    10: "a run always ends",
    11: "what is stored can be read",
    12: "what was spent is what was counted",
}
"""The laws, in a few words."""


class Kill(Struct, frozen=True):
    """A planted bug was found: `seed` breaks `law` after so many steps. `events` are those of the
    run that this shrinks to.
    """

    mutant: Mutant
    seed: int
    law: int
    steps: int
    events: int

    def row(self) -> str:
        """Its line in the table of the proof."""
        cells = (
            f"`{self.mutant.name}`",
            self.mutant.planted,
            f"{self.law}, {LAWS[self.law]}",
            str(self.seed),
            str(self.steps),
            str(self.events),
        )
        return f"| {' | '.join(cells)} |"


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """The bug at work, with no run and no listing remembered from before it nor after it."""
    _forget()
    try:
        with mutant.at_work():
            yield
    finally:
        _forget()


def _forget() -> None:
    calmly.cache_clear()
    fixed_turns.cache_clear()


def broken_by(seed: int) -> SimulationFailed | None:
    """The failure of a seed, if it fails."""
    try:
        run_seed(seed)
    except SimulationFailed as failure:
        return failure
    return None


def find(
    mutant: Mutant, seeds: Iterable[int] = range(SEEDS)
) -> tuple[Kill, SimulationFailed] | None:
    """The first of some seeds to break a law, and the smallest failure that it leads to; None when
    the bug lives on.
    """
    with planted(mutant):
        for seed in seeds:
            if (failure := broken_by(seed)) is not None:
                smallest = _smallest(failure)
                events = len(smallest.events)
                return Kill(mutant, seed, failure.law, failure.steps, events), smallest
    return None


def _smallest(failure: SimulationFailed) -> SimulationFailed:
    """What a failure shrinks to. When that is long, other schedules of smaller debates are looked
    for: the one that was found leads to none.
    """
    best = shrink(failure, attempts=_ATTEMPTS)
    for other in _other_schedules(failure):
        if len(best.events) <= SHORT:
            break
        best = min(best, shrink(other, attempts=_ATTEMPTS), key=lambda each: len(each.events))
    return best


def _other_schedules(failure: SimulationFailed) -> Iterator[SimulationFailed]:
    speakers, rounds = failure.config.speakers, failure.config.rounds
    configs = [
        replace(failure.config, agents=speakers[:agents], rounds=most)
        for most in range(1, rounds + 1)
        for agents in range(1, len(speakers) + 1)
    ]
    for seed, config in product(range(_SCHEDULES), configs):
        faults = swarm(seed) if seed % 2 else failure.faults
        try:
            simulate(config, faults, seed=seed)
        except SimulationFailed as other:
            if other.law == failure.law:
                yield other
