"""`dialectic replay --check`: what it prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dialectic_actors import Store, debate
from dialectic_actors.cli.program import run


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The working directory holds one run of 26 events; its id."""
    monkeypatch.chdir(tmp_path)
    outcome = debate("Design a lock", agents=["kiss", "testing"], rounds=1, offline=True)
    with Store(must_exist=True) as store:
        Path("run.jsonl").write_bytes(b"".join(store.export()))
    return outcome.ref


def test_runs_that_pass_are_listed_and_exit_0(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line for each run, whether a file or a reference names it."""
    code = run(["replay", "--check", "run.jsonl", "@", "--against", "."])

    line = f"ok        {log} 26 events\n"
    assert (0, line * 2, "") == (code, *capsys.readouterr())


def test_a_run_that_diverges_is_shown_and_exits_6(
    log: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Event, field, both values; the count goes to standard error."""
    Path("debate-config.json").write_text('{"debate": {"limits": {"repairs": 2}}}', "utf-8")
    code = run(["replay", "--check", "--against", "."])

    shown = (
        f"diverges  {log} at event 1 of 26: run-opened\n"
        "  field     limits.repairs\n"
        "  recorded  1\n"
        "  today     2\n"
    )
    talk = "1 of 1 runs would be decided otherwise today\n"
    assert (6, shown, talk) == (code, *capsys.readouterr())


def test_the_same_as_one_json_document(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    """For machines: every run, with its divergences."""
    Path("debate-config.json").write_text('{"debate": {"limits": {"repairs": 2}}}', "utf-8")
    code = run(["replay", "--check", "--against", ".", "--json"])

    divergence = {
        "version": 1,
        "type": "run-opened",
        "about": "",
        "field": "limits.repairs",
        "recorded": "1",
        "today": "2",
    }
    found = {"ref": log, "events": 26, "divergences": [divergence]}
    document = json.loads(capsys.readouterr().out)
    assert (6, {"schema": "dialectic.check/1", "data": [found]}) == (code, document)


def test_a_changed_log_exits_5(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What was not written by a debate is not judged."""
    path = Path("run.jsonl")
    path.write_bytes(path.read_bytes().replace(b"Design a lock", b"Design a look"))
    code = run(["replay", "--check", "run.jsonl"])

    said = capsys.readouterr()
    assert (5, "") == (code, said.out)
    assert "where: run.jsonl: line " in said.err


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--against", "."], "--against belongs to --check"),
        (["@", "@"], "one run is replayed at a time"),
        (["--check", "--at", "r1"], "a run is checked as a whole"),
        (["--check", "@:3"], "a run is checked as a whole"),
        (["--check", "missing.jsonl"], "there is no such file"),
    ],
)
def test_a_mistaken_command_line_exits_2(
    arguments: list[str], what: str, log: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Options that do not go together are refused with a remedy."""
    code = run(["replay", *arguments])

    said = capsys.readouterr()
    assert (2, "") == (code, said.out)
    assert f"error: {what}" in said.err
    assert "fix: " in said.err
