"""What every store owes those who append and read, as tests.

Stores are not named here; `store_contract` adds followers and leases.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from dialectic_events.chain import verified
from dialectic_events.envelope import Head, Record
from dialectic_events.errors import IntegrityError
from dialectic_events.parts import refer, rope
from dialectic_events.store import (
    Appended,
    Batch,
    Store,
    VersionConflict,
)
from support.batches import head_after, proposals

__all__ = ["Clock", "LogContract", "at", "unplaced"]


class Clock:
    """Seconds that pass when a test says so."""

    now_s = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now_s


def unplaced(records: Iterable[Record]) -> list[Record]:
    """The records without their positions, as they were sealed."""
    return [replace(record, position=0) for record in records]


def at(records: Iterable[Record]) -> list[tuple[str, int]]:
    """Stream and version of each record."""
    return [(record.stream, record.version) for record in records]


def forked_twice(store: Store) -> tuple[Batch, Batch, Batch]:
    """Store a run of 4 events, a fork of it after 2, and a fork of that after its 3."""
    first = proposals("run", ["a", "b", "c", "d"])
    fork_at = first.records[1]
    second = proposals("fork", ["e", "f"], Head(2, fork_at.digest), parent="run")
    third = proposals("leaf", ["g"], Head(3, second.records[0].digest), parent="fork")
    assert [Appended] * 3 == [type(outcome) for outcome in store.append([first, second, third])]
    return first, second, third


class LogContract:
    """Appending, parts and reading. The stores are closed by their fixture."""

    @pytest.fixture
    def clock(self) -> Clock:
        """The clock that the leases go by."""
        return Clock()

    @pytest.fixture
    def store(self) -> Store:
        """An empty store."""
        raise NotImplementedError

    # Appending

    def test_what_was_appended_is_read_back_byte_for_byte(self, store: Store) -> None:
        """A store keeps bytes and adds positions."""
        batch = proposals("run", ["a", "b", "c"])

        outcome = store.append([batch])

        assert [Appended(head_after(batch), 3)] == outcome
        assert list(batch.records) == unplaced(store.read("run"))
        assert [1, 2, 3] == [record.position for record in store.read_all()]
        assert head_after(batch) == store.head("run")

    def test_an_unknown_stream_is_empty(self, store: Store) -> None:
        """Nothing was ever there, and nothing breaks."""
        assert Head() == store.head("nowhere")
        assert [] == list(store.read("nowhere"))
        assert [] == list(store.read_all())
        assert [] == store.streams()

    def test_who_expects_another_version_is_told_the_head(self, store: Store) -> None:
        """The second of two who append after the same event gets nothing stored."""
        first = proposals("run", ["a"])
        store.append([first])
        second = proposals("run", ["b"], head_after(first), command="second")
        store.append([second])

        late = proposals("run", ["c"], head_after(first), command="late")

        assert [VersionConflict(head_after(second))] == store.append([late])
        assert 2 == len(list(store.read_all()))
        assert {} == store.parts([refer("c")])

    def test_a_stream_that_exists_is_not_begun_again(self, store: Store) -> None:
        """Version 0 is expected of a stream that does not exist."""
        first = proposals("run", ["a"])
        store.append([first])

        assert [VersionConflict(head_after(first))] == store.append(
            [proposals("run", ["b"], command="other")]
        )

    def test_a_version_that_is_not_there_yet_cannot_be_expected(self, store: Store) -> None:
        """A gap is never opened."""
        ahead = proposals("run", ["a"], Head(7, "1" * 64))

        assert [VersionConflict(Head())] == store.append([ahead])

    def test_a_repeated_append_returns_the_recorded_result(self, store: Store) -> None:
        """The same command sealed again, at another time, is stored once."""
        first = proposals("run", ["a", "b"], command="once")
        again = proposals("run", ["a!", "b!"], command="once")
        store.append([first])
        store.append([proposals("run", ["c"], head_after(first))])

        assert [Appended(head_after(first), 2, repeated=True)] == store.append([again])
        assert 3 == len(list(store.read_all()))

    def test_a_batch_that_is_there_in_part_conflicts(self, store: Store) -> None:
        """Some of the events being there is not the recorded result of all of them."""
        first = proposals("run", ["a"], command="once")
        store.append([first])

        more = proposals("run", ["a", "b"], command="once")

        assert [VersionConflict(head_after(first))] == store.append([more])
        assert 1 == len(list(store.read_all()))

    def test_each_batch_of_a_call_is_judged_by_itself(self, store: Store) -> None:
        """A refused batch takes no other with it, and leaves no gap in the positions."""
        taken = proposals("taken", ["a"])
        store.append([taken])
        first, other = proposals("run", ["b"]), proposals("other", ["d"])
        second = proposals("run", ["c"], head_after(first))

        outcomes = store.append([first, proposals("taken", ["x"], command="x"), other, second])

        expected = [
            Appended(head_after(first), 2),
            VersionConflict(head_after(taken)),
            Appended(head_after(other), 3),
            Appended(head_after(second), 4),
        ]
        assert expected == outcomes
        assert [("taken", 1), ("run", 1), ("other", 1), ("run", 2)] == at(store.read_all())

    def test_a_batch_repeated_within_a_call_is_stored_once(self, store: Store) -> None:
        """A call sees what its own earlier batches stored."""
        batch = proposals("run", ["a"])

        outcomes = store.append([batch, batch])

        assert [Appended(head_after(batch), 1), Appended(head_after(batch), 1, True)] == outcomes

    @pytest.mark.parametrize("fault", ["predecessor", "gap", "order", "stream", "header", "parent"])
    def test_events_that_do_not_continue_the_chain_are_refused(
        self, store: Store, fault: str
    ) -> None:
        """A misfit stores nothing of the whole call."""
        first = proposals("run", ["a"])
        store.append([first])
        good = proposals("run", ["b", "c"], head_after(first))
        bad = {
            "predecessor": proposals("run", ["b"], Head(1, "1" * 64)),
            "gap": replace(good, records=good.records[1:]),
            "order": replace(good, records=good.records[::-1]),
            "stream": replace(proposals("elsewhere", ["b"], head_after(first)), stream="run"),
            "header": replace(good, records=(replace(good.records[0], header=b"{"),)),
            "parent": replace(proposals("run", ["b"], head_after(first), parent="run"), expected=1),
        }[fault]

        with pytest.raises(IntegrityError, match=r"(run|elsewhere):\d"):
            store.append([proposals("fine", ["d"]), bad])

        assert [("run", 1)] == at(store.read_all())
        assert {} == store.parts([refer("b"), refer("d")])
        assert [Appended(head_after(good), 3)] == store.append([good])

    def test_a_batch_holds_an_event(self, store: Store) -> None:
        """An empty batch is a mistake of the program."""
        with pytest.raises(ValueError, match="at least one"):
            store.append([Batch("run", 0, (), {})])

    def test_many_threads_append_without_gaps_or_losses(self, store: Store) -> None:
        """Positions follow the order of commits whoever commits."""

        def write(name: str) -> None:
            head = Head()
            for index in range(15):
                batch = proposals(name, [f"{name} {index}"], head)
                assert isinstance(store.append([batch])[0], Appended)
                head = head_after(batch)

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(write, [f"run-{index}" for index in range(6)]))

        assert list(range(1, 91)) == [record.position for record in store.read_all()]
        for index in range(6):
            assert 15 == len(list(verified(store.read(f"run-{index}"))))

    # Parts

    def test_parts_are_found_by_their_references(self, store: Store) -> None:
        """Long, short, empty and many-byte texts come back whole; others are absent."""
        texts = ["", "a", "é" * 3000, "x" * 9000, "🙂" * 40_000, "y" * 4061]
        for index, text in enumerate(texts):
            batch = proposals(f"run-{index}", ["-"])
            store.append([replace(batch, parts={refer(text): text})])

        found = store.parts([*map(refer, texts), refer("never stored")])

        assert {refer(text): text for text in texts} == found

    def test_a_rope_is_a_part(self, store: Store) -> None:
        """A list of references is stored and found like a text."""
        ref, text = rope([refer("a"), refer("b")])
        store.append([replace(proposals("run", ["-"]), parts={ref: text})])

        assert {ref: text} == store.parts([ref])

    def test_a_part_that_is_there_may_be_named_again(self, store: Store) -> None:
        """Runs share their texts."""
        for name in ("one", "two"):
            store.append([proposals(name, ["shared", f"of {name}"])])

        refs = [refer("shared"), refer("of one"), refer("of two")]
        assert refs == list(store.parts(refs))

    # Reading

    @pytest.mark.parametrize(
        ("first", "last", "versions"),
        [(1, None, [1, 2, 3, 4]), (2, 3, [2, 3]), (4, 9, [4]), (5, None, []), (3, 2, [])],
    )
    def test_a_range_of_versions_is_read(
        self, store: Store, first: int, last: int | None, versions: list[int]
    ) -> None:
        """Both ends belong to the range."""
        store.append([proposals("run", ["a", "b", "c", "d"])])

        assert versions == [record.version for record in store.read("run", first, last)]

    def test_a_fork_is_read_through_its_lineage(self, store: Store) -> None:
        """Two forks deep, versions and chain go on without a gap."""
        _, _, third = forked_twice(store)

        lineage = [("run", 1), ("run", 2), ("fork", 3), ("leaf", 4)]
        assert lineage == at(store.read("leaf"))
        assert [("run", 2), ("fork", 3)] == at(store.read("leaf", 2, 3))
        assert [("run", 1), ("run", 2), ("fork", 3), ("fork", 4)] == at(store.read("fork"))
        assert head_after(third) == store.head("leaf")
        assert head_after(third) == Head(4, list(store.read("leaf"))[-1].digest)
        assert 4 == sum(1 for _ in store.read("run"))

    def test_a_chain_is_verified_across_streams(self, store: Store) -> None:
        """The digests of a fork continue those of its parent."""
        batch, _, _ = forked_twice(store)
        point = batch.records[1]
        more = proposals("other", ["h", "i"], Head(2, point.digest), parent="run")
        store.append([more])

        assert ["run", "run", "other", "other"] == [record.stream for record in store.read("other")]
        assert list(more.records) == unplaced(store.read("other", 3))

    def test_a_fork_is_appended_to_like_any_stream(self, store: Store) -> None:
        """After its first event a fork has an expected version of its own."""
        _, second, _ = forked_twice(store)
        more = proposals("fork", ["h"], head_after(second))

        assert [Appended(head_after(more), 8)] == store.append([more])
        assert [Appended(head_after(more), 8, repeated=True)] == store.append([more])
        assert [Appended(head_after(second), 6, repeated=True)] == store.append([second])

    @pytest.mark.parametrize(
        ("parent", "version", "digest"),
        [("nowhere", 1, None), ("run", 5, None), ("run", 2, "1" * 64), ("run", 0, None)],
    )
    def test_a_fork_needs_the_event_that_it_continues(
        self, store: Store, parent: str, version: int, digest: str | None
    ) -> None:
        """The parent must have that version, with that digest."""
        first, _, _ = forked_twice(store)
        known = {record.version: record.digest for record in first.records}
        point = Head(version, digest or known.get(version, "2" * 64))

        with pytest.raises(IntegrityError):
            store.append([proposals("stray", ["x"], point, parent=parent)])
        assert Head() == store.head("stray")

    def test_the_log_is_read_on_from_a_position(self, store: Store) -> None:
        """`after` is not part of the answer, and `limit` bounds it."""
        store.append([proposals(name, ["a", "b"]) for name in ("one", "two", "three")])

        assert [3, 4, 5, 6] == [record.position for record in store.read_all(2)]
        assert [3, 4, 5] == [record.position for record in store.read_all(2, limit=3)]
        assert [] == list(store.read_all(2, limit=0))
        assert [] == list(store.read_all(6))

    def test_a_long_log_is_read_whole(self, store: Store) -> None:
        """However a store divides its reading, nothing falls between."""
        batch = proposals("run", [f"text {index}" for index in range(1203)])
        store.append([batch])

        assert list(batch.records) == unplaced(store.read("run"))
        assert list(batch.records) == unplaced(store.read_all())
        assert 1101 == sum(1 for _ in store.read_all(after=2, limit=1101))

    def test_streams_are_listed_with_their_ends_the_newest_first(self, store: Store) -> None:
        """A listing shows a stream's own events, not its lineage's."""
        forked_twice(store)

        entries = store.streams()

        assert ["leaf", "fork", "run"] == [entry.stream for entry in entries]
        assert [4, 3, 1] == [entry.first.version for entry in entries]
        assert [4, 4, 4] == [entry.last.version for entry in entries]
        assert unplaced(store.read("run", 4)) == unplaced([entries[2].last])
