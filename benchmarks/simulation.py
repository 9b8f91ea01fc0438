"""How many steps a second the simulation takes on one core, with every law looked at.

The limit is plain asyncio that takes the turns of a debate, as a measure of the machine.
"""

from __future__ import annotations

import gc
from statistics import median
from time import process_time

from benchmarks.machine import ASYNCIO_US, asyncio_us
from benchmarks.table import Goal, Row, show
from dialectic_actors.testing.simulation.campaign import DEBATES, run_seed

__all__ = ["rows"]

ROUNDS = 5
SEEDS = 256
GOAL_US = 20
"""50,000 steps a second."""

CAMPAIGN_S = 600
CAMPAIGN = 100_000
CORES = 2


def _measured(seeds: range) -> tuple[float, float]:
    """Microseconds of the processor per step, and milliseconds per run."""
    began, steps = process_time(), 0
    for seed in seeds:
        steps += run_seed(seed).steps
    took_s = process_time() - began
    return took_s / steps * 1e6, took_s / len(seeds) * 1e3


def rows() -> list[Row]:
    """A step, and a run: what a campaign of 100,000 seeds in ten minutes on two cores allows."""
    # What the calm runs cost is shared by all seeds of a campaign.
    for seed in range(DEBATES):
        run_seed(seed)
    gc.collect()
    times = [
        (*_measured(range(first, first + SEEDS)), asyncio_us(3, 1, 30))
        for first in range(DEBATES, DEBATES + ROUNDS * SEEDS, SEEDS)
    ]
    step_us, run_ms, limit = (median(column) for column in zip(*times, strict=True))
    ratio = Goal(GOAL_US / ASYNCIO_US, "x limit")
    most_ms = CAMPAIGN_S * CORES / CAMPAIGN * 1e3
    return [
        Row("a simulated step", step_us, limit, None, Goal(GOAL_US, "ours"), "us"),
        Row("a simulated step", step_us, limit, None, ratio, "us"),
        Row("a simulated run", run_ms, None, None, Goal(most_ms, "ours"), "ms"),
    ]


if __name__ == "__main__":
    show(rows())
