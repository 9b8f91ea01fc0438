"""`hears` and `does`: for the shipped behaviors and one's own, with failures that say why."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import dedent

import pytest
from msgspec import Struct

from dialectic_actors.testing import unfinished
from dialectic_actors.testing.matching import ANY, some
from dialectic_actors.testing.playbooks import playbook
from dialectic_actors.testing.unfinished import Unfinished


class Knock(Struct, frozen=True):
    """Somebody is at the door."""

    who: str
    times: int = 1


class Answer(Struct, frozen=True):
    """Say something to somebody."""

    to: str
    words: str


class Open(Struct, frozen=True):
    """Open the door."""


class Porter:
    """Opens to whom it knows by now."""

    def __init__(self) -> None:
        self.known: set[str] = set()

    def receive(self, message: Knock) -> Iterator[Answer | Open]:
        """What the porter does about a knock."""
        if message.times == 0:
            return
        if message.who not in self.known:
            self.known.add(message.who)
            yield Answer(message.who, "who is it?")
            return
        yield Answer(message.who, "come in")
        yield Open()


@pytest.fixture(autouse=True)
def nothing_open() -> Iterator[None]:
    """No test leaves a line behind that another one would be blamed for."""
    unfinished.forget()
    yield
    unfinished.check_finished()


def test_a_playbook_is_played_line_by_line_on_one_behavior() -> None:
    """What it heard before counts."""
    (
        playbook(Porter())
        .hears(Knock("ada"))
        .does(Answer("ada", "who is it?"))
        .hears(Knock("ada", times=0))
        .does_nothing()
        .hears(Knock("bob"))
        .does_anything()
        .hears(Knock("bob"))
        .does(some(Answer, to="bob"), Open())
        .hears(Knock("ada"))
        .does(ANY, Open())
    )


def test_a_difference_is_shown_after_the_lines_that_went_well() -> None:
    """Both sides, field by field."""
    with pytest.raises(AssertionError) as failure:
        playbook(Porter()).hears(Knock("ada")).does_anything().hears(Knock("ada")).does(
            Answer("ada", "come back"), Open(), Open()
        )

    shown = """
        what is done is not what is expected

          hears Knock(who='ada')
          hears Knock(who='ada')
          does
          ! Answer
              .words
                expected  'come back'
                did       'come in'
          - Open()
            Open()
        """
    assert dedent(shown).strip() == str(failure.value)


def test_doing_something_is_not_doing_nothing() -> None:
    """Nor the other way round."""
    with pytest.raises(AssertionError, match=r"\+ Answer"):
        playbook(Porter()).hears(Knock("ada")).does_nothing()
    with pytest.raises(AssertionError, match=r"- Open"):
        playbook(Porter()).hears(Knock("ada", times=0)).does(Open())


def test_a_line_is_finished_before_the_next_begins() -> None:
    """What was done about the first would never be looked at."""
    book = playbook(Porter())
    book.hears(Knock("ada"))

    with pytest.raises(Unfinished, match=r"hears\(Knock\(who='ada'\)\) has no does"):
        book.hears(Knock("bob"))


def test_the_last_line_is_finished_at_the_end_of_its_block() -> None:
    """A block sees to it by itself."""

    def play() -> None:
        with playbook(Porter()) as book:
            book.hears(Knock("ada")).does(ANY)
            book.hears(Knock("bob"))

    with pytest.raises(Unfinished, match=r"Knock\(who='bob'\)"):
        play()


def test_a_block_that_fails_anyway_says_why_it_failed() -> None:
    """An error is not hidden behind the line that it left unfinished."""

    def play() -> None:
        with playbook(Porter()) as book:
            book.hears(Knock("ada"))
            book.hears(Knock("bob", times=1 // 0))

    with pytest.raises(ZeroDivisionError):
        play()
    unfinished.forget()


def test_an_unfinished_line_is_found_by_whoever_asks() -> None:
    """That is what the pytest plugin does after every test."""
    playbook(Porter()).hears(Knock("ada"))

    with pytest.raises(Unfinished, match=r"Knock\(who='ada'\)"):
        unfinished.check_finished()
