"""The JSON Schema of what a log holds: headers, and every event as it is stored, with references
for texts.

`python -m dialectic_events.schema > events/schema/events.json` writes it. Validation is the codec's
affair.
"""

from __future__ import annotations

import sys
from typing import Any, get_args

import msgspec

from dialectic_events.envelope import Header
from dialectic_events.parts import REF_PATTERN, Ref, Text
from dialectic_events.union import EVENT_TYPES

__all__ = ["json_schema", "schema_text"]

_TEXT_PATTERN = r"^([0-9a-f]{64}:[0-9]+)?$"
_PATTERNS = {
    get_args(Ref)[1].description: REF_PATTERN,
    get_args(Text)[1].description: _TEXT_PATTERN,
}


def json_schema() -> dict[str, Any]:
    """The schema of a stored payload (any event); the header beside it is `$defs/Header`."""
    events, components = msgspec.json.schema_components(
        (*EVENT_TYPES.values(), Header), ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An event of a dialectic log, as it is stored",
        "oneOf": list(events[:-1]),
        "$defs": _with_patterns(dict(sorted(components.items()))),
    }


def schema_text() -> str:
    """The schema as it is committed."""
    return msgspec.json.format(msgspec.json.encode(json_schema()), indent=2).decode() + "\n"


def _with_patterns(value: Any) -> Any:
    """The schema with the patterns of references, and descriptions that do not know of lines."""
    if isinstance(value, list):
        return [_with_patterns(each) for each in value]
    if not isinstance(value, dict):
        return value
    deeper = {key: _with_patterns(each) for key, each in value.items()}
    if isinstance(words := value.get("description"), str):
        deeper["description"] = " ".join(words.split())
    pattern = _PATTERNS.get(value.get("description", "")) if value.get("type") == "string" else None
    return {**deeper, "pattern": pattern} if pattern is not None else deeper


if __name__ == "__main__":
    sys.stdout.write(schema_text())
