"""Plain lines: what is said while a run goes on where nothing can be drawn."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, get_args

import pytest
from hypothesis import given
from msgspec.structs import replace

from dialectic_actors.cli.live_display import LiveDisplay
from dialectic_actors.cli.progress import Progress, opening_line, watching
from dialectic_events.calls import CallRequested
from dialectic_events.envelope import Envelope
from dialectic_events.runs import Clarifications, Stage, StopRule
from dialectic_events.turns import Kind, TurnFailed
from support.terminals import terminal
from support.told import AGENTS, RUN, envelope, envelopes, opening, stages, telling


def debate(**terms: Any) -> Stage:
    """A debate of three agents in two rounds."""
    return replace(Stage("debate", "debate@1", AGENTS, "judge", 2), **terms)


def log_of(stage: Stage) -> list[Envelope]:
    """All that happens in a debate."""
    return envelopes(list(telling(opening(stage))))


def said(stage: Stage, **terms: bool) -> list[str]:
    """The lines that a debate is worth."""
    progress = Progress(opening(stage), **terms)
    for each in log_of(stage):
        progress.take(each, 0.0)
    return progress.taken()


@contextmanager
def stderr() -> Iterator[io.StringIO]:
    """What is said, in memory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", out := io.StringIO())
        yield out


@given(stages())
def test_every_settled_turn_is_said_in_a_line(stage: Stage) -> None:
    """But for what was carried over, which others imply; with -v each event has its line. Quiet,
    nothing is said.
    """
    log = log_of(stage)
    turns = {each.event.turn for each in log if hasattr(each.event, "turn")}
    carried = [each for each in log if getattr(getattr(each.event, "plan", None), "carries", None)]

    asked = sum(turn.split("/")[2] == "answer" for turn in turns if turn.count("/") == 3)
    normal = len(said(stage))
    assert len(turns) - len(carried) <= normal <= len(turns) + asked + 2
    assert len(log) <= len(said(stage, verbose=True)) <= len(log) + asked
    assert [] == said(stage, quiet=True)


@pytest.mark.parametrize("kind", [kind for kind in get_args(Kind) if kind != "stop"])
def test_every_kind_of_turn_has_a_line_that_names_its_speaker(kind: str) -> None:
    """Questions, answers, summaries, assessments, ballots: none is left out."""
    rule = StopRule("quality")
    stage = debate(clarifications=Clarifications(), summaries="length-based", stop=rule)
    stage = replace(stage, synthesis="voting" if kind == "ballot" else "judge")
    progress = Progress(opening(stage))
    course = progress.course
    lines: list[tuple[str, list[str]]] = []
    for each in log_of(stage):
        before = set(course.run.results)
        progress.take(each, 0.0)
        taken = progress.taken()
        settled = [course.known[turn] for turn in course.run.results.keys() - before]
        lines += [(turn.speaker, taken) for turn in settled if turn.kind == kind]

    assert lines
    assert any(speaker in line for speaker, taken in lines for line in taken)


def test_a_line_says_how_far_the_debate_is_and_what_it_took() -> None:
    """Settled turns of those that are known; a plus when there may be more; time, tokens, cost."""
    fixed, open_ended = said(debate()), said(debate(stop=StopRule("convergence")))

    assert any(
        line.startswith("[ 1/25] architect proposes")
        and line.endswith("(1.5 s, 10+5 tokens, $0.2500)")
        for line in fixed
    )
    assert any(line.startswith("[ 1/13+] architect proposes") for line in open_ended)
    assert open_ended[-1].startswith("[26/26] ")


def test_a_person_who_is_waited_for_is_said_once() -> None:
    """As soon as the questions are there, with the agent who asks."""
    lines = said(debate(clarifications=Clarifications(person="ada", passes=1)))

    asked = [line.partition("] ")[2] for line in lines if "is asked to answer" in line]
    assert [f"ada is asked to answer {agent}" for agent in AGENTS] == asked


def test_what_a_picture_shows_is_not_said_beside_it() -> None:
    """Only a turn that is lost is worth a line above the picture."""
    stage = debate()
    progress = Progress(opening(stage), terse=True)
    for each in log_of(stage)[:2]:
        progress.take(each, 0.0)
    assert [] == progress.taken()

    first = log_of(stage)[1].event
    assert isinstance(first, CallRequested)
    progress.take(envelope(TurnFailed(turn=first.turn, reason="gave up"), 3), 0.0)
    assert ["[ 1/25] architect's proposal (round 1) fails: gave up"] == progress.taken()


def test_a_pause_keeps_lines_for_later() -> None:
    """Somebody who is asked a question is not interrupted, and nothing is lost."""
    stage = debate()
    progress = Progress(opening(stage))
    log = log_of(stage)
    with stderr() as out:
        with progress.paused():
            for each in log[:7]:
                progress(each)
            during = out.getvalue()
        after = out.getvalue()

    assert "" == during
    assert 3 == after.count("\n")
    assert "security" in after


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({}, "3 agents, 2 rounds, a judge; 22 calls on scripted/m-"),
        ({"rounds": 1, "agents": ("kiss",)}, "1 agent, 1 round, a judge; 3 calls"),
        ({"stop": StopRule("quality")}, "at most 2 rounds, a judge; at most 23 calls"),
        ({"clarifications": Clarifications(passes=2)}, "questions first, 2 rounds, a judge; at mo"),
        ({"synthesis": "voting"}, "2 rounds, a vote; 24 calls"),
    ],
)
def test_the_first_line_says_what_the_debate_takes(terms: dict[str, Any], words: str) -> None:
    """Exactly where that is known, at most where it is not."""
    assert words in opening_line(opening(debate(**terms)), RUN)


@pytest.mark.parametrize(("limit", "words"), [(0, "; 22 calls"), (2, "; at most 36 calls")])
def test_the_first_line_counts_what_tools_may_take(limit: int, words: str) -> None:
    """Each use of tools is a call more: of who has some, in each turn that it thinks about."""
    opened = opening(debate())
    architect = replace(opened.agents[0], tools=("file_read",), tool_call_limit=limit)
    opened = replace(opened, agents=(architect, *opened.agents[1:]))

    assert words in opening_line(opened, RUN)


@pytest.mark.parametrize(
    ("env", "terms", "is_live"),
    [
        ({}, {}, True),
        ({"NO_COLOR": "1"}, {}, True),
        ({"TERM": "dumb"}, {}, False),
        ({"CI": "true"}, {}, False),
        ({"DIALECTIC_DIAGNOSTICS": "debug"}, {}, False),
        ({}, {"plain": True}, False),
        ({}, {"quiet": True}, False),
    ],
)
def test_a_picture_is_drawn_only_where_a_person_can_see_it(
    env: dict[str, str], terms: dict[str, Any], is_live: bool
) -> None:
    """Not on a dumb terminal, not in CI, not when lines are asked for."""
    opened = opening(debate())
    with terminal() as on, pytest.MonkeyPatch.context() as patch:
        patch.setattr(on.stream, "isatty", lambda: True, raising=False)
        patch.setattr(sys, "stderr", on.stream)
        with watching(opened, RUN, env={"TERM": "xterm"} | env, **terms) as watch:
            assert is_live == isinstance(watch, LiveDisplay)

    with stderr(), watching(opened, RUN, env={"TERM": "xterm"}) as watch:
        assert isinstance(watch, Progress)


def test_a_resumed_run_counts_what_it_has_already() -> None:
    """The past is not said again, but it is done."""
    stage = debate()
    log = log_of(stage)
    with stderr() as out, watching(opening(stage), RUN, past=log[:20], plain=True) as watch:
        for each in log[20:]:
            watch(each)

    lines = out.getvalue().splitlines()
    assert lines[0].startswith(RUN)
    assert lines[1].startswith("[ 7/25] ")
    assert lines[-1].startswith("[25/25] ")
