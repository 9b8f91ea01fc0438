"""Logs as older programs wrote them: today's events taken back to the shapes that were retired.

For each upcast in `dialectic_events.upcasts` there is one way back here, so that logs of every
version can be made for ever. What an old shape becomes is decided there, never here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from dialectic_actors.testing.batches import AT, salt_of
from dialectic_actors.testing.stories import Told
from dialectic_events.codec import encode
from dialectic_events.envelope import Head, Header, Record, commit, digest_of, read_header
from dialectic_events.store import Batch
from dialectic_events.union import Event, schema_of, tag_of

__all__ = ["DOWNCASTS", "Downcast", "Shape", "Written", "shapes_of", "stored_as"]

Shape = dict[str, Any]
"""A payload as JSON; `type` is its tag."""


class Downcast(Struct, frozen=True):
    """The way back from the shape (`type`, `schema`) to the one that `older` names.

    `back` gives the old shape, or None when an event cannot have been written in it.
    """

    type: str
    schema: int
    older: str
    back: Callable[[Shape], Shape | None]


DOWNCASTS: Sequence[Downcast] = ()
"""The ways back from released shapes: none yet, as no shape was retired."""


class Written(Struct, frozen=True):
    """A log, and the batch that stores it in shapes of any age."""

    log: Told
    batch: Batch

    def __repr__(self) -> str:
        old = [
            f"{header.version}: {header.type}@{header.schema}"
            for header, event in zip(map(read_header, self.batch.records), self.log, strict=True)
            if (header.type, header.schema) != (tag_of(type(event)), schema_of(type(event)))
        ]
        return f"{self.log!r} with {', '.join(old) or 'no event'} in an old shape"


def shapes_of(
    event: Event, parts: dict[str, str], downcasts: Sequence[Downcast] = DOWNCASTS
) -> list[tuple[str, int, bytes]]:
    """Type, schema and payload in which an event can have been written: today's first, then older
    ones. Its texts are added to `parts`.
    """
    kind, schema, payload = tag_of(type(event)), schema_of(type(event)), encode(event, parts)
    shapes = [(kind, schema, payload)]
    for kind, schema, payload in shapes:
        for down in downcasts:
            if (down.type, down.schema) == (kind, schema):
                older = down.back(msgspec.json.decode(payload, type=Shape))
                if older is not None:
                    shapes.append((down.older, schema - 1, msgspec.json.encode(older)))
    return shapes


def stored_as(
    stream: str, shapes: Sequence[tuple[str, int, bytes]], parts: Mapping[str, str]
) -> Batch:
    """A whole run, ready to append, with payloads in whatever shapes they were written."""
    head, records = Head(), list[Record]()
    for index, (kind, schema, payload) in enumerate(shapes):
        salt = salt_of(stream, index)
        header = msgspec.json.encode(
            Header(
                stream=stream,
                version=head.version + 1,
                id=f"{stream}.{index}",
                type=kind,
                schema=schema,
                decided_at=AT,
                recorded_at=AT,
                causation=stream,
                correlation=stream,
                previous=head.digest,
                commitment=commit(salt, payload),
            )
        )
        head = Head(head.version + 1, digest_of(header))
        records.append(Record(stream, head.version, head.digest, header, payload, salt))
    return Batch(stream, 0, tuple(records), dict(parts))
