"""The simulation itself: it is the same run wherever it is run, it names what it finds, and the
production system records what it says.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from dialectic_actors.actors.ports import Ask
from dialectic_actors.runtime.system import System
from dialectic_actors.testing.config import Config
from dialectic_actors.testing.simulation.campaign import OUTAGES, campaign, run_seed
from dialectic_actors.testing.simulation.cases import read_case, write_case
from dialectic_actors.testing.simulation.choices import Choices
from dialectic_actors.testing.simulation.faults import Faults
from dialectic_actors.testing.simulation.provider import answer_of
from dialectic_actors.testing.simulation.run import SimulationFailed, simulate
from dialectic_actors.testing.simulation.schedule import Schedule, Timer
from dialectic_actors.testing.simulation.shrinking import shrink
from dialectic_events.calls import Ending
from dialectic_events.envelope import read_header
from dialectic_events.runs import Limits
from dialectic_events.stores.memory import MemoryStore
from dialectic_replay.run import Run
from simulation.killing import SHORT, broken_by, planted
from simulation.mutants import MUTANTS
from simulation.planting import Mutant
from support.checkout import ROOT
from support.stub_gateway import StubGateway
from support.systems import PATIENCE_S, hosting

CASES = sorted((Path(__file__).parent / "cases").glob("*.json"))
STREAM = "deb-20260101-000000-real"
SLICE = 80
"""Seeds in one test of the slice that every test run looks at."""

NOT_FACTS = frozenset(("call-lost", "run-suspended", "run-resumed"))
BRIEF = Limits(backoff_s=0.002, backoff_max_s=0.01)
"""Retries of a real clock, without the waiting."""


def bug(name: str) -> Mutant:
    """A planted bug by its name."""
    return next(mutant for mutant in MUTANTS if mutant.name == name)


def told(seed: int, hash_seed: str) -> str:
    """The story of a seed, as a process of its own tells it."""
    return subprocess.run(
        [sys.executable, "-m", "dialectic_actors.testing.simulation", "--story", str(seed)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
    ).stdout


@pytest.mark.parametrize("seed", [4, 13])
def test_a_seed_is_the_same_run_in_every_process(seed: int) -> None:
    """No order of a set, no address and no clock has a say in it."""
    assert told(seed, "1") == told(seed, "2")


@pytest.mark.parametrize("seed", [0, 8, 66])
def test_the_choices_of_a_run_repeat_its_every_byte(seed: int) -> None:
    """Salts, times and order of the log included."""
    run = run_seed(seed)
    again = simulate(run.config, run.faults, choices=run.choices)

    assert run.log == again.log
    assert (run.steps, run.choices) == (again.steps, again.choices)


@pytest.mark.parametrize("first", [*range(0, 6 * SLICE, SLICE), OUTAGES])
def test_seeds_keep_the_laws(first: int) -> None:
    """The slice of the campaign that every run of the tests looks at."""
    size = SLICE if first < OUTAGES else SLICE // 4
    tally = campaign(range(first, first + size), jobs=1)

    assert [] == [(seed, case.broke) for seed, case in tally.broken]
    assert tally.runs == size


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case_that_was_saved_keeps_the_laws(path: Path) -> None:
    """What failed once, or met much on its way, is looked at ever after."""
    case = read_case(path)
    run = case.run()

    assert run.events
    assert path.stat().st_size < 8192


def test_a_deadlock_is_named_with_what_is_waited_for() -> None:
    """Who waits for which effect, and at which address."""
    with planted(bug("log-stays-busy")):
        failure = broken_by(0)

    assert failure is not None
    assert failure.summary.startswith("law 10: deadlock: after ")
    assert "waits for debate/r1/proposal/" in failure.summary
    assert " at agent/" in failure.summary


def test_running_in_circles_is_named() -> None:
    """Whoever is busy for ever, and gets nowhere, does not run until the steps are used up."""
    with planted(bug("wrong-expected-version")):
        failure = broken_by(0)

    assert failure is not None
    assert failure.summary.startswith("law 10: livelock: ")
    assert failure.steps < 1000


def test_a_failure_shrinks_to_a_short_story_in_a_small_file(tmp_path: Path) -> None:
    """Fewer events than it began with, and a file that breaks the same law."""
    path = tmp_path / "case.json"
    with planted(bug("lost-stash")):
        failure = next(found for seed in range(100) if (found := broken_by(seed)) is not None)
        smallest = shrink(failure, attempts=300)
        write_case(path, smallest)
        with pytest.raises(SimulationFailed) as again:
            read_case(path).run()

    assert len(smallest.events) <= min(SHORT, len(failure.events))
    assert (smallest.law, smallest.events) == (again.value.law, again.value.events)
    assert "is asked " in str(smallest)
    assert path.stat().st_size < 2048


def test_time_passes_only_when_nothing_else_can_happen() -> None:
    """Timers fire in the order of their times, at their times, each once."""
    schedule, fired = Schedule(Choices(lambda count: 0)), list[tuple[str, float]]()

    def later(name: str, delay_s: float) -> Timer:
        return schedule.later(
            delay_s, lambda: fired.append((name, schedule.now_s)), None, f"what comes {name}"
        )

    later("late", 5.0)
    later("soon", 1.0)
    later("never", 2.0).cancel()

    assert schedule.next(haste=False) is None
    assert [("soon", 1.0), ("late", 5.0)] == fired


CONFORMING = {
    "calm": (Config(agents=3, rounds=2), Faults()),
    "everyone": (Config(agents=2, rounds=2, history="everyone"), Faults()),
    "alone": (Config(agents=1), Faults()),
    "failing": (
        Config(agents=2, rounds=2, route=("model-a", "model-b"), limits=BRIEF),
        Faults(provider=3, failing=40, troubles=("server", "timeout", "connection", "empty")),
    ),
    "mended": (
        Config(agents=3, limits=BRIEF),
        Faults(provider=5, failing=50, troubles=("says-nothing", "malformed")),
    ),
    "refused": (
        Config(agents=2, limits=BRIEF),
        Faults(provider=1, failing=30, troubles=("auth", "bad-request", "server")),
    ),
}


@pytest.mark.parametrize("name", CONFORMING)
def test_the_production_system_records_the_facts_of_the_simulation(name: str) -> None:
    """Its own loop, timers and writer thread, the same models: the same multiset of payloads."""
    config, faults = CONFORMING[name]

    def answer(ask: Ask) -> Ending:
        ending = answer_of(ask, faults)
        assert ending is not None
        return ending

    store = MemoryStore()
    with hosting(store, StubGateway(answer)) as system:
        run = lived(system, config)

    stored = list(store.read(STREAM))
    facts = Counter(each.payload for each in stored if read_header(each).type not in NOT_FACTS)
    simulated = simulate(config, faults)
    assert simulated.facts == facts
    assert simulated.state.run.status == run.status


def lived(system: System, config: Config) -> Run:
    """A debate on a real system, taken up again whenever it comes to rest before its end."""
    live = system.start(STREAM, *config.opening())
    run = live.result.result(PATIENCE_S)
    while not run.ended:
        run = system.resume(STREAM).result.result(PATIENCE_S)
    return run
