"""The whole contract in one class. A promise of its own belongs beside the others of its kind."""

from __future__ import annotations

from pathlib import Path

from dialectic_actors.testing.store_contract.appending import AppendingContract
from dialectic_actors.testing.store_contract.following import FollowingContract
from dialectic_actors.testing.store_contract.leases import LeaseContract
from dialectic_actors.testing.store_contract.reading import ReadingContract

__all__ = ["StoreContract"]


class StoreContract(AppendingContract, ReadingContract, FollowingContract, LeaseContract):
    """All that a store owes: override `make_store` in a subclass that pytest collects.

    The last test needs Hypothesis, whose profile decides how many examples it tries.
    """

    def test_any_steps_have_the_answers_of_the_simplest_model(self, tmp_path: Path) -> None:
        """Appends, repeats, forks and leases, in whatever order Hypothesis finds to be hard."""
        # Only this test needs it.
        from dialectic_actors.testing.store_contract.model import judge_by_model

        judge_by_model(self.make_store, tmp_path)
