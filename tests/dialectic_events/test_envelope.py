"""Sealing: facts become chained bytes, the same ones every time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.testing.strategies import events, words
from dialectic_events.codec import decode
from dialectic_events.envelope import (
    GENESIS,
    Head,
    Stamp,
    commit,
    digest_of,
    log_digest,
    read_header,
    seal,
)
from dialectic_events.union import Event, schema_of, tag_of

times = st.datetimes(timezones=st.just(UTC)).filter(lambda at: at.year < 9999)
salts = st.binary(min_size=16, max_size=16)
salted = st.lists(st.tuples(events(), salts), min_size=1, max_size=4)
heads = st.builds(Head, st.integers(0, 10**6), st.binary(min_size=32, max_size=32).map(bytes.hex))


@given(words(), salted, heads, times, st.none() | words())
def test_what_is_sealed_can_be_read(
    stream: str,
    facts: list[tuple[Event, bytes]],
    head: Head,
    now: datetime,
    parent: str | None,
) -> None:
    """Headers say where, what, when and why; payloads hold the facts; parts their texts."""
    stamp = Stamp("command", now, now + timedelta(seconds=1))
    facts_alone = [event for event, _ in facts]
    records, parts = seal(
        stream, facts_alone, head, stamp, [salt for _, salt in facts], parent=parent
    )

    for index, (record, (event, salt)) in enumerate(zip(records, facts, strict=True)):
        header = read_header(record)
        assert (stream, head.version + index + 1) == (header.stream, header.version)
        assert (record.stream, record.version) == (header.stream, header.version)
        assert f"command.{index}" == header.id
        assert ("command", stream) == (header.causation, header.correlation)
        assert (stamp.decided_at, stamp.recorded_at) == (header.decided_at, header.recorded_at)
        assert (tag_of(type(event)), schema_of(type(event))) == (header.type, header.schema)
        assert (parent if index == 0 else None) == header.parent
        assert record.payload is not None
        assert (salt, header.commitment) == (record.salt, commit(salt, record.payload))
        assert event == decode(header.type, header.schema, record.payload, parts.__getitem__)


@given(salted, heads)
def test_each_event_follows_the_one_before(facts: list[tuple[Event, bytes]], head: Head) -> None:
    """The first one follows the head of its stream."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    stamp = Stamp("command", now, now)
    records, _ = seal("run", [e for e, _ in facts], head, stamp, [s for _, s in facts])

    digests = [head.digest, *(record.digest for record in records)]
    assert digests[:-1] == [read_header(record).previous for record in records]
    assert digests[1:] == [digest_of(record.header) for record in records]


@given(salted, times)
def test_sealing_is_deterministic(facts: list[tuple[Event, bytes]], now: datetime) -> None:
    """The same facts, salts and times give the same bytes."""
    arguments = ("run", [e for e, _ in facts], Head(), Stamp("c", now, now), [s for _, s in facts])

    assert seal(*arguments) == seal(*arguments)


@given(salted)
def test_every_event_needs_its_salt(facts: list[tuple[Event, bytes]]) -> None:
    """A missing or surplus salt is a mistake of the program."""
    now = datetime(2026, 1, 1, tzinfo=UTC)

    with pytest.raises(ValueError, match="zip"):
        seal("run", [event for event, _ in facts], Head(), Stamp("c", now, now), [b""] * 9)


@given(st.binary(), st.binary(), st.binary(), st.binary())
def test_a_commitment_binds_payload_and_salt(a: bytes, b: bytes, c: bytes, d: bytes) -> None:
    """With salts of one length, two pairs share a commitment only when they are the same."""
    salt, other = a[:16].ljust(16), c[:16].ljust(16)

    assert ((salt, b) == (other, d)) == (commit(salt, b) == commit(other, d))


def test_digests_of_different_kinds_never_meet() -> None:
    """The same bytes as a header, a payload or a log give different digests."""
    assert 3 == len({digest_of(b""), commit(b"", b""), log_digest({})})


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), heads, min_size=1))
def test_the_head_of_a_log_is_about_all_its_streams(log: dict[str, Head]) -> None:
    """Their order does not matter, each of their heads does."""
    shuffled = dict(reversed(log.items()))
    changed = {**log, min(log): Head(log[min(log)].version + 1, log[min(log)].digest)}
    fewer = {stream: head for stream, head in log.items() if stream != min(log)}

    assert log_digest(log) == log_digest(shuffled)
    assert 3 == len({log_digest(log), log_digest(changed), log_digest(fewer)})


def test_a_stream_begins_after_nothing() -> None:
    """The head of a stream that does not exist."""
    assert Head(0, GENESIS) == Head()
