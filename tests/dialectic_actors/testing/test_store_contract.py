"""The store contract is a promise that can be broken: stores that do less are found out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from msgspec.structs import replace

from dialectic_actors.testing.store_contract.contract import StoreContract
from dialectic_actors.testing.store_contract.model import judge_by_model
from dialectic_actors.testing.store_contract.setting import Clock
from dialectic_events.envelope import Head, Record
from dialectic_events.store import Appended, Batch, Outcome, StreamEntry, VersionConflict
from dialectic_events.stores.memory import MemoryStore


class Forgetful(MemoryStore):
    """It keeps events and loses their words."""

    def append(self, batches: Sequence[Batch]) -> list[Outcome]:
        """Append without parts."""
        return super().append([replace(batch, parts={}) for batch in batches])


class Repeating(MemoryStore):
    """It calls a repeated append an error."""

    def append(self, batches: Sequence[Batch]) -> list[Outcome]:
        """Append, and conflict instead of answering with the recorded result."""
        return [
            VersionConflict(outcome.head)
            if isinstance(outcome, Appended) and outcome.repeated
            else outcome
            for outcome in super().append(batches)
        ]


class ShortSighted(MemoryStore):
    """It leaves out the first event of what is read."""

    def read(self, stream: str, first: int = 1, last: int | None = None) -> Iterator[Record]:
        """Read one version too few."""
        return super().read(stream, first + 1, last)


class Headless(MemoryStore):
    """It does not know where a stream ends."""

    def head(self, stream: str) -> Head:
        """Say that there is nothing."""
        return Head()


class Unordered(MemoryStore):
    """Its listing begins with the oldest."""

    def streams(self) -> list[StreamEntry]:
        """List the wrong way round."""
        return super().streams()[::-1]


class Epochless(MemoryStore):
    """It lets anybody decide."""

    def append(self, batches: Sequence[Batch]) -> list[Outcome]:
        """Append whatever the lease says."""
        return super().append([replace(batch, lease=None) for batch in batches])


BROKEN: dict[type[MemoryStore], Callable[[StoreContract, MemoryStore], None]] = {
    Forgetful: StoreContract.test_parts_are_found_by_their_references,
    Repeating: StoreContract.test_a_repeated_append_returns_the_recorded_result,
    ShortSighted: StoreContract.test_what_was_appended_is_read_back_byte_for_byte,
    Headless: StoreContract.test_what_was_appended_is_read_back_byte_for_byte,
    Unordered: StoreContract.test_streams_are_listed_with_their_ends_the_newest_first,
    Epochless: StoreContract.test_a_stale_owner_cannot_append,
}


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: str(kind.__name__))
def test_a_store_that_does_less_breaks_a_promise(kind: type[MemoryStore]) -> None:
    """Each by the promise that is about it; the memory store as it is keeps that promise."""
    promise = BROKEN[kind]
    promise(StoreContract(), MemoryStore(Clock()))

    with pytest.raises(AssertionError):
        promise(StoreContract(), kind(Clock()))


@pytest.mark.parametrize(
    "kind", [kind for kind in BROKEN if kind is not Unordered], ids=lambda kind: str(kind.__name__)
)
def test_a_store_that_does_less_differs_from_the_model(
    kind: type[MemoryStore], tmp_path: Path
) -> None:
    """Some steps show it; listings are the one thing that the model says nothing about."""
    with pytest.raises(AssertionError):
        judge_by_model(
            lambda clock, folder: kind(clock),
            tmp_path,
            settings(
                max_examples=50,
                report_multiple_bugs=False,
                print_blob=False,
                phases=(Phase.generate,),
            ),
        )


def test_a_contract_without_a_store_says_what_to_override(tmp_path: Path) -> None:
    """Who forgets it is told."""
    with pytest.raises(NotImplementedError, match=r"StoreContract .* override make_store"):
        StoreContract().make_store(Clock(), tmp_path)
