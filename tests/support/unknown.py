"""Events of types that this version does not know, sealed as a later one would.

No assertions in here; a test says what it expects.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from dialectic_events.envelope import Record, commit, digest_of, read_header

__all__ = ["of_unknown_type"]


def of_unknown_type(record: Record, payload: bytes, type: str = "later-made") -> Record:
    """The record with another type and payload; what follows it must be sealed anew."""
    salt = record.salt or bytes(16)
    header = replace(read_header(record), type=type, commitment=commit(salt, payload))
    stored = msgspec.json.encode(header)
    return replace(record, header=stored, payload=payload, salt=salt, digest=digest_of(stored))
