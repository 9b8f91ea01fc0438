"""The samples: one of every event type, each as it would be stored."""

import pytest

from dialectic_events.codec import decode, encode
from dialectic_events.samples import SAMPLES
from dialectic_events.union import EVENT_TYPES, Event, schema_of, tag_of

TAGS = [tag_of(type(event)) for event in SAMPLES]


def test_every_type_has_one_sample() -> None:
    """In the order of the union."""
    assert list(EVENT_TYPES.values()) == [type(event) for event in SAMPLES]


@pytest.mark.parametrize("event", SAMPLES, ids=TAGS)
def test_a_sample_comes_back_from_its_payload(event: Event) -> None:
    """Texts included."""
    parts: dict[str, str] = {}
    payload = encode(event, parts)

    assert event == decode(tag_of(type(event)), schema_of(type(event)), payload, parts.__getitem__)
