"""Payload bytes to events and back.

Old shapes are upcast step by step before the union sees them; an unknown type is kept verbatim.
Texts leave an event as references and come back in their places. Headers and chains are the
envelope's affair.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import Struct

from dialectic_events.errors import IntegrityError
from dialectic_events.parts import refer
from dialectic_events.union import EVENT_TYPES, Event, schema_of, text_fields
from dialectic_events.upcasts import UPCASTS, Upcasts, upcast

__all__ = ["Redacted", "Unknown", "decode", "encode", "place_texts", "texts_named"]


class Unknown(Struct, frozen=True):
    """An event of a type or schema that this version does not know: shown and exported as it is,
    never resumed.
    """

    type: str
    schema: int
    payload: bytes


class Redacted(Struct, frozen=True):
    """An event whose payload was removed."""

    type: str


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Event).decode
_set = msgspec.structs.force_setattr


def encode(event: Event, parts: dict[str, str]) -> bytes:
    """The stored payload. The event's texts are added to `parts` under the references that stand
    for them.
    """
    named: dict[str, str] = {}
    for field in text_fields(type(event)):
        if text := getattr(event, field):
            named[field] = ref = refer(text)
            parts[ref] = text
    return _encode(msgspec.structs.replace(event, **named) if named else event)


def decode(
    kind: str,
    schema: int,
    payload: bytes,
    lookup: Callable[[str], str] | None = None,
    *,
    upcasts: Upcasts = UPCASTS,
) -> Event | Unknown:
    """The event that a payload holds, its texts in place when `lookup` finds them (else the
    references stay).

    Raises IntegrityError when the payload is no event of its declared type.
    """
    known = EVENT_TYPES.get(kind)
    try:
        if known is None or schema > schema_of(known):
            old = upcast(kind, schema, payload, upcasts)
            if old is None:
                return Unknown(kind, schema, payload)
            event: Event = msgspec.convert(old, Event)
        elif schema < schema_of(known):
            event = msgspec.convert(upcast(kind, schema, payload, upcasts), Event)
        else:
            event = _decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, LookupError, TypeError) as error:
        # The latter two come from an upcast that met what it does not expect.
        raise IntegrityError(f"the payload is no valid {kind!r} event: {error}") from error
    if known is not None and type(event) is not known:
        raise IntegrityError(f"the header says {kind!r}, the payload is another type of event")
    return event if lookup is None else place_texts(event, lookup)


def place_texts(event: Event, lookup: Callable[[str], str]) -> Event:
    """Put the words in the places of their references, in an event fresh from `decode` that nobody
    else holds.
    """
    for field in text_fields(type(event)):
        if ref := getattr(event, field):
            _set(event, field, lookup(ref))
    return event


def texts_named(event: Event) -> tuple[str, ...]:
    """The references of an event's own texts, as it was decoded without lookup."""
    return tuple(ref for field in text_fields(type(event)) if (ref := getattr(event, field)))
