"""Configurations for tests: a full one, changes to it, and what comes of them."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from dialectic_actors.settings import Settings, load_settings
from dialectic_events.errors import DialecticError, ExitCode

FULL: dict[str, Any] = {
    "agents": [
        {
            "id": f"agent-{role}",
            "name": role.title(),
            "role": role,
            "model": "m-1",
            "provider": "openai",
            "temperature": 0.25,
        }
        for role in ("architect", "kiss", "testing")
    ],
    "judge": {
        "id": "judge",
        "name": "Judge",
        "role": "security",
        "model": "m-2",
        "provider": "openrouter",
        "temperature": 0,
    },
    "debate": {
        "rounds": 2,
        "history": "everyone",
        "limits": {
            "attempts": 4,
            "repairs": 2,
            "backoff_s": 0.5,
            "backoff_max_s": 9,
            "call_deadline_s": 60,
        },
        "terminationCondition": {"type": "fixed"},
        "synthesisMethod": "judge",
    },
}


def load(folder: Path, content: object, name: str = "debate-config.json") -> Settings:
    """Write a configuration (a text as it stands, anything else as JSON) and load it."""
    text = content if isinstance(content, str) else json.dumps(content, indent=2)
    (folder / name).write_text(text, "utf-8")
    return load_settings(folder / name, cwd=folder)


def refusal(folder: Path, content: object, name: str = "debate-config.json") -> DialecticError:
    """The error that a configuration meets; it must be one of configuration."""
    with pytest.raises(DialecticError) as caught:
        load(folder, content, name)
    assert ExitCode.CONFIGURATION == caught.value.exit_code
    assert caught.value.fix
    return caught.value


def outcome(
    folder: Path, content: object, name: str = "debate-config.json"
) -> Settings | DialecticError:
    """What comes of a configuration: settings, or the refusal."""
    try:
        return load(folder, content, name)
    except DialecticError as refused:
        return refused


def changed(*path: str | int, to: object) -> dict[str, Any]:
    """The full configuration with one value replaced or added."""
    content = copy.deepcopy(FULL)
    inner: Any = content
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = to
    return content
