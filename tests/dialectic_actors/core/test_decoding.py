"""Decoding: JSON is found in whatever a model wrote, or refused; never guessed, never too dear."""

import json
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.core.decoding import Search, find_object
from dialectic_actors.testing.strategies import words

WANTED = ("score", "reason")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | words(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words(), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.fixed_dictionaries({"score": JSON, "reason": JSON})
PROSE = st.text(st.characters(exclude_characters='{"', exclude_categories=["Cs"]), max_size=20)
SCRAPS = st.lists(
    st.sampled_from(
        ['{"score": 5', '"reason"', "{", "}", "[", "]", ",", ":", '"', "\\", "```", "1e999", "NaN"]
    )
    | words(),
    max_size=12,
).map("".join)


@given(OBJECTS, PROSE, PROSE, st.sampled_from([None, 2]), st.booleans())
def test_an_object_in_prose_is_found_whole(
    value: dict[str, object], before: str, after: str, indent: int | None, fence: bool
) -> None:
    """Whatever stands around it, in a fence or not."""
    body = json.dumps(value, indent=indent)
    text = f"{before}\n```json\n{body}\n```\n{after}" if fence else f"{before}{body}{after}"

    assert value == find_object(text, WANTED)


@given(OBJECTS, st.data())
def test_what_breaks_off_is_never_read_in_part(
    value: dict[str, object], data: st.DataObject
) -> None:
    """Every member that is found is one that was written, whole or as far as its lists had come."""
    body = json.dumps(value)
    found = find_object(body[: data.draw(st.integers(0, len(body)))], WANTED)

    assert found is None or within(found, value)


def within(found: object, written: object) -> bool:
    """Whether `found` is what was written, or the beginning of it, or an object from inside."""
    match found, written:
        case dict(), dict():
            if all(key in written and begins(found[key], written[key]) for key in found):
                return True
            return any(within(found, inner) for inner in written.values())
        case dict(), list():
            return any(within(found, inner) for inner in written)
    return False


def begins(found: object, written: object) -> bool:
    """Whether a value is the beginning of another, in whole items."""
    match found, written:
        case list(), list():
            return all(map(begins, found, written)) and len(found) <= len(written)
        case dict(), dict():
            return all(key in written and begins(found[key], written[key]) for key in found)
    return found == written


@given(SCRAPS, st.sets(st.sampled_from(WANTED)))
def test_any_text_is_read_or_refused(text: str, wanted: set[str]) -> None:
    """Nothing is raised, and an object holds what it was looked for."""
    found = find_object(text, wanted)

    assert found is None or wanted & found.keys()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            '{"score": 1, "reason": "a } in {\\"words\\"}"}',
            {"score": 1, "reason": 'a } in {"words"}'},
        ),
        ('{"score": 1, "reason": [1, 2,],}', {"score": 1, "reason": [1, 2]}),
        ('{"score": 1, "reason": "x"', {"score": 1, "reason": "x"}),
        ('```\n{"score": 1, "reason": "x"\n```', {"score": 1, "reason": "x"}),
        ('{"score": [1, 2}', {"score": [1, 2]}),
        ('{"answer": {"score": 1}}', {"score": 1}),
        ('{"score": 1} or rather {"score": 2}', {"score": 2}),
        ('{"score": 1, "reason": "x"} not {"score": 2}', {"score": 1, "reason": "x"}),
        ('{"score": 1, "score": 2}', {"score": 2}),
        ('use {name} and {"quotes} like {"score": 1}', {"score": 1}),
        ('{"score": true, "reason": None}', {"score": True, "reason": None}),
        ('{"reason": "\\ud83d\\ude00 \\ud83d \\d \\u12"}', {"reason": "😀 \ufffd \\d \\u12"}),
        ('{"reason": "two\nlines\tand \x00"}', {"reason": "two\nlines\tand \x00"}),
        ('{"score": 1.5e3, "reason": -7}', {"score": 1500.0, "reason": -7}),
        ('{"score": 123456789012345678901}', {"score": 123456789012345678901.0}),
    ],
)
def test_the_object_that_was_meant_is_found(text: str, found: dict[str, object]) -> None:
    """With most of the keys, closed rather than not, the last among equals."""
    assert found == find_object(text, WANTED)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        '["score"]',
        '{"other": 1}',
        '{"score": 8',
        '{"score": 8,',
        '{"score": "eigh',
        '{"score": tru',
        '{"score": "say "hello" twice"}',
        "{'score': 1}",
        '{"score": 1]',
        '{"score": +}',
        '{"score": ' + "9" * 1_000_000 + "}",
    ],
)
def test_what_is_not_certain_is_refused(text: str) -> None:
    """A number at the very end may go on; a string with quotes in it may mean anything."""
    assert find_object(text, WANTED) is None


@pytest.mark.parametrize(("word", "test"), [("NaN", math.isnan), ("-Infinity", math.isinf)])
def test_numbers_that_are_none_are_floats(word: str, test: Callable[[float], bool]) -> None:
    """So that whoever asked for a number can refuse them."""
    found = find_object(f'{{"score": {word}}}', WANTED)

    assert found is not None
    assert isinstance(score := found["score"], float)
    assert test(score)


HOSTILE = {
    "objects in objects": '{"a":' * 100_000,
    "closed objects in objects": '{"a":' * 50_000 + "1" + "}" * 50_000,
    "lists in an object": '{"score":' + "[" * 100_000 + "]" * 100_000 + "}",
    "braces": "{" * 1_000_000,
    "braces and quotes": '{"' * 300_000,
    "a string without an end, deep inside": '{"":' * 60 + '"' + "a" * 1_000_000,
    "strings that look like objects": "{" + '"a":"{",' * 100_000 + "x",
    "values that look like objects": '{"k": "' + '{"k": ":' * 100_000,
    "siblings before an error": '{"":{}' + ',"":{}' * 100_000 + " x",
    "objects beside each other": '{"a":1}' * 100_000,
    "escaped quotes": '{"a":"' + '\\"' * 500_000,
    "white space": "{" + " " * 1_000_000 + "{" + " " * 1_000_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_text_costs_a_few_times_its_length(text: str) -> None:
    """Nesting ends no program, and reading over is bounded."""
    search = Search(text, WANTED)
    search.run()

    assert search.found is None
    assert search.work <= 3 * len(text) + 1_000_000


def test_a_long_answer_is_read_whole() -> None:
    """A megabyte of prose before it, a megabyte in it."""
    value = {"score": 1, "reason": 'a "word" {x}\n' * 80_000}

    assert value == find_object("Well, {so}. " * 80_000 + json.dumps(value), WANTED)


def test_an_object_is_found_behind_much_that_is_none() -> None:
    """What was spent on reading over does not hide it."""
    assert {"score": 1} == find_object('{"a":"{",' * 100_000 + 'x {"score": 1}', WANTED)
