"""What a store owes those who follow its log: every event, once, in order, without waiting long."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from dialectic_actors.testing.batches import at, head_after, proposals
from dialectic_actors.testing.store_contract.setting import Setting
from dialectic_events.envelope import Head, Record
from dialectic_events.store import Store

__all__ = ["FollowingContract"]


class FollowingContract(Setting):
    """Subscriptions catch up, wait, and let go."""

    def test_a_subscription_catches_up_and_goes_on(self, store: Store) -> None:
        """Old events first, then new ones, none twice."""
        first = proposals("run", ["a", "b"])
        store.append([first])
        subscription = store.subscribe(after=1)

        assert [2] == [record.position for record in subscription.poll(0)]
        assert () == subscription.poll(0)
        store.append([proposals("run", ["c"], head_after(first))])
        assert [3] == [record.position for record in subscription.poll(0)]
        subscription.close()

    def test_a_poll_is_woken_by_an_append(self, store: Store) -> None:
        """Who waits gets the event as soon as it is there."""
        subscription = store.subscribe()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(subscription.poll, 60.0)
            store.append([proposals("run", ["a"])])

            assert [("run", 1)] == at(waiting.result())
        subscription.close()

    def test_closing_ends_a_poll(self, store: Store) -> None:
        """A poll under way returns empty-handed."""
        subscription = store.subscribe()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(subscription.poll, 60.0)
            subscription.close()

            assert () == waiting.result()

    def test_closing_the_store_ends_a_poll(self, store: Store) -> None:
        """Nobody waits for a store that is gone."""
        subscription = store.subscribe()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(subscription.poll, 60.0)
            store.close()

            assert () == waiting.result()

    def test_a_follower_of_concurrent_writers_misses_and_repeats_nothing(
        self, store: Store
    ) -> None:
        """What is seen is the log, in its order, from the first event to the last."""
        seen: list[Record] = []
        subscription = store.subscribe()

        def follow() -> None:
            while len(seen) < 120:
                seen.extend(subscription.poll(60.0))

        def write(name: str) -> None:
            head = Head()
            for index in range(30):
                batch = proposals(name, [f"{index}"], head)
                store.append([batch])
                head = head_after(batch)

        threads = [threading.Thread(target=follow)]
        threads += [threading.Thread(target=write, args=(f"run-{i}",)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        subscription.close()

        assert list(store.read_all()) == seen

    def test_a_store_closes_at_the_end_of_its_block(self, store: Store) -> None:
        """And more than once, without complaint."""
        subscription = store.subscribe()
        with store as same:
            assert store is same
        store.close()

        assert () == subscription.poll(60.0)
