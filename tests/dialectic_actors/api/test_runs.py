"""Debates as a library: one call, typed events, resuming."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

import dialectic_actors
from dialectic_actors import Debate, DialecticError, Outcome, Store, debate, debates, events, replay
from dialectic_actors.api.runs import continue_run
from dialectic_actors.runtime.live import LiveRun
from dialectic_events.errors import ExitCode
from dialectic_replay.run import Run

PROBLEM = "Design a cache"
SMALL: dict[str, Any] = {"agents": ["architect", "kiss"], "rounds": 1, "offline": True}
CALLS = 8


def heard(started: Debate, after: int = 0) -> tuple[list[events.Event], Outcome]:
    """The events of a debate from a version on, and what came of it."""

    async def listen() -> tuple[list[events.Event], Outcome]:
        async with started as running:
            found = [event async for event in running.events(after)]
            return found, await running.result()

    return asyncio.run(listen())


def test_five_lines_are_a_debate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The example of the README runs as it stands."""
    monkeypatch.chdir(tmp_path)
    example = (
        "from dialectic_actors import debate\n"
        'out = debate("Design a cache", offline=True, rounds=1)\n'
        "print(out.solution)\n"
        "print(out.ref, out.calls)\n"
    )
    exec(compile(example, "README", "exec"), {})

    first, last = (line := capsys.readouterr().out.splitlines())[0], line[-1]
    assert first.startswith("*Rehearsal: no model was used.*")
    assert ["14"] == last.split()[1:]
    assert last.split()[0] == Store.find()["@"].ref


def test_an_outcome_says_what_came_of_it(tmp_path: Path) -> None:
    """Reference, status, solution, calls, cost, state document."""
    outcome = debate(PROBLEM, cwd=tmp_path, **SMALL)

    assert ("concluded", CALLS, 0.0, 0) == (
        outcome.status,
        outcome.calls,
        outcome.cost_usd,
        outcome.exit_code,
    )
    assert f"<Outcome {outcome.ref}: concluded, {CALLS} calls, $0.0000>" == repr(outcome)
    assert outcome.state_file is not None
    state = json.loads(outcome.state_file.read_text(encoding="utf-8"))
    assert outcome.ref == state["id"]


def test_a_listener_hears_every_event_in_order(tmp_path: Path) -> None:
    """What is heard is the log, envelope by envelope."""
    envelopes: list[events.Envelope] = []

    outcome = debate(PROBLEM, cwd=tmp_path, listen=envelopes.append, **SMALL)

    with Store(cwd=tmp_path) as store:
        assert list(store.log(outcome.ref)) == envelopes


def test_events_are_typed_and_can_be_taken_up_at_any_version(tmp_path: Path) -> None:
    """Who has seen n events goes on with `after=n` and misses nothing."""
    found, outcome = heard(Debate(PROBLEM, cwd=tmp_path, seed=1, **SMALL))
    rest, _ = heard(Debate(PROBLEM, cwd=tmp_path, seed=1, **SMALL), after=len(found) - 2)

    assert isinstance(found[0], events.RunOpened)
    assert isinstance(found[-1], events.RunConcluded)
    assert found[-1:] == rest[-1:]
    assert 2 == len(rest)
    assert {"agent-architect", "agent-kiss"} == {
        event.turn.rpartition("/")[2] for event in found if isinstance(event, events.ProposalMade)
    }
    with Store(cwd=tmp_path) as store:
        assert [each.event for each in store.log(outcome.ref)] == found


def test_two_listeners_hear_the_same(tmp_path: Path) -> None:
    """Each call of `events` begins anew, also once the debate has ended."""

    async def listen() -> tuple[list[events.Event], list[events.Event]]:
        async with Debate(PROBLEM, cwd=tmp_path, **SMALL) as running:
            first = [event async for event in running.events()]
            await running.result()
            return first, [event async for event in running.events()]

    first, second = asyncio.run(listen())

    assert first == second
    assert first


def test_a_debate_that_is_left_early_can_be_resumed(tmp_path: Path) -> None:
    """Leaving the block ends it as a crash would: the log goes on from where it was."""

    async def leave() -> str:
        async with Debate(PROBLEM, cwd=tmp_path, **SMALL) as running:
            async for event in running.events():
                if isinstance(event, events.ProposalMade):
                    break
            return running.ref

    ref = asyncio.run(leave())
    with Store(cwd=tmp_path) as store:
        outcome = continue_run(store, ref, env={})

    assert ("concluded", CALLS) == (outcome.status, outcome.calls)


def test_resuming_an_ended_run_changes_nothing(tmp_path: Path) -> None:
    """It needs no key, appends no event, and gives the outcome again."""
    first = debate(PROBLEM, cwd=tmp_path, **SMALL)
    with Store(cwd=tmp_path) as store:
        before = store.version("@")
        again = continue_run(store, "@", env={})

        assert before == store.version("@")
    assert (first.ref, first.solution) == (again.ref, again.solution)


def test_several_debates_run_at_once(tmp_path: Path) -> None:
    """Outcomes come in the order of the problems; no problems are no debates."""
    problems = ["Design a cache", "Design a queue", "Design a lock"]

    outcomes = debates(problems, cwd=tmp_path, **SMALL)

    openings = [each.run.opened for each in outcomes]
    assert problems == [opened.problem for opened in openings if opened is not None]
    assert [] == debates([], cwd=tmp_path)


def test_one_problem_is_no_list_of_problems(tmp_path: Path) -> None:
    """Each letter would be debated."""
    with pytest.raises(DialecticError, match="not a list"):
        debates("abc", cwd=tmp_path, **SMALL)

    assert [] == [*tmp_path.iterdir()]


def test_a_state_document_is_no_condition(tmp_path: Path) -> None:
    """Where it cannot be written the debate is concluded all the same, and that is said."""
    (tmp_path / "debates").write_text("a file where the directory belongs")

    outcome = debate(PROBLEM, cwd=tmp_path, store="memory:", **SMALL)

    assert ("concluded", None) == (outcome.status, outcome.state_file)
    assert "debates" in outcome.notices[0]


def test_a_debate_that_breaks_leaves_the_others_their_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its error is raised when all are at rest and written."""
    rested: list[str] = []

    def breaking(self: LiveRun, run: Run) -> None:
        rested.append(self.stream)
        if len(rested) == 1:
            self.broken(DialecticError("the first to rest breaks"))
        else:
            self._leave(lambda: self.result.set_result(run))

    monkeypatch.setattr(LiveRun, "_rested", breaking)
    with pytest.raises(DialecticError, match="the first to rest breaks"):
        debates(["Design a cache", "Design a queue", "Design a lock"], cwd=tmp_path, **SMALL)

    written = {path.stem for path in (tmp_path / "debates").glob("*.json")}
    assert set(rested[1:]) == written


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"agents": ["nobody"]}, 2),
        ({"rounds": 0}, 2),
        ({"seed": "s"}, 2),
        ({"seed": True}, 2),
        ({"seed": 2**63}, 2),
        ({"model": "nobody/x", "offline": False}, 2),
        ({"model": "openai/x"}, 2),
        ({"config": "none.json"}, 4),
        ({"offline": False}, 4),
    ],
)
def test_a_mistake_is_found_before_anything_is_stored(
    options: dict[str, Any], code: int, tmp_path: Path
) -> None:
    """A debate that could not be run cannot be made, and the error says what mends it."""
    with pytest.raises(DialecticError) as caught:
        Debate(PROBLEM, cwd=tmp_path, env={}, **{"offline": True} | options)

    assert code == caught.value.exit_code
    assert caught.value.fix
    assert [] == list(tmp_path.iterdir())


def test_a_replay_is_the_state_without_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`replay` finds the log of the directory, at any point."""
    outcome = debate(PROBLEM, cwd=tmp_path, **SMALL)
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")

    assert outcome.run == replay("@")
    assert ("running", 1) == (replay("@:1").status, replay("@:1").version)


def test_every_public_name_is_there() -> None:
    """What `__all__` promises is given, and `dir` lists it."""
    assert dir(dialectic_actors) == sorted(dialectic_actors.__all__)
    assert [] == [n for n in dialectic_actors.__all__ if getattr(dialectic_actors, n) is None]


@pytest.mark.parametrize(
    ("problem", "options", "what"),
    [
        (None, {}, "the problem is no text"),
        (7, {}, "the problem is no text"),
        ("x", {"config": {"debate": {"rounds": 1}}}, "`config` is no path"),
        ("x", {"agents": "architect"}, "`agents` is one text"),
        ("x", {"rounds": "2"}, "`rounds` is '2'"),
    ],
)
def test_what_a_program_gives_in_the_wrong_shape_stores_nothing(
    problem: Any, options: dict[str, Any], what: str, tmp_path: Path
) -> None:
    """One error with its remedy, before there is a log."""
    with pytest.raises(DialecticError, match=re.escape(what)) as refusal:
        debate(problem, cwd=tmp_path, offline=True, **options)

    assert ExitCode.USAGE == refusal.value.exit_code
    assert refusal.value.fix
    assert [] == list(tmp_path.iterdir())
