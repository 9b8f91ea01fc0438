"""The picture of a run fits every terminal and says what a person wants to know."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from dialectic_actors.cli.course import Course
from dialectic_actors.cli.picture import Line, picture
from dialectic_actors.cli.terminal import safe
from dialectic_events.calls import CallAnswered, CallFailed, CallRequested
from dialectic_events.contents import ToolCall, write_content
from dialectic_events.runs import Clarifications, Stage
from dialectic_events.union import Event
from support.told import AGENTS, RUN, envelopes, opening, stages, telling

HOSTILE = st.text(
    st.sampled_from("a\u202e\x1b[2J\x9b\t\n\u0301\u200d\ufe0f日本👩🏽\u200b 🇩🇪é\x00ﷺ")
    | st.characters(exclude_categories=["Cs"]),
    min_size=1,
    max_size=60,
)
NAMES = st.lists(HOSTILE, min_size=1, max_size=4, unique=True).map(tuple)


def words(lines: list[Line]) -> list[str]:
    """The lines without their styles."""
    return ["".join(text for text, _ in line) for line in lines]


def drawn(course: Course, **terms: Any) -> list[str]:
    """The picture of a course on a usual terminal."""
    usual: dict[str, Any] = {"ref": RUN, "now_s": 0.0, "since_s": 0.0, "width": 100, "height": 24}
    return words(picture(course, **(usual | terms)))


def course_of(events: list[Event], stage: Stage) -> Course:
    """The course of the beginning of a debate."""
    course = Course(opening(stage))
    for each in envelopes(events):
        course.take(each, 0.0)
    return course


def debate(**terms: Any) -> Stage:
    """A debate of three agents in two rounds."""
    return replace(Stage("debate", "debate@1", AGENTS, "judge", 2), **terms)


@given(stages(NAMES), st.data())
def test_the_picture_fits_every_terminal_and_moves_no_cursor(
    stage: Stage, data: st.DataObject
) -> None:
    """However narrow or short it is, whatever agents are called and models write."""
    log = list(telling(opening(stage), at_once=True))
    course = course_of(log[: data.draw(st.integers(0, len(log)))], stage)
    width, height = data.draw(st.integers(1, 120)), data.draw(st.integers(0, 40))
    said = data.draw(HOSTILE)

    lines = drawn(
        course, ref=said, width=width, height=height, tail=lambda call: said, held={"x": said}
    )

    assert 1 <= len(lines) <= max(1, height)
    assert [] == [line for line in lines if cell_len(line) > width]
    assert [] == [line for line in lines if safe(line) != line or "\n" in line or "\t" in line]


@given(stages(), st.data())
def test_everybody_who_speaks_is_shown_where_there_is_room(
    stage: Stage, data: st.DataObject
) -> None:
    """And where there is not, how many more there are."""
    log = list(telling(opening(stage), at_once=True))
    course = course_of(log[: data.draw(st.integers(0, len(log)))], stage)
    height = data.draw(st.integers(3, 30))

    lines = drawn(course, height=height)

    shown = [line for line in lines if line.startswith(("▸", "?"))]
    more = [int(line.split()[1]) for line in lines if line.startswith("  and ")]
    assert len(course.speaking) + len(course.asked()) == len(shown) + sum(more)


def test_a_critique_shows_who_speaks_to_whom() -> None:
    """The name of the critic, an arrow, and the name of the author."""
    log = list(telling(opening(debate()), at_once=True))
    course = course_of(log[:13], debate())

    assert any("architect → security critique r1" in " ".join(x.split()) for x in drawn(course))


def test_a_wait_shows_its_reason_and_the_seconds_left() -> None:
    """Of a retry from the log, of a queue from the gateway; both are gone when the call is sent."""
    log = list(telling(opening(debate())))[:2]
    first = log[1]
    assert isinstance(first, CallRequested)
    again = replace(first, call=f"{first.turn}#2", why="rate-limited", delay_s=8.0, plan=None)
    course = course_of([*log, CallFailed(call=first.call, error="rate-limited"), again], debate())

    (waiting,) = [line for line in drawn(course, now_s=2.5) if line.startswith("▸")]
    (sent,) = [line for line in drawn(course, now_s=9.0) if line.startswith("▸")]
    (held,) = [
        line
        for line in drawn(course, now_s=9.0, held={again.call: "m-1 cools down, 30 s"})
        if line.startswith("▸")
    ]
    assert "waits 6 s: rate-limited" in waiting
    assert "waits" not in sent
    assert "m-1 cools down, 30 s" in held
    assert any(line.startswith("! ") and "rate-limited" in line for line in drawn(course))


def test_a_person_who_is_asked_is_named() -> None:
    """With the agent who asks, before everybody else."""
    stage = debate(clarifications=Clarifications(person="ada"))
    course = course_of(list(telling(opening(stage)))[:4], stage)

    assert "? waits for ada: architect asks" in drawn(course)


def test_tools_that_are_used_are_named() -> None:
    """An agent that uses tools does not just think."""
    log = list(telling(opening(debate())))[:2]
    first = log[1]
    assert isinstance(first, CallRequested)
    tools = write_content([ToolCall("1", "file_read", "{}"), ToolCall("2", "\x1b[1m", "{}")])
    answer = CallAnswered(call=first.call, text="", model="m", tools=tools)

    course = course_of([*log, answer], debate())

    assert any("uses file_read, ␛[1m" in line for line in drawn(course))


def test_the_end_of_what_is_being_said_is_shown() -> None:
    """The last words count, on one line; nothing where there is no room for some."""
    course = course_of(list(telling(opening(debate())))[:2], debate())

    def tail(call: str) -> str:
        return "first words " * 30 + "and\nthe last"

    assert any(line.endswith("words and the last") for line in drawn(course, tail=tail))
    assert not any("last" in line for line in drawn(course, tail=tail, width=30))


@pytest.mark.parametrize(
    ("width", "row"),
    [
        (80, "round 1      proposal 3/3  critique 0/6  refinement 0/3"),
        (39, "r1  prop 3/3  crit 0/6  refi 0/3"),
        (20, "r1 p3/3 c0/6 r0/3"),
    ],
)
def test_a_narrow_picture_keeps_its_counts(width: int, row: str) -> None:
    """Names are shortened before numbers are lost."""
    course = course_of(list(telling(opening(debate())))[:10], debate())

    assert row in drawn(course, width=width)


def test_a_short_picture_drops_what_is_over_first() -> None:
    """Who speaks now stays; of the rounds, the one under way is the last to go."""
    log = list(telling(opening(debate(rounds=3))))
    course = course_of(log[: len(log) // 2], debate(rounds=3))

    lines = drawn(course, height=4)

    assert any(line.startswith("▸") for line in lines)
    assert not any(line.startswith("round 1 ") for line in lines)
    assert any(line.startswith("round 2 ") for line in lines)


def test_the_first_line_says_how_far_and_how_much() -> None:
    """Turns, time, cost, tokens; what fits least is left out first."""
    stage = debate()
    course = course_of(list(telling(opening(stage))), stage)

    (wide, *_), (narrow, *_) = drawn(course, now_s=3725.0), drawn(course, now_s=3725.0, width=24)
    assert f"25/25 turns · 1:02:05 · $5.5000 · 220 in, 110 out tokens · {RUN}" == wide
    assert "25/25 turns · 1:02:05" == narrow
