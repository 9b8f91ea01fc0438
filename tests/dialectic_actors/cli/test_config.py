"""`config`, `init` and `schema`: what is configured is checked, shown, begun and described."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from dialectic_actors.cli.program import run
from support.configurations import FULL, changed, write


@pytest.fixture(autouse=True)
def _directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DIALECTIC_MODEL", "DIALECTIC_ROUNDS"):
        monkeypatch.delenv(name, raising=False)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """What a command prints on stdout."""
    assert code == run(arguments)
    return capsys.readouterr().out


def document(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    """What a command prints as JSON."""
    return json.loads(printed(capsys, *arguments, "--json", code=code))["data"]


def test_a_sound_file_is_ok_and_said_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who debates on what, for how long, and how it ends."""
    write(tmp_path, FULL)
    text = printed(capsys, "config", "check")

    assert text.startswith(f"ok: {tmp_path / 'debate-config.json'}\n")
    for words in (
        "agent-kiss (kiss) on openai/m-1, then openrouter/maker/m-3",
        "with file_read, list_files",
        "at most 2 rounds, until the quality is 0.8 of 1",
        "concluded by merge; history: everyone",
        "summaries: hierarchical; questions: up to 2 an agent in up to 4 passes",
    ):
        assert words in text
    assert text == printed(capsys, "config", "check", "debate-config.json")


def test_a_check_says_every_problem_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each with place and remedy, on stderr; the exit code is that of configuration."""
    content = changed("debate", "rounds", to=0)
    content["agents"][0]["tools"] = [{"name": "file_raed"}]
    content["agents"][1]["role"] = "kis"
    write(tmp_path, content, "team.json")

    assert 4 == run(["config", "check", "team.json"])
    said = capsys.readouterr()
    assert "" == said.out
    assert 3 == said.err.count("error: ") == said.err.count("fix: ")
    for words in ("team.json:", "debate.rounds", "did you mean `kiss`?", "file_read"):
        assert words in said.err

    found = document(capsys, "config", "check", "team.json", code=4)
    assert 3 == len(found["problems"])
    assert [str(tmp_path / "team.json")] == found["files"]


@pytest.mark.parametrize(("name", "text"), [("none.json", None), ("broken.yaml", "a: [")])
def test_a_check_of_what_is_no_file_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str | None
) -> None:
    """A missing or malformed file is one problem."""
    if text is not None:
        (tmp_path / name).write_text(text, "utf-8")
    assert 1 == len(document(capsys, "config", "check", name, code=4)["problems"])
    assert 4 == run(["config", "check", name])
    assert f"{name}" in capsys.readouterr().err


def test_without_a_file_the_built_in_settings_are_ok(capsys: pytest.CaptureFixture[str]) -> None:
    """There is nothing to mend where nothing is written."""
    assert "ok: no file here" in printed(capsys, "config", "check")
    assert [] == document(capsys, "config", "check")["files"]


def test_what_is_shown_is_a_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It can be saved and used, and the command line is in it."""
    write(tmp_path, FULL)
    text = printed(capsys, "config", "show", "-r", "1", "--offline", "-a", "kiss,testing")
    (tmp_path / "saved.yaml").write_text(text, "utf-8")

    content = yaml.safe_load(text)
    assert ["agent-kiss", "agent-testing"] == [agent["id"] for agent in content["agents"]]
    assert 1 == content["debate"]["rounds"]
    assert text == printed(capsys, "config", "show", "-c", "saved.yaml")
    assert content == document(capsys, "config", "show", "-c", "saved.yaml")


def test_origins_are_shown_line_by_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who wonders about a value learns who set it."""
    write(tmp_path, {"debate": {"rounds": 5, "authors": "named"}})
    monkeypatch.setenv("DIALECTIC_ROUNDS", "4")

    rows = document(capsys, "config", "show", "--origin", "--offline")
    origins = {row["field"]: row["origin"] for row in rows}
    text = printed(capsys, "config", "show", "--origin", "--offline")

    assert "environment DIALECTIC_ROUNDS" == origins["debate.rounds"]
    assert f"{tmp_path / 'debate-config.json'}:4" == origins["debate.authors"]
    assert "--offline" == origins["judge.provider"]
    assert "default" == origins["debate.history"]
    assert len(rows) == len(text.splitlines())


def test_show_refuses_what_debate_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same mistakes, the same exit codes."""
    for code, arguments in (
        (2, ["-a", "nobody"]),
        (2, ["-r", "0"]),
        (2, ["-m", "rehearsal", "--offline"]),
        (4, ["-c", "none.json"]),
    ):
        assert code == run(["config", "show", *arguments])
        assert "" == capsys.readouterr().out


def test_init_writes_a_file_that_is_sound_and_silent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is found by itself, and says nothing that would change the defaults but who debates."""
    assert 0 == run(["init"])
    capsys.readouterr()

    assert [] == document(capsys, "config", "check")["notices"]
    shown = document(capsys, "config", "show")
    (tmp_path / "debate-config.yaml").unlink()
    default = document(capsys, "config", "show")
    assert (default["debate"], default["judge"]) == (shown["debate"], shown["judge"])


def test_init_never_overwrites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither its own file nor another that would be read; a repeat is refused."""
    assert 0 == run(["init", "new/project"])
    written = (tmp_path / "new" / "project" / "debate-config.yaml").read_bytes()
    (tmp_path / "debate-config.toml").write_text("[debate]\nrounds = 1\n", "utf-8")
    (tmp_path / "a file").write_text("x", "utf-8")

    for arguments, name in (
        (["init", "new/project"], "debate-config.yaml"),
        (["init"], "debate-config.toml"),
    ):
        assert 2 == run(arguments)
        assert name in capsys.readouterr().err
    assert 1 == run(["init", "a file/inside"])
    assert "cannot be written" in capsys.readouterr().err
    assert written == (tmp_path / "new" / "project" / "debate-config.yaml").read_bytes()
    assert not (tmp_path / "debate-config.yaml").exists()


def test_a_dangling_link_is_in_the_way_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is written through a link to elsewhere."""
    (tmp_path / "debate-config.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    assert 2 == run(["init"])
    assert "lies in the way" in capsys.readouterr().err
    assert not (tmp_path / "elsewhere.yaml").exists()


def test_the_schema_is_json_and_may_be_named_in_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Editors that read `$schema` may be told where it lies."""
    text = printed(capsys, "schema", "config")
    assert "https://json-schema.org/draft/2020-12/schema" == json.loads(text)["$schema"]
    assert text == printed(capsys, "schema", "config")

    (tmp_path / "debate-config.json").write_text('{"$schema": "s.json"}', "utf-8")
    assert 0 == run(["config", "check"])
    assert 2 == run(["schema", "nothing"])
