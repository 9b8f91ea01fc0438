"""One function per retired shape: old JSON to the next schema's JSON.

Keyed by the type and the schema version it leaves. A function may rename the type (by setting
`type`) and raises the version by one. Until the first release shapes may change without an upcast;
afterwards none is ever removed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

__all__ = ["UPCASTS", "Upcast", "Upcasts", "upcast"]

Upcast = Callable[[dict[str, Any]], dict[str, Any]]
Upcasts = Mapping[tuple[str, int], Upcast]

UPCASTS: Upcasts = {}
"""The retired shapes of released versions: none yet."""


def upcast(kind: str, schema: int, payload: bytes, upcasts: Upcasts) -> dict[str, Any] | None:
    """Raise a payload to its newest shape, step by step; None when no upcast starts from its type
    and version.
    """
    if (kind, schema) not in upcasts:
        return None
    shape = msgspec.json.decode(payload, type=dict[str, Any])
    while step := upcasts.get((kind, schema)):
        shape = step(shape)
        kind, schema = shape["type"], schema + 1
    return shape
