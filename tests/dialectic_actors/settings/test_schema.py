"""The schema for editors says what the loader does."""

import json
import tomllib
from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.settings.schema import config_schema
from dialectic_events.errors import DialecticError
from support.checkout import ROOT
from support.configurations import FULL, VALUES, changed, outcome, paths_of
from support.json_schema import misfits

SCHEMA = config_schema()


def judged(content: object) -> list[str]:
    """What the schema finds."""
    return list(misfits(content, SCHEMA, SCHEMA))


@given(st.sampled_from(paths_of(FULL)), VALUES)
def test_what_loads_is_what_an_editor_accepts(
    tmp_path_factory: pytest.TempPathFactory, path: tuple[str | int, ...], value: object
) -> None:
    """The schema never underlines a file that the program reads."""
    content = changed(*path, to=value)
    after = outcome(tmp_path_factory.mktemp("settings"), content)

    if not isinstance(after, DialecticError):
        assert [] == judged(content)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("debate", "rounds"), 0),
        (("debate", "rounds"), "3"),
        (("debate", "history"), "all"),
        (("debate", "terminationCondition", "threshold"), 0),
        (("agents", 0, "role"), "nobody"),
        (("agents", 0, "provider"), "opnai"),
        (("agents", 0, "models"), ["openai/x"]),
        (("agents", 0, "tools"), ["file_read"]),
        (("agents", 1, "models"), []),
        (("agents", 1, "temprature"), 1),
        (("agents", 1, "id"), ""),
        (("rounds",), 1),
    ],
)
def test_what_is_refused_is_underlined(path: tuple[str | int, ...], value: object) -> None:
    """Types, bounds, choices, unknown keys and exclusive ones are seen while one writes."""
    assert [] == judged(FULL)
    assert judged(changed(*path, to=value))


def test_every_key_is_described() -> None:
    """An editor has something to show for each."""

    def silent(name: str, table: dict[str, Any]) -> list[str]:
        return [
            f"{name}.{key}"
            for key, field in table["properties"].items()
            if "description" not in field and "$ref" not in field
        ]

    tables: dict[str, Any] = SCHEMA["$defs"]
    assert [] == [each for name, table in tables.items() for each in silent(name, table)]
    assert all(table["description"] for table in tables.values())


def test_the_shipped_configurations_fit() -> None:
    """Whoever copies an example starts without an underlined line."""
    import yaml

    folder = ROOT / "configs" / "examples"
    start = resources.files("dialectic_configs") / "debate-config.yaml"
    parsers: dict[str, Callable[[str], object]] = {
        ".json": json.loads,
        ".yaml": yaml.safe_load,
        ".toml": tomllib.loads,
    }
    files = sorted(folder.iterdir())

    assert len(files) >= 2
    for file in files:
        text = file.read_text("utf-8")
        content = parsers[file.suffix](text)
        assert [] == judged(content), file.name
    assert [] == judged(yaml.safe_load(start.read_text(encoding="utf-8")))


def test_the_starting_file_names_every_key() -> None:
    """Whatever can be set is seen in it, at least in a comment."""
    start = resources.files("dialectic_configs") / "debate-config.yaml"
    text = start.read_text(encoding="utf-8")
    older = {"orchestratorType", "trace", "$schema"}
    keys = {key for table in SCHEMA["$defs"].values() for key in table["properties"]}

    assert [] == sorted(key for key in keys - older if f"{key}:" not in text and key not in text)
