"""Stores are opened by their URLs, and opening one loads nothing heavy."""

import subprocess
import sys
from pathlib import Path

import pytest

from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.stores import default_url, open_store
from dialectic_events.stores.memory import MemoryStore
from dialectic_events.stores.sqlite import SqliteStore


def test_a_store_is_opened_by_its_scheme(tmp_path: Path) -> None:
    """A plain path is SQLite, in whatever form it comes."""
    path = tmp_path / "log.db"
    for url in (path, str(path), f"sqlite:{path}"):
        with open_store(url) as store:
            assert isinstance(store, SqliteStore)
            assert path == store.path
    with open_store("memory:") as store:
        assert isinstance(store, MemoryStore)


@pytest.mark.parametrize("url", ["postgres://host/log", "memory:here", "sqlite:", "jsonl:log"])
def test_an_unknown_store_is_refused(url: str) -> None:
    """The error names what would do."""
    with pytest.raises(DialecticError, match="no such kind of store") as refusal:
        open_store(url)

    assert ExitCode.CONFIGURATION == refusal.value.exit_code
    assert "sqlite:PATH" in refusal.value.fix


def test_a_drive_letter_is_no_scheme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths with colons stay paths."""
    monkeypatch.chdir(tmp_path)
    for url in ("c:log.db", "./a:b.db"):
        with open_store(url) as store:
            assert isinstance(store, SqliteStore)


def test_the_default_is_a_file_unless_the_environment_says_otherwise(tmp_path: Path) -> None:
    """An empty variable says nothing."""
    expected = f"sqlite:{tmp_path / 'debates' / 'log.db'}"
    assert expected == default_url(tmp_path, {})
    assert expected == default_url(tmp_path, {"DIALECTIC_STORE": ""})
    assert "memory:" == default_url(tmp_path, {"DIALECTIC_STORE": "memory:"})


def test_opening_a_log_loads_nothing_heavy(tmp_path: Path) -> None:
    """The first screen of the command line waits for this."""
    code = (
        "import sys; from dialectic_events.stores import open_store;"
        "open_store(sys.argv[1]).close();"
        "heavy = {'asyncio', 'anyio', 'structlog', 'yaml', 'openai', 'pykka'};"
        "print(sorted(heavy & {*sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "log.db"],
        capture_output=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
        text=True,
    )

    assert "[]" == done.stdout.strip()
