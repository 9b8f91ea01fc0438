"""Judging protocols as a library and on the command line: by name, by version, by function."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from dialectic_actors.api.lint import LintReport, lint_protocol
from dialectic_actors.cli.program import run
from dialectic_actors.core import protocols
from dialectic_actors.core.linter import RULES
from dialectic_actors.core.protocols import PROTOCOLS, installed
from dialectic_actors.testing.drawn_protocols import CLAIM, END, EXAMPLES, REBUTTAL, listing
from dialectic_events.errors import DialecticError, ExitCode
from support.checkout import ROOT

MODULE = """
from dialectic_events.turns import Turn


class Rules:
    def final(stage, results):
        yield Turn(id="end", kind="synthesis", speaker=stage.judge)


number = 7
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a module of rules, where one works."""
    (tmp_path / "rules_of_a_test.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_protocol_is_found_by_name_and_by_version(name: str) -> None:
    """Without a version the latest is meant."""
    stem = name.partition("@")[0]
    with installed(f"{stem}@12", listing(CLAIM, REBUTTAL, END)):
        latest = lint_protocol(stem)

    assert f"{stem}@12" == latest.protocol
    assert lint_protocol(name) == lint_protocol(stem) == lint_protocol()
    assert () == lint_protocol(name).findings


def test_a_protocol_without_findings_comes_with_its_worst_case() -> None:
    """And with the number of branches, which are all."""
    report = lint_protocol("debate", agents=("a", "b"), rounds=1, models=2)

    assert ("debate@1", 2, 1, "own", 1, True) == (
        report.protocol,
        report.agents,
        report.rounds,
        report.history,
        report.branches,
        report.complete,
    )
    assert report.worst is not None
    assert (7, 7 * 7) == (report.worst.calls, report.worst.most_calls)


def test_no_bounds_are_given_for_a_protocol_with_findings() -> None:
    """Arithmetic over turns that never end would be worth nothing."""
    report = lint_protocol(
        listing(CLAIM, replace(REBUTTAL, target=None), END), agents=["ada", "ben"]
    )

    assert ["answers-nothing"] == [finding.rule for finding in report.findings]
    assert None is report.worst


def test_a_function_is_imported_from_where_one_works(folder: Path) -> None:
    """Also one that is an attribute of something else."""
    report = lint_protocol("rules_of_a_test:Rules.final")

    assert () == report.findings


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("nope", "there is no protocol 'nope'"),
        ("debate@9", "there is no protocol 'debate@9'"),
        ("rules_of_a_test:nobody", "cannot be imported: AttributeError"),
        ("no_such_module:x", "cannot be imported: ModuleNotFoundError"),
        ("rules_of_a_test:number", "is no protocol but 7"),
    ],
)
def test_what_is_no_protocol_is_refused(name: str, what: str, folder: Path) -> None:
    """Before anything is judged, with what to write instead."""
    with pytest.raises(DialecticError, match=what) as refusal:
        lint_protocol(name)

    assert (ExitCode.USAGE, True) == (refusal.value.exit_code, bool(refusal.value.fix))


@pytest.mark.parametrize(("agents", "rounds"), [(0, 1), ([], 1), (1, 0)])
def test_an_empty_stage_is_refused(agents: int, rounds: int) -> None:
    """Nothing could be said of it."""
    with pytest.raises(DialecticError, match="at least one"):
        lint_protocol(agents=agents, rounds=rounds)


def test_the_command_says_what_the_library_says(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one JSON document that has the shape of the report; 6 when there are findings."""
    monkeypatch.setattr(protocols, "_brought", {"broken@1": EXAMPLES["no-final"].breaks})

    assert 6 == run(["lint", "broken", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert 0 == run(["lint", "--says", "agreed", "--json"])

    assert "dialectic.lint/1" == document["schema"]
    assert list(LintReport.__struct_fields__) == list(document["data"])
    assert {"no-final"} <= {each["rule"] for each in document["data"]["findings"]}
    assert None is document["data"]["worst"]


def test_findings_are_data_and_the_summary_is_talk(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finding is two lines: what is wrong where, and what mends it."""
    broken = listing(CLAIM, replace(REBUTTAL, target=None), END)
    monkeypatch.setattr(protocols, "_brought", {"broken@1": broken})

    assert 6 == run(["lint", "broken@1"])

    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert f"{REBUTTAL.id}: answers-nothing: a critique without target" in lines
    assert [False, True] * (len(lines) // 2) == [line.startswith("  fix: ") for line in lines]
    assert "findings in 1 branch" in said.err


@pytest.mark.parametrize("rule", RULES)
def test_the_page_says_of_each_rule_why_it_stands(rule: str) -> None:
    """In the words of the rule itself."""
    page = (ROOT / "docs" / "reference" / "protocols.md").read_text(encoding="utf-8")

    assert f"| `{rule}` | {RULES[rule].why} |" in page
