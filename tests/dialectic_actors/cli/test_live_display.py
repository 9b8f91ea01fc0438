"""The live display on a terminal: what a person sees while a run goes on, and after it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dialectic_actors.cli.live_display import LiveDisplay
from dialectic_actors.cli.progress import Progress
from dialectic_actors.cli.terminal import say
from dialectic_events.calls import CallRequested
from dialectic_events.envelope import Envelope
from dialectic_events.runs import Stage
from dialectic_events.turns import TurnFailed
from support.terminals import Terminal, terminal
from support.told import AGENTS, RUN, envelope, envelopes, opening, telling

ENV = {"TERM": "xterm"}
END = ["25/25 turns", "round 1  ", "round 2  ", "in the end"]


def debate(**terms: Any) -> Stage:
    """A debate of three agents in two rounds."""
    return replace(Stage("debate", "debate@1", AGENTS, "judge", 2), **terms)


def log_of(stage: Stage) -> list[Envelope]:
    """All that happens in a debate."""
    return envelopes(list(telling(opening(stage), at_once=True)))


def display(on: Terminal, stage: Stage, *, verbose: bool = False, **env: str) -> LiveDisplay:
    """A display of a debate on a terminal."""
    progress = Progress(opening(stage), verbose=verbose, terse=True)
    return LiveDisplay(progress, RUN, on.stream, ENV | env)


def tell(shown: LiveDisplay, log: Sequence[Envelope]) -> None:
    """Let the display hear some events."""
    for each in log:
        shown(each)


def starts_of(text: str, starts: Sequence[str]) -> list[str]:
    """The starts of the lines, as far as they are among `starts`."""
    return [s for line in text.splitlines() for s in starts if line.startswith(s)]


def test_the_last_state_stays_and_nothing_else() -> None:
    """Each line of the picture is on the screen once, below it the next thing that is said."""
    with terminal() as on:
        with display(on, debate()) as shown:
            tell(shown, log_of(debate()))
            on.until(lambda text: "25/25" in text)
        on.stream.write("said after it\n")
        text = on.settle()

    assert [*END, "said after it"] == starts_of(text, [*END, "said after it"])
    assert 5 == len(text.splitlines())


def test_who_speaks_and_the_end_of_the_words_are_shown_meanwhile() -> None:
    """The picture follows events and what is being said; an ended call is no longer shown."""
    log = log_of(debate())
    first = log[1].event
    assert isinstance(first, CallRequested)
    with terminal() as on, display(on, debate()) as shown:
        tell(shown, log[:4])
        shown.heard(RUN, first.call, "a queue ")
        shown.heard("another run", first.call, "not ours")
        shown.heard(RUN, first.call, "of \x1b[31mintents\x07")
        seen = on.until(lambda text: "intents" in text)
        second = log[2].event
        assert isinstance(second, CallRequested)
        shown.asks(lambda: {second.call: "cools down"})
        on.until(lambda text: "cools down" in text)
        tell(shown, log[4:])
        after = on.until(lambda text: "25/25" in text)

    assert "a queue of ␛[31mintents␇" in seen
    assert "not ours" not in seen
    assert "▸" not in after


def test_lines_of_failures_scroll_away_above_the_picture() -> None:
    """A turn that failed is said once and stays; with -v every event is."""
    log = log_of(debate())
    first = log[1].event
    assert isinstance(first, CallRequested)
    failed = envelope(TurnFailed(turn=first.turn, reason="no answer"), 5)
    for verbose in (False, True):
        with terminal() as on:
            with display(on, debate(), verbose=verbose) as shown:
                tell(shown, [*log[:4], failed])
                on.until(lambda text: "fails: no answer" in text)
            lines = on.settle().splitlines()

        assert 1 == sum("fails: no answer" in line for line in lines)
        assert lines[-4].startswith("1/25 turns")
        assert (5 if verbose else 1) == sum(line.startswith("[") for line in lines)


@pytest.mark.parametrize(("columns", "rows"), [(20, 12), (37, 5), (9, 2), (3, 1), (300, 60)])
def test_a_window_that_is_resized_is_drawn_anew(columns: int, rows: int) -> None:
    """The next picture fits the new size, and no line of the old one is left on the screen."""
    log = log_of(debate())
    with terminal(100, 30) as on:
        with display(on, debate()) as shown:
            tell(shown, log[:8])
            on.until(lambda text: "▸" in text)
            with shown._drawing:
                on.settle()
                on.resize(columns, rows)
            tell(shown, log[8:])
            on.until(lambda text: starts_of(text, ["25/25 turns"[: columns - 2]]) != [])
        on.settle()
        lines = on.screen.lines

    assert len(lines) <= max(rows, 6)
    assert on.screen.row < rows
    assert columns >= max(map(len, lines))
    if columns > 20 and rows > 5:
        assert END == starts_of("\n".join(lines), ["25/25 turns", *END[1:], "▸", "3/25", "0/25"])


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.text(
            st.characters(exclude_categories=["Cs"])
            | st.sampled_from("\x1b[]2J日\u0301\u200d\u202e\x9b\n"),
            min_size=1,
        ),
        min_size=1,
        max_size=3,
        unique=True,
    ),
    st.integers(5, 60),
)
def test_hostile_names_and_words_reach_no_terminal(names: list[str], columns: int) -> None:
    """No control but the display's own is written, whatever agents are called and models say; the
    screen would raise.
    """
    stage = debate(agents=tuple(names), rounds=1)
    log = log_of(stage)
    with terminal(columns, 10) as on:
        with display(on, stage, verbose=True) as shown:
            for each in log:
                shown(each)
                if isinstance(each.event, CallRequested):
                    shown.heard(RUN, each.event.call, names[0])
            on.until(lambda text: True)
        on.settle()

        assert on.problem is None
        assert on.screen.wraps


def test_a_pause_leaves_the_terminal_to_somebody_else() -> None:
    """The picture is gone, what is said stands on the screen, and afterwards the picture is there
    again with what happened meanwhile.
    """
    log = log_of(debate())
    with terminal() as on:
        with display(on, debate()) as shown:
            tell(shown, log[:8])
            on.until(lambda text: "▸" in text)
            with shown.paused():
                before = on.settle()
                on.stream.write("How many regions?\n> two\n")
                tell(shown, log[8:])
                during = on.settle()
            on.until(lambda text: "25/25" in text)
        lines = on.settle().splitlines()

    assert "" == before
    assert "How many regions?\n> two" == during
    assert ["How many regions?", "> two"] == lines[:2]
    assert END == starts_of("\n".join(lines[2:]), END)


def test_what_is_written_to_stderr_meanwhile_stands_above_the_picture() -> None:
    """A warning of somebody who does not know of the display breaks nothing."""
    with terminal() as on:
        stderr = sys.stderr
        with display(on, debate()) as shown:
            tell(shown, log_of(debate())[:8])
            on.until(lambda text: "▸" in text)
            say("note: \x1b[2J")
            sys.stderr.write("half a line")
            on.until(lambda text: "note" in text)
        lines = on.settle().splitlines()

    assert sys.stderr is stderr
    assert ["note: ␛[2J", "half a line"] == lines[:2]
    assert 6 == len(lines)


def _show_and_raise(on: Terminal, shown: LiveDisplay, error: type[BaseException]) -> None:
    tell(shown, log_of(debate())[:8])
    on.until(lambda text: "▸" in text)
    raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_error_leaves_the_last_state(error: type[BaseException]) -> None:
    """An interrupt, too: nobody speaks any more, and the next line is free."""
    with terminal() as on:
        shown = display(on, debate())
        with pytest.raises(error), shown:
            _show_and_raise(on, shown, error)
        on.stream.write("stopped\n")
        lines = on.settle().splitlines()

    assert "stopped" == lines[-1]
    assert lines[0].startswith("2/25 turns")
    assert not any(line.startswith("▸") for line in lines)


def test_no_color_is_honored() -> None:
    """Then words are bold or faint, but none has a color."""
    for no_color, colored in (("", True), ("1", False)):
        with terminal() as on:
            with display(on, debate(), NO_COLOR=no_color) as shown:
                tell(shown, log_of(debate()))
            on.settle()

        assert colored == any(f"\x1b[{code}m" in on.raw for code in (31, 32, 33, 35, 36))


def test_a_window_that_is_closed_does_not_stop_the_run() -> None:
    """The rest is drawn nowhere, and nothing is raised."""
    on = Terminal(80, 24)
    with display(on, debate()) as shown:
        tell(shown, log_of(debate())[:8])
        on.until(lambda text: "▸" in text)
        on.stream.close()
        tell(shown, log_of(debate())[8:])

    assert 25 == shown.course.done
    on.close()


def test_a_defect_of_the_display_does_not_stop_the_run() -> None:
    """A log that makes no sense ends the picture; the block goes on to its end."""
    with terminal() as on:
        with display(on, debate()) as shown:
            tell(shown, log_of(debate())[5:7])
            reached = True
        text = on.settle()

    assert reached
    assert "turns" not in text
