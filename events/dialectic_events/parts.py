"""Parts: every text is stored once, under its digest.

A stored payload names a text by its reference, `<sha256 hex>:<bytes>`. A list of references that
many prompts share (a history that grows) is itself a part, a *rope*, whose reference begins with
`@`; so a request stays as small in the thousandth call as in the first. The few words of our own
that stand between the parts of a prompt are no part: `=` and the words take less room than a
reference. Nothing here knows which event a text belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta

from dialectic_events.errors import IntegrityError

__all__ = [
    "OURS",
    "ROPE",
    "Piece",
    "Ref",
    "Text",
    "check",
    "refer",
    "references",
    "resolve",
    "rope",
    "strands",
]

REF_PATTERN = r"^@?[0-9a-f]{64}:[0-9]+$"

Ref = Annotated[
    str, Meta(description="Reference of a part: sha256 in hex, a colon, its length in bytes.")
]
"""A reference, as stored."""

Piece = Annotated[
    str,
    Meta(description="A piece of a prompt: a part's reference, or `=` and our own words."),
]
"""What a prompt or a rope is made of."""

Text = Annotated[
    str,
    Meta(
        description="Words of a model, a person or a prompt; stored as the reference of a part.",
        extra={"part": True},
    ),
]
"""A field that holds the words in memory and the reference in the stored payload."""

ROPE = "@"
OURS = "="


_SOON_AGAIN = 16_384
"""Characters of a text that is worth remembering; longer ones would fill the memory."""


def refer(text: str) -> str:
    """The reference of `text`. Raises UnicodeEncodeError for lone surrogates: clean text where it
    enters.
    """
    return _remembered(text) if len(text) <= _SOON_AGAIN else _reference(text)


def _reference(text: str) -> str:
    body = text.encode()
    return f"{sha256(body).hexdigest()}:{len(body)}"


# What one agent says is soon shown to all others: a text is digested once, not once for each.
_remembered = lru_cache(maxsize=2048)(_reference)


def references(pieces: Iterable[str]) -> tuple[str, ...]:
    """The pieces that are references."""
    return tuple([piece for piece in pieces if piece[:1] != OURS])


def rope(pieces: Sequence[str]) -> tuple[str, str]:
    """Bind pieces into one: the rope's own reference and the text to store under it."""
    text = msgspec.json.encode(list(pieces)).decode()
    return ROPE + refer(text), text


def strands(ref: str, text: str) -> tuple[str, ...]:
    """The references that a rope binds; () for a plain part."""
    return references(_pieces(text)) if ref[:1] == ROPE else ()


def resolve(piece: str, lookup: Callable[[str], str]) -> Iterator[str]:
    """The plain texts behind a piece, in order. `lookup` finds the text of one reference (a rope's
    included).
    """
    pending = [piece]
    while pending:
        head = pending.pop()
        mark = head[:1]
        if mark == OURS:
            yield head[1:]
        elif mark == ROPE:
            pending.extend(reversed(_pieces(lookup(head))))
        else:
            yield lookup(head)


# Every call of a round is shown the same earlier rounds.
@lru_cache(maxsize=1024)
def _pieces(text: str) -> tuple[str, ...]:
    return msgspec.json.decode(text, type=tuple[str, ...])


def check(ref: str, text: str, where: str = "") -> None:
    """Raise IntegrityError unless `text` is what `ref` names; `where` says which event needs it."""
    # Not remembered: a log that is read holds each text once.
    if _reference(text) != ref.removeprefix(ROPE):
        what = f"part {ref[:13]}… does not hold the text that its digest names"
        raise IntegrityError(what, where=where)
