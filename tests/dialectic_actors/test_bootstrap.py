"""What a debate is run with is all in its opening: the terms of its stage, its words and their
origin.
"""

import copy
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from dialectic_actors.bootstrap import compose
from dialectic_actors.settings import load_settings
from dialectic_actors.settings.schema import config_schema
from dialectic_events.contents import ToolSpec, read_content
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.parts import refer
from dialectic_events.runs import (
    Clarifications,
    FailurePolicy,
    RunOpened,
    StopRule,
    Summarization,
)
from support.configurations import FULL, PROMPTS, changed, load, refusal

SCHEMA = config_schema()["$defs"]


def opened(folder: Path, content: object) -> tuple[RunOpened, dict[str, str]]:
    """The opening of a debate by a configuration."""
    return compose(load(folder, content), "p", 7)


def test_the_stage_holds_every_term_of_the_debate(tmp_path: Path) -> None:
    """Nothing that decides how a debate goes is left to the files of the day."""
    (stage,) = opened(tmp_path, FULL)[0].stages

    assert (2, "everyone", "merge", "named") == (
        stage.rounds,
        stage.history,
        stage.synthesis,
        stage.authors,
    )
    assert Clarifications(2, 4) == stage.clarifications
    assert "hierarchical" == stage.summaries
    assert StopRule("quality", 0.8) == stage.stop
    assert FailurePolicy(2, "stop") == stage.failure
    assert 7 == stage.shuffle


def test_without_a_file_summaries_are_on_and_nobody_is_asked(tmp_path: Path) -> None:
    """The defaults are those of the older tool."""
    run, _ = compose(load_settings(None, cwd=tmp_path), "p", 7)
    (stage,) = run.stages

    assert (None, "length-based", None) == (stage.clarifications, stage.summaries, stage.stop)
    assert {Summarization(5000, 2500)} == {agent.summarization for agent in run.agents}
    assert (None, None) == (run.limits.round_deadline_s, run.limits.run_deadline_s)


def test_words_of_a_person_keep_their_origin(tmp_path: Path) -> None:
    """Who reads the log learns from which file each of them came."""
    run, texts = opened(tmp_path, FULL)
    origins = {each.name: (each.origin, each.path) for each in run.sources}

    def file(name: str) -> tuple[str, str]:
        return "file", str(tmp_path / f"{name}.md")

    assert file("persona") == origins["role/agent-architect"]
    assert file("summary") == origins["prompt/summary/agent-architect"]
    assert file("questions") == origins["prompt/question/agent-architect"]
    assert file("other") == origins["prompt/summary/agent-kiss"]
    assert file("shared") == origins["prompt/summary/agent-testing"]
    assert ("built-in", None) == origins["prompt/summary"] == origins["role/agent-kiss"]
    assert {refer(text) for text in texts.values()} == {each.part for each in run.sources}


def test_a_tool_is_kept_as_it_is_described(tmp_path: Path) -> None:
    """A run that is taken up offers the tools that it was opened with."""
    run, texts = opened(tmp_path, FULL)
    parts = {source.name: source.part for source in run.sources}

    assert ("tool/file_read", "tool/list_files") == run.agents[0].tools
    assert 4 == run.agents[0].tool_call_limit
    for name in run.agents[0].tools:
        spec = read_content(texts[parts[name]], ToolSpec)
        assert spec is not None
        assert name == f"tool/{spec.name}"


def test_a_tool_that_nobody_brings_is_refused_at_its_place(tmp_path: Path) -> None:
    """Before the first call, with the line that asks for it."""
    settings = load(tmp_path, changed("agents", 0, "tools", 1, "name", to="file_raed"))
    with pytest.raises(DialecticError) as caught:
        compose(settings, "p", 7)

    assert ExitCode.CONFIGURATION == caught.value.exit_code
    assert "agents[0].tools[1].name" in caught.value.where
    assert "file_read" in caught.value.fix


def test_the_context_directory_is_kept(tmp_path: Path) -> None:
    """Tools of a resumed run read the same files."""
    settings = load(tmp_path, FULL)
    assert str(tmp_path) == compose(settings, "p", 7, tmp_path)[0].context_dir
    assert compose(settings, "p", 7)[0].context_dir is None


# --- every field acts ---

PLACES: dict[str, tuple[tuple[str | int, ...], ...]] = {
    "Agent": (("agents", 0),),
    "Judge": (("judge",),),
    "Debate": (("debate",),),
    "Limits": (("debate", "limits"),),
    "Termination": (("debate", "terminationCondition"),),
    "Failure": (("debate", "failure"),),
    "Summarization": (
        ("debate", "summarization"),
        ("agents", 1, "summarization"),
        ("judge", "summarization"),
    ),
    "Model": (("agents", 1, "models", 1),),
    "Tool": (("agents", 0, "tools", 1),),
}
SPECIAL: dict[str, list[Any]] = {
    "models": [["openai/x"], ["openai/x", "openai/y"]],
    "tools": [[{"name": "file_read"}], [{"name": "context_search"}]],
    "summarization": [{"enabled": False}, {"threshold": 77}],
    "provider": ["openai", "openrouter"],
    "role": ["performance", "generalist"],
}
RIVALS = {
    "models": ("provider", "model"),
    "includeFullHistory": ("history",),
    "summaryPromptPath": ("summarization",),
}
REFUSED = {"Judge.enabled", "Judge.clarificationPromptPath", "Summarization.method"}
NOTICED = {"Debate.orchestratorType", "Debate.trace"}
FIELDS = [
    (table, key, place)
    for table, places in PLACES.items()
    for key, field in SCHEMA[table]["properties"].items()
    for place in places
    if "$ref" not in field or key == "summarization"
]


def values_of(key: str, field: dict[str, Any]) -> list[Any]:
    """Values that a field may have, all different."""
    if key in SPECIAL:
        return SPECIAL[key]
    if key.endswith("Path"):
        return [f"{name}.md" for name in PROMPTS[:2]]
    if key == "name":
        return ["list_files", "context_search"]
    match field.get("type"):
        case "boolean":
            return [True, False]
        case "integer" | "number":
            low = field["minimum"] if "minimum" in field else field["exclusiveMinimum"]
            return [low + 1, low + 2] if field["maximum"] > 5 else [0.25, 0.75]
        case "string":
            return ["one", "two"]
        case _:
            return list(field["enum"])


@pytest.mark.parametrize(("table", "key", "place"), FIELDS)
def test_every_field_changes_the_opening_or_says_why_not(
    tmp_path: Path, table: str, key: str, place: tuple[str | int, ...]
) -> None:
    """No two values of a field open the same debate; one that cannot act is refused or noticed."""
    results: list[object] = []
    for value in values_of(key, SCHEMA[table]["properties"][key]):
        content: Any = copy.deepcopy(FULL)
        content["agents"][0]["summarization"].pop("method")
        content["judge"]["tools"] = [{"name": "list_files"}]
        content["debate"]["limits"].pop("run_deadline_s")
        content["debate"].pop("timeoutPerRound")
        content["debate"]["limits"].pop("backoff_max_s")
        inner = content
        for step in place:
            inner = inner.setdefault(step, {}) if isinstance(inner, dict) else inner[step]
        for rival in RIVALS.get(key, ()):
            inner.pop(rival, None)
        inner[key] = value
        if f"{table}.{key}" in REFUSED and place != ("debate", "summarization"):
            if value != FULL["debate"]["summarization"].get(key, True):
                assert key in refusal(tmp_path, content).where
        elif f"{table}.{key}" in NOTICED:
            assert [value] == [
                value for line in load(tmp_path, content).notices if key in line
            ] or (value == "classic")
        else:
            results.append(opened(tmp_path, content))
    assert [] == [1 for one, other in combinations(results, 2) if one == other]
