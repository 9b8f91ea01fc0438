"""A person before a terminal or behind a pipe: one agent after the other, a line for each question,
politely taken back.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import SimpleQueue

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialectic_actors.cli.asking import Dialogue
from dialectic_events.contents import Question
from support.terminals import terminal

PATIENCE_S = 30.0
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=20)

Box = SimpleQueue[Sequence[str] | None]


@contextmanager
def piped(text: bytes, *, is_open: bool = False) -> Iterator[Dialogue]:
    """Somebody who has written `text` already; the pipe ends there unless it `is_open`."""
    source, into = os.pipe()
    os.write(into, text)
    if not is_open:
        os.close(into)
    try:
        with Dialogue(source, {"a": "Ada\x1b[2J"}, is_terminal=False) as dialogue:
            yield dialogue
    finally:
        os.close(source)
        if is_open:
            os.close(into)


def put(dialogue: Dialogue, turn: str, *questions: str) -> Box:
    """Put questions; the reply comes into the box."""
    box: Box = SimpleQueue()
    asked = [Question(f"{turn}-{n}", text) for n, text in enumerate(questions, 1)]
    dialogue.put("run", turn, "a", asked, box.put)
    return box


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(WORDS, min_size=1, max_size=6), st.booleans())
def test_every_line_answers_the_next_question(
    capfd: pytest.CaptureFixture[str], lines: list[str], ends: bool
) -> None:
    """Trimmed and otherwise as written, the last one with or without its end; then nobody is
    there.
    """
    # An empty last line without its end is no line.
    text = "\n".join(lines) + ("\n" if ends or not lines[-1] else "")
    with piped(text.encode()) as dialogue:
        boxes = [put(dialogue, str(turn), "What?") for turn in range(len(lines) + 2)]
        replies = [box.get(timeout=PATIENCE_S) for box in boxes]

    assert [*([line.strip()] for line in lines), None, None] == replies
    assert "\x1b" not in capfd.readouterr().err


def test_questions_are_shown_with_their_ids_and_cannot_pass_for_ours(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A heading with the agent's name, further lines set in, what would move the cursor visible."""
    with piped(b" yes \n\n") as dialogue:
        reply = put(dialogue, "c1", "One\x1b[2J?\nerror: two", "Three?").get(timeout=PATIENCE_S)

    assert ["yes", ""] == reply
    assert [
        "",
        "Ada\u241b[2J (a) asks 2 questions:",
        "  c1-1  One\u241b[2J?",
        "    error: two",
        "  > yes",
        "  c1-2  Three?",
        "  > ",
    ] == capfd.readouterr().err.splitlines()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"one\n", []),
        (b"one\ntwo\n", ["1 more line of input answered no question"]),
        (b"one\n\n\nfour", ["3 more lines of input answered no question"]),
    ],
)
def test_lines_that_answer_nothing_are_counted(
    text: bytes, says: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """Whoever wrote more answers than there were questions learns it."""
    with piped(text) as dialogue:
        assert ["one"] == put(dialogue, "c1", "One?").get(timeout=PATIENCE_S)

    assert says == capfd.readouterr().err.splitlines()[4:]


def test_what_ends_in_the_middle_is_no_answer(capfd: pytest.CaptureFixture[str]) -> None:
    """The questions of an agent are answered together; it is said what was lost."""
    with piped(b"one\n") as dialogue:
        assert put(dialogue, "c1", "One?", "Two?").get(timeout=PATIENCE_S) is None

    assert "not recorded" in capfd.readouterr().err


def test_a_question_that_is_answered_elsewhere_is_taken_back(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Nobody is told an answer to it, and the next question is put."""
    source, into = os.pipe()
    with Dialogue(source, {}, is_terminal=False) as dialogue:
        first, waiting = put(dialogue, "c1", "One?"), put(dialogue, "c2", "Two?")
        second = put(dialogue, "c3", "Three?")
        dialogue.withdraw("run", "c2")
        dialogue.withdraw("run", "c1")
        dialogue.withdraw("run", "c1")
        os.write(into, b"three\n")
        # Whether the line came before the withdrawal was seen is up to the threads.
        os.write(into, b"three\n")
        assert ["three"] == second.get(timeout=PATIENCE_S)

    os.close(into)
    os.close(source)
    assert (True, True) == (first.empty(), waiting.empty())
    assert "c2-1" not in capfd.readouterr().err


@pytest.mark.parametrize("is_settled", [True, False])
def test_a_question_that_stays_open_is_not_called_needless(
    is_settled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is taken back when the run rests as well, and then its answer is still to come."""
    with terminal() as on:
        monkeypatch.setattr(sys, "stderr", on.stream)
        with Dialogue(on.slave, {}, is_terminal=True, settled=lambda _: is_settled) as dialogue:
            put(dialogue, "c1", "One?")
            on.until(lambda text: "c1-1  One?\n  >" in text)
            dialogue.withdraw("run", "c1")
            put(dialogue, "c2", "Two?")
            shown = on.until(lambda text: "c2-1  Two?" in text)

    assert is_settled == ("no answer is needed any more" in shown)


def test_leaving_ends_a_pending_question() -> None:
    """Nobody is waited for, and nobody is told."""
    with piped(b"", is_open=True) as dialogue:
        box = put(dialogue, "c1", "One?")

    assert box.empty()


def test_what_was_typed_before_a_question_does_not_answer_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a terminal, impatient keys are forgotten; the display rests while a person is asked."""
    paused: list[str] = []

    @contextmanager
    def pause() -> Iterator[None]:
        paused.append("begins")
        yield
        paused.append("ends")

    with terminal() as on:
        on.press(b"impatient\n\n")
        on.until(lambda text: "impatient" in text)
        with Dialogue(on.slave, {}, is_terminal=True, pause=pause) as dialogue:
            monkeypatch.setattr(sys, "stderr", on.stream)
            box = put(dialogue, "c1", "One?")
            on.until(lambda text: "c1-1  One?\n  >" in text)
            on.press(b"patient\n")
            assert ["patient"] == box.get(timeout=PATIENCE_S)

    assert ["begins", "ends"] == paused
