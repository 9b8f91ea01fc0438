"""Looking at a SQLite log from outside: what it is, and that looking changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialectic_actors.testing.batches import proposals
from dialectic_events.errors import DialecticError
from dialectic_events.stores.sqlite import SqliteStore
from dialectic_events.stores.sqlite_health import Held, examine


def test_a_log_in_use_is_told_with_its_leases(tmp_path: Path) -> None:
    """Modes, sizes and owners; what was given back is owned by nobody."""
    path = tmp_path / "log.db"
    with SqliteStore(path, clock=lambda: 1000.0) as store:
        store.append([proposals("deb-1", ["one"])])
        store.acquire("deb-1", "here:1:1#1", 60.0)
        store.release(store.acquire("deb-2", "here:1:1#2", 60.0))
        health = examine(path)

    assert "wal" == health.journal_mode
    assert (Held("deb-1", "here:1:1#1", 1060.0),) == health.leases
    assert health.file_bytes == path.stat().st_size
    assert 0 < health.wal_bytes


def test_looking_twice_changes_nothing(tmp_path: Path) -> None:
    """Neither the file nor what is not yet written back."""
    path = tmp_path / "log.db"
    with SqliteStore(path) as store:
        store.append([proposals("deb-1", ["one"])])
        before = {each.name: each.read_bytes() for each in (path, tmp_path / "log.db-wal")}
        assert examine(path) == examine(path)
        assert before == {name: (tmp_path / name).read_bytes() for name in before}


@pytest.mark.parametrize("content", [b"no database at all", b"SQLite format 3\0" + bytes(4096)])
def test_what_is_no_log_is_refused(content: bytes, tmp_path: Path) -> None:
    """With its place, and it stays as it is."""
    path = tmp_path / "log.db"
    path.write_bytes(content)

    with pytest.raises(DialecticError) as refused:
        examine(path)
    assert str(path) in refused.value.where
    assert content == path.read_bytes()


def test_a_log_that_is_missing_is_not_made(tmp_path: Path) -> None:
    """Looking is not opening."""
    with pytest.raises(DialecticError):
        examine(tmp_path / "log.db")
    assert [] == list(tmp_path.iterdir())
