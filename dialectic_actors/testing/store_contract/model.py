"""A store beside the simplest model of one: the same steps, the same answers.

Steps are chosen by Hypothesis: appends that fit, come late or are repeated, forks, leases that run
out.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from dialectic_actors.testing.batches import head_after, proposals, unplaced
from dialectic_actors.testing.store_contract.setting import Clock
from dialectic_events.chain import verified
from dialectic_events.envelope import Head, Record
from dialectic_events.store import (
    Appended,
    Batch,
    Lease,
    LeaseHeld,
    StaleLease,
    Store,
    VersionConflict,
)

__all__ = ["StoreMachine", "judge_by_model"]

STREAMS = ("alpha", "beta", "gamma")
OWNERS = ("ada", "bob")
streams, owners = st.sampled_from(STREAMS), st.sampled_from(OWNERS)
texts = st.lists(st.sampled_from(["a", "b" * 300, "é" * 5000]), min_size=1, max_size=3)


class StoreMachine(RuleBasedStateMachine):
    """A store, made anew for each example, and what it must have stored by now.

    A subclass says how the store is `made` and in which `folder` its files may lie;
    `judge_by_model` does so.
    """

    made: Callable[[Clock, Path], Store]
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.files = TemporaryDirectory(dir=self.folder)
        self.store = type(self).made(self.clock, Path(self.files.name))
        self.log: list[Record] = []
        self.lineages: dict[str, list[Record]] = {}
        self.batches: list[tuple[Batch, int]] = []
        self.leases: dict[str, tuple[Lease, float]] = {}
        self.steps = 0

    def head(self, stream: str) -> Head:
        """Where the model's stream ends."""
        lineage = self.lineages.get(stream)
        return Head(lineage[-1].version, lineage[-1].digest) if lineage else Head()

    def command(self) -> str:
        """A command that was never given before."""
        self.steps += 1
        return f"step-{self.steps}"

    def store_in_model(self, batch: Batch, lineage: list[Record]) -> None:
        """Remember what the store must have by now."""
        self.log += batch.records
        self.lineages[batch.stream] = [*lineage, *batch.records]
        self.batches.append((batch, len(self.log)))

    @rule(stream=streams, texts=texts)
    def append(self, stream: str, texts: list[str]) -> None:
        """Somebody appends after the head."""
        batch = proposals(stream, texts, self.head(stream), command=self.command())
        assert [Appended(head_after(batch), len(self.log) + len(texts))] == self.store.append(
            [batch]
        )
        self.store_in_model(batch, self.lineages.get(stream, []))

    @rule(stream=streams, back=st.integers(1, 3))
    def append_late(self, stream: str, back: int) -> None:
        """Somebody appends after an event that is not the last any more."""
        lineage = self.lineages.get(stream, [])
        if len(lineage) > back:
            point = lineage[-1 - back]
            batch = proposals(
                stream, ["late"], Head(point.version, point.digest), command=self.command()
            )
            assert [VersionConflict(self.head(stream))] == self.store.append([batch])

    @precondition(lambda self: self.batches)
    @rule(choice=st.integers(0, 99))
    def repeat(self, choice: int) -> None:
        """Somebody who did not hear the answer appends again."""
        batch, position = self.batches[choice % len(self.batches)]
        assert [Appended(head_after(batch), position, repeated=True)] == self.store.append([batch])

    @rule(stream=streams, source=streams, choice=st.integers(0, 99), texts=texts)
    def fork(self, stream: str, source: str, choice: int, texts: list[str]) -> None:
        """A stream that does not exist begins as a fork."""
        lineage = self.lineages.get(source, [])
        if lineage and stream not in self.lineages:
            upto = lineage[: choice % len(lineage) + 1]
            point = Head(upto[-1].version, upto[-1].digest)
            batch = proposals(stream, texts, point, parent=source, command=self.command())
            expected = [Appended(head_after(batch), len(self.log) + len(texts))]
            assert expected == self.store.append([batch])
            self.store_in_model(batch, upto)

    @rule(stream=streams, owner=owners, displace=st.none() | owners)
    def acquire(self, stream: str, owner: str, displace: str | None) -> None:
        """Somebody wants to own a run."""
        lease, expires_at = self.leases.get(stream, (Lease(stream, "", 0), 0.0))
        is_free = lease.owner in ("", displace) or expires_at <= self.clock.now_s
        if not is_free and lease.owner != owner:
            with pytest.raises(LeaseHeld, match=lease.owner):
                self.store.acquire(stream, owner, 10, displace=displace)
            return
        expected = Lease(stream, owner, lease.epoch + (lease.owner != owner))
        assert expected == self.store.acquire(stream, owner, 10, displace=displace)
        self.leases[stream] = expected, self.clock.now_s + 10

    @rule(seconds=st.integers(1, 12))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.clock.now_s += seconds

    @rule(stream=streams, owner=owners, epoch=st.integers(1, 4))
    def append_as_owner(self, stream: str, owner: str, epoch: int) -> None:
        """Somebody who believes to own the run appends."""
        mine = Lease(stream, owner, epoch)
        lease, _ = self.leases.get(stream, (Lease(stream, "", 0), 0.0))
        batch = proposals(stream, ["owned"], self.head(stream), command=self.command(), lease=mine)
        if mine == lease:
            assert [Appended(head_after(batch), len(self.log) + 1)] == self.store.append([batch])
            self.store_in_model(batch, self.lineages.get(stream, []))
            self.batches.pop()
        else:
            assert [StaleLease(lease.owner, lease.epoch)] == self.store.append([batch])

    @rule(stream=streams, owner=owners)
    def release(self, stream: str, owner: str) -> None:
        """Somebody gives up what may be its run."""
        lease, _ = self.leases.get(stream, (Lease(stream, "", 0), 0.0))
        self.store.release(Lease(stream, owner, lease.epoch))
        if lease.owner == owner:
            self.leases[stream] = Lease(stream, "", lease.epoch), 0.0

    @invariant()
    def the_log_is_what_was_appended(self) -> None:
        """In order, without gaps, verified, with all its texts."""
        records = list(self.store.read_all())
        assert self.log == unplaced(records)
        assert list(range(1, len(self.log) + 1)) == [record.position for record in records]
        for stream in STREAMS:
            lineage = self.lineages.get(stream, [])
            assert lineage == unplaced(self.store.read(stream))
            assert len(lineage) == sum(1 for _ in verified(self.store.read(stream)))
            assert self.head(stream) == self.store.head(stream)
        for batch, _ in self.batches:
            assert batch.parts == self.store.parts(list(batch.parts))

    def teardown(self) -> None:
        """Leave nothing open, and nothing on the disk."""
        self.store.close()
        self.files.cleanup()


def judge_by_model(
    make_store: Callable[[Clock, Path], Store], folder: Path, tries: settings | None = None
) -> None:
    """Raise what the first wrong answer of a store raises, with the fewest steps that lead to it.

    `tries` are Hypothesis's settings, those of its profile unless told otherwise.
    """
    attributes = {"made": staticmethod(make_store), "folder": folder}
    machine = type("StoreBesideTheModel", (StoreMachine,), attributes)
    run_state_machine_as_test(machine, settings=tries)
