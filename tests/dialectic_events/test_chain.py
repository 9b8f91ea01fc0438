"""Verification: whatever is changed in a log is found, and nothing else is."""

from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from dialectic_actors.testing.batches import batch_of, head_after, proposals
from dialectic_actors.testing.strategies import events
from dialectic_events.chain import Chain, verified
from dialectic_events.envelope import Head, Record, digest_of, read_header
from dialectic_events.errors import IntegrityError
from dialectic_events.union import Event


def log_of(batches: list[list[Event]]) -> list[Record]:
    """A stream of sealed batches, as a store would give it back."""
    records: list[Record] = []
    head = Head()
    for number, made in enumerate(batches):
        batch = batch_of("run", made, head, command=f"c{number}")
        head = head_after(batch)
        records += batch.records
    return [replace(record, position=n) for n, record in enumerate(records, 1)]


logs = st.lists(st.lists(events(), min_size=1, max_size=3), min_size=1, max_size=3).map(log_of)


@given(logs)
def test_an_untouched_log_is_verified(log: list[Record]) -> None:
    """Every record is handed on with its header."""
    assert [(record, read_header(record)) for record in log] == list(verified(log))
    assert log == [record for record, _ in verified(log, known=Head(1, log[0].digest))]


@given(logs, st.data())
def test_a_changed_byte_is_found(log: list[Record], data: st.DataObject) -> None:
    """Any single byte of any header, payload or salt, and of the stored digest."""
    place = data.draw(st.integers(0, len(log) - 1))
    field = data.draw(st.sampled_from(["header", "payload", "salt", "digest"]))
    old = getattr(log[place], field)
    body = bytearray(old.encode() if field == "digest" else old)
    index = data.draw(st.integers(0, len(body) - 1))
    body[index] ^= data.draw(st.integers(1, 255))
    new = bytes(body).decode("latin-1") if field == "digest" else bytes(body)
    log[place] = replace(log[place], **{field: new})

    with pytest.raises(IntegrityError, match=r"run:\d"):
        list(verified(log))


@given(logs, st.data())
def test_a_missing_event_is_found(log: list[Record], data: st.DataObject) -> None:
    """At the end, it takes a head that somebody kept."""
    known = Head(log[-1].version, log[-1].digest)
    del log[data.draw(st.integers(0, len(log) - 1))]

    with pytest.raises(IntegrityError):
        list(verified(log, known=known))


@given(logs, st.randoms(use_true_random=False))
def test_another_order_is_found(log: list[Record], random: Random) -> None:
    """Events have one order."""
    shuffled = [*log]
    random.shuffle(shuffled)
    assume(shuffled != log)

    with pytest.raises(IntegrityError):
        list(verified(shuffled))


@given(logs, st.data())
def test_a_repeated_event_is_found(log: list[Record], data: st.DataObject) -> None:
    """Even when the copy lies right behind the original."""
    place = data.draw(st.integers(0, len(log) - 1))
    log.insert(place, log[place])

    with pytest.raises(IntegrityError):
        list(verified(log))


@given(logs)
def test_a_rewritten_log_is_found_by_whoever_kept_a_head(log: list[Record]) -> None:
    """A chain that was sealed anew fits in itself, but not with what was written down."""
    forged = list(proposals("run", ["forged"] * len(log)).records)
    assume(forged[-1].digest != log[-1].digest)

    assert len(log) == len(list(verified(forged)))
    with pytest.raises(IntegrityError, match="known head"):
        list(verified(forged, known=Head(log[-1].version, log[-1].digest)))


@pytest.mark.parametrize("change", [{"stream": "other"}, {"version": 9}])
def test_a_record_lies_where_its_header_says(change: dict[str, object]) -> None:
    """A store that mixes up its rows is found out."""
    (record,) = proposals("run", ["a"]).records

    with pytest.raises(IntegrityError, match="belongs to run:1"):
        list(verified([replace(record, **change)]))


def test_a_header_that_is_no_header_is_found() -> None:
    """Even when its digest fits."""
    (record,) = proposals("run", ["a"]).records
    header = b'{"stream":"run"}'

    with pytest.raises(IntegrityError, match="unreadable"):
        list(verified([replace(record, header=header, digest=digest_of(header))]))


@given(logs, st.data())
def test_a_missing_payload_needs_a_redaction_that_names_it(
    log: list[Record], data: st.DataObject
) -> None:
    """Payload and salt may go together; the chain stands either way."""
    place = data.draw(st.integers(0, len(log) - 1))
    log[place] = replace(log[place], payload=None, salt=None)

    kept = verified(log, redacted=lambda record: record.version == place + 1)

    assert log == [record for record, _ in kept]
    with pytest.raises(IntegrityError, match="payload is gone"):
        list(verified(log))


def test_a_payload_without_its_salt_is_found() -> None:
    """The salt cannot be taken away to hide a change."""
    (record,) = proposals("run", ["a"]).records

    with pytest.raises(IntegrityError, match="payload was changed"):
        list(verified([replace(record, salt=None)], redacted=lambda _: True))


def test_an_empty_log_is_verified_unless_a_head_is_known() -> None:
    """Nothing is less than what somebody has seen."""
    assert [] == list(verified([]))
    assert [] == list(verified([], known=Head()))
    with pytest.raises(IntegrityError, match="version 3"):
        list(verified([], known=Head(3, "1" * 64)))


def test_checking_goes_on_where_it_stopped() -> None:
    """A chain can be given the head that was checked last."""
    log = proposals("run", ["a", "b", "c"]).records
    chain = Chain()
    chain.check(log[0])

    later = Chain(chain.head)
    for record in log[1:]:
        later.check(record)

    assert Head(3, log[-1].digest) == later.head
