"""The simulation as users get it: drawn faults, the state machine, saved cases, the command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis.stateful import run_state_machine_as_test

from dialectic_actors.actors.debate import DebateBehavior
from dialectic_actors.actors.messages import Deed
from dialectic_actors.core import decide
from dialectic_actors.testing import (
    Case,
    Config,
    DebateMachine,
    Faults,
    SimulationFailed,
    configs,
    debate_machine,
    faults,
    laws,
    read_case,
    simulate,
    write_case,
)
from dialectic_actors.testing.simulation.__main__ import main
from dialectic_actors.testing.simulation.run import calmly
from dialectic_events.errors import DialecticError
from dialectic_events.runs import Clarifications
from dialectic_replay.run import Run

FEW = settings(deadline=None, max_examples=25)


@pytest.fixture
def forgetful() -> Iterator[None]:
    """A debate that forgets to start what it has made durable, once somebody criticizes."""
    start = DebateBehavior._start

    def forget(behavior: DebateBehavior) -> Iterable[Deed]:
        return () if len(behavior.state.run.calls) == 4 else start(behavior)

    calmly.cache_clear()
    with mock.patch.object(DebateBehavior, "_start", forget):
        yield
    calmly.cache_clear()


def driven(config: Config) -> list[Run]:
    """The runs of a debate that Hypothesis has driven, each as it was left."""
    machine, left = debate_machine(config), list[Run]()
    teardown = machine.teardown

    def leave(self: DebateMachine) -> None:
        teardown(self)
        left.append(self.world.watch.state.run)

    with mock.patch.object(machine, "teardown", leave):
        run_state_machine_as_test(
            machine, settings=settings(deadline=None, max_examples=15, stateful_step_count=25)
        )
    return left


@FEW
@given(configs(max_agents=3, max_rounds=2), faults())
def test_any_faults_leave_a_run_that_keeps_the_laws(config: Config, plan: Faults) -> None:
    """Whatever strikes, the log keeps the laws, and its fold is the state that was lived."""
    run = simulate(config, plan)

    laws.check_all(run.log, texts=lambda ref: run.store.parts((ref,))[ref])
    assert run.state.run == run.replay()


@FEW
@given(faults(crashes=True, troubles=False))
def test_a_named_fault_is_the_only_one_that_is_drawn(plan: Faults) -> None:
    """Naming one leaves the others out."""
    assert Faults(provider=plan.provider, crashes=plan.crashes, schedule=plan.schedule) == plan


def test_an_unknown_fault_is_refused() -> None:
    """A typing mistake must not switch a fault off."""
    with pytest.raises(TypeError, match="no such fault: chrashes; there are latency"):
        faults(chrashes=True)


def test_the_machine_keeps_the_laws() -> None:
    """Whatever Hypothesis does to a debate; and left alone, it comes to its end."""
    assert any(run.ended for run in driven(Config(agents=2)))


def test_the_machine_keeps_the_laws_when_a_person_is_asked() -> None:
    """Whoever answers, here or from elsewhere, and whenever."""
    runs = driven(Config(agents=2, clarifications=Clarifications(1, 2)))

    given = [each for run in runs for each in run.results.values() if each.turn.kind == "answer"]
    assert any(each.outcome == "made" for each in given)


@pytest.mark.usefixtures("forgetful")
def test_the_machine_finds_a_debate_that_forgets() -> None:
    """A planted bug ends in a failure that names the law."""
    with pytest.raises(SimulationFailed, match="law 10: deadlock"):
        run_state_machine_as_test(
            debate_machine(Config(agents=2)),
            settings=settings(
                deadline=None,
                max_examples=50,
                stateful_step_count=25,
                database=None,
                derandomize=True,
            ),
        )


@pytest.mark.usefixtures("forgetful")
def test_a_failure_tells_its_story_and_repeats_from_its_file(tmp_path: Path) -> None:
    """The story ends where nobody is left to go on; the file breaks the same law again."""
    with pytest.raises(SimulationFailed) as raised:
        simulate(Config(agents=2))
    failure = raised.value
    case = write_case(tmp_path / "cases" / "forgetful.json", failure)

    assert 10 == failure.law
    assert "deadlock" in failure.summary
    assert "p1 waits for debate/r1/critique/" in failure.summary
    assert "p1 debate                hears" in str(failure)
    assert str(failure).endswith("}")
    assert case == read_case(tmp_path / "cases" / "forgetful.json")
    assert 2_000 > (tmp_path / "cases" / "forgetful.json").stat().st_size
    with pytest.raises(SimulationFailed) as again:
        case.run()
    assert failure.summary == again.value.summary
    assert case.story().splitlines()[-1].endswith(failure.summary)


def test_a_run_is_repeated_by_its_choices() -> None:
    """The case of a run that kept the laws is that run."""
    run = simulate(Config(agents=2), Faults(crashes=True, duplicates=True, latency=True), seed=11)
    again = Case.of(run).run()

    assert run.events == again.events
    assert run.steps == again.steps


def test_a_file_without_a_case_is_refused(tmp_path: Path) -> None:
    """It is named, with what is wrong in it."""
    path = tmp_path / "case.json"
    path.write_text('{"config": 3}')
    with pytest.raises(DialecticError, match="holds no simulated run") as raised:
        read_case(path)
    assert str(path) == raised.value.where


def test_the_command_counts_seeds_and_tells_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Seeds that keep the laws end with 0, and any of them can be told."""
    monkeypatch.setattr("sys.argv", ["simulation", "--seeds", "3", "--jobs", "1"])
    assert 0 == main()
    assert capsys.readouterr().out.startswith("3 runs, ")
    monkeypatch.setattr("sys.argv", ["simulation", "--story", "2"])
    assert 0 == main()
    assert "hears Open (open)" in capsys.readouterr().out


@pytest.mark.usefixtures("forgetful")
def test_the_command_saves_and_shrinks_what_breaks_a_law(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """It ends with 1, and says how to see the smallest case."""
    arguments = ["simulation", "--seeds", "5", "--jobs", "1", "--save", str(tmp_path)]
    monkeypatch.setattr("sys.argv", arguments)
    assert 1 == main()
    (saved,) = tmp_path.glob("seed-*.json")
    assert f"saved as {saved}" in capsys.readouterr().out
    assert read_case(saved).broke.startswith("law 10")
    monkeypatch.setattr("sys.argv", ["simulation", str(saved)])
    assert 0 == main()
    assert "broken" in capsys.readouterr().out


def test_a_mended_case_tells_a_run_that_ends() -> None:
    """Without the bug the same choices lead to the end."""
    case = Case(Config(agents=2), Faults(), ())
    assert "comes to rest: concluded" in case.story()
    assert decide.react(case.run().state) == {}
