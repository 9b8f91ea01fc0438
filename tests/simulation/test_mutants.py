"""Every planted bug is found by the laws, and told by the table in the proof; what breaks nothing
is let alone.
"""

from __future__ import annotations

import pytest

from dialectic_actors.testing.simulation.campaign import run_seed
from dialectic_actors.testing.simulation.cases import read_case
from dialectic_actors.testing.simulation.run import SimulationFailed
from simulation.killing import SHORT, Kill, broken_by, planted
from simulation.mutants import HARMLESS, MUTANTS
from simulation.planting import Mutant
from simulation.table import counterexample, kills

AGAIN = "the table is out of date: PYTHONPATH=tests python -m simulation.table"


def names(mutants: tuple[Mutant, ...]) -> list[str]:
    """What pytest calls the cases."""
    return [mutant.name for mutant in mutants]


@pytest.mark.parametrize("mutant", MUTANTS, ids=names(MUTANTS))
def test_a_planted_bug_breaks_a_law_in_a_run_of_few_events(mutant: Mutant) -> None:
    """The seed that the table names finds it, and its counterexample breaks the same law."""
    row, seed = kills()[mutant.name]
    case = read_case(counterexample(mutant.name))
    with planted(mutant):
        failure = broken_by(seed)
        with pytest.raises(SimulationFailed) as smallest:
            case.run()

    assert failure is not None, f"{mutant.name} lives; {AGAIN}"
    events = len(smallest.value.events)
    assert failure.law == smallest.value.law
    assert events <= SHORT
    assert row == Kill(mutant, seed, failure.law, failure.steps, events).row(), AGAIN


@pytest.mark.parametrize("mutant", MUTANTS, ids=names(MUTANTS))
def test_no_law_is_broken_once_the_bug_is_gone(mutant: Mutant) -> None:
    """Seed and counterexample find the bug, and nothing else."""
    _, seed = kills()[mutant.name]

    assert broken_by(seed) is None
    read_case(counterexample(mutant.name)).run()


@pytest.mark.parametrize("mutant", HARMLESS, ids=names(HARMLESS))
@pytest.mark.parametrize("first", [0, 15])
def test_a_change_that_breaks_nothing_is_let_alone(mutant: Mutant, first: int) -> None:
    """The laws say what must hold, not how it is done: else they would find anything."""
    with planted(mutant):
        for seed in range(first, first + 15):
            run = run_seed(seed)
            assert run.replay() == run.state.run


def test_the_table_tells_of_every_planted_bug_and_of_no_other() -> None:
    """At least twenty, each by its name, in the order of the suite."""
    assert names(MUTANTS) == list(kills())
    assert len(set(kills())) >= 20


def test_a_bug_that_no_longer_fits_the_code_is_no_bug() -> None:
    """Code that was rewritten is not passed over in silence."""
    stale = Mutant("stale", "Nothing.", MUTANTS[0].place, "what nobody wrote", "anything")

    with pytest.raises(LookupError, match="stale"), stale.at_work():
        pass


def test_a_bug_is_gone_after_its_block() -> None:
    """Also when the block ends with an error: the next test meets sound code."""
    mutant = MUTANTS[0]
    with pytest.raises(SimulationFailed), planted(mutant):
        read_case(counterexample(mutant.name)).run()

    read_case(counterexample(mutant.name)).run()
