"""Verification of a stored run: its chain, its order, and every text that it names."""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

import msgspec

from dialectic_events.chain import Chain
from dialectic_events.envelope import Head, Header, Record
from dialectic_events.errors import IntegrityError
from dialectic_events.parts import check, strands
from dialectic_events.references import is_reference, refs_named
from dialectic_events.store import Store

__all__ = ["verify_run"]

_STRETCH = 64


class _Place(NamedTuple):
    """Where a reference stands, and whether it is known to be one."""

    where: str
    certain: bool


def verify_run(store: Store, stream: str) -> Head:
    """The head of a stored run, once everything it rests on was found to be what was written.

    Raises IntegrityError at the first event or text that was changed, moved or removed.
    """
    chain, seen, records = Chain(), set[str](), store.read(stream)
    while stretch := list(islice(records, _STRETCH)):
        named: dict[str, _Place] = {}
        try:
            for record in stretch:
                _note(named, *_named(record, chain.check(record)))
        finally:
            # A text that an earlier event names comes before the event at fault.
            _check_parts(store, named, seen)
    if chain.head != store.head(stream):
        raise IntegrityError("the stream does not end where the store says it does", where=stream)
    return chain.head


def _named(record: Record, header: Header) -> tuple[tuple[str, ...], _Place]:
    where = f"{record.stream}:{record.version}"
    if record.payload is None:
        raise IntegrityError("the payload is gone and no redaction says so", where=where)
    named = refs_named(header.type, header.schema, record.payload)
    return named.refs, _Place(where, named.certain)


def _note(places: dict[str, _Place], refs: tuple[str, ...], place: _Place) -> None:
    """Add where references stand; the first place counts, and before all the first certain one."""
    for ref in refs:
        if ref not in places or (place.certain and not places[ref].certain):
            places[ref] = place


def _check_parts(store: Store, named: dict[str, _Place], seen: set[str]) -> None:
    pending = {ref: place for ref, place in named.items() if ref not in seen}
    while pending:
        found = store.parts(list(pending))
        bound: dict[str, _Place] = {}
        for ref, place in pending.items():
            if ref in found:
                check(ref, found[ref], place.where)
                seen.add(ref)
                _note(bound, _bound(ref, found[ref], place.where), place)
            elif place.certain:
                raise IntegrityError(f"part {ref[:13]}… is missing", where=place.where)
        pending = {ref: place for ref, place in bound.items() if ref not in seen}


def _bound(ref: str, text: str, where: str) -> tuple[str, ...]:
    """What a rope binds; the text of somebody else's rope may be anything."""
    try:
        refs = strands(ref, text)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise IntegrityError(f"part {ref[:13]}… binds nothing: {error}", where=where) from error
    for each in refs:
        if not is_reference(each):
            raise IntegrityError(f"part {ref[:13]}… binds what is no reference", where=where)
    return refs
