"""What it means to own a run: one claim at a time, refused to others while it stands, and no
longer.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dialectic_actors.runtime.ownership import our_claims, this_process
from dialectic_events.store import Lease, LeaseHeld, StoreFull
from dialectic_events.stores import open_store
from dialectic_events.stores.memory import MemoryStore
from support.checkout import checkout_environment

HOUR_S = 3600.0

CLAIM = """
import sys
from dialectic_actors.runtime.ownership import our_claims
from dialectic_events.stores import open_store
print(our_claims().acquire(open_store(sys.argv[1]), "run", 3600).owner, flush=True)
sys.stdin.read()
"""


@contextmanager
def claimed_by_another(url: str) -> Iterator[str]:
    """Another process owns the run, and does not give it back when it ends."""
    with subprocess.Popen(
        [sys.executable, "-c", CLAIM, url],
        env=checkout_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def test_the_claim_of_a_living_process_is_respected_and_that_of_a_dead_one_is_not(
    tmp_path: Path,
) -> None:
    """While it lives it is named; once it is dead nobody waits for its lease to run out."""
    url = f"sqlite:{tmp_path / 'log.db'}"
    with open_store(url) as store:
        with claimed_by_another(url) as owner:
            with pytest.raises(LeaseHeld) as raised:
                our_claims().acquire(store, "run", HOUR_S)
            assert not our_claims().is_gone(owner)
        lease = our_claims().acquire(store, "run", HOUR_S)

    assert owner == raised.value.owner
    assert owner in str(raised.value)
    assert our_claims().is_gone(owner)
    assert 2 == lease.epoch


def test_a_process_does_not_claim_a_run_twice() -> None:
    """Two tasks of one process are as much in each other's way as two processes."""
    store = MemoryStore()
    first = our_claims().acquire(store, "run", HOUR_S)
    with pytest.raises(LeaseHeld, match=first.owner):
        our_claims().acquire(store, "run", HOUR_S)
    our_claims().release(store, first)
    second = our_claims().acquire(store, "run", HOUR_S)

    assert first.epoch + 1 == second.epoch
    assert not store.renew(first, HOUR_S)


def test_a_claim_that_the_store_could_not_take_back_stands_in_nobodys_way() -> None:
    """A full disk at the end must not block the resume that follows when there is room again."""

    class Full(MemoryStore):
        def release(self, lease: Lease) -> None:
            raise StoreFull("no space left", where="disk")

    store = Full()
    first = our_claims().acquire(store, "run", HOUR_S)
    with pytest.raises(StoreFull):
        our_claims().release(store, first)

    assert first.epoch + 1 == our_claims().acquire(store, "run", HOUR_S).epoch


def test_a_refused_claim_is_forgotten() -> None:
    """What was never granted does not count as standing."""
    store = MemoryStore()
    held = our_claims().acquire(store, "run", HOUR_S)
    with pytest.raises(LeaseHeld):
        our_claims().acquire(store, "run", HOUR_S)
    number = int(held.owner.rpartition("#")[2])

    assert our_claims().is_gone(f"{this_process()}#{number + 1}")
    assert not our_claims().is_gone(held.owner)


@pytest.mark.parametrize(
    ("owner", "gone"),
    [
        ("elsewhere:1:5#1", False),
        ("a name", False),
        ("", False),
        (this_process().rpartition(":")[0] + ":1#1", True),
        (this_process().replace(":", ":x", 1) + "#1", False),
    ],
    ids=["another machine", "a stranger", "nobody", "a process id that was reused", "no process"],
)
def test_only_what_is_known_to_be_dead_is_gone(owner: str, *, gone: bool) -> None:
    """In doubt the lease decides."""
    assert gone == our_claims().is_gone(owner)
