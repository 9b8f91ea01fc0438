"""Marks: what was shown can be cited without knowing whose it is."""

import pytest
from hypothesis import given

from dialectic_actors.core.briefs import Brief, Link, Shown
from dialectic_actors.core.marks import mark_of, marks_of, read_mark, texts_of
from dialectic_actors.testing.strategies import words
from dialectic_events.turns import Turn

JUDGE = Turn("debate/synthesis/judge", "synthesis", "judge")
OLD = Shown("debate/r1/proposal/kiss", "proposal", "kiss", 1, "old")
NEW = Shown("debate/r1/refinement/kiss", "refinement", "kiss", 1, "new")


@given(words())
def test_the_mark_of_a_text_is_read_back_from_its_fence(text: str) -> None:
    """In the form in which a prompt shows it, and in others that models write."""
    mark = mark_of(text)

    assert {mark} == {
        read_mark(each) for each in (mark, f"[begin {mark}]", f"`{mark}`", f" {mark.upper()} ")
    }


@pytest.mark.parametrize("cited", ["", "the first", "abcdef", 7, None, ["0" * 12]])
def test_what_holds_no_mark_has_none(cited: object) -> None:
    """Also what is no text."""
    assert read_mark(cited) is None


def test_everything_that_a_brief_shows_has_a_mark() -> None:
    """Earlier rounds first."""
    brief = Brief(JUDGE, "p", (Link("t", (), (OLD,)),), (NEW,))

    assert (OLD, NEW) == tuple(texts_of(brief))
    assert {mark_of("old"): OLD, mark_of("new"): NEW} == marks_of(brief)


def test_equal_texts_share_their_mark_and_the_first_has_it() -> None:
    """A proposal that was carried over is cited as the refinement that it was."""
    twin = Shown("debate/r2/proposal/kiss", "proposal", "kiss", 2, "new")

    assert {mark_of("new"): NEW} == marks_of(Brief(JUDGE, "p", (), (NEW, twin)))
