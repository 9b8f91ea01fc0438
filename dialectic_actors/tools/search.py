"""Searching what has been said in a debate: every hit with the words around it.

What may be searched is decided by whoever hands it in; nothing else is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from dialectic_actors.core.briefs import Shown
from dialectic_actors.tools.arguments import Refused
from dialectic_events.contents import ToolSpec

__all__ = ["CONTEXT_SEARCH", "MATCHES_LIMIT", "search"]

MATCHES_LIMIT = 50
"""Snippets that one search returns."""

_MATCHES_IN_ONE = 5
_AROUND = 100
_JOINED = 400

CONTEXT_SEARCH = ToolSpec(
    name="context_search",
    description="Search what has been said in this debate so far. Upper and lower case are the"
    " same; each match shows the words around it, who said them, and in which round.",
    parameters={
        "type": "object",
        "properties": {
            "term": {
                "type": "string",
                "minLength": 1,
                "maxLength": 200,
                "description": "The word or phrase to look for.",
            },
        },
        "required": ["term"],
        "additionalProperties": False,
    },
)


def search(corpus: Sequence[Shown], term: str) -> dict[str, object]:
    """The `matches` of a phrase in the order of `corpus`, and a `note` when there are more. Any
    white space matches any other.

    Raises Refused for a blank phrase.
    """
    words = [re.escape(word) for word in term.split()]
    if not words:
        raise Refused("`term` is blank; give a word or phrase to look for")
    phrase = re.compile(r"\s++".join(words), re.IGNORECASE)
    matches: list[dict[str, object]] = []
    hidden = 0
    for shown in corpus:
        room = min(_MATCHES_IN_ONE, MATCHES_LIMIT - len(matches))
        spans = _spans(shown.text, phrase)
        matches += [
            {
                "round": shown.round,
                "speaker": shown.speaker,
                "kind": shown.kind,
                "snippet": _snippet(shown.text, start, end),
            }
            for start, end in islice(spans, room)
        ]
        hidden += sum(1 for _ in spans)
    if hidden:
        note = f"matches that are not shown: {hidden:,}; look for something more specific"
        return {"matches": matches, "note": note}
    return {"matches": matches}


def _spans(text: str, phrase: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Where the snippets of a text begin and end: hits that are near are one, until it is long."""
    floor = first = last = 0
    for hit in phrase.finditer(text):
        start, end = hit.span()
        if last and start - last <= 2 * _AROUND and end - first <= _JOINED:
            last = end
            continue
        if last:
            yield _window(text, first, last, floor, start)
            floor = min(last + _AROUND, start)
        first, last = start, end
    if last:
        yield _window(text, first, last, floor, len(text))


def _window(text: str, first: int, last: int, floor: int, ceiling: int) -> tuple[int, int]:
    """Hits with what stands around them, as far as whole words between two bounds go."""
    start, end = max(first - _AROUND, floor), min(last + _AROUND, ceiling)
    if start and not text[start - 1].isspace():
        start = next((at + 1 for at in range(start, first) if text[at].isspace()), start)
    if end < len(text) and not text[end].isspace():
        end = next((at for at in range(end - 1, last - 1, -1) if text[at].isspace()), end)
    return start, end


def _snippet(text: str, start: int, end: int) -> str:
    words = " ".join(text[start:end].split())
    return ("… " if start else "") + words + (" …" if end < len(text) else "")
