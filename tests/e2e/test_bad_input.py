"""Bad input: one clear error with its remedy, the right exit code, nothing stored or asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec import Struct

from support.loopback import serving
from support.program import dialectic

AGENT = {"id": "ada", "name": "Ada", "role": "architect", "model": "m", "provider": "openai"}

UNREADABLE = Path("/proc/self/mem")
"""A file that nobody can read from its beginning, whatever their rights."""


class Case(Struct, frozen=True):
    """A command line with the files around it, and what its error must say."""

    name: str
    code: int
    arguments: tuple[str, ...]
    says: tuple[str, ...]
    files: dict[str, bytes] = {}
    key: bool = True
    stdin: bytes = b""


def config(**changes: object) -> bytes:
    """A configuration file with one mistake."""
    return json.dumps({"agents": [AGENT | changes]}, indent=2).encode()


CASES = [
    Case("no problem", 2, ("debate",), ("no problem is given", "-p")),
    Case("a blank problem", 2, ("debate", "  \n"), ("blank",)),
    Case("two problems", 2, ("debate", "x", "-p", "p"), ("twice",), {"p": b"y"}),
    Case("surplus words", 2, ("debate", "Design", "a", "cache"), ("unexpected", "--help")),
    Case("no such file", 2, ("debate", "-p", "none.md"), ("no such file", "none.md")),
    Case("a directory", 2, ("debate", "-p", "."), ("directory",)),
    Case("a blank file", 2, ("debate", "-p", "p"), ("blank", "where: p"), {"p": b" \n\t"}),
    Case("blank standard input", 2, ("debate", "-p", "-"), ("blank", "standard input")),
    Case("a binary file", 2, ("debate", "-p", "p"), ("binary",), {"p": b"a\0b"}),
    Case("not UTF-8", 2, ("debate", "-p", "p"), ("UTF-8", "p:2"), {"p": b"one\n\xff\xfe"}),
    Case("an unreadable file", 2, ("debate", "-p", str(UNREADABLE)), ("cannot be read",)),
    Case("control characters", 2, ("debate", "a\x1b]0;title\x07b", "-a", "x\x1b[2Jy"), ("␛[2J",)),
    Case("an unknown role", 2, ("debate", "x", "-a", "architekt"), ("did you mean", "architect")),
    Case("no rounds", 2, ("debate", "x", "-r", "0"), ("rounds",)),
    Case("rounds that are no number", 2, ("debate", "x", "-r", "two"), ("--rounds", "integer")),
    Case("an unknown provider", 2, ("debate", "x", "-m", "opnai/gpt"), ("did you mean", "openai")),
    Case("a model without a name", 2, ("debate", "x", "-m", "openai/"), ("names no model",)),
    Case("two kinds of models", 2, ("debate", "x", "--offline", "-m", "openai/m"), ("exclude",)),
    Case(
        "a missing key",
        4,
        ("debate", "x"),
        ("OPENAI_API_KEY", "--offline"),
        key=False,
    ),
    Case("a missing script", 4, ("debate", "x", "-m", "scripted/none.yaml"), ("none.yaml",)),
    Case("a missing environment file", 4, ("debate", "x", "-e", "none"), ("none", "--env-file")),
    Case("a missing configuration", 4, ("debate", "x", "-c", "none.json"), ("none.json",)),
    Case(
        "an unknown key",
        4,
        ("debate", "x", "-c", "c.json"),
        ("c.json:9", "agents[0].modle", "did you mean", "`model`"),
        {"c.json": config(modle="m")},
    ),
    Case(
        "a wrong type",
        4,
        ("debate", "x", "-c", "c.json"),
        ("c.json:8", "agents[0].provider"),
        {"c.json": config(provider=7)},
    ),
    Case("broken JSON", 4, ("debate", "x", "-c", "c.json"), ("c.json:1",), {"c.json": b'{"agents'}),
    Case("an output nowhere", 2, ("debate", "x", "-o", "no/where.md"), ("mkdir -p no",)),
    Case("an output that is a directory", 2, ("debate", "x", "-o", "."), ("directory",)),
    Case(
        "a store that is none", 4, ("debate", "x", "--store", "g"), ("g",), {"g": b"garbage" * 99}
    ),
    Case("a store of no kind", 4, ("debate", "x", "--store", "redis:x"), ("kind of store",)),
    Case("an unknown command", 2, ("debat", "x"), ("debat", "did you mean debate?")),
    Case("an unknown option", 2, ("debate", "x", "--round", "2"), ("--round", "did you mean")),
    Case("an option of another command", 2, ("-v", "ls"), ("no option", "dialectic ls")),
    Case("no log to look at", 2, ("show",), ("there is no log here yet", "dialectic debate")),
    Case("nothing to resume", 2, ("resume",), ("there is no log here yet",)),
    Case("a point to resume", 2, ("resume", "@:r1"), ("whole", "leave out :r1")),
    Case("a point to answer", 2, ("answer", "@:r1"), ("whole", "leave out :r1")),
    Case("a point to export", 2, ("export", "@", "@:7"), ("@:7", "leave out :7")),
    Case("a point to verify", 2, ("audit", "verify", "@:-1"), ("whole", "leave out :-1")),
    Case("no file to import", 2, ("import", "none.jsonl"), ("none.jsonl",)),
]


# Where the kernel shows no such file, the case would be one of a missing file.
CASES = [case for case in CASES if case.name != "an unreadable file" or UNREADABLE.exists()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mistake_is_said_once_and_costs_nothing(case: Case, tmp_path: Path) -> None:
    """What is wrong, where, and what mends it; no request, no run, no traceback."""
    for name, content in case.files.items():
        (tmp_path / name).write_bytes(content)
    with serving() as server:
        ended = dialectic(
            tmp_path, *case.arguments, url=server.url if case.key else None, stdin=case.stdin
        )
        assert [] == server.ledger.requests

    assert (case.code, "") == (ended.code, ended.out), ended.err
    assert [1, 1] == [ended.err.count("error: "), ended.err.count("  fix:   ")], ended.err
    assert [] == [words for words in case.says if words not in ended.err], ended.err
    assert "\x1b" not in ended.err
    listed = dialectic(tmp_path, "ls", "--json")
    assert [] == json.loads(listed.out)["data"]


@pytest.mark.parametrize("arguments", [(), ("audit",), ("config",)])
def test_a_command_without_a_verb_is_shown_the_help(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    """The help goes to stderr, since nothing was asked for: that is a mistake of usage."""
    ended = dialectic(tmp_path, *arguments)

    assert (2, "") == (ended.code, ended.out)
    assert ended.err.startswith("Usage: dialectic")


@pytest.mark.parametrize("option", ["-p", "-c", "--answers"])
def test_an_output_that_is_also_read_is_refused(option: str, tmp_path: Path) -> None:
    """What somebody wrote by hand is not replaced by what a debate says."""
    (tmp_path / "mine").write_text("words", encoding="utf-8")
    problem = () if option == "-p" else ("Design a cache",)

    ended = dialectic(tmp_path, "debate", *problem, option, "mine", "-o", "mine", "--offline")

    assert 2 == ended.code
    assert "a file that this command reads" in ended.err
    assert "words" == (tmp_path / "mine").read_text(encoding="utf-8")
