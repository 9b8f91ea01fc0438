"""The debate reads like its contract: who speaks when, of what, and what each is shown."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.core.protocols import PROTOCOLS, Results, known_turns
from dialectic_actors.core.protocols.debate import turns
from dialectic_events.runs import History, Stage
from dialectic_events.turns import Turn
from dialectic_replay.run import Result

HISTORIES: tuple[History, ...] = get_args(History)


def debate(agents: int = 3, rounds: int = 2, history: History = "own") -> Stage:
    """A stage of agents called by letters."""
    return Stage("debate", "debate@1", tuple("abcdefgh"[:agents]), "judge", rounds, history)


def listed(stage: Stage) -> dict[str, Turn]:
    """All turns by id, without their stage."""
    return {turn.id.removeprefix("debate/"): turn for turn in turns(stage, Results({}))}


def short(*ids: str) -> set[str]:
    """Full ids."""
    return {f"debate/{each}" for each in ids}


stages = st.builds(debate, st.integers(1, 6), st.integers(1, 5), st.sampled_from(HISTORIES))


@given(stages)
def test_turns_are_well_formed(stage: Stage) -> None:
    """What is shown is waited for; all that is named was listed before, so there is no cycle; ids
    are unique.
    """
    known: set[str] = set()
    for turn in turns(stage, Results({})):
        assert turn.id not in known
        assert known.issuperset(turn.after)
        assert set(turn.after) >= {*turn.sees, *turn.recalls}
        assert set(turn.after) >= {each for each in (turn.target, turn.carries) if each}
        assert not set(turn.sees) & set(turn.recalls) or turn.kind in ("critique", "synthesis")
        for names in (turn.after, turn.sees, turn.recalls):
            assert len(set(names)) == len(names)
        known.add(turn.id)


@given(stages)
def test_the_number_of_calls_is_that_of_the_contract(stage: Stage) -> None:
    """N + R·N·(N-1) + R·N + 1 when all goes well: later proposals are carried over."""
    n, r = len(stage.agents), stage.rounds
    calls = [turn for turn in turns(stage, Results({})) if turn.carries is None]

    assert n + r * n * (n - 1) + r * n + 1 == len(calls)


@given(stages)
def test_everybody_criticizes_everybody_and_refines(stage: Stage) -> None:
    """In each round one proposal and refinement per agent, one critique per ordered pair."""
    every = list(turns(stage, Results({})))
    pairs = Counter(
        (turn.round, turn.speaker, turn.target) for turn in every if turn.kind == "critique"
    )

    assert {
        (r, critic, f"debate/r{r}/proposal/{author}"): 1
        for r in range(1, stage.rounds + 1)
        for critic, author in permutations(stage.agents, 2)
    } == pairs
    for kind in ("proposal", "refinement"):
        made = Counter((turn.round, turn.speaker) for turn in every if turn.kind == kind)
        assert {(r, a): 1 for r in range(1, stage.rounds + 1) for a in stage.agents} == made
    assert [every[-1]] == [turn for turn in every if turn.kind == "synthesis"]


@given(stages)
def test_the_first_round_is_blind(stage: Stage) -> None:
    """A first proposal waits for nothing; a first critique is shown its target alone."""
    for turn in turns(stage, Results({})):
        if turn.round == 1 and turn.kind == "proposal":
            assert ((), (), (), None) == (turn.after, turn.sees, turn.recalls, turn.carries)
        if turn.round == 1 and turn.kind == "critique":
            assert (turn.target,) == turn.after == turn.sees


@pytest.mark.parametrize("history", HISTORIES)
def test_a_refinement_answers_its_own_critiques(history: History) -> None:
    """It is shown its proposal and the critiques of it, and waits for no other critique of the
    round.
    """
    every = listed(debate(history=history))
    current = {each for each in every["r2/refinement/a"].sees if "/r2/" in each}

    assert short("r2/proposal/a", "r2/critique/b>a", "r2/critique/c>a") == current
    assert current == {each for each in every["r2/refinement/a"].after if "/r2/" in each}


@pytest.mark.parametrize("history", HISTORIES)
def test_a_refinement_is_carried_over_as_the_next_proposal(history: History) -> None:
    """No call is made for it when the refinement exists."""
    every = listed(debate(history=history))

    assert "debate/r1/refinement/a" == every["r2/proposal/a"].carries
    assert None is every["r1/proposal/a"].carries


def test_without_history_nothing_of_earlier_rounds_is_shown() -> None:
    """Each round stands on the carried proposal alone."""
    for name, turn in listed(debate(rounds=3, history="current")).items():
        if turn.kind != "synthesis":
            assert () == turn.recalls
            assert {f"debate/r{turn.round}"} >= {
                each.rpartition("/")[0].rpartition("/")[0] for each in turn.sees
            }, name


def test_the_own_history_waits_for_nobody_else() -> None:
    """An agent's next round may begin while others are still busy with the round before."""
    every = listed(debate(history="own"))

    assert short("r1/refinement/a") == set(every["r2/proposal/a"].after)
    assert short("r1/refinement/b", "r2/proposal/a") == set(every["r2/critique/b>a"].after)


def test_the_history_of_everyone_waits_for_everyone() -> None:
    """All that was said in the round before is shown, so all of it is waited for."""
    every = listed(debate(history="everyone"))
    before = {turn.id for turn in every.values() if turn.round == 1 and turn.kind == "refinement"}

    assert before <= set(every["r2/proposal/a"].after)
    assert before - short("r1/refinement/a") <= set(every["r2/critique/b>a"].after)


@given(stages)
def test_the_judge_waits_for_all_final_refinements(stage: Stage) -> None:
    """And speaks outside of the rounds."""
    *_, last = turns(stage, Results({}))

    final = {f"debate/r{stage.rounds}/refinement/{agent}" for agent in stage.agents}
    assert (stage.judge, 0, "debate/synthesis/judge") == (last.speaker, last.round, last.id)
    assert final <= set(last.after)
    assert final <= set(last.sees)


@given(stages, st.data())
def test_settling_more_changes_no_turn(stage: Stage, data: st.DataObject) -> None:
    """The debate of a fixed number of rounds is known from the beginning."""
    every = list(turns(stage, Results({})))
    some = data.draw(st.lists(st.sampled_from(every), unique_by=lambda turn: turn.id))
    results = {turn.id: Result(turn, "made", "x") for turn in some}

    assert (every, None) == known_turns(PROTOCOLS["debate@1"], stage, results)
    assert every == list(turns(stage, Results({})))
