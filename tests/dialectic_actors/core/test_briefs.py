"""Briefs: exactly what `sees` and `recalls` name, nothing leaks and nothing is lost (law 9)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.core.briefs import Brief, Link, Links, brief_of
from dialectic_actors.core.decide import State, fold, react
from dialectic_actors.core.effects import TakeTurn
from dialectic_actors.testing.driving import CALM, Plan, perform, play, shuffled
from dialectic_actors.testing.strategies import openings, plans
from dialectic_events.runs import RunOpened
from dialectic_events.turns import Turn
from dialectic_events.union import Event
from dialectic_replay.run import Run
from support.drive import opened


def recalled(run: Run, turn: Turn) -> set[str]:
    """Slowly: what the turns that a turn recalls were shown, and those that they recalled."""
    found: set[str] = set()
    for earlier in turn.recalls:
        plan = run.results[earlier].turn
        found |= {
            each
            for each in plan.sees
            if run.made(each) is not None and run.results[each].turn.kind != "answer"
        } | recalled(run, plan)
    return found


@given(openings(max_agents=4), plans(), st.integers())
def test_a_brief_contains_exactly_what_its_turn_names(
    opening: RunOpened, plan: Plan, seed: int
) -> None:
    """Each made contribution once, with its own words, for every mode of history, failures
    included.
    """

    def look(state: State, events: list[Event]) -> None:
        for effect in react(state).values():
            if isinstance(effect, TakeTurn):
                brief = brief_of(state.run, effect.turn)
                earlier = [shown.turn for shown in brief.earlier()]
                assert [*effect.turn.sees] == [shown.turn for shown in brief.shown]
                assert recalled(state.run, effect.turn) == set(earlier)
                assert len(set(earlier)) == len(earlier)
                assert set(earlier).isdisjoint(effect.turn.sees)
                for shown in (*brief.shown, *brief.earlier()):
                    assert state.run.made(shown.turn) == shown.text

    play([opening], perform(plan), shuffled(seed), look)


@given(openings(max_agents=4), plans(), st.integers())
def test_a_brief_does_not_depend_on_when_it_is_asked_for(
    opening: RunOpened, plan: Plan, seed: int
) -> None:
    """At once or after all is settled, from kept links or from none: it is the same."""
    links: Links = {}
    briefs: dict[str, Brief] = {}

    def keep(state: State, events: list[Event]) -> None:
        for effect in react(state).values():
            if isinstance(effect, TakeTurn):
                briefs.setdefault(effect.turn.id, brief_of(state.run, effect.turn, links))

    run = fold(play([opening], perform(plan), shuffled(seed), keep)).run

    for brief in briefs.values():
        assert brief == brief_of(run, brief.turn)


def briefs_of(opening: RunOpened) -> dict[str, tuple[list[str], list[str]]]:
    """What each turn was shown when nothing fails: earlier rounds, and now; ids without their
    stage.
    """
    run = fold(play([opening], perform(CALM))).run
    found = {}
    for turn, result in run.results.items():
        brief = brief_of(run, result.turn)
        found[turn.removeprefix("debate/")] = (
            [shown.turn.removeprefix("debate/") for shown in brief.earlier()],
            [shown.turn.removeprefix("debate/") for shown in brief.shown],
        )
    return found


def test_the_own_history_is_the_speakers_perspective() -> None:
    """Its own proposals, the critiques that it received, and (by the next proposal) its
    refinements, in order.
    """
    briefs = briefs_of(opened(("a", "b"), 3, history="own"))

    assert (
        ["r1/proposal/a", "r1/critique/b>a", "r2/proposal/a", "r2/critique/b>a"],
        ["r3/proposal/a", "r3/critique/b>a"],
    ) == briefs["r3/refinement/a"]
    assert (
        ["r1/proposal/a", "r1/critique/b>a"],
        ["r1/refinement/a", "r2/proposal/b"],
    ) == briefs["r2/critique/a>b"]


def test_the_current_history_is_empty() -> None:
    """Only the judge is told how the last round went."""
    briefs = briefs_of(opened(("a", "b"), 2, history="current"))

    assert ([], ["r2/proposal/a", "r2/critique/b>a"]) == briefs["r2/refinement/a"]
    assert all(not earlier for turn, (earlier, _) in briefs.items() if turn != "synthesis/judge")


def test_the_history_of_everyone_is_all_that_was_said_in_earlier_rounds() -> None:
    """Nothing of them is lost on anybody; what is under review counts as shown."""
    opening = opened(("a", "b", "c"), 3, history="everyone")
    run = fold(play([opening], perform(CALM))).run
    for result in run.results.values():
        turn = result.turn
        if turn.kind in ("critique", "refinement"):
            brief = brief_of(run, turn)
            told = {shown.text for shown in (*brief.earlier(), *brief.shown)}
            said = {each.text for each in run.results.values() if 0 < each.turn.round < turn.round}
            assert said <= told


def test_a_long_history_needs_no_deep_recursion() -> None:
    """A thousand rounds make a chain of a thousand links."""
    run = fold(play([opened(("a",), 1000)], perform(CALM))).run
    brief = brief_of(run, run.results["debate/synthesis/judge"].turn)

    assert 1000 == len(brief.earlier())


def test_a_long_history_of_nothing_tells_nothing() -> None:
    """An agent that failed early leaves empty links, one for each round."""
    link = Link("debate/r1/refinement/a", (), ())
    for round in range(2, 5000):
        link = Link(f"debate/r{round}/refinement/a", (link,), ())

    assert not link.tells
