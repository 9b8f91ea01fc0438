"""What a store owes those who own a run: one owner at a time, and nothing for a stale one."""

from __future__ import annotations

import pytest

from dialectic_actors.testing.batches import head_after, proposals
from dialectic_actors.testing.store_contract.setting import Clock, Setting
from dialectic_events.store import Appended, Lease, LeaseHeld, StaleLease, Store

__all__ = ["LeaseContract"]


class LeaseContract(Setting):
    """Leases are held, renewed, given back, displaced and lost."""

    def test_a_run_has_one_owner(self, store: Store) -> None:
        """While a lease runs, another owner is refused and told whose it is."""
        lease = store.acquire("run", "ada", 60)

        with pytest.raises(LeaseHeld, match="ada") as refusal:
            store.acquire("run", "bob", 60)
        assert "ada" == refusal.value.owner
        assert Lease("run", "ada", 1) == lease
        assert Lease("other", "bob", 1) == store.acquire("other", "bob", 60)

    def test_an_owner_gets_its_lease_again(self, store: Store, clock: Clock) -> None:
        """With the epoch it had, and for another while."""
        lease = store.acquire("run", "ada", 60)
        clock.now_s += 50

        assert lease == store.acquire("run", "ada", 60)
        clock.now_s += 50
        with pytest.raises(LeaseHeld):
            store.acquire("run", "bob", 60)

    def test_an_expired_lease_goes_to_the_next(self, store: Store, clock: Clock) -> None:
        """The epoch grows, and the former owner's lease is lost."""
        lost = store.acquire("run", "ada", 60)
        clock.now_s += 60

        assert Lease("run", "bob", 2) == store.acquire("run", "bob", 60)
        assert not store.renew(lost, 60)
        with pytest.raises(LeaseHeld, match="bob"):
            store.acquire("run", "ada", 60)

    def test_a_dead_owner_is_displaced(self, store: Store) -> None:
        """Only the owner that is named."""
        store.acquire("run", "ada", 60)

        with pytest.raises(LeaseHeld, match="ada"):
            store.acquire("run", "bob", 60, displace="eve")
        assert Lease("run", "bob", 2) == store.acquire("run", "bob", 60, displace="ada")

    def test_a_renewed_lease_runs_on(self, store: Store, clock: Clock) -> None:
        """From the time of its renewal."""
        lease = store.acquire("run", "ada", 60)
        clock.now_s += 59

        assert store.renew(lease, 60)
        clock.now_s += 59
        with pytest.raises(LeaseHeld):
            store.acquire("run", "bob", 60)

    def test_a_lease_that_was_given_back_is_free_and_worth_nothing(self, store: Store) -> None:
        """Its holder can neither renew it nor append under it."""
        lease = store.acquire("run", "ada", 60)
        store.release(lease)

        assert not store.renew(lease, 60)
        assert [StaleLease("", 1)] == store.append([proposals("run", ["a"], lease=lease)])
        assert Lease("run", "bob", 2) == store.acquire("run", "bob", 60)

    def test_a_stale_lease_gives_nothing_back(self, store: Store) -> None:
        """It is left alone: the run is another's."""
        stale = store.acquire("run", "ada", 60)
        lease = store.acquire("run", "bob", 60, displace="ada")
        store.release(stale)

        assert store.renew(lease, 60)

    def test_a_stale_owner_cannot_append(self, store: Store) -> None:
        """Not even what it had appended before: it must not act on that any more."""
        lease = store.acquire("run", "ada", 60)
        first = proposals("run", ["a"], lease=lease)
        assert [Appended(head_after(first), 1)] == store.append([first])
        store.acquire("run", "bob", 60, displace="ada")

        more = proposals("run", ["b"], head_after(first), lease=lease)
        assert [StaleLease("bob", 2)] * 2 == store.append([more, first])
        assert 1 == len(list(store.read_all()))

    def test_an_owner_whose_lease_ran_out_appends_until_it_is_taken(
        self, store: Store, clock: Clock
    ) -> None:
        """Nobody else decides for the run meanwhile."""
        lease = store.acquire("run", "ada", 60)
        clock.now_s += 100
        batch = proposals("run", ["a"], lease=lease)

        assert [Appended(head_after(batch), 1)] == store.append([batch])
        assert store.renew(lease, 60)

    def test_a_lease_is_good_for_its_own_run(self, store: Store) -> None:
        """A lease of another stream opens nothing."""
        lease = store.acquire("other", "ada", 60)

        assert [StaleLease("", 0)] == store.append([proposals("run", ["a"], lease=lease)])

    def test_anybody_adds_without_a_lease(self, store: Store) -> None:
        """What people say is bound by the expected version alone."""
        store.acquire("run", "ada", 60)
        batch = proposals("run", ["a"])

        assert [Appended(head_after(batch), 1)] == store.append([batch])

    def test_an_owner_has_a_name(self, store: Store) -> None:
        """The empty name stands for nobody."""
        with pytest.raises(ValueError, match="name"):
            store.acquire("run", "", 60)
