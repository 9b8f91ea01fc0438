"""Parts: every text is stored once, under its digest.

A stored payload names a text by its reference, `<sha256 hex>:<bytes>`. A list of references that
many prompts share (a history that grows) is itself a part, a *rope*, whose reference begins with
`@`; so a request stays as small in the thousandth call as in the first. Nothing here knows which
event a text belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta

from dialectic_events.errors import IntegrityError

__all__ = ["ROPE", "Ref", "Text", "check", "refer", "resolve", "rope", "strands"]

REF_PATTERN = r"^@?[0-9a-f]{64}:[0-9]+$"

Ref = Annotated[
    str, Meta(description="Reference of a part: sha256 in hex, a colon, its length in bytes.")
]
"""A reference, as stored."""

Text = Annotated[
    str,
    Meta(
        description="Words of a model, a person or a prompt; stored as the reference of a part.",
        extra={"part": True},
    ),
]
"""A field that holds the words in memory and the reference in the stored payload."""

ROPE = "@"


# What one agent says is soon shown to all others: a text is digested once, not once for each.
@lru_cache(maxsize=4096)
def refer(text: str) -> str:
    """The reference of `text`. Raises UnicodeEncodeError for lone surrogates: clean text where it
    enters.
    """
    body = text.encode()
    return f"{sha256(body).hexdigest()}:{len(body)}"


def rope(refs: Sequence[str]) -> tuple[str, str]:
    """Bind references into one: the rope's own reference and the text to store under it."""
    text = msgspec.json.encode(list(refs)).decode()
    return ROPE + refer(text), text


def strands(ref: str, text: str) -> tuple[str, ...]:
    """The references that a rope binds; () for a plain part."""
    return tuple(msgspec.json.decode(text, type=list[str])) if ref.startswith(ROPE) else ()


def resolve(ref: str, lookup: Callable[[str], str]) -> Iterator[str]:
    """The plain texts behind `ref`, in order. `lookup` finds the text of one reference (a rope's
    included).
    """
    pending = [ref]
    while pending:
        head = pending.pop()
        text = lookup(head)
        if head.startswith(ROPE):
            pending.extend(reversed(strands(head, text)))
        else:
            yield text


def check(ref: str, text: str, where: str = "") -> None:
    """Raise IntegrityError unless `text` is what `ref` names; `where` says which event needs it."""
    # Not remembered: a log that is read holds each text once.
    if refer.__wrapped__(text) != ref.removeprefix(ROPE):
        what = f"part {ref[:13]}… does not hold the text that its digest names"
        raise IntegrityError(what, where=where)
