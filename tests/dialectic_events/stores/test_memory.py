"""The memory store keeps the contract."""

from pathlib import Path

from dialectic_actors.testing.store_contract.contract import StoreContract
from dialectic_actors.testing.store_contract.setting import Clock
from dialectic_events.store import Store
from dialectic_events.stores.memory import MemoryStore


class TestMemoryStore(StoreContract):
    """Every duty of a store."""

    def make_store(self, clock: Clock, folder: Path) -> Store:
        """An empty log in memory."""
        return MemoryStore(clock)
