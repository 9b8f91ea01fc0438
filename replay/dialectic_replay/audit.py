"""Verification of a stored run: its chain, its order, and every text that it names."""

from __future__ import annotations

import msgspec

from dialectic_events.chain import Chain
from dialectic_events.envelope import Head
from dialectic_events.errors import IntegrityError
from dialectic_events.parts import check, strands
from dialectic_events.references import Named, is_reference, refs_named
from dialectic_events.store import Store

__all__ = ["verify_run"]


def verify_run(store: Store, stream: str) -> Head:
    """The head of a stored run, once everything it rests on was found to be what was written.

    Raises IntegrityError at the first event or text that was changed, moved or removed.
    """
    chain, seen = Chain(), set[str]()
    for record in store.read(stream):
        header = chain.check(record)
        where = f"{record.stream}:{record.version}"
        if record.payload is None:
            raise IntegrityError("the payload is gone and no redaction says so", where=where)
        named = refs_named(header.type, header.schema, record.payload)
        _check_parts(store, named, seen, where)
    if chain.head != store.head(stream):
        raise IntegrityError("the stream does not end where the store says it does", where=stream)
    return chain.head


def _check_parts(store: Store, named: Named, seen: set[str], where: str) -> None:
    pending = [ref for ref in named.refs if ref not in seen]
    while pending:
        found = store.parts(pending)
        for ref in pending:
            if ref not in found:
                if named.certain:
                    raise IntegrityError(f"part {ref[:13]}… is missing", where=where)
                continue
            check(ref, found[ref], where)
            seen.add(ref)
        pending = [
            ref for of, text in found.items() for ref in _bound(of, text, where) if ref not in seen
        ]


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
