"""The linter on the protocols that ship, on hostile ones, and its arithmetic against real runs."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dialectic_actors.core.exploration import Bounds, explore
from dialectic_actors.core.linter import RULES, judge, lint
from dialectic_actors.core.protocols import PROTOCOLS, Protocol, Results, protocol_of
from dialectic_actors.core.protocols.debate import turns as debate
from dialectic_actors.core.worst_case import Sizes, calls_per_turn, worst_case
from dialectic_actors.testing.drawn_protocols import CLAIM, END, REBUTTAL, listing
from dialectic_actors.testing.driving import Plan, Trouble, perform, play, shuffled
from dialectic_actors.testing.strategies import openings
from dialectic_events.calls import CallAnswered, CallFailed, CallRequested, Ending
from dialectic_events.runs import (
    Clarifications,
    Condensing,
    History,
    Limits,
    RunOpened,
    Stage,
    StopRule,
    Synthesis,
)
from dialectic_events.turns import Turn
from support.drive import opened

STAGE = Stage("debate", "debate@1", ("ada", "ben"), "judge", 2)
FRAMED = replace(STAGE, rounds=1, clarifications=Clarifications(1, 1), synthesis="voting")
stages = st.builds(
    lambda protocol, agents, rounds, history: Stage(
        "debate", protocol, tuple("abcde"[:agents]), "judge", rounds, history
    ),
    st.sampled_from(sorted(PROTOCOLS)),
    st.integers(1, 4),
    st.integers(1, 2),
    st.sampled_from(get_args(History)),
)

mendable: tuple[Trouble, ...] = ("server", "bad-request", "says-nothing")
troubles = st.lists(st.sampled_from(mendable), min_size=1, max_size=3).map(tuple)


def rules(protocol: Protocol, bounds: Bounds | None = None) -> set[str]:
    """The rules that a protocol breaks."""
    return {finding.rule for finding in lint(protocol, STAGE, bounds)}


def spins(stage: Stage, results: Results) -> Iterator[Turn]:
    """Never comes to its second turn, whatever is thrown at it as an ordinary exception."""
    yield CLAIM
    while True:
        try:
            for _ in itertools.count():
                pass
        except Exception:
            continue


def no_listing(stage: Stage, results: Results) -> Any:
    """Returns a list, which is not an iterator."""
    return [CLAIM]


def leaves(stage: Stage, results: Results) -> Iterator[Turn]:
    """Ends the whole program."""
    yield CLAIM
    sys.exit("enough")


def recurses(stage: Stage, results: Results) -> Iterator[Turn]:
    """Calls itself without an end."""
    yield from recurses(stage, results)


@settings(max_examples=25)
@given(stages)
def test_what_ships_is_clean(stage: Stage) -> None:
    """Every built-in protocol, on every stage, with every history."""
    assert () == lint(protocol_of(stage), stage)


@pytest.mark.parametrize(
    ("protocol", "rule"),
    [
        (spins, "unbounded-rounds"),
        (listing(*(replace(CLAIM, id=f"t{n}") for n in range(200))), "unbounded-rounds"),
        (no_listing, "raises"),
        (leaves, "raises"),
        (recurses, "raises"),
        (listing(replace(CLAIM, after=["debate/x"])), "not-a-turn"),
        (listing(replace(CLAIM, kind="sermon")), "not-a-turn"),
        (listing(replace(CLAIM, id="")), "not-a-turn"),
        (listing(replace(CLAIM, round=True)), "not-a-turn"),
    ],
)
def test_a_hostile_protocol_is_a_finding(protocol: Protocol, rule: str) -> None:
    """It raises, ends the program, never ends or yields anything: none of it reaches the caller."""
    assert {rule} == rules(protocol, Bounds(turns=100))


def test_looking_leaves_a_debugger_in_place() -> None:
    """Endless loops are cut by tracing, so whoever traced before goes on."""

    def trace(*_: object) -> None:
        return None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        lint(listing(CLAIM, REBUTTAL, END), STAGE)
        after = sys.gettrace()
    finally:
        sys.settrace(before)

    assert after is trace


def reads_both(stage: Stage, results: Results) -> Iterator[Turn]:
    """Raises in a case that no run can come to: a rebuttal of a claim that failed."""
    yield CLAIM
    yield REBUTTAL
    rebutted = results[REBUTTAL.id].outcome == "made"
    if rebutted and results[CLAIM.id].outcome != "made":
        raise AssertionError("never")
    yield END


def reads_words(stage: Stage, results: Results) -> Iterator[Turn]:
    """Goes on without end when it hears the one word."""
    yield CLAIM
    if results[CLAIM.id].text != "agreed":
        yield REBUTTAL
        yield END


def test_only_what_a_run_could_come_to_is_explored() -> None:
    """A rebuttal is made only of a claim that was made, and skipped only without one."""
    outcomes = {
        tuple(result.outcome for result in branch.results.values())
        for branch in explore(reads_both, STAGE).branches
    }

    assert set() == rules(reads_both)
    assert {("made", "made"), ("failed",), ("skipped",)} == outcomes


def test_a_protocol_that_reads_words_is_told_which() -> None:
    """Its branches are found when the words that matter are given."""
    assert set() == rules(reads_words)
    assert {"no-final"} == rules(reads_words, Bounds(texts=("", "agreed")))


def test_a_search_that_was_cut_short_says_so() -> None:
    """Fewer branches than there are is no proof."""
    assert explore(reads_both, STAGE).complete
    assert not explore(reads_both, STAGE, Bounds(branches=1)).complete


def test_every_rule_says_why_and_what_mends_it() -> None:
    """In one line each."""
    for name, rule in RULES.items():
        assert name == name.lower().replace("_", "-")
        assert rule.why.endswith(".")
        assert rule.fix
        assert "\n" not in rule.why + rule.fix


@given(stages)
def test_the_calls_of_a_debate_are_those_of_its_contract(stage: Stage) -> None:
    """N + R·N·(N-1) + R·N + 1 when all goes well, in 2 + 2·R steps one after the other (without
    critiques 2 + R).
    """
    n, r = len(stage.agents), stage.rounds
    worst = worst_case(explore(debate, stage).branches)

    assert n + r * n * (n - 1) + r * n + 1 == worst.calls
    assert 2 + (2 * r if n > 1 else r) == len(worst.path)


@given(openings(max_agents=3, max_rounds=2), st.integers(), st.integers(0, 100), troubles)
def test_no_run_makes_more_calls_than_the_worst_case(
    opening: RunOpened, seed: int, failing: int, kinds: tuple[Trouble, ...]
) -> None:
    """Whatever fails or misses its contract, in whatever order."""
    plan = Plan(seed=seed, failing=failing, kinds=kinds)
    (stage,), route = opening.stages, opening.agents[0].route
    worst = worst_case(
        explore(debate, stage).branches,
        opening.limits,
        models=len(route),
        tools=max(agent.tool_call_limit if agent.tools else 0 for agent in opening.agents),
        synthesis=stage.synthesis,
    )

    log = play([opening], perform(plan), shuffled(seed))

    assert worst.most_calls >= sum(isinstance(event, CallRequested) for event in log)


@pytest.mark.parametrize("synthesis", get_args(Synthesis))
@pytest.mark.parametrize("stop", [StopRule("convergence"), StopRule("quality")])
@pytest.mark.parametrize(
    ("history", "summaries"), [("own", "length-based"), ("everyone", "hierarchical")]
)
def test_a_debate_with_all_that_can_frame_it_lints_clean(
    synthesis: Synthesis, stop: StopRule, history: History, summaries: Condensing
) -> None:
    """Whoever asks, and whether it stops or not: every branch is looked at."""
    stage = replace(
        FRAMED, synthesis=synthesis, stop=stop, history=history, summaries=summaries, rounds=2
    )

    explored = explore(debate, stage)

    assert () == judge(stage, explored)
    assert explored.complete
    assert 1 < len({branch.turns for branch in explored.branches})


def test_people_and_counting_cost_no_call() -> None:
    """Two agents ask, propose, criticize, refine and vote: ten calls; answers, the decision to stop
    and the count are none.
    """
    worst = worst_case(explore(debate, FRAMED).branches, synthesis="voting")

    assert 5 * 2 == worst.calls
    assert 2 + 2 + 8 + 1 == worst.turns


def test_a_use_of_tools_costs_a_call_more() -> None:
    """One for each time that tools may be used, in every turn."""
    branches = explore(listing(CLAIM, END), STAGE).branches

    assert 2 * (1 + 3) == worst_case(branches, Limits(attempts=1, repairs=0), tools=3).most_calls


@pytest.mark.parametrize(("attempts", "models", "repairs"), [(1, 1, 0), (3, 1, 1), (2, 3, 2)])
def test_the_worst_case_of_a_turn_is_reached(attempts: int, models: int, repairs: int) -> None:
    """First every repair is used up, then every attempt of every model."""

    def answer(request: CallRequested) -> Ending:
        if int(request.call.rpartition("#")[2]) <= repairs:
            return CallAnswered(call=request.call, text="…", model=request.model)
        return CallFailed(call=request.call, error="server")

    limits = Limits(attempts=attempts, repairs=repairs)
    opening = opened(("ada",), 1, route=("m1", "m2", "m3")[:models], limits=limits)

    log = play([opening], perform(answer))

    first = [e for e in log if isinstance(e, CallRequested) and "/proposal/" in e.turn]
    assert calls_per_turn(limits, models) == len(first)


def test_prompts_grow_by_what_they_show() -> None:
    """A claim of 100 tokens is shown to the rebuttal, both to the judge."""
    branches = explore(listing(CLAIM, REBUTTAL, END), STAGE).branches
    sizes = Sizes(problem_tokens=10, prompt_tokens=1, answer_tokens=100)

    worst = worst_case(branches, Limits(attempts=2, repairs=1), models=3, sizes=sizes)

    assert (11 + 100) + (111 + 100) + (211 + 100) == worst.tokens
    assert 7 * (worst.tokens + 3 * 101) == worst.most_tokens
    assert (3, 3, 21) == (worst.turns, worst.calls, worst.most_calls)
    assert (CLAIM.id, REBUTTAL.id, END.id) == worst.path
