#!/usr/bin/env python3
"""The reference page of a debate configuration, drawn from its schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from dialectic_actors.settings.schema import config_schema

__all__ = ["settings_page"]

_PLACES = {
    "Configuration": "The whole file",
    "Agent": "`agents[]`",
    "Judge": "`judge`",
    "Model": "`agents[].models[]`, `judge.models[]`",
    "Tool": "`agents[].tools[]`, `judge.tools[]`",
    "Debate": "`debate`",
    "Limits": "`debate.limits`",
    "Termination": "`debate.terminationCondition`",
    "Failure": "`debate.failure`",
    "Summarization": "`debate.summarization`, `agents[].summarization`, `judge.summarization`",
}

_INHERITED = {
    "temperature": "judge: 0.3",
    "provider": "judge: `openai`",
    "model": "judge: `gpt-4`",
    "toolCallLimit": "`10`",
    "history": '`"own"`',
}
"""Defaults that are decided by more than the key itself."""

_SUMMARIZATION = {
    "enabled": "`true`",
    "threshold": "`5000`",
    "maxLength": "`2500`",
    "unit": '`"characters"`',
    "method": '`"length-based"`',
}


def settings_page() -> Iterator[str]:
    """The lines of the page after its title."""
    tables = config_schema()["$defs"]
    for name, place in _PLACES.items():
        table = tables[name]
        yield from (f"## {place}", "", table["description"], "")
        yield from ("| Key | Holds | Default | What it does |", "|---|---|---|---|")
        for key, field in table["properties"].items():
            default = _default(name, key, field, table["required"])
            does = field.get("description", "See below.")
            yield f"| `{key}` | {_holds(field)} | {default} | {does} |"
        yield ""


def _default(table: str, key: str, field: dict[str, Any], required: list[str]) -> str:
    if key in required:
        return "required"
    if "default" in field:
        return f"`{json.dumps(field['default'])}`"
    return (_SUMMARIZATION if table == "Summarization" else _INHERITED).get(key, "")


def _holds(field: dict[str, Any]) -> str:
    """The type and the bounds of a field in words."""
    if "$ref" in field:
        return "a table"
    if "enum" in field:
        return " or ".join(f"`{each}`" for each in sorted(field["enum"]))
    match field.get("type"):
        case "array":
            return "a list"
        case "boolean":
            return "`true` or `false`"
        case "integer" | "number" as kind:
            words = "a whole number" if kind == "integer" else "a number"
            low = f"above {field.get('exclusiveMinimum')}"
            if "minimum" in field:
                low = f"from {field['minimum']:g}"
            return f"{words} {low} to {field['maximum']:,}"
        case "string":
            return "text"
        case _:
            return "anything"
