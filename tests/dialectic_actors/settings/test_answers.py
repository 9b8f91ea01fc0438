"""Answers that were written down: read as they stand, or refused with their place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.settings.answers import answers_of, read_answers
from dialectic_events.errors import DialecticError

TEXTS = st.text(max_size=12)
FORMS = st.lists(TEXTS, max_size=4) | st.dictionaries(TEXTS, TEXTS | st.lists(TEXTS, max_size=3))


@given(FORMS)
def test_answers_of_a_program_are_taken_as_they_are(value: Any) -> None:
    """Lists in their order, mappings by their names; nothing is trimmed or dropped."""
    answers = answers_of(value)

    said: Any = answers.in_order if isinstance(value, list) else answers.named
    assert json.loads(json.dumps(value)) == json.loads(json.dumps(said))


@given(FORMS)
def test_a_file_says_what_a_program_would_say(
    tmp_path_factory: pytest.TempPathFactory, value: Any
) -> None:
    """Only where it stands is added."""
    path = tmp_path_factory.getbasetemp() / "answers.json"
    path.write_text(json.dumps(value), encoding="utf-8")

    read, same = read_answers(path), answers_of(value)

    assert (same.in_order, same.named) == (read.in_order, read.named)


@pytest.mark.parametrize(
    ("name", "text", "where", "what"),
    [
        ("a.yaml", "kiss: [one, 2]", "a.yaml:1: kiss[1]", "is not a text"),
        ("a.yaml", "- one\n- yes\n", "a.yaml:2: [1]", "is not a text"),
        ("a.yaml", "kiss:\n  a: b\n", "a.yaml:1: kiss", "is neither a text nor a list of texts"),
        ("a.json", "7", "a.json:1", "these are no answers"),
        ("a.json", '{"kiss": ["a"], "kiss": []}', "a.json:1:17", "stands here a second time"),
        ("a.json", "", "a.json", "is empty"),
    ],
)
def test_what_is_no_answer_is_refused_at_its_place(
    tmp_path: Path, name: str, text: str, where: str, what: str
) -> None:
    """File, line and field, and what would be understood."""
    (tmp_path / name).write_text(text, encoding="utf-8")

    with pytest.raises(DialecticError) as caught:
        read_answers(tmp_path / name)

    assert 4 == caught.value.exit_code
    assert str(tmp_path / where) == caught.value.where
    assert what in caught.value.what
    assert caught.value.fix


@pytest.mark.parametrize("value", [["\udcff"], {"kiss": "\ud800"}, {"kiss": ["a", "\udcff"]}])
def test_an_answer_that_no_log_can_hold_is_refused(value: Any) -> None:
    """A command line may hold any bytes, and a program any half of a character."""
    with pytest.raises(DialecticError, match="not UTF-8") as caught:
        answers_of(value)

    assert 2 == caught.value.exit_code


@pytest.mark.parametrize("value", ["one text", {"kiss": 7}, [None], {"kiss": [["a"]]}])
def test_a_program_is_told_what_is_no_answer(value: Any) -> None:
    """As an error of usage."""
    with pytest.raises(DialecticError) as caught:
        answers_of(value)

    assert 2 == caught.value.exit_code
