"""What a store owes those who read: parts, ranges, lineages, the whole log, a listing.

Who waits for what is not there yet is a follower, judged beside this.
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from dialectic_actors.testing.batches import at, head_after, proposals, unplaced
from dialectic_actors.testing.store_contract.setting import Setting
from dialectic_events.envelope import Head
from dialectic_events.errors import IntegrityError
from dialectic_events.parts import refer, rope
from dialectic_events.store import Appended, Batch, Store

__all__ = ["ReadingContract"]


def forked_twice(store: Store) -> tuple[Batch, Batch, Batch]:
    """Store a run of 4 events, a fork of it after 2, and a fork of that after its 3."""
    first = proposals("run", ["a", "b", "c", "d"])
    fork_at = first.records[1]
    second = proposals("fork", ["e", "f"], Head(2, fork_at.digest), parent="run")
    third = proposals("leaf", ["g"], Head(3, second.records[0].digest), parent="fork")
    assert [Appended] * 3 == [type(outcome) for outcome in store.append([first, second, third])]
    return first, second, third


class ReadingContract(Setting):
    """What was stored is found again, whole and in order."""

    # Parts

    def test_parts_are_found_by_their_references(self, store: Store) -> None:
        """Long, short, empty and many-byte texts come back whole; others are absent."""
        texts = ["", "a", "é" * 3000, "x" * 9000, "🙂" * 40_000, "y" * 4061]
        for index, text in enumerate(texts):
            batch = proposals(f"run-{index}", ["-"])
            store.append([replace(batch, parts={refer(text): text})])

        found = store.parts([*map(refer, texts), refer("never stored")])

        assert {refer(text): text for text in texts} == found

    def test_what_is_no_reference_names_nothing(self, store: Store) -> None:
        """A log of another program may hold anything in the place of one."""
        store.append([replace(proposals("run", ["-"]), parts={refer("a"): "a"})])

        found = store.parts(["", "hello", "@", "é" * 70, refer("a"), refer("a")[1:]])

        assert {refer("a"): "a"} == found

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
