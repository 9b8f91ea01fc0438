"""The laws of the core, each a property over generated debates."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.core.commands import (
    Command,
    GiveUp,
    Open,
    Suspend,
    TakeUp,
)
from dialectic_actors.core.decide import State, decide, evolve, fold, react, settle
from dialectic_actors.core.effects import Wake
from dialectic_actors.testing.driving import EVERY_ERROR, Plan, Trouble, perform, play, shuffled
from dialectic_actors.testing.strategies import openings, plans
from dialectic_events.calls import CallAnswered, CallFailed, CallRequested
from dialectic_events.runs import (
    Limits,
    RunConcluded,
    RunFailed,
    RunOpened,
)
from dialectic_events.union import Event
from support.drive import opened
from support.shapes import alike, facts

JUDGE = "debate/synthesis/judge"


@given(openings(max_agents=3, max_rounds=2), plans(), st.integers())
def test_the_live_state_is_the_fold_of_the_log(opening: RunOpened, plan: Plan, seed: int) -> None:
    """Law 1, after every event: what was kept up in place is what the log alone says."""

    def compare(state: State, events: list[Event]) -> None:
        assert alike(fold(events)) == alike(state)

    play([opening], perform(plan), shuffled(seed), compare)


@given(openings(max_agents=3, max_rounds=2), plans(), st.integers())
def test_evolving_and_deciding_leave_a_state_alone(
    opening: RunOpened, plan: Plan, seed: int
) -> None:
    """All three functions are pure: one state may be asked again and again."""
    log = play([opening], perform(plan), shuffled(seed))
    state = fold(log[: seed % len(log)])
    before = alike(fold(log[: seed % len(log)]))

    evolve(state, log[seed % len(log)])
    for effect in react(state).values():
        decide(state, perform(plan)(state, effect))
    decide(state, TakeUp("again"))
    settle(state)

    assert before == alike(state)


@given(openings(max_agents=3, max_rounds=2), plans(), st.integers())
def test_a_repeat_of_any_command_changes_nothing(opening: RunOpened, plan: Plan, seed: int) -> None:
    """Law 3, in every state on the way: for what effects bring back, and for what people and
    supervisors ask.
    """

    def repeat(state: State, events: list[Event]) -> None:
        if settle(state):  # inside of an append: nobody decides there
            return
        commands: list[Command] = [perform(plan)(state, each) for each in react(state).values()]
        commands += [TakeUp("again"), Open(opening), Suspend("told to"), GiveUp(JUDGE, "gone")]
        commands += [
            GiveUp(each.turn.id, "gone")
            for each in react(state).values()
            if not isinstance(each, Wake)
        ]
        for command in commands[:: 1 + len(commands) // 8]:
            assert () == decide(fold(decide(state, command), state), command)

    play([opening], perform(plan), shuffled(seed), repeat)


@given(openings(max_agents=3, max_rounds=3), plans(), st.integers())
def test_what_came_back_once_is_a_repeat_for_ever(
    opening: RunOpened, plan: Plan, seed: int
) -> None:
    """Law 3, late: a command that an effect brought back changes nothing at the end of the run
    either.
    """
    heard: list[Command] = []

    def listen(state: State, events: list[Event]) -> None:
        heard.extend(perform(plan)(state, effect) for effect in react(state).values())

    state = fold(play([opening], perform(plan), shuffled(seed), listen))

    assert {()} == {decide(state, command) for command in heard}


@given(openings(), plans(), st.integers())
def test_the_order_of_delivery_does_not_matter(opening: RunOpened, plan: Plan, seed: int) -> None:
    """Law 4: same answers, same facts, whatever comes first; failures, repairs and suspensions
    included.
    """
    calm = play([opening], perform(plan))

    assert facts(calm) == facts(play([opening], perform(plan), shuffled(seed)))


@given(openings(), plans(), st.integers(), st.integers(0))
def test_every_prefix_can_be_finished(opening: RunOpened, plan: Plan, seed: int, cut: int) -> None:
    """Law 6: a log that was cut between any two events, even of one append, comes to the same
    facts.
    """
    log = play([opening], perform(plan), shuffled(seed))

    assert facts(log) == facts(play(log[: 1 + cut % len(log)], perform(plan)))


@pytest.mark.parametrize("kind", [*EVERY_ERROR, "says-nothing"])
def test_every_prefix_of_one_debate_can_be_finished(kind: Trouble) -> None:
    """Law 6, with no cut left out, for each way in which calls can fail."""
    plan = Plan(seed=3, failing=25, kinds=(kind,))
    opening = opened(("a", "b"), 2, route=("model-a", "model-b"), limits=Limits(attempts=2))
    log = play([opening], perform(plan))

    for cut in range(1, len(log)):
        assert facts(log) == facts(play(log[:cut], perform(plan)))


@given(openings(), plans(), st.integers())
def test_a_run_always_ends(opening: RunOpened, plan: Plan, seed: int) -> None:
    """Law 10: while it runs it waits for something, suspended it says why, and one event ends it,
    the last.
    """

    def alive(state: State, events: list[Event]) -> None:
        if state.run.status == "suspended":
            assert state.run.reason
        elif state.run.status == "running" and not settle(state):
            assert react(state)

    log = play([opening], perform(plan), shuffled(seed), alive)

    ends = [event for event in log if isinstance(event, RunConcluded | RunFailed)]
    assert [log[-1]] == ends


@given(openings(), plans(), st.integers())
def test_every_turn_is_settled_once(opening: RunOpened, plan: Plan, seed: int) -> None:
    """No turn has two results, none that the protocol names is forgotten, no call ends twice."""
    log = play([opening], perform(plan), shuffled(seed))
    endings = Counter(each.call for each in log if isinstance(each, CallAnswered | CallFailed))
    settled = Counter(
        turn
        for event in log
        if not isinstance(event, CallRequested) and (turn := getattr(event, "turn", None))
    )

    assert {1} == set(settled.values())
    assert fold(log).agenda.turns.keys() == settled.keys()
    assert dict.fromkeys(fold(log).run.calls, 1) == endings


@given(openings(max_agents=3), plans(), st.integers(), st.integers(0, 400), st.data())
def test_a_run_ends_whoever_is_given_up(
    opening: RunOpened, plan: Plan, seed: int, cut: int, data: st.DataObject
) -> None:
    """Giving up any turn, ready or not, at any time keeps every law of ending: one result each,
    one end.
    """
    log = play([opening], perform(plan), shuffled(seed))
    log = log[: 1 + cut % len(log)]
    state = fold(log)
    if not state.run.ended:
        turn = data.draw(st.sampled_from(sorted(state.agenda.turns)))
        log = play([*log, *decide(state, GiveUp(turn, "gone"))], perform(plan), shuffled(seed))
    results = Counter(
        event.turn
        for event in log
        if hasattr(event, "turn") and not isinstance(event, CallRequested)
    )

    assert fold(log).run.ended
    assert {1} == set(results.values())
