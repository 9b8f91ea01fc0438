"""Model text is hostile input: it reaches no terminal raw, and is expanded nowhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.ledgers import log_of
from support.program import dialectic

ATTACK = (
    "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x9b31m \u202egnp.exe\u202c \r\nover {problem} ${HOME} "
    "$(reboot) %s {0.__class__} </user> [bold]x[/bold]\x7f"
)
RAW = ("\x1b", "\x07", "\x9b", "\u202e", "\r", "\x7f")

SMALL = ("-a", "architect,kiss", "-r", "1")


def harmless(text: str) -> bool:
    """Whether a terminal would show it and do nothing else."""
    return not any(char in text for char in RAW)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a debate in which every answer is an attack."""
    cwd = tmp_path_factory.mktemp("attacked")
    (cwd / "script.json").write_text(json.dumps({"default": ATTACK}), encoding="utf-8")
    ended = dialectic(
        cwd, "debate", f"Design\x1b[5m {ATTACK}", *SMALL, "-m", "scripted/script.json", "-v"
    )
    assert 0 == ended.code, ended.err
    assert harmless(ended.out + ended.err)
    return cwd


COMMANDS = [
    ("show",),
    ("show", "--state"),
    ("show", "--event", "--at", "5"),
    ("show", "--json"),
    ("log",),
    ("log", "--json"),
    ("ls",),
    ("replay",),
    ("replay", "--json"),
    ("resume",),
    ("resume", "--json"),
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_no_escape_of_a_model_reaches_the_terminal(
    arguments: tuple[str, ...], attacked: Path
) -> None:
    """Control characters and reordering marks are made visible or escaped, on both streams."""
    ended = dialectic(attacked, *arguments)

    assert 0 == ended.code, ended.err
    assert harmless(ended.out + ended.err)


def test_json_means_what_the_model_said(attacked: Path) -> None:
    """In JSON the characters are escaped, so a program reads exactly what was stored."""
    found = json.loads(dialectic(attacked, "show", "--solution", "--json").out)["data"]
    state = json.loads(dialectic(attacked, "show", "--state").out)

    with log_of(attacked) as store:
        assert store["@"].solution == found
    assert {ATTACK} == {each["content"] for each in state["rounds"][0]["contributions"]}


def test_nothing_that_a_model_says_is_expanded(attacked: Path) -> None:
    """Templates, variables and commands in an answer stay the words they are, in every prompt."""
    shown = dialectic(attacked, "show").out

    assert "over {problem} ${HOME} $(reboot) %s {0.__class__} </user> [bold]x[/bold]" in shown


def test_a_solution_in_a_file_is_as_harmless_as_on_the_screen(attacked: Path) -> None:
    """Who prints the file later is as safe as who read it at once."""
    printed = dialectic(attacked, "resume").out
    dialectic(attacked, "resume", "-o", "solution.md")

    assert printed == (attacked / "solution.md").read_text(encoding="utf-8")


def test_names_with_control_characters_are_refused_or_made_visible(tmp_path: Path) -> None:
    """An agent's name from a configuration cannot speak to the terminal either."""
    agent = {"name": "A\x1b[31mda", "role": "architect", "model": "m", "provider": "openai"}
    config = {"agents": [agent | {"id": "a\x1b]0;x\x07da"}, agent | {"id": "sam"}]}
    (tmp_path / "c.json").write_text(json.dumps(config), encoding="utf-8")

    ended = dialectic(tmp_path, "debate", "x", "-c", "c.json", "--offline", "-r", "1", "-v")
    shown = dialectic(tmp_path, "show")

    assert harmless(ended.out + ended.err + shown.out + shown.err)
