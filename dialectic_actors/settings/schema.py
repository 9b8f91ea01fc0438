"""The JSON Schema of a debate configuration, for editors and for the reference page.

It says what `shapes` says. What values mean together, a schema cannot tell: `config check` does.
"""

from __future__ import annotations

from typing import Any

import msgspec

from dialectic_actors.settings.roles import DEBATING_ROLES, provider_names
from dialectic_actors.settings.shapes import ConfigurationShape

__all__ = ["config_schema"]


def config_schema() -> dict[str, Any]:
    """The schema of a whole file; its tables are under `$defs`, named without `Shape`."""
    (whole,), components = msgspec.json.schema_components(
        (ConfigurationShape,), ref_template="#/$defs/{name}"
    )
    tables = {name.removesuffix("Shape"): _plain(table) for name, table in components.items()}
    for table in tables.values():
        if "provider" in table["properties"]:
            table["properties"]["provider"]["enum"] = list(provider_names())
    tables["Agent"]["properties"]["role"]["enum"] = list(DEBATING_ROLES)
    tables["Agent"]["oneOf"] = [
        {"required": ["models"], "properties": {"provider": False, "model": False}},
        {"required": ["provider", "model"], "properties": {"models": False}},
    ]
    tables["Judge"]["properties"]["role"]["enum"] = [*DEBATING_ROLES, "judge"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_plain(whole),
        "$defs": dict(sorted(tables.items())),
    }


def _plain(value: Any) -> Any:
    """The schema for people: tables by their own names, no titles of classes, no defaults that the
    tables state themselves.
    """
    match value:
        case dict():
            return {
                key: _plain(inner)
                for key, inner in value.items()
                if not (key == "title" and isinstance(inner, str))
                and not (key == "default" and isinstance(inner, dict))
            }
        case list():
            return [_plain(inner) for inner in value]
        case str() if value.startswith("#/$defs/"):
            return value.removesuffix("Shape")
        case _:
            return value
