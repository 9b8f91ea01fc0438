"""A store that is not what was written hands nothing on, and passes for no copy of anything."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dialectic_actors.testing.batches import head_after, proposals
from dialectic_events.envelope import Head
from dialectic_events.errors import ExitCode, IntegrityError
from dialectic_events.jsonl import export, import_log
from dialectic_events.store import Store
from dialectic_events.stores import open_store

RUN = proposals("deb-1", ["one", "two", "three"])
FORK = proposals("deb-2", ["four"], Head(2, RUN.records[1].digest), parent="deb-1")

TAMPERED = {
    "a payload": ("UPDATE events SET payload = payload || ' ' WHERE version = 2", "deb-1:2"),
    "a payload that is gone": ("UPDATE events SET payload = NULL WHERE version = 2", "deb-1:2"),
    "a salt": ("UPDATE events SET salt = zeroblob(16) WHERE version = 2", "deb-1:2"),
    "a header": ("UPDATE events SET header = header || ' ' WHERE position = 2", "deb-1:2"),
    "a first header": ("UPDATE events SET header = '{}' WHERE position = 1", "deb-1:1"),
    "a digest": ("UPDATE events SET digest = zeroblob(32) WHERE position = 3", "deb-1:3"),
    "an event that is gone": ("DELETE FROM events WHERE version = 2", "deb-1:3"),
    "events in another order": (
        "UPDATE events SET version = 5 - version WHERE position IN (2, 3)",
        "deb-1:2",
    ),
    "a text": ("UPDATE texts SET body = 'owe' WHERE body = x'6f6e65'", "deb-1:1"),
    "a text that is none": ("UPDATE texts SET body = x'ffffff' WHERE body = x'6f6e65'", "deb-1:1"),
    "a text that is gone": ("DELETE FROM texts WHERE body = x'6f6e65'", "deb-1:1"),
    "a fork": ("UPDATE events SET payload = payload || ' ' WHERE position = 4", "deb-2:3"),
    "a parent that is gone": ("DELETE FROM events WHERE position < 4", "deb-2:3"),
}


@pytest.fixture
def lines() -> list[bytes]:
    """What a sound store exports."""
    with open_store("memory:") as store:
        store.append([RUN, FORK])
        return list(export(store, ["deb-2"]))


@pytest.fixture(params=TAMPERED)
def tampered(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Store, str]]:
    """A store in which somebody changed something, and where."""
    path = tmp_path / "log.db"
    with open_store(path) as store:
        store.append([RUN, FORK])
    change, where = TAMPERED[request.param]
    with closing(sqlite3.connect(path)) as log:
        log.execute("DROP INDEX events_of_stream")
        log.execute(_as_blobs(change))
        log.commit()
    with open_store(path) as store:
        yield store, where


def _as_blobs(change: str) -> str:
    """The change, with bytes for words: columns take nothing else."""
    for word in ("payload || ' '", "header || ' '", "'{}'", "'owe'"):
        change = change.replace(f"= {word}", f"= CAST({word} AS BLOB)")
    return change


def test_what_is_not_what_was_written_is_not_exported(tampered: tuple[Store, str]) -> None:
    """The export stops before the head, and says where."""
    store, where = tampered
    lines: list[bytes] = []

    with pytest.raises(IntegrityError) as refused:
        lines.extend(export(store, ["deb-2"]))

    assert (where, ExitCode.INTEGRITY) == (refused.value.where, refused.value.exit_code)
    assert [] == [line for line in lines if b'"head":{"stream":"deb-2"' in line]


def test_a_copy_that_is_not_what_was_written_is_not_called_known(
    tampered: tuple[Store, str], lines: list[bytes]
) -> None:
    """The import says that it is the store, not the file, and how to go on; nothing is stored."""
    store, where = tampered
    before = list(store.read_all())

    with pytest.raises(IntegrityError, match="copy in this store is not what was") as refused:
        import_log(lines, store)

    assert where == refused.value.where
    assert "dialectic import FILE --store" in refused.value.fix
    assert before == list(store.read_all())


def test_a_run_that_was_changed_is_not_extended(lines: list[bytes], tmp_path: Path) -> None:
    """A longer file does not continue what is false."""
    path = tmp_path / "log.db"
    with open_store(path) as store:
        store.append([proposals("deb-1", ["one", "two"])])
    with closing(sqlite3.connect(path)) as log:
        log.execute("UPDATE texts SET body = x'6f7765' WHERE body = x'6f6e65'")
        log.commit()

    with open_store(path) as store:
        with pytest.raises(IntegrityError, match="copy in this store"):
            import_log(lines, store)
        assert head_after(proposals("deb-1", ["one", "two"])) == store.head("deb-1")
