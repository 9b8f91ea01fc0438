"""Configurations for tests: a full one, changes to it, and what comes of them."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from dialectic_actors.settings import Settings, load_settings
from dialectic_events.errors import DialecticError, ExitCode

FULL: dict[str, Any] = {
    "agents": [
        {
            "id": "agent-architect",
            "name": "Architect",
            "role": "architect",
            "model": "m-1",
            "provider": "openai",
            "temperature": 0.25,
            "systemPromptPath": "persona.md",
            "summaryPromptPath": "summary.md",
            "clarificationPromptPath": "questions.md",
            "summarization": {
                "enabled": True,
                "threshold": 700,
                "maxLength": 300,
                "unit": "tokens",
                "method": "hierarchical",
            },
            "tools": [{"name": "file_read"}, {"name": "list_files"}],
            "toolCallLimit": 4,
        },
        {
            "id": "agent-kiss",
            "name": "Kiss",
            "role": "kiss",
            "models": ["openai/m-1", {"provider": "openrouter", "model": "maker/m-3"}],
            "summarization": {"promptPath": "other.md"},
        },
        {
            "id": "agent-testing",
            "name": "Testing",
            "role": "testing",
            "model": "m-1",
            "provider": "openai",
            "enabled": True,
        },
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
            "run_deadline_s": 7200,
        },
        "timeoutPerRound": 90_500,
        "terminationCondition": {"type": "quality", "threshold": 0.8},
        "synthesisMethod": "merge",
        "authors": "named",
        "failure": {"quorum": 2, "onFailure": "stop"},
        "summarization": {
            "enabled": True,
            "threshold": 900,
            "maxLength": 400,
            "unit": "characters",
            "method": "hierarchical",
            "promptPath": "shared.md",
        },
        "interactiveClarifications": True,
        "clarificationsMaxPerAgent": 2,
        "clarificationsMaxIterations": 4,
    },
}
"""Every key but those that another one excludes, each with a value that is not its default."""

PROMPTS = ("persona", "summary", "questions", "other", "shared")


def load(folder: Path, content: object, name: str = "debate-config.json") -> Settings:
    """Write a configuration (a text as it stands, anything else as JSON) and load it, with the
    prompt files that the full one names.
    """
    return load_settings(write(folder, content, name), cwd=folder)


def write(folder: Path, content: object, name: str = "debate-config.json") -> Path:
    """Write a configuration and the prompt files that the full one names."""
    text = content if isinstance(content, str) else json.dumps(content, indent=2)
    (folder / name).write_text(text, "utf-8")
    for prompt in PROMPTS:
        (folder / f"{prompt}.md").write_text(f"  The words of {prompt}.\n", "utf-8")
    return folder / name


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


def paths_of(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths of everything inside `value`."""
    entries: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        entries = list(value.items())
    elif isinstance(value, list):
        entries = list(enumerate(value))
    return [path] * bool(path) + [
        inner for step, each in entries for inner in paths_of(each, (*path, step))
    ]


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10_000_000),
    st.floats(allow_nan=False),
    st.text(max_size=20),
    st.sampled_from(
        ["own", "current", "kiss", "judge", "openai", "voting", "agent-kiss", "named", "tokens"]
    ),
    st.lists(st.none(), max_size=2),
    st.dictionaries(st.text(max_size=5), st.integers(), min_size=1, max_size=2),
)
"""Values of every kind, some of which some setting may have."""
