"""A log where nothing can be written, an archive say: it is read as it is, and nothing is made."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dialectic_actors.testing.batches import head_after, proposals, unplaced
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.store import StoreFull
from dialectic_events.stores.sqlite import SqliteStore

FIRST = proposals("run", ["a", "b" * 9000])


def read_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the folder be one where SQLite can make no file beside the log, whoever runs this."""
    # SQLite follows no link there.
    (folder / "log.db-shm").symlink_to("nowhere")
    monkeypatch.setattr("os.access", lambda path, mode: mode != os.W_OK)


def test_a_log_at_rest_is_read_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events, texts and listing; what would be written is refused, and the file stays as it is."""
    path = tmp_path / "log.db"
    with SqliteStore(path) as store:
        store.append([FIRST])
    before = path.read_bytes()
    read_only(tmp_path, monkeypatch)

    with SqliteStore(path) as store:
        assert list(FIRST.records) == unplaced(store.read("run"))
        assert FIRST.parts == store.parts(list(FIRST.parts))
        assert ["run"] == [entry.stream for entry in store.streams()]
        with pytest.raises(StoreFull, match="readonly"):
            store.append([proposals("run", ["c"], head_after(FIRST))])

    assert before == path.read_bytes()


def test_a_log_whose_newest_events_cannot_be_read_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy taken while somebody wrote: to read it without its WAL would hide what is in there."""
    taken = tmp_path / "taken"
    taken.mkdir()
    with SqliteStore(tmp_path / "log.db") as store:
        store.append([FIRST])
        for name in ("log.db", "log.db-wal"):
            shutil.copy(tmp_path / name, taken / name)
    read_only(taken, monkeypatch)

    with pytest.raises(DialecticError, match="its newest events are in log") as refused:
        SqliteStore(taken / "log.db")

    assert ExitCode.CONFIGURATION == refused.value.exit_code
    assert str(taken / "log.db") == refused.value.where
    assert "--store FOLDER/log.db" in refused.value.fix


def test_a_log_that_nobody_may_read_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it is called unwritable: it was to be read."""
    path = tmp_path / "log.db"
    SqliteStore(path).close()
    read_only(tmp_path, monkeypatch)
    monkeypatch.setattr("os.access", lambda path, mode: False)

    with pytest.raises(DialecticError, match="it cannot be read") as refused:
        SqliteStore(path)

    assert ExitCode.CONFIGURATION == refused.value.exit_code
    assert refused.value.fix


def test_no_log_is_made_of_an_empty_database_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a crash left of a log that was being made is not taken for one without runs."""
    path = tmp_path / "log.db"
    with closing(sqlite3.connect(path)) as begun:
        begun.execute("PRAGMA journal_mode = WAL")
    before = path.read_bytes()
    read_only(tmp_path, monkeypatch)

    with pytest.raises(DialecticError, match="it is empty") as refused:
        SqliteStore(path)

    assert ExitCode.CONFIGURATION == refused.value.exit_code
    assert before == path.read_bytes()
