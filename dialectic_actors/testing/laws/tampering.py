"""Law 8: any change to a stored run is found by verification.

Nothing is written: each change is made to what verification reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, cast

import msgspec
from msgspec.structs import replace

from dialectic_actors.testing.laws.stating import Breach, Law
from dialectic_actors.testing.laws.telling import LawBroken
from dialectic_events.envelope import Record, commit, digest_of, read_header
from dialectic_events.errors import IntegrityError
from dialectic_events.store import Store
from dialectic_replay.audit import verify_run

__all__ = ["TAMPERING", "tamper"]

TAMPERING = Law(
    "tampering-is-found",
    8,
    "Any change to a stored event or text, to the order of events or to their number is found by "
    "verification.",
    lambda seen, event: None,
    (),
)
"""Law 8: of what a log might become, so no check of it alone shows it."""

_Records: TypeAlias = list[Record]


def tamper(store: Store, stream: str, *, every: int = 1) -> int:
    """Change a stored run in every way that is known, at one in `every` events and texts, and
    verify it each time; returns how many changes were found. The store itself stays as it is.

    Raises LawBroken for the first change that verification does not find, and IntegrityError when
    the run is damaged already.
    """
    verify_run(store, stream)
    records = list(store.read(stream))
    found = 0
    for number in range(0, len(records), every):
        for what, changed in _changes(records, number):
            _expect_found(_View(store, changed), stream, records[number].version, what)
            found += 1
    read = _Recorder(store)
    verify_run(cast("Store", read), stream)
    for ref in sorted(read.texts)[::every]:
        for what, text in (("a text was changed", read.texts[ref] + " "), ("a text is gone", None)):
            _expect_found(_View(store, records, {ref: text}), stream, 0, f"{what}: {ref[:13]}…")
            found += 1
    return found


def _expect_found(view: _View, stream: str, version: int, what: str) -> None:
    try:
        verify_run(cast("Store", view), stream)
    except IntegrityError:
        return
    raise LawBroken(Breach(TAMPERING, version, f"{what}, and verification finds nothing"))


def _changes(records: Sequence[Record], number: int) -> Iterator[tuple[str, _Records]]:
    """All that can be done to one event, and what the log is then."""
    record, rest = records[number], list(records)

    def with_(*events: Record, of: int = 1) -> _Records:
        return [*rest[:number], *events, *rest[number + of :]]

    for what, change in _EDITS.items():
        yield what, with_(change(record))
    yield "an event was removed", with_()
    yield "an event stands twice", with_(record, record)
    yield "the events behind it were cut off", rest[:number]
    if number + 1 < len(rest):
        yield "two events were swapped", with_(rest[number + 1], record, of=2)


def _flipped(stored: bytes | None) -> bytes:
    return bytes((stored[0] ^ 1, *stored[1:])) if stored else b"?"


def _rewritten(record: Record) -> Record:
    """A forgery with care: another payload, and a header and digest that fit it."""
    payload, salt = (record.payload or b"") + b" ", record.salt or b""
    header = msgspec.json.encode(
        replace(read_header(record), commitment=commit(salt, payload)),
    )
    return replace(record, payload=payload, header=header, digest=digest_of(header))


_EDITS: Mapping[str, Callable[[Record], Record]] = {
    "a payload was changed": lambda record: replace(record, payload=_flipped(record.payload)),
    "a payload was removed": lambda record: replace(record, payload=None, salt=None),
    "a salt was changed": lambda record: replace(record, salt=_flipped(record.salt)),
    "a header was changed": lambda record: replace(record, header=_flipped(record.header)),
    "a digest was changed": lambda record: replace(record, digest="0" * len(record.digest)),
    "an event was written anew": _rewritten,
}


class _View:
    """A store as it would be after a change; all else is the store's own."""

    def __init__(
        self, store: Store, records: Sequence[Record], texts: Mapping[str, str | None] | None = None
    ) -> None:
        self._store, self._records, self._texts = store, records, texts or {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def read(self, stream: str) -> Iterator[Record]:
        """The changed events."""
        return iter(self._records)

    def parts(self, refs: Sequence[str]) -> dict[str, str]:
        """The changed texts among the others."""
        found = {**self._store.parts(refs)}
        for ref, text in self._texts.items():
            if ref in found:
                found.pop(ref)
                if text is not None:
                    found[ref] = text
        return found


class _Recorder:
    """A store that remembers which texts were asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.texts: dict[str, str] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def parts(self, refs: Sequence[str]) -> dict[str, str]:
        """What the store has."""
        found = self._store.parts(refs)
        self.texts.update(found)
        return found
