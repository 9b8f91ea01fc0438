"""The memory store keeps the contract."""

from collections.abc import Iterator

import pytest

from dialectic_events.store import Store
from dialectic_events.stores.memory import MemoryStore
from support.store_contract import Clock, StoreContract
from support.store_model import StoreMachine


class TestMemoryStore(StoreContract):
    """Every duty of a store."""

    @pytest.fixture
    def store(self, clock: Clock) -> Iterator[Store]:
        """An empty log in memory."""
        with MemoryStore(clock) as store:
            yield store


class MemoryMachine(StoreMachine):
    """The memory store beside the model."""

    make_store = MemoryStore


TestMemoryBesideTheModel = MemoryMachine.TestCase
