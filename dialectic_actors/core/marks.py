"""Marks: how an agent cites a text that it was shown, without knowing whose it is.

A mark is the beginning of the text's digest; it stands in `[begin <mark>]` around the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dialectic_actors.core.briefs import Brief, Shown
from dialectic_events.parts import refer

__all__ = ["MARK_CHARACTERS", "mark_of", "marks_of", "read_mark", "texts_of"]

MARK_CHARACTERS = 12

_MARK = re.compile(rf"(?<![0-9a-f])[0-9a-f]{{{MARK_CHARACTERS}}}")


def mark_of(text: str) -> str:
    """The mark of a text."""
    return refer(text)[:MARK_CHARACTERS]


def texts_of(brief: Brief) -> Iterator[Shown]:
    """All that a brief shows, earlier rounds first."""
    yield from brief.earlier()
    yield from brief.shown


def marks_of(brief: Brief) -> Mapping[str, Shown]:
    """What a brief shows, by mark; of equal texts, which share their mark, the first."""
    marks: dict[str, Shown] = {}
    for shown in texts_of(brief):
        marks.setdefault(mark_of(shown.text), shown)
    return marks


def read_mark(cited: object) -> str | None:
    """The mark in what a model wrote in the place of one; None when there is none."""
    mark = _MARK.search(cited.casefold()) if isinstance(cited, str) else None
    return mark[0] if mark is not None else None
