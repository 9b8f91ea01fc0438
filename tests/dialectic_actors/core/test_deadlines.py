"""Deadlines of rounds and runs: when they are set, what comes of them, that they pass once."""

from __future__ import annotations

from dialectic_actors.core.commands import Command, PassDeadline, TakeUp
from dialectic_actors.core.decide import State, decide, fold, react
from dialectic_actors.core.effects import Effect, MakeCall, TakeTurn, Wake
from dialectic_actors.testing.config import Config
from dialectic_actors.testing.driving import perform, play
from dialectic_events.calls import CallFailed
from dialectic_events.runs import (
    Clarifications,
    DeadlinePassed,
    FailurePolicy,
    Limits,
    RunConcluded,
    RunOpened,
    RunSuspended,
    StopRule,
)
from dialectic_events.turns import TurnFailed, TurnSkipped
from dialectic_events.union import Event

ROUND, RUN = "deadline/r1", "deadline/run"


def opening(
    round_deadline_s: float | None = None, run_deadline_s: float | None = None
) -> RunOpened:
    """A debate with deadlines."""
    limits = Limits(round_deadline_s=round_deadline_s, run_deadline_s=run_deadline_s)
    return Config(agents=2, rounds=2, limits=limits).opening()[0]


def begun(round_deadline_s: float | None = None, run_deadline_s: float | None = None) -> State:
    """A debate with one call requested, and one not yet."""
    state = fold([opening(round_deadline_s, run_deadline_s)])
    return after(state, perform()(state, react(state)["debate/r1/proposal/architect"]))


def after(state: State, *commands: Command) -> State:
    """The state once these were decided."""
    for command in commands:
        state = fold(decide(state, command), state)
    return state


def test_a_round_has_a_deadline_while_one_of_its_turns_is_open() -> None:
    """It is set with the first turn of the round, and gone with the last."""
    state = begun(round_deadline_s=6.0)
    assert Wake(ROUND, 1, 6.0) == react(state)[ROUND]

    first: dict[int, bool] = {}

    def look(state: State, events: list[Event]) -> None:
        for each in (1, 2):
            left = [
                turn
                for turn in state.agenda.turns.values()
                if turn.round == each and turn.id not in state.run.results
            ]
            has = f"deadline/r{each}" in state.agenda.outstanding
            first[each] = first.get(each, False) or has
            assert has == (first[each] and bool(left))

    log = play([opening(round_deadline_s=6.0)], perform(), watch=look)
    assert RunConcluded(outcome="complete") == log[-1]
    assert {1: True, 2: True} == first


def test_without_deadlines_nobody_is_woken() -> None:
    """None is the default."""
    assert not [each for each in react(begun()).values() if isinstance(each, Wake)]


def test_what_is_open_in_a_round_fails_when_its_time_is_over() -> None:
    """Its call is given up and its turns fail; the debate goes on with the rest."""
    state = begun(round_deadline_s=6.0)
    events = decide(state, PassDeadline(ROUND))

    assert DeadlinePassed(round=1, after_s=6.0) == events[0]
    reason = "the deadline of round 1 (6 s) has passed"
    call = "debate/r1/proposal/architect#1"
    assert CallFailed(call=call, error="cancelled", detail=reason) in events
    late = [each for each in events if isinstance(each, TurnFailed)]
    assert {turn.id for turn in state.agenda.turns.values() if turn.round == 1} == {
        each.turn for each in late
    }
    assert {reason} == {each.reason for each in late}
    assert all((each.plan is None) == (each.turn in state.run.turns) for each in late)


def test_a_deadline_passes_once() -> None:
    """A repeat, and one that nobody waits for, change nothing."""
    state = begun(round_deadline_s=6.0)
    over = after(state, PassDeadline(ROUND))

    assert () == decide(over, PassDeadline(ROUND))
    assert () == decide(state, PassDeadline("deadline/r2")) == decide(state, PassDeadline(RUN))


def test_every_part_of_what_a_deadline_leaves_can_be_taken_up() -> None:
    """A log that is cut within it comes to the same facts."""
    log = [opening(round_deadline_s=6.0)]
    state = fold(log)
    events = decide(state, PassDeadline(ROUND))
    whole = fold([*log, *events]).run.results

    for length in range(1, len(events)):
        cut = fold([*log, *events[:length]])
        assert whole == fold(decide(cut, TakeUp("again")), cut).run.results


def test_the_deadline_of_a_run_lets_it_rest() -> None:
    """Nothing is lost: taken up, it goes on, and its time counts anew."""
    state = begun(run_deadline_s=60.0)
    assert Wake(RUN, 0, 60.0) == react(state)[RUN]

    (rest,) = decide(state, PassDeadline(RUN))
    assert isinstance(rest, RunSuspended)
    assert "the run's deadline of 60 s has passed" == rest.reason
    assert "debate/r1/proposal/architect" in rest.waits_for
    rested = fold([rest], state)
    assert {} == react(rested)
    assert () == decide(rested, PassDeadline(RUN))
    assert RUN in react(after(rested, TakeUp("again")))


def test_people_are_under_no_deadline_of_a_round() -> None:
    """They take the time that they need."""
    config = Config(
        agents=1, limits=Limits(round_deadline_s=6.0), clarifications=Clarifications(passes=1)
    )
    state = fold([config.opening()[0]])

    assert ["debate/c1/question/architect"] == list(react(state))


def test_a_round_that_overran_leaves_its_followers_nothing_to_answer() -> None:
    """The next round asks for proposals anew, since there is nothing to carry over."""
    over = after(begun(round_deadline_s=6.0), PassDeadline(ROUND))

    asked = [each for each in react(over).values() if isinstance(each, TakeTurn)]
    assert {"debate/r2/proposal/architect", "debate/r2/proposal/security"} == {
        each.turn.id for each in asked
    }
    assert not [each for each in over.run.results.values() if isinstance(each.event, TurnSkipped)]


def test_an_assessment_that_comes_too_late_costs_nobody_a_voice() -> None:
    """What is only computed takes no time: nothing is decided, and the debate goes on."""
    config = Config(
        agents=2,
        rounds=2,
        stop=StopRule("quality"),
        failure=FailurePolicy(1, "stop"),
        limits=Limits(round_deadline_s=6.0),
    )
    answer, log = perform(), list[Event]([config.opening()[0]])

    def late(state: State, effect: Effect) -> Command:
        is_assessed = isinstance(effect, MakeCall) and effect.turn.kind == "assessment"
        return PassDeadline(ROUND) if is_assessed else answer(state, effect)

    log = play(log, late)

    assert RunConcluded(outcome="complete") == log[-1]
    assert ["debate/r1/assessment/judge"] == [e.turn for e in log if isinstance(e, TurnFailed)]
