"""`dialectic report` and `debate --report`: a page of Markdown, from a run or a state file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dialectic_actors.cli.program import run
from support.checkout import ROOT
from support.program import dialectic

PROBLEM = "Design a lock service | must tolerate a partition"
SMALL = ("-a", "architect,kiss", "-r", "1", "--offline")
FIXTURES = sorted((ROOT.parent / "shared" / "fixtures" / "dialectic-states").glob("*.json"))
STATE = {
    "id": "deb-20251104-101112-abcd",
    "problem": "Design a lock",
    "status": "completed",
    "rounds": [
        {
            "roundNumber": 1,
            "contributions": [
                {
                    "agentId": "agent-kiss",
                    "agentRole": "kiss",
                    "type": "proposal",
                    "content": "One \x1b[2J lock",
                    "metadata": {"latencyMs": 1000, "model": "gpt-4", "tokensUsed": 12},
                }
            ],
        }
    ],
    "finalSolution": {"description": "# One", "synthesizedBy": "judge-main"},
    "createdAt": "2025-11-04T10:11:12.345Z",
}


@pytest.fixture(scope="module")
def debated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with one finished debate and the report that it wrote."""
    cwd = tmp_path_factory.mktemp("debated")
    ended = dialectic(cwd, "debate", PROBLEM, *SMALL, "--report", "out/deep/report")
    assert 0 == ended.code, ended.err
    assert "note: the report is Markdown: it goes to out/deep/report.md" in ended.err
    assert "wrote the report to out/deep/report.md" in ended.err
    return cwd


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state file in the directory where one works."""
    (tmp_path / "state.json").write_text(json.dumps(STATE), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "state.json"


def test_a_debate_writes_the_report_that_can_be_had_later(debated: Path) -> None:
    """The extension is added, directories are made, and the page is that of `report`."""
    written = (debated / "out" / "deep" / "report.md").read_text(encoding="utf-8")

    printed = dialectic(debated, "report", network=False)

    assert (0, "") == (printed.code, printed.err)
    assert written == printed.out
    assert written.startswith(r"# Debate: Design a lock service \| must tolerate a partition")
    assert "## Totals" in written


def test_a_report_written_again_is_the_same_and_stores_nothing(debated: Path) -> None:
    """Who reports twice has one page; no run is added, and no event."""
    before = dialectic(debated, "ls", "--json").out
    pages = []
    for _ in range(2):
        assert 0 == dialectic(debated, "report", "@", "-o", "again/r.txt", "-v", network=False).code
        pages.append((debated / "again" / "r.txt").read_text(encoding="utf-8"))

    assert 1 == len(set(pages))
    assert before == dialectic(debated, "ls", "--json").out


def test_a_run_is_reported_as_it_was_at_a_point(debated: Path) -> None:
    """Before the judge has spoken there is no solution."""
    early = dialectic(debated, "report", "@", "--at", "r1", network=False)

    assert 0 == early.code, early.err
    assert "*There is none.*" in early.out


def test_a_report_that_cannot_be_written_costs_no_call(tmp_path: Path) -> None:
    """A directory or a file in the way is refused before the debate begins."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "folder.md").mkdir()
    for place in ("folder.md", "file/report.md"):
        ended = dialectic(tmp_path, "debate", PROBLEM, *SMALL, "--report", place)
        assert (2, "") == (ended.code, ended.out)
        assert 1 == ended.err.count("error: ")
    assert not (tmp_path / "debates").exists()


def test_a_report_that_fails_after_the_debate_changes_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The solution is printed, the exit code is that of the debate, and the failure is said."""
    monkeypatch.chdir(tmp_path)

    def full(path: Path, content: str) -> Path:
        if path.suffix == ".md":
            raise OSError(28, "No space left on device")
        return path

    monkeypatch.setattr("dialectic_actors.api.files.write_atomically", full)

    assert 0 == run(["debate", PROBLEM, *SMALL, "--report", "r.md"])
    said = capsys.readouterr()
    assert "warning: the report was not written to r.md" in said.err
    assert "No space left on device" in said.err
    assert said.out.strip()


def test_a_state_file_is_reported_as_the_older_tool_does(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--debate FILE`, with latency and tokens on request; escapes in it move no cursor."""
    assert 0 == run(["report", "--debate", "state.json", "-v"])

    page = capsys.readouterr().out
    assert "##### agent-kiss (1.0 s, 12 tokens)" in page
    assert "One ␛[2J lock" in page
    assert "| agent-kiss | agent-kiss | kiss | gpt-4 | – |" in page


def test_a_configuration_names_the_agents_of_a_state(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names, models and temperatures come from the file that is named."""
    agent = {
        "id": "agent-kiss",
        "name": "Simple Simon",
        "role": "kiss",
        "model": "gpt-4o",
        "provider": "openai",
        "temperature": 0.7,
    }
    state.with_name("c.json").write_text(json.dumps({"agents": [agent]}), encoding="utf-8")

    assert 0 == run(["report", "--debate", "state.json", "--config", "c.json"])
    page = capsys.readouterr().out
    assert "| agent-kiss | Simple Simon | kiss | gpt-4o | openai | 0.7 |" in page


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--debate", "no.json"], "it cannot be read: No such file or directory"),
        (["--debate", "."], "it cannot be read: Is a directory"),
        (["--debate", "bad.json"], "it is not JSON"),
        (["--debate", "list.json"], "it is no state of a debate"),
        (["--debate", "state.json", "-o", "."], "the report is a directory"),
        (["@", "--debate", "state.json"], "a run and a state file exclude each other"),
        (["--config", "c.json"], "a run knows its own agents"),
        (["@"], "there is no log here yet"),
    ],
)
def test_what_cannot_be_reported_is_one_error_of_usage(
    arguments: list[str], what: str, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what is wrong and what mends it, and nothing on stdout."""
    state.with_name("bad.json").write_text('{"id": ', encoding="utf-8")
    state.with_name("list.json").write_text("[1]", encoding="utf-8")

    assert 2 == run(["report", *arguments])
    said = capsys.readouterr()
    assert "" == said.out
    assert said.err.startswith(f"error: {what}")
    assert "  fix:   " in said.err


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+12:00", "9999-12-31T23:59:59-12:00"])
def test_a_date_at_the_end_of_time_is_told_as_it_stands(
    at: str, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is no such moment in the local zone, nor in UTC."""
    state.write_text(json.dumps({"id": "x", "problem": "p", "createdAt": at}), encoding="utf-8")

    assert 0 == run(["report", "--debate", str(state)])
    assert at[4:19].replace("T", " ") in capsys.readouterr().out


@pytest.mark.skipif(not FIXTURES, reason="the genuine states are not beside this checkout")
@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: str(path.stem)[-28:])
def test_a_genuine_state_has_a_report(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Real files of the older tool."""
    assert 0 == run(["report", "--debate", str(path)])
    assert "## Final Synthesis" in capsys.readouterr().out
