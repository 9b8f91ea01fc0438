"""What the single writer promises: shared commits, outcomes to those who asked, a thread that
outlives trouble.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pykka
import pytest

from dialectic_actors.runtime.log import LogActor, Renew, StoreBatch, Stored, Writer
from dialectic_actors.testing.batches import head_after, proposals
from dialectic_events.store import Appended, Batch, Lease, StoreBusy, StoreFull
from support.mailboxes import StepDispatcher
from support.systems import PATIENCE_S, SpyStore


class World:
    """A log actor that moves only when told to, its writer, and what it answered."""

    def __init__(self) -> None:
        self.store = SpyStore()
        self.dispatcher = StepDispatcher()
        self.writer = Writer()
        self.ref: pykka.ActorRef[Any] = LogActor.start(
            self.dispatcher, self.store.port, self.writer
        )
        self.outcomes: dict[str, Stored] = {}
        self.sizes: list[int] = []
        self.store.before = self.watch
        self.gate = threading.Event()
        self.gate.set()

    def watch(self, number: int, batches: Sequence[Batch]) -> None:
        """Note how many batches a commit has, and wait for the gate."""
        self.sizes.append(len(batches))
        assert self.gate.wait(PATIENCE_S)

    def ask(self, *streams: str) -> None:
        """Tell the log to store a batch of each stream, and let it run."""
        for stream in streams:
            batch = proposals(stream, [f"text of {stream}"])
            self.ref.tell(StoreBatch(batch, partial(self.outcomes.__setitem__, stream)))
        self.dispatcher.run()

    def settle(self) -> None:
        """Wait until the writer has done all it was given, and everybody heard."""
        while True:
            done = threading.Event()
            self.writer.submit(done.set)
            assert done.wait(PATIENCE_S)
            if not self.dispatcher.ready:
                return
            self.dispatcher.run()


@pytest.fixture
def world() -> Iterator[World]:
    """A world that is taken down."""
    world = World()
    yield world
    world.gate.set()
    world.writer.close()
    pykka.ActorRegistry.unregister(world.ref)


def test_a_burst_is_one_commit(world: World) -> None:
    """Whoever is told in one go is stored in one go, and each hears its own outcome."""
    world.ask("a", "b", "c")
    world.settle()

    expected = {
        stream: Stored(Appended(head_after(proposals(stream, [f"text of {stream}"])), position))
        for position, stream in enumerate("abc", 1)
    }
    assert expected == world.outcomes
    assert [3] == world.sizes


def test_what_arrives_during_a_commit_is_the_next_one(world: World) -> None:
    """The loop goes on while the disk is busy, and nothing waits for more than one commit."""
    world.gate.clear()
    world.ask("a")
    world.ask("b")
    world.ask("c", "d")
    world.gate.set()
    world.settle()

    assert [1, 3] == world.sizes
    assert {"a", "b", "c", "d"} == world.outcomes.keys()


def test_a_store_that_is_busy_is_waited_for_once(world: World) -> None:
    """Whoever was in the same commit hears so: to ask for each would take as long for each."""

    def busy(number: int, batches: Sequence[Batch]) -> None:
        world.sizes.append(len(batches))
        raise StoreBusy("another process writes", where="disk")

    world.store.before = busy
    world.ask("a", "b", "c")
    world.settle()

    assert {StoreBusy} == {type(stored.outcome) for stored in world.outcomes.values()}
    assert 3 == len(world.outcomes)
    assert [3] == world.sizes


def test_a_batch_that_cannot_be_stored_fails_alone(world: World) -> None:
    """The others of its commit are stored; it hears the store's own error."""

    def picky(number: int, batches: Sequence[Batch]) -> None:
        if any(batch.stream == "b" for batch in batches):
            raise StoreFull("no space", where="disk")

    world.store.before = picky
    world.ask("a", "b", "c")
    world.settle()

    assert [Appended, StoreFull, Appended] == [
        type(world.outcomes[stream].outcome) for stream in "abc"
    ]


def test_a_log_that_stopped_during_a_commit_does_not_stop_the_writer(world: World) -> None:
    """The commit lands; the jobs behind it are done."""
    world.gate.clear()
    world.ask("a")
    _ = world.ref.stop(block=False)
    world.dispatcher.run()
    done = threading.Event()
    world.writer.submit(done.set)
    world.gate.set()

    assert done.wait(PATIENCE_S)
    assert 1 == world.store.inner.head("a").version
    assert {} == world.outcomes


def test_a_job_that_fails_does_not_stop_the_writer(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """It is reported where diagnostics go, and the next job is done."""

    def fail() -> None:
        raise RuntimeError("as told")

    done = threading.Event()
    with caplog.at_level(logging.ERROR):
        world.writer.submit(fail)
        world.writer.submit(done.set)

        assert done.wait(PATIENCE_S)
    assert ["a job of the writer failed"] == [record.message for record in caplog.records]


def test_closing_the_writer_does_first_what_was_submitted() -> None:
    """What was promised to be durable is, before the thread ends."""
    writer, done = Writer(), list[int]()
    for number in range(100):
        writer.submit(partial(done.append, number))
    writer.close()

    assert list(range(100)) == done


def test_only_a_lease_that_was_really_lost_is_reported(world: World) -> None:
    """Renewing what is held is silent, and so is a store that cannot say."""
    lost: list[str] = []
    mine = world.store.port.acquire("mine", "me", 60)
    world.store.port.acquire("theirs", "somebody", 60)
    theirs = Lease("theirs", "me", 1)

    class Unsure(SpyStore):
        def renew(self, lease: Lease, ttl_s: float) -> bool:
            if lease.stream == "unsure":
                raise StoreFull("no space", where="disk")
            return bool(world.store.inner.renew(lease, ttl_s))

    ref: pykka.ActorRef[Any] = LogActor.start(world.dispatcher, Unsure().port, world.writer)
    for lease in (mine, theirs, Lease("unsure", "me", 1)):
        ref.tell(Renew(lease, 60, partial(lost.append, lease.stream)))
    world.dispatcher.run()
    world.settle()
    pykka.ActorRegistry.unregister(ref)

    assert ["theirs"] == lost
