"""Arguments as models write them: read by what the tool's parameters allow, or refused in words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.tools.arguments import Refused, quoted, read_arguments, refuse_parameters
from dialectic_events.contents import ToolSpec

PARAMETERS: dict[str, object] = {
    "type": "object",
    "title": "a ticket",
    "properties": {
        "id": {"type": "integer", "minimum": 1, "maximum": 99},
        "title": {"type": ["string", "null"], "minLength": 2, "maxLength": 4, "default": None},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2},
        "state": {"type": "string", "enum": ["open", "closed"]},
        "where": {
            "type": "object",
            "properties": {"x": {"type": "number"}},
            "required": ["x"],
            "additionalProperties": {"type": "boolean"},
        },
        "any": {"description": "anything", "examples": [1]},
        "free": {"type": "object", "additionalProperties": True},
    },
    "required": ["id"],
}
SPEC = ToolSpec("ticket", "Look at a ticket.", PARAMETERS)


@given(
    st.fixed_dictionaries(
        {"id": st.integers(1, 99)},
        optional={
            "title": st.none()
            | st.text(st.characters(exclude_categories=["Cs"]), min_size=2).map(
                lambda text: text[:4]
            ),
            "tags": st.lists(st.just("t"), min_size=1, max_size=2),
            "state": st.sampled_from(["open", "closed"]),
            "where": st.builds(lambda x, y: {"x": x, "y": y}, st.floats(0, 9), st.booleans()),
            "any": st.none() | st.booleans() | st.lists(st.integers(0, 9)),
            "free": st.dictionaries(st.sampled_from("abc"), st.none()),
        },
    )
)
def test_arguments_that_are_allowed_arrive_as_they_were_written(arguments: dict[str, Any]) -> None:
    """Nothing is converted, nothing filled in."""
    assert arguments == read_arguments(SPEC, json.dumps(arguments))


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ('{"id": 0}', "`id` must be at least 1"),
        ('{"id": 100}', "`id` must be at most 99"),
        ('{"id": "1"}', "`id` must be an integer, not a string"),
        ('{"id": true}', "`id` must be an integer, not a boolean"),
        ('{"id": 1.5}', "`id` must be an integer, not a number"),
        ('{"id": null}', "`id` must be an integer, not null"),
        ("{}", "`id` is missing"),
        ("", "`id` is missing"),
        (" \n", "`id` is missing"),
        ('{"id": 1, "ID": 2}', "there is no argument 'ID'; the arguments are: `id`, `title`"),
        ('{"id": 1, "title": "x"}', "`title` must have a length of at least 2"),
        ('{"id": 1, "title": "xxxxx"}', "`title` must have a length of at most 4"),
        ('{"id": 1, "title": 7}', "`title` must be a string or null, not an integer"),
        ('{"id": 1, "tags": []}', "`tags` must have a length of at least 1"),
        ('{"id": 1, "tags": ["a", "b", "c"]}', "`tags` must have a length of at most 2"),
        ('{"id": 1, "tags": ["a", 2]}', "`tags[1]` must be a string, not an integer"),
        ('{"id": 1, "state": "Open"}', '`state` must be one of "open", "closed"'),
        ('{"id": 1, "where": {}}', "`where.x` is missing"),
        ('{"id": 1, "where": {"x": 1, "y": 2}}', "`where.'y'` must be a boolean, not an integer"),
        ('{"id": 1, "where": []}', "`where` must be an object, not an array"),
        ('{"title": 7}', "`id` is missing; `title` must be a string or null"),
        ("[1]", "the arguments must be a JSON object, not an array"),
        ("null", "the arguments must be a JSON object, not null"),
        ('{"id": NaN}', "the arguments are not JSON"),
        ('{"id": 1,}', "the arguments are not JSON"),
        ('{"id": 1', "the arguments are not JSON"),
        ('{"id": 1} and more', "the arguments are not JSON"),
        ('{"title": "\\ud800"}', "the arguments are not JSON"),
        ('{"title": "\ud800"}', "the arguments are not JSON"),
        ('{"any": ' + "[" * 49_000 + "]" * 49_000 + "}", "the arguments are nested too deeply"),
        ('{"any": "' + "x" * 100_000 + '"}', "the arguments are longer than 100,000 characters"),
    ],
)
def test_arguments_that_are_not_allowed_are_refused_with_their_place(
    written: str, fault: str
) -> None:
    """A model that reads it can do better."""
    with pytest.raises(Refused) as refused:
        read_arguments(SPEC, written)

    assert str(refused.value).startswith(fault)


def test_many_faults_are_not_all_told() -> None:
    """The first few are enough to act on."""
    with pytest.raises(Refused) as refused:
        read_arguments(SPEC, json.dumps(dict.fromkeys(map(str, range(5_000)))))

    assert 5 == len(str(refused.value).split("; ")) - 4


@given(st.text(alphabet=st.characters(), max_size=60))
def test_whatever_is_written_is_refused_on_one_line(written: str) -> None:
    """Text that happens to be arguments of this tool is not drawn in a lifetime."""
    with pytest.raises(Refused) as refused:
        read_arguments(SPEC, written)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        ({}, 'its `type` is not "object"'),
        ({"type": "array"}, 'its `type` is not "object"'),
        ({"type": "objekt"}, "Invalid enum value 'objekt'"),
        ({"type": "object", "oneOf": []}, "unknown field `oneOf`"),
        (
            {"type": "object", "properties": {"a": {"pattern": "x"}}},
            "unknown field `pattern` - at `$.properties[...]`",
        ),
        ({"type": "object", "required": "a"}, "Expected `array`"),
        (PARAMETERS, ""),
    ],
)
def test_parameters_say_only_what_is_checked(parameters: dict[str, object], wrong: str) -> None:
    """A word that would be stated to a model and then not act is refused."""
    found = refuse_parameters(ToolSpec("t", "", parameters))

    assert (wrong in found) if wrong else found == ""


def test_words_of_a_model_are_repeated_on_one_short_line() -> None:
    """An escape sequence stays visible, and a long name is cut."""
    assert r"'a\n\x1b[2J'" == quoted("a\n\x1b[2J")
    assert len(quoted("x" * 10_000)) < 100
