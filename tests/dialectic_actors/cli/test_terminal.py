"""What reaches a terminal is harmless, and JSON keeps its meaning."""

from __future__ import annotations

import io
import json
import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.cli.terminal import data, document, fit, safe, say

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
