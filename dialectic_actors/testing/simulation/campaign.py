"""Many seeds: each draws a debate, a mixture of faults and a schedule, and runs them."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import get_context
from random import Random
from typing import get_args

from msgspec import Struct
from msgspec.structs import replace

from dialectic_actors.testing.config import Config
from dialectic_actors.testing.simulation.cases import Case
from dialectic_actors.testing.simulation.faults import Faults, swarm
from dialectic_actors.testing.simulation.run import Simulated, SimulationFailed, simulate
from dialectic_events.runs import (
    Clarifications,
    Condensing,
    FailurePolicy,
    History,
    Limits,
    StopRule,
    Summarization,
    Synthesis,
)

__all__ = ["DEBATES", "OUTAGES", "Tally", "campaign", "experiment", "run_seed"]

DEBATES = 512
"""How many different debates there are."""

_STRIDE = 64
"""Seeds that a worker takes at a time."""


class Tally(Struct):
    """What came of some seeds: how many runs, steps and events, and the cases that broke a law."""

    runs: int = 0
    steps: int = 0
    events: int = 0
    seconds: float = 0.0
    broken: list[tuple[int, Case]] = []

    def add(self, other: Tally) -> None:
        """Count another's runs as well; its seconds are its own."""
        self.runs += other.runs
        self.steps += other.steps
        self.events += other.events
        self.broken.extend(other.broken)


_GOES_ON = FailurePolicy()

OUTAGES = 1 << 20
"""The first of the seeds that have an outage."""

_THRESHOLDS = (
    Summarization(40, 80),
    Summarization(54, 80),
    Summarization(150, 80),
    Summarization(400, 80),
    Summarization(40, 40, "tokens"),
)
"""One is exactly what an agent that debates alone has said before its judge begins."""


def experiment(seed: int) -> tuple[Config, Faults]:
    """The debate of a seed, and the faults that it may meet. Debates are small, since what can go
    wrong shows in small ones, and there are a few hundred of them: each meets many schedules, and
    its calm run is made once. From OUTAGES on, the provider is out when a turn is first tried, and
    runs are to rest until it is back.
    """
    debate, mixture = Random(seed % DEBATES), swarm(seed)
    plan, config = swarm(debate.randrange(2**32)), _config(debate)
    faults = replace(mixture, provider=plan.provider, failing=plan.failing, troubles=plan.troubles)
    if seed < OUTAGES:
        return config, faults
    resting = replace(config, failure=FailurePolicy(1, "rest"))
    return resting, replace(faults, outage=1 + plan.provider % 4)


def _config(random: Random) -> Config:
    agents = random.choice((1, 2, 2, 2, 3))
    return Config(
        agents=agents,
        rounds=random.choice((1, 1, 2)),
        history=random.choice(get_args(History)),
        route=random.choice((("model-a",), ("model-a", "model-b"))),
        limits=Limits(
            attempts=random.choice((1, 2, 3)),
            repairs=random.choice((0, 1)),
            round_deadline_s=random.choice((None, None, None, None, 6.0)),
            run_deadline_s=random.choice((None, None, None, None, 60.0)),
        ),
        clarifications=random.choice((None, None, Clarifications(2, 1), Clarifications(1, 2))),
        summaries=random.choice((None, None, *get_args(Condensing))),
        summarization=random.choice(_THRESHOLDS),
        stop=random.choice((None, None, StopRule("convergence", 0.7), StopRule("quality", 0.6))),
        synthesis=random.choice(("judge", "judge", *get_args(Synthesis))),
        failure=random.choice(
            (_GOES_ON, _GOES_ON, FailurePolicy(min(agents, 2)), FailurePolicy(1, "stop"))
        ),
        tools=random.choice(((), (), ("context_search",))),
        tool_call_limit=random.choice((1, 2)),
    )


def run_seed(seed: int) -> Simulated:
    """Run a seed. Raises SimulationFailed."""
    config, faults = experiment(seed)
    return simulate(config, faults, seed=seed)


def campaign(
    seeds: range, *, jobs: int | None = None, heard: Callable[[Tally], None] = lambda tally: None
) -> Tally:
    """Run seeds on `jobs` processes (default: as many as there are cores); `heard` is told the
    tally so far, now and then.
    """
    jobs = jobs or os.cpu_count() or 1
    began, total = time.perf_counter(), Tally()
    for tally in _tallies(seeds, jobs):
        total.add(tally)
        total.seconds = time.perf_counter() - began
        heard(total)
    total.seconds = time.perf_counter() - began
    return total


def _tallies(seeds: range, jobs: int) -> Iterator[Tally]:
    stretches: Iterable[range] = (
        seeds[start : start + _STRIDE] for start in range(0, len(seeds), _STRIDE)
    )
    if jobs == 1:
        yield from map(_run, stretches)
        return
    # Spawned, not forked: a fork would copy the threads' locks of whoever calls.
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(_run, stretches)


def _run(seeds: range) -> Tally:
    # What a run leaves behind is collected in larger portions than Python's own.
    gc.set_threshold(50_000, 20, 20)
    tally = Tally()
    for seed in seeds:
        tally.runs += 1
        try:
            run = run_seed(seed)
        except SimulationFailed as failure:
            tally.broken.append((seed, Case.of(failure)))
            tally.steps += failure.steps
        else:
            tally.steps += run.steps
            tally.events += len(run.events)
    return tally
