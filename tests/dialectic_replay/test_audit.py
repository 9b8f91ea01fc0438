"""Verification of a stored run: whatever is changed, moved or removed, it is found, and found
where it lies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dialectic_actors.testing.batches import proposals
from dialectic_events.calls import CallRequested, Message
from dialectic_events.envelope import Head, Record, Stamp, seal
from dialectic_events.errors import ExitCode, IntegrityError
from dialectic_events.parts import refer
from dialectic_events.store import Batch
from dialectic_events.stores.memory import MemoryStore
from dialectic_events.turns import Turn
from dialectic_events.union import Event
from dialectic_replay.audit import verify_run
from support.runs import batch_with_parts, run_of, runs
from support.unknown import of_unknown_type

Forge = Callable[[list[Record]], list[Record]]
FORGERIES: dict[str, Forge] = {
    "payload": lambda some: [replace(some[0], payload=(some[0].payload or b"") + b" "), *some[1:]],
    "header": lambda some: [replace(some[0], header=some[0].header + b" "), *some[1:]],
    "salt": lambda some: [replace(some[0], salt=bytes(16)), *some[1:]],
    "no salt": lambda some: [replace(some[0], salt=None), *some[1:]],
    "removed payload": lambda some: [replace(some[0], payload=None), *some[1:]],
    "digest": lambda some: [replace(some[0], digest="0" * 64), *some[1:]],
    "removed": lambda some: some[1:],
    "repeated": lambda some: [some[0], *some],
    "swapped": lambda some: [*some[1::-1], *some[2:]],
    "cut off": lambda some: [],
}


class Forged(MemoryStore):
    """A store that reads something else than was written."""

    forgery: str = ""
    at: int = 0
    absent: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()

    def read(self, stream: str, first: int = 1, last: int | None = None) -> Iterator[Record]:
        """The records, forged from `at` on."""
        records = list(super().read(stream, first, last))
        forge = FORGERIES.get(self.forgery, list)
        return iter([*records[: self.at], *forge(records[self.at :])])

    def parts(self, refs: Sequence[str]) -> dict[str, str]:
        """The texts but for those that are absent or changed."""
        found = super().parts(refs)
        return {
            ref: text + "!" if ref in self.changed else text
            for ref, text in found.items()
            if ref not in self.absent
        }


def stored(log: Sequence[Event]) -> tuple[Forged, list[str]]:
    """A store that holds a run, and the references of all its parts."""
    store, batch = Forged(), batch_with_parts("deb-1", log)
    store.append([batch])
    return store, sorted(batch.parts)


LOG = run_of(5)


@given(runs())
def test_a_run_as_it_was_written_is_verified(log: list[Event]) -> None:
    """And its head is told, so that somebody may keep it."""
    store, _ = stored(log)

    assert store.head("deb-1") == verify_run(store, "deb-1")


@pytest.mark.parametrize("forgery", FORGERIES)
@given(data=st.data())
def test_every_forgery_is_found(forgery: str, data: st.DataObject) -> None:
    """Law 8, at every event."""
    store, _ = stored(LOG)
    store.at = data.draw(st.integers(0, len(LOG) - 2))
    store.forgery = forgery

    with pytest.raises(IntegrityError) as found:
        verify_run(store, "deb-1")

    assert ExitCode.INTEGRITY == found.value.exit_code
    assert "deb-1" in found.value.where


@given(st.data())
def test_every_text_is_checked(data: st.DataObject) -> None:
    """One that is missing, and one that is not what its reference says, in a rope as well."""
    store, refs = stored(LOG)
    ref = data.draw(st.sampled_from(refs))

    store.absent = frozenset([ref])
    with pytest.raises(IntegrityError, match="missing"):
        verify_run(store, "deb-1")
    store.absent, store.changed = frozenset(), frozenset([ref])
    with pytest.raises(IntegrityError):
        verify_run(store, "deb-1")


def test_a_fork_is_verified_over_its_lineage() -> None:
    """What it inherited counts as its own."""
    store, _ = stored(LOG)
    cut = len(LOG) // 2
    (record,) = store.read("deb-1", cut, cut)
    tail = batch_with_parts("deb-2", LOG[cut:], Head(cut, record.digest), parent="deb-1")
    store.append([tail])

    assert store.head("deb-2") == verify_run(store, "deb-2")
    store.absent = frozenset(batch_with_parts("deb-1", LOG[:1]).parts)
    with pytest.raises(IntegrityError, match="missing"):
        verify_run(store, "deb-2")


@pytest.mark.parametrize("text", ["no list", '["not a reference"]', "[[[]]]"])
def test_a_rope_that_binds_no_references_is_a_fault(text: str) -> None:
    """The digest of a hostile rope may fit: what it binds must be parts all the same."""
    store = MemoryStore()
    ref = "@" + refer(text)
    turn = Turn(id="debate/r1/proposal/a", kind="proposal", speaker="a")
    asked = CallRequested(
        call=f"{turn.id}#1",
        turn=turn.id,
        provider="p",
        model="m",
        messages=(Message("user", (ref,)),),
        deadline_s=1.0,
        plan=turn,
    )
    now = datetime.now(UTC)
    records, parts = seal("run", [asked], Head(), Stamp("c", now, now), [bytes(16)])
    store.append([Batch("run", 0, records, {**parts, ref: text})])

    with pytest.raises(IntegrityError, match="binds"):
        verify_run(store, "run")


def test_what_a_later_version_only_seems_to_name_must_be_there_once_it_is_named() -> None:
    """What looks like a reference may be missing; a reference may not."""
    first, ref = proposals("run", ["never stored"]), refer("never stored")
    record = of_unknown_type(first.records[0], msgspec.json.encode({"later": ref}))
    store = MemoryStore()
    store.append([Batch("run", 0, (record,), {})])
    assert store.head("run") == verify_run(store, "run")

    store.append([replace(proposals("run", ["never stored"], Head(1, record.digest)), parts={})])

    with pytest.raises(IntegrityError, match="missing") as found:
        verify_run(store, "run")
    assert "run:2" == found.value.where


@given(st.data())
def test_the_first_of_two_faults_is_told(data: st.DataObject) -> None:
    """Whether it lies in a text or in an event."""
    texts = [f"text {index}" for index in range(200)]
    store = Forged()
    store.append([proposals("run", texts)])
    text = data.draw(st.integers(0, 198))
    store.at = data.draw(st.integers(0, 198).filter(lambda at: at != text))
    store.forgery, store.absent = "swapped", frozenset([refer(texts[text])])

    with pytest.raises(IntegrityError) as found:
        verify_run(store, "run")

    # Where two events were swapped, the second stands in the first one's place.
    expected = text + 1 if text < store.at else store.at + 2
    assert f"run:{expected}" == found.value.where
