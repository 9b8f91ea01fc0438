"""What reaches a terminal is harmless, and JSON keeps its meaning."""

from __future__ import annotations

import errno
import io
import json
import os
import pty
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from dialectic_actors.cli.terminal import cut, data, document, fit, is_lively, one_line, safe, say

TEXTS = st.text(st.characters(exclude_categories=[]) | st.sampled_from("\x1b\x9b\u202e"))


HOSTILE = {
    *map(chr, range(0x20)),
    *map(chr, range(0x7F, 0xA0)),
    *map(chr, range(0xD800, 0xE000)),
    *map(chr, range(0x202A, 0x202F)),
    *map(chr, range(0x2066, 0x206A)),
    *map(chr, range(0xE0000, 0xE0080)),
    *"\u061c\u200e\u200f\u2028\u2029\ufeff",
} - {"\n", "\t"}
"""Controls, halves of characters, marks that reorder a line, letters that nobody sees."""


def shown(text: str) -> bool:
    """Whether a terminal would only print it."""
    return HOSTILE.isdisjoint(text)


@given(TEXTS)
def test_safe_text_holds_no_control_character(text: str) -> None:
    """Escapes, reordering marks and lone surrogates are gone; nothing else is."""
    made = safe(text)

    assert len(text) == len(made)
    assert shown(made)
    assert [True] * len(text) == [
        new == old or not old.isprintable() for old, new in zip(text, made, strict=True)
    ]


@given(st.text(st.characters(codec="utf-8")))
def test_a_document_means_what_was_put_into_it(text: str) -> None:
    """Dangerous characters are escaped, not replaced: a program reads the very same text."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", out := io.StringIO())
        document("test", {"text": text})

    assert shown(out.getvalue())
    assert {"schema": "dialectic.test/1", "data": {"text": text}} == json.loads(out.getvalue())


def test_languages_and_emoji_survive() -> None:
    """What writers need is not mistaken for an attack."""
    text = "می‌خواهم 👩‍👩‍👧 日本語 naïve\tß\n"

    assert text == safe(text)


def test_lines_are_cut_for_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe gets the whole line, a narrow terminal one line of its width."""
    monkeypatch.setenv("COLUMNS", "20")
    line = "a line of more than twenty characters"

    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert line == fit(line)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert "a line of more than…" == fit(line)
    assert "short" == fit("short")
    assert "a line of more… ← 42" == fit(line, " ← 42")


def test_a_reader_who_left_is_not_mentioned_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing goes on to nowhere: the work behind it is not for the reader alone."""
    receiving, sending = os.pipe()
    os.close(receiving)
    with os.fdopen(sending, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        monkeypatch.setattr(sys, "stderr", closed)
        data("first")
        data("second")
        say("third")

        assert os.path.samestat(Path(os.devnull).stat(), os.fstat(closed.fileno()))


@given(TEXTS, st.integers(0, 30))
def test_a_cut_line_fills_at_most_the_columns_that_it_may(text: str, width: int) -> None:
    """Wide characters count twice and marks not at all; what fits is left as it is."""
    line = one_line(text)

    made = cut(line, width)

    assert cell_len(made) <= width
    assert (made == line) == (cell_len(line) <= width)
    assert made == line or made.endswith("…"[:width])


@given(TEXTS, st.integers(1, 50))
def test_one_line_is_harmless_and_short(text: str, most: int) -> None:
    """Whatever it is made of: no break, no tab, no control, no more than was asked for."""
    line = one_line(text, most)

    assert len(line) <= most
    assert shown(line)
    assert not {"\n", "\t"} & set(line)


def test_wide_lines_are_cut_by_columns_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A listing in Japanese keeps one line per event."""
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    assert "日本語の長い題… ← 42" == fit("日本語の長い題名がここに", " ← 42")


def test_a_terminal_that_is_gone_does_not_stop_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed window answers each write with an error; what is said goes nowhere."""
    window, inside = pty.openpty()
    os.close(window)
    with os.fdopen(inside, "w") as gone:
        monkeypatch.setattr(sys, "stderr", gone)
        say("first")
        say("second")

        assert os.path.samestat(os.fstat(inside), Path(os.devnull).stat())


def test_a_full_disk_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solution that could not be written is not silently lost."""

    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(sys, "stdout", Full())
    with pytest.raises(OSError, match="no space"):
        data("the solution")


@pytest.mark.parametrize(
    ("encoding", "env", "lively"),
    [
        ("utf-8", {"TERM": "xterm"}, True),
        ("latin-1", {"TERM": "xterm"}, False),
        ("utf-8", {"TERM": "dumb"}, False),
        ("utf-8", {}, False),
        ("utf-8", {"TERM": "xterm", "CI": "1"}, False),
    ],
)
def test_a_terminal_is_lively_when_it_can_draw(
    encoding: str, env: dict[str, str], lively: bool
) -> None:
    """It moves its cursor, shows arrows, and a person sits before it."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    assert not is_lively(stream, env)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "isatty", lambda: True, raising=False)
        assert lively == is_lively(stream, env)
