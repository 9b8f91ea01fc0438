"""From a store to events: decode, put the texts in place, and (unless told otherwise) verify the
chain on the way.

Texts are fetched in bulk, a stretch of events at a time. Nothing is folded here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from dialectic_events.chain import verified
from dialectic_events.codec import Redacted, Unknown, decode, place_texts, texts_named
from dialectic_events.envelope import Envelope, Header, Record, read_header
from dialectic_events.errors import DialecticError, ExitCode, IntegrityError
from dialectic_events.parts import check
from dialectic_events.store import Store
from dialectic_events.union import Event

__all__ = ["envelopes", "events_of", "known_event"]

_STRETCH = 256


def envelopes(
    store: Store, stream: str, *, first: int = 1, last: int | None = None, verify: bool = True
) -> Iterator[Envelope]:
    """The events of a stream's lineage with versions `first` to `last`, texts in place.

    With `verify`, the chain is checked from its beginning and every text against its digest; raises
    IntegrityError at the first fault.
    """
    records = store.read(stream, 1 if verify else first, last)
    pairs: Iterable[tuple[Record, Header]] = (
        verified(records) if verify else ((record, read_header(record)) for record in records)
    )
    if verify and first > 1:
        pairs = (pair for pair in pairs if pair[1].version >= first)
    yield from _decoded(store, iter(pairs), verify=verify)


def events_of(
    store: Store, stream: str, *, first: int = 1, verify: bool = False
) -> Iterator[Event]:
    """The facts alone, for folding. Raises DialecticError when one is of a type that this version
    does not know.
    """
    for envelope in envelopes(store, stream, first=first, verify=verify):
        yield known_event(envelope)


def known_event(envelope: Envelope) -> Event:
    """The fact in an envelope; raises DialecticError when it is redacted or of an unknown type."""
    event = envelope.event
    if isinstance(event, Unknown | Redacted):
        what = "was redacted" if isinstance(event, Redacted) else "is not known to this version"
        raise DialecticError(
            f"the event {event.type!r} {what}",
            where=f"{envelope.header.stream}:{envelope.header.version}",
            fix="it can be shown, exported and verified; to continue, upgrade dialectic-actors",
            exit_code=ExitCode.INTEGRITY,
        )
    return event


def _decoded(
    store: Store, pairs: Iterator[tuple[Record, Header]], *, verify: bool
) -> Iterator[Envelope]:
    known: dict[str, str] = {}
    while stretch := list(islice(pairs, _STRETCH)):
        bare = [(record, header, _bare(record, header)) for record, header in stretch]
        named = {
            ref: record for record, _, event in bare for ref in _texts(event) if ref not in known
        }
        found = store.parts(list(named))
        if verify:
            for ref, text in found.items():
                check(ref, text, f"{named[ref].stream}:{named[ref].version}")
        known.update(found)
        for record, header, event in bare:
            yield Envelope(record.position, header, _with_texts(record, event, known))


def _bare(record: Record, header: Header) -> Event | Unknown | Redacted:
    if record.payload is None:
        return Redacted(header.type)
    return decode(header.type, header.schema, record.payload)


def _texts(event: Event | Unknown | Redacted) -> tuple[str, ...]:
    return () if isinstance(event, Unknown | Redacted) else texts_named(event)


def _with_texts(
    record: Record, event: Event | Unknown | Redacted, known: dict[str, str]
) -> Event | Unknown | Redacted:
    if isinstance(event, Unknown | Redacted):
        return event
    try:
        return place_texts(event, known.__getitem__)
    except KeyError as ref:
        raise IntegrityError(
            f"part {str(ref)[1:14]}… is missing", where=f"{record.stream}:{record.version}"
        ) from None
