"""A project's file stands over a person's own, key by key, and each value keeps its place."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.settings import Settings, load, load_settings, user_folder
from dialectic_events.errors import DialecticError, ExitCode
from support.configurations import FULL, VALUES, changed, outcome, paths_of, write

AGENT = {"id": "a", "name": "A", "role": "kiss", "provider": "openai", "model": "m"}


def layered(folder: Path, own: object, project: object) -> Settings:
    """Write a person's own file and a project's, and load both."""
    (folder / "own").mkdir(exist_ok=True)
    write(folder / "own", own, "config.json")
    return load_settings(write(folder, project), cwd=folder, user=folder / "own")


def problems_of(file: Path, own: Path | None = None) -> tuple[DialecticError, ...]:
    """What a check of a file finds."""
    try:
        return load(file, cwd=file.parent, user=own).problems
    except DialecticError as unreadable:
        return (unreadable,)


def test_the_project_stands_over_the_person_key_by_key(tmp_path: Path) -> None:
    """What the project leaves out keeps the person's value, then the default."""
    own = {"debate": {"rounds": 9, "limits": {"attempts": 7, "repairs": 0}}, "judge": {"name": "J"}}
    project = {"debate": {"rounds": 2, "limits": {"attempts": 5}}, "agents": [AGENT]}
    settings = layered(tmp_path, own, project)

    assert (2, 5, 0) == (settings.rounds, settings.limits.attempts, settings.limits.repairs)
    assert "J" == settings.judge.name
    assert 300 == settings.limits.call_deadline_s
    assert ["a"] == [agent.id for agent in settings.agents]


def test_a_list_of_agents_replaces_the_person_s(tmp_path: Path) -> None:
    """Casts are not mixed."""
    other = AGENT | {"id": "b"}
    assert ["b"] == [
        agent.id for agent in layered(tmp_path, {"agents": [AGENT]}, {"agents": [other]}).agents
    ]


@pytest.mark.parametrize(
    ("own", "project"),
    [
        ({"judge": {"model": "x"}}, {"judge": {"models": ["rehearsal"]}}),
        ({"judge": {"models": ["openai/x"]}}, {"judge": {"provider": "openrouter"}}),
        ({"debate": {"includeFullHistory": False}}, {"debate": {"history": "everyone"}}),
        ({"debate": {"history": "everyone"}}, {"debate": {"includeFullHistory": False}}),
    ],
)
def test_another_way_to_say_the_same_replaces_the_person_s(
    tmp_path: Path, own: object, project: object
) -> None:
    """A weaker layer never contradicts a stronger one."""
    alone = load_settings(write(tmp_path, project), cwd=tmp_path)
    assert alone == layered(tmp_path, own, project)


@given(st.sampled_from(paths_of(FULL)), VALUES)
def test_a_person_s_file_under_a_whole_one_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, path: tuple[str | int, ...], value: object
) -> None:
    """Where the project says it all, a sound file of the person has no say; an unsound one is
    refused where it lies.
    """
    folder = tmp_path_factory.mktemp("layers")
    (folder / "own").mkdir()
    write(folder / "own", changed(*path, to=value), "config.json")
    file = write(folder, FULL)
    problems = problems_of(file, folder / "own")

    for problem in problems:
        assert ExitCode.CONFIGURATION == problem.exit_code
        assert problem.where.startswith(str(folder))
    if not problems:
        whole = load_settings(file, cwd=folder)
        assert whole == load_settings(file, cwd=folder, user=folder / "own")


def test_an_error_names_the_layer_that_it_stands_in(tmp_path: Path) -> None:
    """Also when two layers contradict each other."""
    cases: list[tuple[dict[str, Any], dict[str, Any], str]] = [
        ({"debate": {"rounds": 0}}, {"debate": {"rounds": 2}}, "own/config.json:3"),
        ({"debate": {"rounds": 2}}, {"debate": {"rounds": 0}}, "debate-config.json:3"),
        ({"judge": {"systemPromptPath": "none.md"}}, {}, "own/config.json:3"),
        ({"debate": {"failure": {"quorum": 2}}}, {"agents": [AGENT]}, "own/config.json:4"),
    ]
    for own, project, place in cases:
        with pytest.raises(DialecticError) as caught:
            layered(tmp_path, own, project)
        assert place in caught.value.where


def test_a_prompt_path_starts_at_its_own_layer(tmp_path: Path) -> None:
    """A person's words lie beside the person's file."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.md").write_text("Mine.", "utf-8")
    settings = layered(tmp_path, {"judge": {"systemPromptPath": "mine.md"}}, {"judge": {"id": "j"}})
    assert "Mine." == settings.judge.role.system_prompt


def test_the_person_s_folder_is_named_by_a_variable_or_the_system(tmp_path: Path) -> None:
    """An empty variable switches the layer off."""
    assert tmp_path == user_folder({"DIALECTIC_CONFIG_DIR": str(tmp_path)})
    assert user_folder({"DIALECTIC_CONFIG_DIR": ""}) is None
    assert "dialectic" in str(user_folder({}))


def test_every_problem_is_found_and_none_is_invented(tmp_path: Path) -> None:
    """Whoever mends a file learns all of it at once; a broken value breaks nothing else."""
    content = {
        "agents": [
            AGENT | {"name": 5, "rol": "x", "model": None},
            5,
            AGENT | {"role": "secruity", "temperature": 9},
        ],
        "debate": {"rounds": 0, "synthesisMethod": "vote", "failure": {"quorum": 7}},
    }
    found = load(write(tmp_path, content), cwd=tmp_path).problems

    fields = [problem.where.partition(": ")[2] for problem in found]
    assert [
        "agents[0].model",
        "agents[0].name",
        "agents[0].rol",
        "agents[1]",
        "agents[2].id",
        "agents[2].role",
        "agents[2].temperature",
        "debate.failure.quorum",
        "debate.rounds",
        "debate.synthesisMethod",
    ] == sorted(fields)


@given(st.lists(st.tuples(st.sampled_from(paths_of(FULL)), VALUES), max_size=3))
def test_a_check_finds_a_problem_exactly_where_loading_refuses(
    tmp_path_factory: pytest.TempPathFactory,
    changes: list[tuple[tuple[str | int, ...], object]],
) -> None:
    """What is checked is what is run."""
    folder = tmp_path_factory.mktemp("check")
    content: Any = FULL
    for path, value in changes:
        content = changed(*path, to=value) if content is FULL else _also(content, path, value)
    file = write(folder, content)
    result = outcome(folder, content)
    found = problems_of(file)

    assert (str(result) if isinstance(result, DialecticError) else "") == "".join(
        str(problem) for problem in found[:1]
    )


def _also(content: Any, path: tuple[str | int, ...], value: object) -> Any:
    """One more change, where its place is still there."""
    inner = content
    try:
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = value
    except (KeyError, IndexError, TypeError):
        pass
    return content
