"""Which parts an event names: by its known fields, or by their shape when it is unknown."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.testing.strategies import words
from dialectic_events.calls import CallAnswered, CallRequested, Message
from dialectic_events.codec import encode
from dialectic_events.errors import IntegrityError
from dialectic_events.parts import refer, rope
from dialectic_events.references import is_reference, refs_named
from dialectic_events.samples import PART_TEXTS, SAMPLES
from dialectic_events.union import Event, schema_of, tag_of

REFS = words().map(refer)
TAGS = [tag_of(type(event)) for event in SAMPLES]


def named(event: Event) -> tuple[str, ...]:
    """The references in an event's payload."""
    return refs_named(tag_of(type(event)), schema_of(type(event)), encode(event, {})).refs


@pytest.mark.parametrize("event", SAMPLES, ids=TAGS)
def test_the_texts_of_an_event_are_named(event: Event) -> None:
    """Whatever encoding sets aside is found again, and nothing that no sample has."""
    parts: dict[str, str] = {}
    encode(event, parts)

    assert set(parts) <= set(named(event))
    assert set(named(event)) <= set(parts) | set(map(refer, PART_TEXTS))


@given(st.lists(st.lists(REFS, max_size=3), max_size=3))
def test_a_request_names_the_parts_of_its_messages_once(messages: list[list[str]]) -> None:
    """In their order, ropes included."""
    bound = [(*refs, rope(refs)[0]) for refs in messages]
    event = CallRequested(
        call="t#1",
        turn="t",
        provider="p",
        model="m",
        messages=tuple(Message("user", refs) for refs in bound),
        deadline_s=1.0,
    )

    assert tuple(dict.fromkeys(ref for refs in bound for ref in refs)) == named(event)


def test_a_field_that_only_looks_like_a_reference_names_nothing() -> None:
    """A provider chooses its own ids."""
    event = CallAnswered(call="t#1", text="hello", model="m", response_id=refer("other"))

    assert (refer("hello"),) == named(event)


def test_what_stands_in_the_place_of_a_reference_is_refused() -> None:
    """A text in a stored payload would be a text that redaction cannot find."""
    payload = b'{"type":"run-failed","reason":"in plain words"}'

    with pytest.raises(IntegrityError, match="in the place of a reference"):
        refs_named("run-failed", 1, payload)


@given(
    st.recursive(REFS | words() | st.none(), lambda it: st.lists(it) | st.dictionaries(words(), it))
)
def test_an_unknown_event_may_name_what_looks_like_a_reference(value: object) -> None:
    """Anywhere in it but in keys, and it is said that this is not certain."""
    found = refs_named("later-made", 1, msgspec.json.encode({"value": value}))

    def strings(value: object) -> list[str]:
        if isinstance(value, dict):
            return [text for each in value.values() for text in strings(each)]
        if isinstance(value, list):
            return [text for each in value for text in strings(each)]
        return [value] if isinstance(value, str) else []

    expected = tuple(dict.fromkeys(filter(is_reference, strings(value))))
    assert (expected, False) == (found.refs, found.certain)


@pytest.mark.parametrize("payload", [b"{", b'{"a":"\xff"}', b"[" * 100_000])
def test_an_unreadable_unknown_payload_is_refused(payload: bytes) -> None:
    """As every other fault of a log."""
    with pytest.raises(IntegrityError):
        refs_named("later-made", 1, payload)


@pytest.mark.parametrize("text", ["", "a:1", f"{'a' * 64}:1\n", f"{'A' * 64}:1", f"@@{'a' * 64}:1"])
def test_other_shapes_are_no_references(text: str) -> None:
    """Not even with a line break at the end."""
    assert not is_reference(text)
