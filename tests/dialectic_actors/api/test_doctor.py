"""The doctor: each fault of a place is found, and comes with what mends it."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dialectic_actors import Store, debate
from dialectic_actors.api import doctor
from dialectic_actors.api.doctor import Diagnosis, diagnose, exit_code_of
from dialectic_actors.cli.program import run
from dialectic_actors.llm.probe import Probed
from dialectic_actors.llm.providers import Server
from support.loopback import serving

KEY = "sk-very-secret"
SERVER = Server("http://localhost/v1", "OPENAI_API_KEY", {})


def found(cwd: Path, name: str, *, url: str = "", offline: bool = True, **env: str) -> Diagnosis:
    """What the doctor says of one place; with a key, unless `env` has its own."""
    keys = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": url, "DIALECTIC_CONFIG_DIR": "", **env}
    every = list(diagnose(env=keys, cwd=cwd, offline=offline))
    assert KEY not in repr(every)
    (one,) = (each for each in every if each.name == name)
    return one


def test_a_sound_place_has_no_problem(tmp_path: Path) -> None:
    """A key, a server that answers, a place for the log: one line for each."""
    with serving() as running:
        env = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": running.url, "DIALECTIC_CONFIG_DIR": ""}
        every = list(diagnose(env=env, cwd=tmp_path))

    assert {"ok"} == {each.status for each in every}
    names = [each.name for each in every]
    assert ["python", "sqlite", "settings", "key openai", "server openai"] == names[:5]
    assert ["space", "log", "clock"] == names[5:]
    assert 0 == exit_code_of(every)
    assert [] == list(tmp_path.iterdir())
    assert 0 == len(running.ledger.requests)


def test_a_missing_key_is_a_problem_of_configuration(tmp_path: Path) -> None:
    """And its server is not asked."""
    missing = found(tmp_path, "key openai", OPENAI_API_KEY=" ")

    assert ("problem", 4) == (missing.status, missing.exit_code)
    assert "export OPENAI_API_KEY=…" in missing.fix


def test_settings_that_are_not_understood_are_told_with_their_place(tmp_path: Path) -> None:
    """File, line, and what mends it; the other places are looked at all the same."""
    (tmp_path / "debate-config.json").write_text('{\n"debate": {"rond": 2}}', encoding="utf-8")

    wrong = found(tmp_path, "settings")

    assert "problem" == wrong.status
    assert "debate-config.json" in wrong.detail
    assert wrong.fix
    assert "ok" == found(tmp_path, "space").status


def test_a_server_that_is_not_there_is_a_problem_of_the_provider(tmp_path: Path) -> None:
    """Nothing listens at port 1."""
    gone = found(tmp_path, "server openai", url="http://127.0.0.1:1/v1", offline=False)

    assert ("problem", 3) == (gone.status, gone.exit_code)
    assert "cannot be reached" in gone.detail


def test_offline_asks_no_server(tmp_path: Path) -> None:
    """It is said that nobody was asked."""
    with serving() as running:
        told = found(tmp_path, "server openai", url=running.url)
        assert 0 == running.ledger.connections

    assert ("ok", True) == (told.status, "was not asked" in told.detail)


@pytest.mark.parametrize(
    ("probed", "status", "words"),
    [
        (Probed(200, models=("gpt-4",)), "ok", "answers"),
        (Probed(200), "ok", "answers"),
        (Probed(200, models=("other",)), "warning", "does not list gpt-4"),
        (Probed(404), "ok", "lists no models"),
        (Probed(401, "Unauthorized"), "problem", "refuses the key (401 Unauthorized)"),
        (Probed(403), "problem", "refuses the key"),
        (Probed(302), "problem", "redirects"),
        (Probed(503, "Busy"), "warning", "answers 503 Busy"),
        (Probed(None, "timed out"), "problem", "cannot be reached: timed out"),
    ],
)
def test_what_a_server_says_is_judged(probed: Probed, status: str, words: str) -> None:
    """A refusal of the key is none of the network."""
    told = doctor._server("openai", SERVER, probed, ["gpt-4"])

    assert status == told.status
    assert words in told.detail
    assert (told.status == "ok") == (told.fix == "")


def test_a_log_is_looked_at_without_a_change(tmp_path: Path) -> None:
    """Runs, chain and owners; who looks twice finds the same."""
    ref = debate("Design a lock", offline=True, agents=["kiss"], rounds=1, cwd=tmp_path).ref
    first = [found(tmp_path, name) for name in ("log", "chain", "owners")]

    assert ["ok", "ok", "ok"] == [each.status for each in first]
    assert ref in first[1].detail
    assert first == [found(tmp_path, name) for name in ("log", "chain", "owners")]


def test_an_empty_file_stays_empty(tmp_path: Path) -> None:
    """Who only looks makes no log of it."""
    place = tmp_path / "debates" / "log.db"
    place.parent.mkdir()
    place.touch()

    told = found(tmp_path, "log")

    assert "made by the first debate" in told.detail
    assert (b"", [place]) == (place.read_bytes(), list(place.parent.iterdir()))


def test_a_changed_log_is_found(tmp_path: Path) -> None:
    """A word that was altered in the last run is a problem of integrity."""
    debate("Design a lock", offline=True, agents=["kiss"], rounds=1, cwd=tmp_path)
    with sqlite3.connect(tmp_path / "debates" / "log.db") as log:
        log.execute("UPDATE texts SET body = CAST('Design a leak' AS BLOB) WHERE size = 13")
    log.close()

    broken = found(tmp_path, "chain")

    assert ("problem", 5) == (broken.status, broken.exit_code)
    assert "ok" == found(tmp_path, "log").status


def test_only_the_newest_run_is_said_to_be_verified(tmp_path: Path) -> None:
    """A change in an older one is not looked for: who wants that is told the command."""
    debate("Design a lock", offline=True, agents=["kiss"], rounds=1, cwd=tmp_path)
    newest = debate("Design a cache", offline=True, agents=["kiss"], rounds=1, cwd=tmp_path).ref
    with sqlite3.connect(tmp_path / "debates" / "log.db") as log:
        changed = log.execute(
            "UPDATE texts SET body = ?2 WHERE body = ?1", (b"Design a lock", b"Design a leak")
        )
        assert 1 == changed.rowcount
    log.close()

    told = found(tmp_path, "chain")

    assert "ok" == told.status
    assert told.detail.startswith(f"{newest}: ")
    assert told.detail.endswith("the newest of 2 runs; dialectic audit verify looks at all")


def test_a_run_that_a_dead_process_left_is_named(tmp_path: Path) -> None:
    """With the command that takes it up."""
    import socket

    ref = debate("Design a lock", offline=True, agents=["kiss"], rounds=1, cwd=tmp_path).ref
    with Store(cwd=tmp_path, env={}) as store:
        store.port.acquire(ref, f"{socket.gethostname()}:999999999:1#1", 600.0)
        finished = found(tmp_path, "owners")
    cut = _unfinished(tmp_path, ref)

    left = found(tmp_path, "owners")

    assert ("ok", "no run is owned") == (finished.status, finished.detail)
    assert ("warning", f"dialectic resume {cut}") == (left.status, left.fix)


def _unfinished(cwd: Path, ref: str) -> str:
    """Cut the end off the run, as a crash would have."""
    with sqlite3.connect(cwd / "debates" / "log.db") as log:
        log.execute("DELETE FROM events WHERE position = (SELECT max(position) FROM events)")
    log.close()
    return ref


def test_a_run_under_way_is_no_fault(tmp_path: Path) -> None:
    """An owner on another machine cannot be told from a living one."""
    with Store(cwd=tmp_path, env={}) as store:
        store.port.acquire("deb-1", "elsewhere:1:1#1", 600.0)
        told = found(tmp_path, "owners")

    assert ("ok", "runs under way: 1") == (told.status, told.detail)


@pytest.mark.parametrize("content", [b"no log", b"SQLite format 3\0" + b"x" * 4096])
def test_a_file_that_is_no_log_is_a_problem(content: bytes, tmp_path: Path) -> None:
    """It is left as it is."""
    place = tmp_path / "debates" / "log.db"
    place.parent.mkdir()
    place.write_bytes(content)

    told = found(tmp_path, "log")

    assert "problem" == told.status
    assert told.fix
    assert content == place.read_bytes()


def test_a_place_where_no_log_can_be_is_a_problem(tmp_path: Path) -> None:
    """A file stands where the folder would be."""
    (tmp_path / "debates").write_text("", encoding="utf-8")

    assert "problem" == found(tmp_path, "log").status


def test_a_disk_without_room_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Little room is a warning, none a problem."""

    def free(size: int) -> None:
        usage = type("Usage", (), {"free": size})
        monkeypatch.setattr("shutil.disk_usage", lambda path: usage)

    free(100 * 1024**2)
    assert "warning" == found(tmp_path, "space").status
    free(1024)
    assert "problem" == found(tmp_path, "space").status


def test_a_clock_behind_the_log_is_told() -> None:
    """The log cannot come from the future; a minute is no matter."""
    now = datetime(2026, 11, 22, tzinfo=UTC)

    assert "ok" == doctor._clock(now, [now - timedelta(days=9), now + timedelta(minutes=1)]).status
    late = doctor._clock(now, [now + timedelta(hours=1)])
    assert ("warning", True) == (late.status, bool(late.fix))


def test_the_exit_code_is_that_of_the_gravest_problem() -> None:
    """A log that is not what was written, before the configuration, before a provider."""
    server, key = Diagnosis("a", "problem", "", "", 3), Diagnosis("b", "problem", "", "", 4)
    chain, other = Diagnosis("c", "problem", "", "", 5), Diagnosis("d", "problem", "", "", 7)
    warned = Diagnosis("e", "warning", "", "", 5)

    assert (0, 3, 4, 4, 4, 5) == tuple(
        map(
            exit_code_of,
            (
                [warned],
                [server, warned],
                [key],
                [server, key],
                [server, other],
                [server, key, chain, other],
            ),
        )
    )


def test_the_command_prints_a_line_for_each_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a fix below whatever needs one; the exit code says whether a debate would run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIALECTIC_CONFIG_DIR", "")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    assert 4 == run(["doctor", "--offline"])
    lines = capsys.readouterr().out.splitlines()
    (at,) = (n for n, line in enumerate(lines) if line.startswith("problem  key openai"))
    assert lines[at + 1].startswith("  fix:   export OPENAI_API_KEY=…")
    assert any("terminal" in line for line in lines)


def test_the_command_prints_one_document_and_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--json` has the same places."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIALECTIC_CONFIG_DIR", "")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    assert 0 == run(["doctor", "--offline", "--json"])
    text = capsys.readouterr().out
    told = json.loads(text)
    assert "dialectic.doctor/1" == told["schema"]
    assert {"name", "status", "detail", "fix", "exit_code"} == set(told["data"][0])
    assert KEY not in text


def test_a_mistake_on_the_command_line_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """As everywhere."""
    assert 2 == run(["doctor", "--ofline"])
    assert "did you mean --offline?" in capsys.readouterr().err
