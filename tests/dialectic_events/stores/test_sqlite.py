"""The SQLite store keeps the contract, and what only files and processes can break."""

import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from dialectic_actors.testing.batches import head_after, proposals, unplaced
from dialectic_actors.testing.store_contract.contract import StoreContract
from dialectic_actors.testing.store_contract.setting import Clock
from dialectic_events.chain import verified
from dialectic_events.envelope import Head
from dialectic_events.errors import DialecticError, ExitCode, IntegrityError
from dialectic_events.parts import refer
from dialectic_events.store import Appended, StaleLease, Store, StoreFull
from dialectic_events.stores.file_lock import held
from dialectic_events.stores.sqlite import SqliteStore
from dialectic_events.stores.sqlite_schema import connect, lock_file


class TestSqliteStore(StoreContract):
    """Every duty of a store; the WAL is written back again and again."""

    def make_store(self, clock: Clock, folder: Path) -> Store:
        """An empty log in a folder that does not exist yet."""
        return SqliteStore(folder / "new" / "log.db", clock=clock, wal_bytes=50_000)


# The file


def test_the_folder_and_the_file_are_made(tmp_path: Path) -> None:
    """The first use needs no preparation; closing leaves one file and its lock."""
    path = tmp_path / "a" / "b" / "log.db"

    with SqliteStore(path) as store:
        store.append([proposals("run", ["a"])])

    assert {"log.db", "log.db-lock"} == {file.name for file in path.parent.iterdir()}


def test_a_reopened_log_goes_on(tmp_path: Path) -> None:
    """Events, parts, leases and positions outlive the process."""
    path, clock = tmp_path / "log.db", Clock()
    first = proposals("run", ["a", "b" * 5000])
    with SqliteStore(path, clock=clock) as store:
        store.append([first])
        lease = store.acquire("run", "ada", 60)

    with SqliteStore(path, clock=clock) as store:
        assert list(first.records) == unplaced(store.read("run"))
        assert first.parts == store.parts(list(first.parts))
        assert store.renew(lease, 60)
        more = proposals("run", ["c"], store.head("run"))
        assert [Appended(head_after(more), 3)] == store.append([more])


FOREIGN = {
    "garbage": b"this was never a log\n" * 100,
    "short garbage": b"no",
    "torn": b"SQLite format 3\0" + b"\x01" * 2000,
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_file_is_refused_and_left_alone(tmp_path: Path, kind: str) -> None:
    """Whatever it is, it is not ours to write to."""
    path = tmp_path / "notes.txt"
    path.write_bytes(FOREIGN[kind])

    with pytest.raises(DialecticError, match="not a log") as refusal:
        SqliteStore(path)

    assert ExitCode.CONFIGURATION == refusal.value.exit_code
    assert FOREIGN[kind] == path.read_bytes()
    assert [path] == list(tmp_path.iterdir())


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    """It gets none of our tables."""
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    before = path.read_bytes()

    with pytest.raises(DialecticError, match="another program"):
        SqliteStore(path)

    assert before == path.read_bytes()


def test_a_newer_log_is_refused(tmp_path: Path) -> None:
    """A format of the future is not guessed at."""
    path = tmp_path / "log.db"
    SqliteStore(path).close()
    with closing(sqlite3.connect(path)) as later:
        later.execute("PRAGMA user_version = 99")

    with pytest.raises(DialecticError, match="schema 99") as refusal:
        SqliteStore(path)

    assert "upgrade" in refusal.value.fix


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """A log is a file."""
    with pytest.raises(DialecticError, match="folder"):
        SqliteStore(tmp_path)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """A file is in the way."""
    (tmp_path / "file").write_text("x")

    with pytest.raises(DialecticError, match="cannot be made"):
        SqliteStore(tmp_path / "file" / "log.db")


def test_a_damaged_log_says_so(tmp_path: Path) -> None:
    """Damage is an integrity error, not a traceback of SQLite."""
    path = tmp_path / "log.db"
    with SqliteStore(path) as store:
        store.append([proposals("run", ["x" * 50_000, "y" * 50_000])])
    body = path.read_bytes()
    path.write_bytes(body[:4096] + b"\xff" * (len(body) - 4096))

    with pytest.raises(IntegrityError, match="damaged"), SqliteStore(path) as store:
        list(store.read_all())


def test_a_store_that_may_not_write_says_so_and_reads_on(tmp_path: Path) -> None:
    """Read-only is a refusal that people can mend."""
    with SqliteStore(tmp_path / "log.db") as store:
        first = proposals("run", ["a"])
        store.append([first])
        store._writing._connection.execute("PRAGMA query_only = ON")
        more = proposals("run", ["b"], head_after(first))

        with pytest.raises(StoreFull, match="readonly") as refusal:
            store.append([more])

        assert ExitCode.RESUMABLE == refusal.value.exit_code
        assert list(first.records) == unplaced(store.read("run"))
        store._writing._connection.execute("PRAGMA query_only = OFF")
        assert [Appended(head_after(more), 2)] == store.append([more])


def test_a_store_that_stays_busy_says_so(tmp_path: Path) -> None:
    """Another process that never lets go does not hang this one for ever."""
    path = tmp_path / "log.db"
    with SqliteStore(path) as store, closing(connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        store._writing._connection.execute("PRAGMA busy_timeout = 10")
        batch = proposals("run", ["a"])

        with pytest.raises(StoreFull, match="locked"):
            store.append([batch])

        assert [] == list(store.read_all())
        other.execute("ROLLBACK")
        assert [Appended(head_after(batch), 1)] == store.append([batch])


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    """Late readers and writers get an error that names the log."""
    store = SqliteStore(tmp_path / "log.db")
    store.close()

    with pytest.raises(DialecticError, match="closed"):
        store.head("run")
    with pytest.raises(DialecticError, match="closed"):
        store.append([proposals("run", ["a"])])


class Watched(SqliteStore):
    """Remembers how each commit was asked to be kept."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.kept: list[int] = []

    def _commit(self) -> None:
        self.kept += self._writing._connection.execute("PRAGMA synchronous").fetchone()
        super()._commit()


def test_every_append_is_flushed_and_no_lease_waits_for_the_disk(tmp_path: Path) -> None:
    """An acknowledged event outlives a power cut (SQLite calls that FULL, and numbers it 2); a
    lease need not (NORMAL, 1): its owner does not either.
    """
    first = proposals("run", ["a"])
    with Watched(tmp_path / "log.db") as store:
        store.append([first])
        lease = store.acquire("run", "ada", 60)
        store.append([proposals("run", ["b"], head_after(first), lease=lease)])
        store.renew(lease, 60)
        store.release(lease)
        with pytest.raises(ValueError, match="at least one event"):
            store.append([replace(first, records=())])
        store.append([proposals("other", ["c"])])

        assert [2, 1, 2, 1, 1, 2] == store.kept
        journal = store._writing._connection.execute("PRAGMA journal_mode").fetchone()
        assert ("wal",) == journal


def test_an_append_wakes_who_waits_in_this_process(tmp_path: Path) -> None:
    """Without it, followers would find out at their next look only."""
    with SqliteStore(tmp_path / "log.db") as store:
        strokes = store._bell.strokes
        store.append([proposals("run", ["a"])])

        assert strokes + 1 == store._bell.strokes


def test_two_stores_on_one_file_see_each_other(tmp_path: Path) -> None:
    """What one remembers of the heads is forgotten as soon as the other appends."""
    path, head = tmp_path / "log.db", Head()
    with SqliteStore(path) as one, SqliteStore(path) as two:
        subscription = two.subscribe()
        for index in range(10):
            batch = proposals("run", [f"{index}"], head)
            writer, reader = (one, two) if index % 2 else (two, one)
            assert [Appended(head_after(batch), index + 1)] == writer.append([batch])
            head = head_after(batch)
            assert head == reader.head("run")
            assert [index + 1] == [record.position for record in subscription.poll(60.0)]


def test_a_lease_that_another_process_took_is_noticed(tmp_path: Path) -> None:
    """What a store remembers of the owners is forgotten as soon as another changes one."""
    path, clock = tmp_path / "log.db", Clock()
    with SqliteStore(path, clock=clock) as one, SqliteStore(path, clock=clock) as two:
        lease = one.acquire("run", "ada", 60)
        first = proposals("run", ["a"], lease=lease)
        assert [Appended(head_after(first), 1)] == one.append([first])

        taken = two.acquire("run", "bob", 60, displace="ada")

        second = proposals("run", ["b"], head_after(first), lease=lease)
        assert [StaleLease("bob", taken.epoch)] == one.append([second])
        assert not one.renew(lease, 60)


def test_a_text_of_an_append_that_failed_is_stored_by_the_next(tmp_path: Path) -> None:
    """What was undone is not remembered as stored."""
    good, bad = proposals("run", ["a" * 5000]), proposals("other", ["b"])
    misfit = replace(bad, records=(replace(bad.records[0], version=7),))
    with SqliteStore(tmp_path / "log.db") as store:
        with pytest.raises(IntegrityError):
            store.append([good, misfit])
        assert {} == store.parts(list(good.parts))

        store.append([good])

        assert good.parts == store.parts(list(good.parts))


@given(st.lists(st.integers(0, 20_000), max_size=12))
@example([1000] * 600)
@example([100_000, 0, 4041, 4096])
def test_texts_of_any_size_are_found_together(sizes: list[int]) -> None:
    """However texts were cut, and however many are asked for, each comes back whole and in turn."""
    texts = [f"{index} " + "ä" * (size // 2) for index, size in enumerate(sizes)]
    parts = {refer(text): text for text in texts}
    with TemporaryDirectory() as folder, SqliteStore(Path(folder) / "log.db") as store:
        store.append([replace(proposals("run", ["first"]), parts=parts)])

        assert list(parts.items()) == list(store.parts(list(parts)).items())


# Space on the disk


def text_rows(store: SqliteStore) -> int:
    """How many rows hold texts."""
    (rows,) = store._writing._connection.execute("SELECT count(*) FROM texts").fetchone()
    return int(rows)


def test_the_same_text_in_a_second_run_adds_nothing(tmp_path: Path) -> None:
    """Texts are stored once, whoever names them."""
    texts = ["x" * 10_000, "y" * 300]
    with SqliteStore(tmp_path / "log.db") as store:
        store.append([proposals("one", texts)])
        rows = text_rows(store)

        store.append([proposals("two", texts)])

        assert rows == text_rows(store)


def test_a_log_takes_little_more_than_its_bytes(tmp_path: Path) -> None:
    """The hundredth call and the thousandth cost the same: at most 1.4 times what they say."""
    random, said, head = Random(7), 0, Head()
    path = tmp_path / "log.db"
    marks = []
    with SqliteStore(path) as store:
        for index in range(1, 1001):
            text = f"{index} " + "x" * int(300 * (8000 / 300) ** random.random())
            batch = proposals("run", [text], head)
            head = head_after(batch)
            store.append([batch])
            said += len(text) + sum(
                len(r.header) + len(r.payload or b"") + len(r.salt or b"") + len(r.digest) // 2
                for r in batch.records
            )
            if index in (10, 100, 1000):
                store._writing._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                marks.append((path.stat().st_size, said))

    ratios = [(s2 - s1) / (w2 - w1) for (s1, w1), (s2, w2) in pairwise(marks)]
    assert [] == [ratio for ratio in [*ratios, marks[-1][0] / said] if ratio > 1.4], ratios


def test_the_wal_stays_small(tmp_path: Path) -> None:
    """It is written back and begun anew, however much is appended."""
    path, head = tmp_path / "log.db", Head()
    with SqliteStore(path, wal_bytes=100_000) as store:
        for index in range(200):
            batch = proposals("run", [f"{index}" + "x" * 3000], head)
            store.append([batch])
            head = head_after(batch)

        assert path.with_name("log.db-wal").stat().st_size < 300_000
        assert 200 == sum(1 for _ in verified(store.read("run")))


def test_the_wal_is_written_back_by_one_process_at_a_time(tmp_path: Path) -> None:
    """While somebody else does it, appending goes on."""
    path, head = tmp_path / "log.db", Head()
    with SqliteStore(path, wal_bytes=1) as store:
        size = path.stat().st_size
        with held(lock_file(path), wait=False):
            for index in range(20):
                batch = proposals("run", [f"{index}" + "x" * 3000], head)
                store.append([batch])
                head = head_after(batch)
            assert size == path.stat().st_size

        store.append([proposals("run", ["a"], head)])
        assert size < path.stat().st_size


def test_an_append_outlives_a_failed_write_back(tmp_path: Path) -> None:
    """What is durable is not called a failure."""
    path = tmp_path / "log.db"
    with SqliteStore(path, wal_bytes=1) as store:
        lock_file(path).unlink()
        lock_file(path).mkdir()
        batch = proposals("run", ["a"])

        assert [Appended(head_after(batch), 1)] == store.append([batch])
