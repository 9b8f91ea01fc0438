"""Laws 7 and 8 on the real command: reading needs no key, no network, and finds every change."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from support.ledgers import log_of
from support.loopback import serving
from support.program import dialectic

PROBLEM = "Design a lock service that must tolerate a partition"
SMALL = ("-a", "architect,kiss", "-r", "1")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with one finished debate on a model."""
    cwd = tmp_path_factory.mktemp("recorded")
    with serving() as server:
        ended = dialectic(cwd, "debate", PROBLEM, *SMALL, url=server.url)
    assert 0 == ended.code, ended.err
    return cwd


@pytest.mark.parametrize(
    "arguments",
    [
        ("ls",),
        ("log",),
        ("log", "--failed"),
        ("log", "@:synthesis/judge-main", "--json"),
        ("show",),
        ("show", "--solution"),
        ("show", "--state"),
        ("show", "@:-1", "--event"),
        ("replay",),
        ("replay", "--at", "r1", "--json"),
        ("audit", "verify"),
        ("export",),
        ("resume",),
    ],
    ids=" ".join,
)
def test_reading_opens_no_socket_and_needs_no_key(
    arguments: tuple[str, ...], recorded: Path
) -> None:
    """Every command that looks works where each connection raises."""
    ended = dialectic(recorded, *arguments, network=False)

    assert 0 == ended.code, ended.err
    assert "error" not in ended.err


def test_a_replay_prints_what_the_debate_printed(recorded: Path) -> None:
    """The solution is rebuilt from the log, byte for byte."""
    replayed = dialectic(recorded, "replay", network=False)
    shown = dialectic(recorded, "show", "--solution", network=False)

    with log_of(recorded) as store:
        assert f"{store['@'].solution}\n" == replayed.out == shown.out
    assert "no model was called" in replayed.err


def test_an_exported_run_is_imported_elsewhere_and_exported_again_the_same(
    recorded: Path, tmp_path: Path
) -> None:
    """Export, import, export: the same bytes; importing twice changes nothing."""
    exported = dialectic(recorded, "export", network=False).out
    (tmp_path / "run.jsonl").write_text(exported, encoding="utf-8")

    codes = [dialectic(tmp_path, "import", "run.jsonl", network=False).code for _ in range(2)]

    assert [0, 0] == codes
    assert exported == dialectic(tmp_path, "export", network=False).out
    assert 0 == dialectic(tmp_path, "audit", "verify", network=False).code


@pytest.fixture
def tampered(recorded: Path, tmp_path: Path) -> Path:
    """A directory with the export of a debate, and a log whose copy of it was changed later."""
    assert 0 == dialectic(recorded, "export", "-o", str(tmp_path / "run.jsonl")).code
    assert 0 == dialectic(tmp_path, "import", "run.jsonl").code
    with sqlite3.connect(tmp_path / "debates" / "log.db") as log:
        changed = log.execute(
            "UPDATE events SET payload = CAST(payload || ' ' AS BLOB) WHERE version = 3"
        )
        assert 1 == changed.rowcount
    log.close()
    return tmp_path


def test_a_changed_copy_is_not_known_and_the_file_goes_into_another_store(tampered: Path) -> None:
    """The import says that it is the store that was changed; what it advises works."""
    refused = dialectic(tampered, "import", "run.jsonl", network=False)
    elsewhere = dialectic(tampered, "import", "run.jsonl", "--store", "other.db", network=False)

    assert (5, "") == (refused.code, refused.out)
    assert "the copy in this store is not what was written" in refused.err
    assert "dialectic import FILE --store other.db" in refused.err
    assert 0 == elsewhere.code
    assert 0 == dialectic(tampered, "audit", "verify", "--store", "other.db", network=False).code


def test_a_changed_run_is_not_exported_into_a_file(tampered: Path) -> None:
    """Neither a new file nor in the place of an old one."""
    before = (tampered / "run.jsonl").read_bytes()

    ended = [
        dialectic(tampered, "export", "-o", name, network=False)
        for name in ("run.jsonl", "new.jsonl")
    ]

    assert [5, 5] == [each.code for each in ended]
    assert [] == [words for words in ("where: ", "fix:   ") if words not in ended[0].err]
    assert before == (tampered / "run.jsonl").read_bytes()
    assert {"run.jsonl", "debates"} == {each.name for each in tampered.iterdir()}


def test_a_file_that_is_refused_makes_no_store(recorded: Path, tmp_path: Path) -> None:
    """Cut off in the middle of its parts, with the advice to export it again."""
    lines = dialectic(recorded, "export", network=False).out.splitlines(keepends=True)
    (tmp_path / "run.jsonl").write_text("".join(lines[:3]), encoding="utf-8")

    ended = dialectic(tmp_path, "import", "run.jsonl", "--store", "new/new.db", network=False)

    assert (5, "") == (ended.code, ended.out)
    assert "the file ends early: its last head is missing" in ended.err
    assert "dialectic export" in ended.err
    assert ["run.jsonl"] == [each.name for each in tmp_path.iterdir()]


def test_a_file_without_a_run_is_said_to_hold_none(recorded: Path, tmp_path: Path) -> None:
    """Nothing is wrong with it, and nothing is claimed."""
    lines = dialectic(recorded, "export", network=False).out.splitlines(keepends=True)
    (tmp_path / "run.jsonl").write_text(lines[0], encoding="utf-8")

    ended = dialectic(tmp_path, "import", "run.jsonl", network=False)

    assert (0, "") == (ended.code, ended.out)
    assert "the file holds no run" in ended.err


def test_a_named_store_that_is_not_there_is_an_error_and_is_not_made(tmp_path: Path) -> None:
    """A slip of the pen is no empty log; nor is an empty file made one by those who read."""
    (tmp_path / "empty.db").touch()

    for arguments in (("ls",), ("log",), ("show",), ("replay",), ("audit", "verify"), ("export",)):
        for name in ("typo/nope.db", "empty.db"):
            ended = dialectic(tmp_path, *arguments, "--store", name, network=False)
            assert (2, "") == (ended.code, ended.out), ended.err
            assert f"where: {name}\n  fix:   " in ended.err

    assert ["empty.db"] == [each.name for each in tmp_path.iterdir()]
    assert b"" == (tmp_path / "empty.db").read_bytes()
    assert "no runs yet in " in dialectic(tmp_path, "ls", network=False).err


def test_the_head_of_the_log_tells_that_a_run_is_gone(tmp_path: Path) -> None:
    """Each run that is left proves itself; only the digest over all of them has changed."""
    for problem in ("One queue or two?", "Two queues or three?"):
        dialectic(tmp_path, "debate", problem, *SMALL, "--offline")
    whole = dialectic(tmp_path, "audit", "verify", network=False).out.splitlines()
    again = json.loads(dialectic(tmp_path, "audit", "verify", "--json", network=False).out)["data"]
    one = json.loads(dialectic(tmp_path, "audit", "verify", "@", "--json", network=False).out)

    exported = dialectic(tmp_path, "export", "@", network=False).out
    (tmp_path / "run.jsonl").write_text(exported, encoding="utf-8")
    dialectic(tmp_path, "import", "run.jsonl", "--store", "fewer.db", network=False)
    fewer = dialectic(tmp_path, "audit", "verify", "--store", "fewer.db", network=False).out

    assert whole[0] == fewer.splitlines()[0]
    assert whole[2].startswith("the log ")
    assert whole[2].endswith(again["log"])
    assert again["log"] not in fewer
    assert (again["runs"][:1], None) == (one["data"]["runs"], one["data"]["log"])


@pytest.mark.parametrize(
    "arguments", [("audit", "verify"), ("replay",), ("show",), ("resume",)], ids=" ".join
)
def test_a_changed_text_is_found(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """A word changed in the store makes every reader stop with exit 5, and says where."""
    dialectic(tmp_path, "debate", PROBLEM, *SMALL, "--offline")
    with sqlite3.connect(tmp_path / "debates" / "log.db") as log:
        changed = log.execute(
            "UPDATE texts SET body = (SELECT body FROM texts WHERE size > ?1 LIMIT 1) "
            "WHERE size = ?1",
            [len(PROBLEM)],
        )
        assert 1 == changed.rowcount
    log.close()

    ended = dialectic(tmp_path, *arguments, network=False)

    assert (5, "") == (ended.code, ended.out)
    assert 1 == ended.err.count("error: ")
    assert "where: " in ended.err


def test_every_listing_is_one_json_document(recorded: Path) -> None:
    """`--json` names its schema, and stdout holds nothing else."""
    for arguments in (
        ("ls",),
        ("log",),
        ("show",),
        ("show", "--event"),
        ("show", "--solution"),
        ("replay",),
        ("audit", "verify"),
        ("resume",),
    ):
        found = json.loads(dialectic(recorded, *arguments, "--json", network=False).out)
        assert ["data", "schema"] == sorted(found)
        assert found["schema"].startswith("dialectic.")
