"""What a store owes those who append: all or nothing, in order, once.

Reading back, following and owning are judged beside this.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from dialectic_actors.testing.batches import at, head_after, proposals, unplaced
from dialectic_actors.testing.store_contract.setting import Setting
from dialectic_events.chain import verified
from dialectic_events.envelope import Head
from dialectic_events.errors import IntegrityError
from dialectic_events.parts import refer
from dialectic_events.store import Appended, Batch, Store, VersionConflict

__all__ = ["AppendingContract"]


class AppendingContract(Setting):
    """Batches are stored or refused, and the answer says which."""

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
