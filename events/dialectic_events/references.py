"""Which parts an event names: its own texts, its sources, the messages of its request.

Of a type that this version does not know, every string with the shape of a reference counts as a
possible one. The parts themselves are not touched here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from dialectic_events.codec import Unknown, decode, texts_named
from dialectic_events.errors import IntegrityError
from dialectic_events.parts import REF_PATTERN
from dialectic_events.union import refs_beside

__all__ = ["Named", "is_reference", "refs_named"]

_REFERENCE = re.compile(REF_PATTERN)


class Named(Struct, frozen=True):
    """The references in a payload, each once, in their order.

    `certain` says that they are known to be references; else some may only look like one.
    """

    refs: tuple[str, ...]
    certain: bool


def is_reference(text: str) -> bool:
    """Whether `text` has the shape of a reference."""
    return _REFERENCE.fullmatch(text) is not None


def refs_named(kind: str, schema: int, payload: bytes) -> Named:
    """The references in the payload of an event of type `kind` and version `schema`.

    Raises IntegrityError when the payload is no event of its type, or something else stands in the
    place of a reference.
    """
    event = decode(kind, schema, payload)
    if isinstance(event, Unknown):
        return Named(tuple(dict.fromkeys(filter(is_reference, _strings(payload)))), certain=False)
    refs = list(texts_named(event))
    refs.extend(refs_beside(event))
    for ref in refs:
        if not is_reference(ref):
            raise IntegrityError(f"{ref[:40]!r} stands in the place of a reference")
    return Named(tuple(dict.fromkeys(refs)), certain=True)


def _strings(payload: bytes) -> Iterator[str]:
    try:
        pending: list[Any] = [msgspec.json.decode(payload)]
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"the payload is unreadable: {error}") from error
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            pending.extend(reversed(value.values()))
        elif isinstance(value, list):
            pending.extend(reversed(value))
