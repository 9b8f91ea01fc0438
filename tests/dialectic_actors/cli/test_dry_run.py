"""`debate --dry-run`: what a debate would take, without a call and without an event."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from support.program import dialectic

PROBLEM = "Design a lock service"


def test_a_dry_run_says_what_the_debate_then_takes(tmp_path: Path) -> None:
    """Where nothing branches, the number is exact."""
    config = '{"debate": {"rounds": 2, "summarization": {"enabled": false}}}'
    (tmp_path / "debate-config.json").write_text(config, encoding="utf-8")

    told = dialectic(tmp_path, "debate", PROBLEM, "--offline", "--dry-run", network=False)
    ended = dialectic(tmp_path, "debate", PROBLEM, "--offline")

    assert 0 == told.code, told.err
    (calls,) = re.findall(r"^calls +([0-9]+)$", told.out, re.MULTILINE)
    assert f"done: {calls} calls" in ended.err
    assert "22" == calls
    assert re.search(r"^in a row +6 calls", told.out, re.MULTILINE)
    assert "round 1     6 x critique    shown the problem, 1 proposal" in told.out


def test_a_dry_run_leaves_nothing_behind(tmp_path: Path) -> None:
    """No log, no state, no report; repeated, it says the same of the debate."""
    arguments = ("debate", PROBLEM, "--offline", "--dry-run", "--report", "a/r.md", "--json")

    first, second = (dialectic(tmp_path, *arguments, network=False) for _ in range(2))

    assert (0, []) == (first.code, list(tmp_path.iterdir()))
    told, again = (json.loads(each.out)["data"] for each in (first, second))
    assert told["turns"] == again["turns"]
    assert told["least"]["calls"] <= told["most"]["calls"] <= told["worst"]["calls"]
    places = {each["what"]: each["where"] for each in told["places"]}
    assert "a/r.md" == places["report"]
    assert "standard output" == places["solution"]
    assert {"solution", "log", "state", "report"} == set(places)


def test_a_missing_key_is_said_after_the_estimate(tmp_path: Path) -> None:
    """What the debate would take is known without it; the exit code is the debate's."""
    ended = dialectic(tmp_path, "debate", PROBLEM, "--dry-run", network=False)

    assert 4 == ended.code
    assert "cost      $" in ended.out
    assert "openai/gpt-4" in ended.out
    assert "error: openai needs a key" in ended.err
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--context", "nowhere"], "no such file"),
        (["--context", "binary"], "is binary, not text"),
        (["--answers", "file"], "there are answers, and nobody asks"),
        (["-o", "no/such/place.md"], "the output's directory does not exist"),
        (["-o", "folder"], "the output is a directory"),
        (["--report", "folder/../file/r.md"], "file is not a directory"),
        (["-r", "0"], "a debate cannot have 0 rounds"),
    ],
)
@pytest.mark.parametrize("dry", [["--dry-run"], []], ids=["dry", "real"])
def test_what_would_fail_later_is_refused_first(
    arguments: list[str], what: str, dry: list[str], tmp_path: Path
) -> None:
    """Before a call and before an event, as an error of usage."""
    (tmp_path / "file").write_text("[]", encoding="utf-8")
    (tmp_path / "binary").write_bytes(b"\0")
    (tmp_path / "folder").mkdir()

    ended = dialectic(tmp_path, "debate", PROBLEM, "--offline", *arguments, *dry, network=False)

    assert (2, "") == (ended.code, ended.out)
    assert what in ended.err
    assert not (tmp_path / "debates").exists()


def test_a_log_that_cannot_be_there_is_refused_first(tmp_path: Path) -> None:
    """There is nothing to resume yet, so it is a matter of configuration."""
    (tmp_path / "file").write_text("", encoding="utf-8")

    ended = dialectic(tmp_path, "debate", PROBLEM, "--offline", "--store", "file/log.db")

    assert (4, "") == (ended.code, ended.out)
    assert 1 == ended.err.count("error: ")


def test_a_context_is_recorded_as_an_absolute_place(tmp_path: Path) -> None:
    """A run that is resumed elsewhere means the same directory."""
    (tmp_path / "notes").mkdir()
    small = ("-a", "kiss", "-r", "1", "--offline")

    assert 0 == dialectic(tmp_path, "debate", PROBLEM, *small, "--context", "notes").code
    opened = json.loads(dialectic(tmp_path, "show", "@:1", "--event").out)["data"]["event"]

    assert str((tmp_path / "notes").resolve()) == opened["context_dir"]
