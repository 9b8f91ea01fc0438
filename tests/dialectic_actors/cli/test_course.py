"""How far a run has come, counted event by event."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dialectic_actors.cli.course import Course
from dialectic_actors.core.forecast import longest
from dialectic_events.calls import CallAnswered, CallFailed, CallRequested, ToolsUsed
from dialectic_events.contents import ToolCall, write_content
from dialectic_events.runs import (
    Clarifications,
    RunOpened,
    RunResumed,
    RunSuspended,
    Stage,
    StopRule,
)
from dialectic_events.turns import TurnFailed
from dialectic_events.union import Event
from dialectic_replay.spend import spend
from support.told import AT, envelope, envelopes, opening, stages, telling

AGENTS = ("architect", "security", "kiss")


def course_of(log: list[Event], now_s: float = 0.0) -> Course:
    """The course of a log."""
    opened = log[0]
    assert isinstance(opened, RunOpened)
    course = Course(opened)
    for each in envelopes(log):
        course.take(each, now_s)
    return course


def debate(**terms: Any) -> Stage:
    """A debate of three agents in two rounds, and what else is asked for."""
    return replace(Stage("debate", "debate@1", AGENTS, "judge", 2), **terms)


@given(stages(), st.integers(0, 3), st.booleans())
def test_what_is_done_never_passes_what_is_known_and_that_never_what_may_be(
    stage: Stage, asking: int, at_once: bool
) -> None:
    """At every event; in the end all three are the turns that there were."""
    course = Course(opening(stage))

    for each in envelopes(list(telling(opening(stage), asking=asking, at_once=at_once))):
        course.take(each, 0.0)
        counted = list(course.groups.values())
        assert course.done <= len(course.known) <= course.at_most
        assert course.done == sum(group.settled for group in counted)
        assert len(course.known) == sum(group.known for group in counted)
    assert (False, course.done) == (course.is_open, len(course.known))
    assert f"{course.done}/{course.done} turns" == course.count
    assert {} == course.speaking


@given(stages(), st.booleans())
def test_whoever_was_asked_and_is_not_settled_speaks(stage: Stage, at_once: bool) -> None:
    """A person is asked exactly between the questions and the answer."""
    course = Course(opening(stage))
    asked: set[str] = set()

    for each in envelopes(list(telling(opening(stage), at_once=at_once))):
        event = each.event
        course.take(each, 0.0)
        asked |= {event.turn} if isinstance(event, CallRequested) else set()
        run = course.run
        answered = {run.calls[call].requested.turn for call in run.calls if run.calls[call].ended}
        assert asked - answered == set(course.speaking)
        assert all(turn.kind == "answer" and turn.id not in run.results for turn in course.asked())
        assert all((turn.target or "") in run.results for turn in course.asked())


@given(stages())
def test_the_longest_debate_is_one_without_an_early_end(stage: Stage) -> None:
    """When everybody asks in each pass and no rule stops it, all possible turns are taken."""
    log = list(telling(opening(stage), asking=stage.rounds + 9))

    assert len(longest(stage)) == course_of(log).done


def test_tokens_and_cost_are_those_of_all_calls() -> None:
    """Of the judge, of summaries and of questions too."""
    course = course_of(list(telling(opening(debate(clarifications=Clarifications())))))

    total = spend(course.run).total
    assert total.calls > 20
    assert (total.input_tokens, total.output_tokens, total.cost_usd, total.unpriced) == (
        course.input_tokens,
        course.output_tokens,
        course.cost_usd,
        course.unpriced,
    )


def test_a_held_back_attempt_is_ready_after_its_delay() -> None:
    """The seconds count from when it was heard of; the failure before it is kept in words."""
    log = list(telling(opening(debate())))[:2]
    first = log[1]
    assert isinstance(first, CallRequested)
    course = Course(opening(debate()))
    again = CallRequested(
        call=f"{first.turn}#2",
        turn=first.turn,
        provider="p",
        model="m",
        messages=(),
        deadline_s=1,
        why="rate-limited",
        delay_s=8.0,
    )
    failed = CallFailed(call=first.call, error="rate-limited")

    for each in envelopes([*log, failed, again]):
        course.take(each, 100.0)

    speaking = course.speaking[first.turn]
    assert (100.0, 108.0, "rate-limited") == (speaking.since_s, speaking.ready_s, speaking.why)
    assert ["rate-limited"] == [each.rsplit(": ")[-1] for each in course.failures]
    course.take(envelope(TurnFailed(turn=first.turn, reason="gave up"), 9), 100.0)
    assert {} == course.speaking


def test_whoever_uses_tools_speaks_until_they_were_used() -> None:
    """An answer that only asks for tools does not end the turn."""
    log = list(telling(opening(debate())))[:2]
    first = log[1]
    assert isinstance(first, CallRequested)
    course = course_of(log)
    tools = write_content([ToolCall("1", "file_read", "{}")])

    answer = CallAnswered(call=first.call, text="", model="m", tools=tools)
    course.take(envelope(answer, 3), 0.0)
    assert [("file_read",)] == [each.tools for each in course.speaking.values()]

    course.take(envelope(ToolsUsed(call=first.call, results="[]"), 4), 0.0)
    assert {} == course.speaking


def test_a_rest_is_no_work() -> None:
    """The time between coming to rest and being taken up again is not counted."""
    opened = opening(debate())
    course = Course(opened)
    hours = [0, 1, 1000, 1003]
    events: list[Event] = [
        opened,
        RunSuspended(reason="interrupted"),
        RunResumed(claim="2"),
        RunSuspended(reason="interrupted"),
    ]

    for version, (event, hour) in enumerate(zip(events, hours, strict=True), 1):
        course.take(envelope(event, version, AT + timedelta(hours=hour)), 0.0)

    assert timedelta(hours=4) == course.duration


def test_an_open_debate_says_how_many_turns_there_may_be() -> None:
    """A stop rule makes the number of turns a bound; a fixed debate has one number."""
    rule: Literal["convergence"] = "convergence"

    assert "0/25 turns" == Course(opening(debate())).count
    assert "0/13 turns, at most 26" == Course(opening(debate(stop=StopRule(rule)))).count
