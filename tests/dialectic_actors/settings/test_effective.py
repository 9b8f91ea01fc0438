"""The settings that a debate would run with can be shown, written down, and traced to who said
them.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.bootstrap import compose
from dialectic_actors.settings import Settings, effective, load_settings, origins
from dialectic_actors.settings.written import written
from dialectic_events.errors import DialecticError, ExitCode
from support.configurations import FULL, VALUES, changed, load, paths_of, write

NOWHERE = {"DIALECTIC_CONFIG_DIR": ""}


def again(folder: Path, settings: Settings) -> Settings:
    """What comes of writing settings down and loading them."""
    (folder / "elsewhere").mkdir(exist_ok=True)
    file = folder / "elsewhere" / "written.json"
    file.write_text(json.dumps(written(settings)), "utf-8")
    return load_settings(file, cwd=folder)


@given(st.sampled_from(paths_of(FULL)), VALUES)
def test_what_is_shown_is_what_is_run(
    tmp_path_factory: pytest.TempPathFactory, path: tuple[str | int, ...], value: object
) -> None:
    """Settings that are written down open the same debate when they are loaded."""
    folder = tmp_path_factory.mktemp("written")
    try:
        settings = load(folder, changed(*path, to=value))
        opening = compose(settings, "p", 1)
    except DialecticError:
        return
    assert opening == compose(again(folder, settings), "p", 1)


def test_the_defaults_are_written_down_too(tmp_path: Path) -> None:
    """Without any file the same holds."""
    settings = load_settings(None, cwd=tmp_path)
    assert compose(settings, "p", 1) == compose(again(tmp_path, settings), "p", 1)


def found(folder: Path, env: Mapping[str, str] = NOWHERE, **asked: Any) -> dict[str, str]:
    """The origins of the settings under `folder`, its own path left out."""
    shown = effective(None, cwd=folder, env={**NOWHERE, **env}, **asked)
    return {each.field: each.origin.replace(f"{folder}/", "") for each in origins(shown)}


def test_each_setting_is_traced_to_who_said_it(tmp_path: Path) -> None:
    """Defaults, a person's file, the project's, the environment, the command line."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "config.yaml").write_text("judge: {name: J}\ndebate:\n  timeoutPerRound: 5\n", "utf-8")
    (tmp_path / "debate-config.yaml").write_text(
        "agents:\n"
        "- {id: a, name: A, role: kiss, provider: openai, model: m}\n"
        "- id: b\n  name: B\n  role: kiss\n  models: [openai/x, openai/y]\n"
        "debate:\n  rounds: 5\n  summarization: {threshold: 8}\n",
        "utf-8",
    )
    env = {"DIALECTIC_CONFIG_DIR": str(own)}

    plain = found(tmp_path, env)
    assert "default" == plain["debate.limits.attempts"]
    assert "own/config.yaml:1" == plain["judge.name"]
    assert "own/config.yaml:3" == plain["debate.limits.round_deadline_s"]
    assert "debate-config.yaml:2" == plain["agents[0].model"]
    assert "debate-config.yaml:6" == plain["agents[1].models[1].model"]
    assert "debate-config.yaml:8" == plain["debate.rounds"]
    assert "debate-config.yaml:9" == plain["debate.summarization.threshold"]
    assert "default" == plain["debate.summarization.unit"]

    env |= {"DIALECTIC_ROUNDS": "4", "DIALECTIC_MODEL": "rehearsal"}
    varied = found(tmp_path, env, agents=["b"])
    assert "environment DIALECTIC_ROUNDS" == varied["debate.rounds"]
    assert "environment DIALECTIC_MODEL" == varied["judge.model"] == varied["agents[0].model"]
    assert "debate-config.yaml:3" == varied["agents[0].id"]

    asked = found(tmp_path, env, rounds=1, offline=True)
    assert "--rounds" == asked["debate.rounds"]
    assert "--offline" == asked["agents[1].provider"]


@pytest.mark.parametrize(
    ("asked", "what", "fix"),
    [
        ({"agents": "architect"}, "`agents` is one text", '["architect"]'),
        ({"agents": 3}, "`agents` is 3", "list"),
        ({"agents": ["architect", 3]}, "`agents`", "list"),
        ({"agents": b"kiss"}, "`agents` is b'kiss'", "list"),
        ({"rounds": "2"}, "`rounds` is '2'", "whole number"),
        ({"rounds": 2.0}, "`rounds` is 2.0", "whole number"),
        ({"rounds": True}, "`rounds` is True", "whole number"),
        ({"model": 4}, "`model` is 4", "provider/model"),
    ],
)
def test_what_a_program_gives_in_the_wrong_shape_is_refused(
    tmp_path: Path, asked: Mapping[str, Any], what: str, fix: str
) -> None:
    """The option is named, and how it is written; nothing is taken apart that was meant whole."""
    with pytest.raises(DialecticError) as caught:
        effective(None, cwd=tmp_path, env=NOWHERE, **asked)

    assert ExitCode.USAGE == caught.value.exit_code
    assert caught.value.what.startswith(what)
    assert fix in caught.value.fix


@pytest.mark.parametrize("config", [{"debate": {"rounds": 2}}, 7, b"c.json"])
def test_a_configuration_is_named_by_its_path(tmp_path: Path, config: Any) -> None:
    """Settings that a program has at hand are written into a file first."""
    with pytest.raises(DialecticError, match="`config` is no path") as caught:
        effective(config, cwd=tmp_path, env=NOWHERE)

    assert ExitCode.USAGE == caught.value.exit_code
    assert "file" in caught.value.fix


def test_the_environment_stands_between_file_and_command_line(tmp_path: Path) -> None:
    """An empty variable says nothing."""
    write(tmp_path, {"debate": {"rounds": 5}})
    cases: list[tuple[str, int | None, int]] = [("", None, 5), ("4", None, 4), ("4", 2, 2)]
    for value, asked, rounds in cases:
        env = {**NOWHERE, "DIALECTIC_ROUNDS": value}
        shown = effective(None, cwd=tmp_path, env=env, rounds=asked)
        assert rounds == shown.settings.rounds


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DIALECTIC_ROUNDS", "many"),
        ("DIALECTIC_ROUNDS", "0"),
        ("DIALECTIC_ROUNDS", "9" * 5000),
        ("DIALECTIC_ROUNDS", "²"),
        ("DIALECTIC_MODEL", "opnai/x"),
        ("DIALECTIC_MODEL", "openai/"),
    ],
)
def test_a_variable_that_is_not_understood_is_named(
    tmp_path: Path, variable: str, value: str
) -> None:
    """Nobody looks for it on the command line."""
    with pytest.raises(DialecticError) as caught:
        effective(None, cwd=tmp_path, env={**NOWHERE, variable: value})
    assert (ExitCode.CONFIGURATION, f"environment {variable}") == (
        caught.value.exit_code,
        caught.value.where,
    )
