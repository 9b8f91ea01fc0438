"""Reading from a store: what is missing, changed or unknown is said, with its place."""

import pytest
from msgspec.structs import replace

from dialectic_actors.testing.batches import proposals
from dialectic_events.codec import Unknown
from dialectic_events.errors import DialecticError, IntegrityError
from dialectic_events.store import Batch
from dialectic_events.stores import open_store
from dialectic_events.turns import ProposalMade
from dialectic_replay.read import envelopes, events_of
from support.drive import finish
from support.runs import batch_with_parts
from support.unknown import of_unknown_type


def test_an_unknown_type_is_shown_and_not_folded() -> None:
    """A log of a later version can be looked at, never continued."""
    batch = proposals("deb-1", ["one"])
    record = of_unknown_type(batch.records[0], b'{"new":true}')
    store = open_store("memory:")
    store.append([replace(batch, records=(record,))])

    (shown,) = envelopes(store, "deb-1")
    assert Unknown("later-made", 1, b'{"new":true}') == shown.event
    with pytest.raises(DialecticError, match="not known to this version"):
        list(events_of(store, "deb-1"))


def test_a_missing_part_is_named_with_its_event() -> None:
    """Words that are gone are not silently empty."""
    store = open_store("memory:")
    store.append([replace(proposals("deb-1", ["one"]), parts={})])

    with pytest.raises(IntegrityError, match=r"deb-1:1: part .* is missing"):
        list(envelopes(store, "deb-1"))


def test_changed_words_are_found_only_by_verifying() -> None:
    """Verification is what one pays for, so reading without it must show the difference."""
    batch = proposals("deb-1", ["one"])
    store = open_store("memory:")
    store.append([replace(batch, parts=dict.fromkeys(batch.parts, "changed"))])

    assert [ProposalMade(turn="turn-0", text="changed")] == list(events_of(store, "deb-1"))
    with pytest.raises(IntegrityError):
        list(envelopes(store, "deb-1"))


def test_a_changed_payload_is_found() -> None:
    """The chain covers every byte of an event."""
    batch = batch_with_parts("deb-1", finish())
    last = batch.records[-1]
    changed = replace(last, payload=b'{"type":"run-failed","reason":""}')
    store = open_store("memory:")
    store.append([Batch("deb-1", 0, (*batch.records[:-1], changed), batch.parts)])

    with pytest.raises(IntegrityError, match="payload was changed"):
        list(envelopes(store, "deb-1"))
