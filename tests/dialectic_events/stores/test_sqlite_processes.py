"""A SQLite log among processes: written by several, left by killed ones, on a disk that fills."""

from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialectic_actors.testing.batches import proposals
from dialectic_events.chain import verified
from dialectic_events.envelope import Head, Record
from dialectic_events.store import Appended
from dialectic_events.stores.sqlite import SqliteStore
from support.store_processes import (
    append_until_killed,
    append_until_the_disk_is_full,
    share_a_stream,
)

SPAWN = get_context("spawn")


def gapless(path: Path) -> list[Record]:
    """All events of a log, its positions and its streams' chains checked."""
    with SqliteStore(path) as store:
        records = list(store.read_all())
        assert list(range(1, len(records) + 1)) == [record.position for record in records]
        for entry in store.streams():
            for _, header in verified(store.read(entry.stream)):
                assert entry.stream == header.stream
        return records


def test_several_processes_write_one_log(tmp_path: Path) -> None:
    """Nothing is lost, repeated or out of order, and a follower elsewhere sees it all."""
    path, names, count = tmp_path / "log.db", ("ada", "bob", "eve"), 40
    seen: list[Record] = []
    with SqliteStore(path) as store:
        subscription = store.subscribe()
        writers = [SPAWN.Process(target=share_a_stream, args=(path, n, count)) for n in names]
        for writer in writers:
            writer.start()
        while len(seen) < 2 * count * len(names) and (
            any(writer.is_alive() for writer in writers) or subscription.poll(0) == ()
        ):
            seen.extend(subscription.poll(0.2))
        for writer in writers:
            writer.join()
        seen.extend(subscription.poll(0))

    assert [0, 0, 0] == [writer.exitcode for writer in writers]
    assert gapless(path) == seen
    assert 2 * count * len(names) == len(seen)


@settings(max_examples=4)
@given(st.integers(1, 400))
def test_a_killed_writer_leaves_a_whole_log(
    tmp_path_factory: pytest.TempPathFactory, kill_after: int
) -> None:
    """What it was told is durable is there; of the batch under way all or nothing."""
    path = tmp_path_factory.mktemp("killed") / "log.db"
    heard, told = SPAWN.Pipe(duplex=False)
    writer = SPAWN.Process(target=append_until_killed, args=(path, told))
    writer.start()
    told.close()
    version = 0
    while version < kill_after:
        version = heard.recv()
    writer.kill()
    writer.join()
    while heard.poll():
        try:
            version = heard.recv()
        except EOFError:
            break

    records = gapless(path)

    assert len(records) in (version, version + 2)
    with SqliteStore(path) as store:
        more = proposals("run", ["on it goes"], store.head("run"), command="after")
        assert isinstance(store.append([more])[0], Appended)
    assert len(records) + 1 == len(gapless(path))


def test_a_full_disk_stores_nothing_by_halves(tmp_path: Path) -> None:
    """The append that does not fit leaves no trace, and once there is room it succeeds."""
    path = tmp_path / "log.db"
    heard, told = SPAWN.Pipe(duplex=False)
    writer = SPAWN.Process(target=append_until_the_disk_is_full, args=(path, told))
    writer.start()
    told.close()
    refusal, expected, head, other = heard.recv()
    outcome, last = heard.recv()
    writer.join()

    assert "cannot be written" in refusal
    assert (expected, Head()) == (head, other)
    assert head.version > 1
    assert Appended(last, 2 * head.version + 1) == outcome
    assert 2 * head.version + 1 == len(gapless(path))
