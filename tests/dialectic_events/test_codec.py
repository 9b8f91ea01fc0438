"""The codec: every event comes back, old shapes are raised, unknown ones are kept, false ones
refused.
"""

from types import MappingProxyType
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.testing.strategies import events, events_of
from dialectic_events.codec import Unknown, decode, encode, texts_named
from dialectic_events.errors import IntegrityError
from dialectic_events.parts import refer
from dialectic_events.turns import ProposalMade
from dialectic_events.union import EVENT_TYPES, Event, schema_of, tag_of, text_fields


def decoded(event: Event, payload: bytes, parts: dict[str, str]) -> Event | Unknown:
    """A payload of the event's own type, its texts in place."""
    return decode(tag_of(type(event)), schema_of(type(event)), payload, parts.__getitem__)


@pytest.mark.parametrize("tag", EVENT_TYPES)
@given(data=st.data())
def test_an_event_comes_back(tag: str, data: st.DataObject) -> None:
    """Every type, with any values, its texts in their places."""
    event: Any = data.draw(events_of(EVENT_TYPES[tag]))
    parts: dict[str, str] = {}

    assert event == decoded(event, encode(event, parts), parts)


@given(events())
def test_a_payload_names_texts_and_never_holds_them(event: Event) -> None:
    """Each text that is not empty is a part; without look-up the references stay."""
    parts: dict[str, str] = {}
    payload = encode(event, parts)
    texts = [text for field in text_fields(type(event)) if (text := getattr(event, field))]
    bare = decode(tag_of(type(event)), schema_of(type(event)), payload)
    assert not isinstance(bare, Unknown)

    assert {refer(text): text for text in texts} == parts
    assert tuple(map(refer, texts)) == texts_named(bare)
    for field in text_fields(type(event)):
        assert msgspec.json.decode(payload).get(field, "") in {"", *parts}


@given(events())
def test_encoding_changes_nothing_of_the_event(event: Event) -> None:
    """The same event gives the same bytes again."""
    parts: dict[str, str] = {}

    assert encode(event, parts) == encode(event, {})


@given(events(), st.sampled_from(sorted(EVENT_TYPES)))
def test_a_payload_of_another_type_is_refused(event: Event, tag: str) -> None:
    """The header's word binds the payload."""
    payload = encode(event, {})
    if tag != tag_of(type(event)):
        with pytest.raises(IntegrityError, match=tag):
            decode(tag, 1, payload)


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b'{"type":"proposal-made"}', b"\xff"])
def test_a_payload_that_is_no_event_is_refused(payload: bytes) -> None:
    """It says of which type it should have been."""
    with pytest.raises(IntegrityError, match="proposal-made"):
        decode("proposal-made", 1, payload)


@given(st.binary())
def test_an_unknown_type_is_kept_verbatim(payload: bytes) -> None:
    """Whatever it is, it survives."""
    assert Unknown("vote-cast", 3, payload) == decode("vote-cast", 3, payload)


@given(events(), st.integers(1, 5))
def test_a_newer_schema_is_kept_verbatim(event: Event, ahead: int) -> None:
    """A later program's shape is not guessed at."""
    kind, payload = type(event), encode(event, {})

    assert Unknown(tag_of(kind), schema_of(kind) + ahead, payload) == decode(
        tag_of(kind), schema_of(kind) + ahead, payload
    )


# One retired shape, twice raised: `idea-had` said `idea` and `by`, then `words` and `turn`.


def rename_idea(shape: dict[str, Any]) -> dict[str, Any]:
    """From the first shape to the second, under the same name."""
    return {"type": "idea-had", "words": shape["idea"], "by": shape["by"]}


def idea_to_proposal(shape: dict[str, Any]) -> dict[str, Any]:
    """From the second shape to today's, under today's name."""
    return {"type": "proposal-made", "turn": shape["by"], "text": shape["words"]}


UPCASTS = MappingProxyType({("idea-had", 1): rename_idea, ("idea-had", 2): idea_to_proposal})


@pytest.mark.parametrize(
    ("schema", "payload"),
    [
        (1, b'{"type":"idea-had","idea":"%s","by":"t"}'),
        (2, b'{"type":"idea-had","words":"%s","by":"t"}'),
    ],
)
def test_an_old_shape_is_raised_step_by_step(schema: int, payload: bytes) -> None:
    """From wherever it starts, to today's event with its text in place."""
    old = payload % refer("go").encode()

    event = decode("idea-had", schema, old, {refer("go"): "go"}.__getitem__, upcasts=UPCASTS)

    assert ProposalMade(turn="t", text="go") == event


def test_an_old_shape_of_a_living_type_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name stayed, the shape did not."""
    monkeypatch.setattr(ProposalMade, "schema", 2)
    upcasts = {("proposal-made", 1): lambda shape: {**shape, "turn": f"debate/{shape['turn']}"}}
    payload = b'{"type":"proposal-made","turn":"t","text":"x"}'

    assert ProposalMade(turn="debate/t", text="x") == decode(
        "proposal-made", 1, payload, upcasts=upcasts
    )
    assert ProposalMade(turn="t", text="x") == decode("proposal-made", 2, payload, upcasts=upcasts)


def test_an_old_shape_without_its_upcast_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A retired shape whose function was lost is no unknown event: the program is wrong."""
    monkeypatch.setattr(ProposalMade, "schema", 2)

    with pytest.raises(IntegrityError, match="proposal-made"):
        decode("proposal-made", 1, b'{"type":"proposal-made","turn":"t","text":"x"}')


def test_an_upcast_that_meets_a_strange_shape_is_an_integrity_error() -> None:
    """Old bytes that are not what their header says are refused like new ones."""
    with pytest.raises(IntegrityError, match="idea-had"):
        decode("idea-had", 1, b'{"type":"idea-had","by":"t"}', upcasts=UPCASTS)


def test_every_type_is_tagged_in_kebab_case_and_starts_at_schema_one() -> None:
    """Tags are the storage format."""
    assert len(EVENT_TYPES) == len(set(EVENT_TYPES.values()))
    for tag, kind in EVENT_TYPES.items():
        assert tag == tag_of(kind)
        assert tag.replace("-", "").isalpha()
        assert tag.islower()
        assert schema_of(kind) >= 1
