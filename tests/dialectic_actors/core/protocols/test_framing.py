"""What frames the rounds of a debate: questions before, decisions between, the conclusion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.core.decide import fold
from dialectic_actors.core.protocols import PROTOCOLS, known_turns
from dialectic_actors.testing.config import Config
from dialectic_actors.testing.driving import Plan, perform, play, shuffled
from dialectic_actors.testing.strategies import configs, plans
from dialectic_events.runs import Clarifications, Stage, StopRule, Summarization
from dialectic_events.turns import QuestionAsked, StopDecided, Turn
from dialectic_replay.run import Result

DEBATE = PROTOCOLS["debate@1"]


def stage(agents: int = 2, rounds: int = 2, **framed: Any) -> Stage:
    """A stage with something around its rounds."""
    return Config(agents=agents, rounds=rounds, **framed).opening()[0].stages[0]


def listed(stage: Stage, results: Mapping[str, Result] | None = None) -> dict[str, Turn]:
    """All turns that can be known, by id without the stage."""
    turns, _ = known_turns(DEBATE, stage, results or {})
    return {turn.id.removeprefix("debate/"): turn for turn in turns}


def asked(turn: str, questions: int) -> dict[str, Result]:
    """A turn that asked so much."""
    known = Turn(f"debate/{turn}", "question", "a")
    event = QuestionAsked(turn=known.id, text="[]", questions=questions)
    return {known.id: Result(known, "made", "", None, event)}


def test_questions_and_answers_come_before_all_else() -> None:
    """Until it is known that nobody has another question, nobody proposes."""
    clarified = stage(clarifications=Clarifications(passes=2))
    first = ["c1/question/architect", "c1/question/security"]
    put = ["c1/answer/person>architect", "c1/answer/person>security"]

    assert [*first, *put] == list(listed(clarified))
    silent = asked(first[0], 0) | asked(first[1], 0)
    assert "r1/proposal/architect" in listed(clarified, silent)
    curious = asked(first[0], 0) | asked(first[1], 1)
    assert "c2/question/architect" in listed(clarified, curious)
    assert tuple(f"debate/{each}" for each in put) == (
        listed(clarified, curious)["c2/question/architect"].sees
    )


def test_after_the_last_pass_the_debate_begins_whatever_was_asked() -> None:
    """The number of passes is a cap; every later turn is shown all answers."""
    turns = listed(stage(clarifications=Clarifications(passes=1)))

    answers = {each.id for each in turns.values() if each.kind == "answer"}
    later = [each for each in turns.values() if each.round and each.kind != "question"]
    assert "synthesis/judge" in turns
    assert all(answers <= {*each.sees} for each in later if each.kind != "answer")


def test_a_decision_ends_the_debate_or_goes_on() -> None:
    """After every round but the last, where it could change nothing."""
    quality = stage(rounds=3, stop=StopRule("quality", 0.8))
    turns = listed(quality)

    assert "r1/assessment/judge" in turns
    assert "r2/proposal/architect" not in turns
    for stop, known in ((True, "synthesis/judge"), (False, "r2/stop/judge")):
        plan = turns["r1/stop/judge"]
        decided = StopDecided(
            turn=plan.id,
            plan=plan,
            rule="quality",
            measure="judge",
            value=0.9,
            threshold=0.8,
            stop=stop,
        )
        after = listed(quality, {plan.id: Result(plan, "made", "", None, decided)})
        assert known in after
        assert ("r2/proposal/architect" in after) != stop
    assert "r3/stop/judge" not in listed(stage(rounds=3))


def test_a_vote_asks_everybody_for_the_refinements_of_others() -> None:
    """Nobody is shown the own one; the judge is not asked."""
    turns = listed(stage(agents=3, rounds=1, synthesis="voting"))

    for agent in ("architect", "performance", "security"):
        sees = turns[f"ballot/{agent}"].sees
        assert 2 == len(sees)
        assert f"debate/r1/refinement/{agent}" not in sees
    assert {f"debate/ballot/{agent}" for agent in ("architect", "performance", "security")} < {
        *turns["synthesis/judge"].sees
    }


@given(st.integers(0, 2**32 - 1))
def test_the_judge_is_shown_positions_in_an_order_that_the_seed_draws(seed: int) -> None:
    """The same ones, and the same order for the same seed."""
    plain = listed(Config(agents=4, seed=seed).opening()[0].stages[0])["synthesis/judge"]
    again = listed(Config(agents=4, seed=seed).opening()[0].stages[0])["synthesis/judge"]

    assert plain == again
    assert {f"debate/r1/refinement/{agent}" for agent in Config(agents=4).speakers} == {*plain.sees}


def test_different_seeds_draw_different_orders() -> None:
    """No place in the list favors anybody."""
    orders = {
        listed(Config(agents=3, seed=seed).opening()[0].stages[0])["synthesis/judge"].sees
        for seed in range(60)
    }

    assert 6 == len(orders)


def test_a_summary_may_stand_in_for_the_perspective() -> None:
    """From the second round on, for critiques and refinements; for the judge, for all that led to
    the last refinements.
    """
    turns = listed(stage(rounds=2, summaries="hierarchical"))

    assert "r1/summary/architect" not in turns
    for kind in ("critique/architect>security", "refinement/architect"):
        assert "debate/r2/summary/architect" == turns[f"r2/{kind}"].summary
        assert "debate/r2/summary/architect" in turns[f"r2/{kind}"].after
    assert "debate/summary/judge" == turns["synthesis/judge"].summary
    assert not {*turns["summary/judge"].sees} & {*turns["synthesis/judge"].sees}


def test_a_length_based_summary_begins_at_the_beginning() -> None:
    """The agent's first proposal, all critiques that it received, all its refinements."""
    turns = listed(stage(rounds=3, summaries="length-based"))

    assert (
        "debate/r1/proposal/architect",
        "debate/r1/critique/security>architect",
        "debate/r1/refinement/architect",
        "debate/r2/critique/security>architect",
        "debate/r2/refinement/architect",
    ) == turns["r3/summary/architect"].sees


@given(configs(max_agents=3, max_rounds=3), plans(), st.integers())
def test_settling_more_only_adds_turns(config: Config, plan: Plan, seed: int) -> None:
    """Whatever frames a debate, no turn is ever taken back or changed."""
    known: dict[str, Turn] = {}
    opened = config.opening()[0]
    state = fold([opened])
    for event in play([opened], perform(plan), shuffled(seed))[1:]:
        state.advance(event)
        turns = listed(opened.stages[0], state.run.results)
        assert known.items() <= turns.items()
        known = turns


def test_a_condensed_turn_is_shown_the_summary_and_what_is_newer() -> None:
    """Played to its end, a critique of the second round sees the summary, and recalls nothing."""
    config = Config(
        agents=2, rounds=2, summaries="hierarchical", summarization=Summarization(10, 100)
    )
    run = fold(play([config.opening()[0]], perform())).run
    critique = run.results["debate/r2/critique/architect>security"].turn

    assert "debate/r2/summary/architect" == critique.sees[0]
    assert () == critique.recalls
    assert "debate/r1/refinement/architect" not in critique.sees
    assert "debate/r2/proposal/security" in critique.sees
