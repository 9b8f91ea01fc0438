"""A forecast: what a debate asks for at least and at most, before it begins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dialectic_actors.core.forecast import Way, forecast
from dialectic_actors.core.protocols import fixed_turns, protocol_of
from dialectic_events.runs import (
    Clarifications,
    History,
    RunOpened,
    Stage,
    StopRule,
    Summarization,
    Synthesis,
)
from support.drive import opened

HISTORIES: tuple[History, ...] = ("current", "own", "everyone")
SYNTHESES: tuple[Synthesis, ...] = ("judge", "voting", "merge")
AGENTS = ("architect", "security", "kiss")


def debate(**changes: object) -> tuple[RunOpened, Stage]:
    """An opening whose stage is changed."""
    opening = opened(AGENTS, 2)
    stage = replace(opening.stages[0], **changes)
    return replace(opening, stages=(stage,)), stage


def calls(way: Way) -> int:
    """All calls of a way."""
    return sum(each.most_calls for each in way.planned)


@given(st.integers(1, 5), st.integers(1, 4), st.sampled_from(HISTORIES))
def test_a_fixed_debate_is_known_exactly(agents: int, rounds: int, history: History) -> None:
    """One call for each first proposal, each critique, each refinement, and the synthesis."""
    opening = opened([f"a{n}" for n in range(agents)], rounds, history=history)

    least, most = forecast(opening, opening.stages[0])

    assert least == most
    assert agents + rounds * agents * (agents - 1) + rounds * agents + 1 == calls(most)


@given(
    st.integers(1, 3),
    st.sampled_from(HISTORIES),
    st.sampled_from(SYNTHESES),
    st.booleans(),
    st.sampled_from([None, StopRule("quality"), StopRule("convergence", 0.5)]),
    st.sampled_from([None, Clarifications(5, 1), Clarifications(5, 3)]),
)
def test_the_least_is_never_more_than_the_most(
    rounds: int,
    history: History,
    synthesis: Synthesis,
    summaries: bool,
    stop: StopRule | None,
    clarifications: Clarifications | None,
) -> None:
    """Whatever may be asked, and every turn that asks a model is listed once."""
    opening, stage = debate(
        rounds=rounds,
        history=history,
        synthesis=synthesis,
        summaries="length-based" if summaries else None,
        stop=stop,
        clarifications=clarifications,
    )
    terms = Summarization() if summaries else None
    opening = replace(
        opening, agents=tuple(replace(agent, summarization=terms) for agent in opening.agents)
    )

    least, most = forecast(opening, stage)

    assert calls(least) <= calls(most)
    assert len(least.path) <= len(most.path)
    names = [each.turn.id for each in most.planned]
    assert len(names) == len(set(names))
    assert set(most.path) <= set(names)


def test_a_rule_to_stop_makes_a_range() -> None:
    """At least one round, at most all, and the judge is asked where its answer matters."""
    opening, stage = debate(rounds=3, stop=StopRule("quality"))
    least, most = forecast(opening, stage)

    one, three = 3 + 6 + 3 + 1, 3 + 18 + 9 + 1
    assert (one + 1, three + 2) == (calls(least), calls(most))


def test_questions_are_asked_again_as_long_as_somebody_may_ask() -> None:
    """One pass at least, all at most; a person's answers are no calls."""
    opening, stage = debate(clarifications=Clarifications(5, 3))
    plain = calls(forecast(*debate())[1])

    least, most = forecast(opening, stage)

    assert (plain + 3, plain + 9) == (calls(least), calls(most))
    assert "answer" not in {each.turn.kind for each in most.planned}
    proposal = next(each for each in most.planned if each.turn.kind == "proposal")
    assert {"answer": 9} == proposal.shown


def test_a_summary_is_foreseen_for_those_who_condense() -> None:
    """Only where an agent's settings have it."""
    opening, stage = debate(summaries="length-based")
    first = opening.agents[0]
    condensing = replace(first, summarization=Summarization())
    some = replace(opening, agents=(condensing, *opening.agents[1:]))

    assert calls(forecast(opening, stage)[0]) == calls(forecast(opening, stage)[1])
    summaries = [
        e.turn.speaker for e in forecast(some, stage)[1].planned if e.turn.kind == "summary"
    ]
    assert [first.id] == summaries


def test_each_use_of_tools_may_be_a_call() -> None:
    """As many as the agent is allowed, in the turns that may use them."""
    opening, stage = debate(rounds=1)
    first = replace(opening.agents[0], tools=("tool/file_read",), tool_call_limit=4)
    tooled = replace(opening, agents=(first, *opening.agents[1:]))

    least, most = forecast(tooled, stage)

    assert calls(forecast(opening, stage)[1]) == calls(least)
    assert calls(least) + 4 * 4 == calls(most)


@pytest.mark.parametrize("synthesis", SYNTHESES)
def test_a_vote_is_counted_and_not_asked_for(synthesis: Synthesis) -> None:
    """Ballots are calls; the count of them is none."""
    _, most = forecast(*debate(synthesis=synthesis))

    kinds = [each.turn.kind for each in most.planned]
    expected = ["ballot"] * 3 if synthesis == "voting" else ["synthesis"]
    assert expected == kinds[-len(expected) :]
    assert ("synthesis" in kinds) == (synthesis != "voting")


def test_the_path_is_the_longest_chain_of_calls() -> None:
    """A proposal, then a critique and a refinement for each round, then the judge."""
    opening, stage = debate(rounds=3)

    assert 2 + 2 * 3 == len(forecast(opening, stage)[0].path)


def test_what_is_shown_is_counted_by_kind() -> None:
    """With what earlier rounds showed."""
    opening, stage = debate(rounds=1)
    shown = {each.turn.id: each.shown for each in forecast(opening, stage)[1].planned}

    assert {} == shown["debate/r1/proposal/kiss"]
    assert {"proposal": 1} == shown["debate/r1/critique/kiss>architect"]
    assert {"proposal": 1, "critique": 2} == shown["debate/r1/refinement/kiss"]
    fixed = fixed_turns(protocol_of(stage), stage)
    assert fixed is not None
    assert len(fixed) == len(shown)
