"""The JSON Schema: committed as it is generated, and true of what is stored."""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from dialectic_events.codec import encode
from dialectic_events.samples import SAMPLES
from dialectic_events.schema import json_schema, schema_text
from dialectic_events.turns import Fact
from dialectic_events.union import EVENT_TYPES, Event, tag_of, text_fields
from support.checkout import ROOT, checkout_environment

TAGS = [tag_of(type(event)) for event in SAMPLES]
COMMITTED = ROOT / "events" / "schema" / "events.json"


def definitions() -> dict[str, Any]:
    """The schemas of all structs, by name."""
    found: dict[str, Any] = json_schema()["$defs"]
    return found


def strings_with_patterns(value: Any, schema: Any) -> Iterator[tuple[str, str]]:
    """Every stored string for which the schema has a pattern, with that pattern."""
    if "$ref" in schema:
        schema = definitions()[schema["$ref"].removeprefix("#/$defs/")]
    for choice in schema.get("anyOf", ()):
        if value is not None and choice != {"type": "null"}:
            yield from strings_with_patterns(value, choice)
    if "anyOf" in schema:
        return
    if isinstance(value, str) and "pattern" in schema:
        yield value, schema["pattern"]
    if isinstance(value, dict):
        for key, inner in value.items():
            named = schema.get("properties", {})
            yield from strings_with_patterns(
                inner, named.get(key) or schema["additionalProperties"]
            )
    if isinstance(value, list):
        for inner in value:
            yield from strings_with_patterns(inner, schema["items"])


def test_the_committed_schema_is_the_generated_one() -> None:
    """After a change: `python -m dialectic_events.schema > events/schema/events.json`."""
    assert schema_text() == COMMITTED.read_text(encoding="utf-8")


def test_the_module_writes_the_schema() -> None:
    """The command above does what it says."""
    ended = subprocess.run(
        [sys.executable, "-m", "dialectic_events.schema"],
        env=checkout_environment(),
        capture_output=True,
        check=True,
    )

    assert schema_text().encode() == ended.stdout


def test_every_event_type_is_a_choice() -> None:
    """By its tag."""
    tags = [
        definitions()[choice["$ref"].removeprefix("#/$defs/")]["properties"]["type"]["enum"]
        for choice in json_schema()["oneOf"]
    ]

    assert [[tag] for tag in EVENT_TYPES] == tags


@pytest.mark.parametrize("event", SAMPLES, ids=TAGS)
def test_stored_texts_and_references_match_their_patterns(event: Event) -> None:
    """A text is a reference where it is stored, and the schema says so."""
    parts: dict[str, str] = {}
    stored = msgspec.json.decode(encode(event, parts))
    found = list(strings_with_patterns(stored, definitions()[type(event).__name__]))

    assert set(parts) <= {value for value, _ in found}
    assert all(re.search(pattern, value) for value, pattern in found)


@pytest.mark.parametrize("kind", EVENT_TYPES.values(), ids=EVENT_TYPES)
def test_every_text_field_has_a_pattern(kind: type[Fact]) -> None:
    """None is forgotten when a type is added."""
    properties = definitions()[kind.__name__]["properties"]

    assert all("pattern" in properties[field] for field in text_fields(kind))
