"""Summaries of a rehearsal: what stands, what was decided and what is owed an answer, within the
limit that the prompt states.
"""

from __future__ import annotations

from collections.abc import Sequence

from dialectic_actors.actors.ports import Ask
from dialectic_actors.core.marks import texts_of
from dialectic_actors.llm.rehearsal.messages import summary_limit
from dialectic_actors.llm.rehearsal.papers import NOTE, SIZE_LIMIT, claim
from dialectic_actors.llm.rehearsal.positions import Position, Remaining, positions, remaining
from dialectic_actors.llm.rehearsal.reading import clean, listed, quote, shorten

__all__ = ["condense"]

DEFAULT_LIMIT = 2_500


def condense(ask: Ask) -> str:
    """What the brief shows in at most the stated number of characters. Every section has its share;
    lines that do not fit are left out whole.
    """
    limit = min(summary_limit(ask, DEFAULT_LIMIT), SIZE_LIMIT)
    held = positions(ask.brief)
    own = [each for each in held if each.speaker == ask.brief.turn.speaker] or list(held)
    sections = _sections(ask, own, max(40, limit // (15 + 5 * len(own))))
    kept: dict[str, list[str]] = {title: [] for title in sections}
    size = len(NOTE.encode())
    for place in range(max(map(len, sections.values()))):
        for title, lines in sections.items():
            heading = 0 if kept[title] else len(f"\n\n## {title}\n")
            added = heading + len(lines[place].encode()) + 1 if place < len(lines) else 0
            if added and size + added <= limit:
                kept[title].append(lines[place])
                size += added
    blocks = [f"## {title}\n\n" + "\n".join(lines) for title, lines in kept.items() if lines]
    return shorten(NOTE, limit) if size > limit else "\n\n".join([NOTE, *blocks])


def _sections(ask: Ask, own: Sequence[Position], passage: int) -> dict[str, list[str]]:
    """All that is worth keeping, line by line, in the order of the prompt."""
    papers = [each.paper for each in own]
    summaries = [each.text for each in texts_of(ask.brief) if each.kind == "summary"]
    return {
        "Position": [_stands(each, passage) for each in own],
        "Decisions": [
            f"- {measure.name}: {shorten(claim(measure.text), passage)}"
            for paper in papers
            for measure in paper.measures
        ],
        "Requirements": [
            f"- {quote(row.requirement, passage)} → {shorten(row.mechanism, passage)}"
            for paper in papers
            for row in paper.coverage
        ],
        "Objections": [
            f"- {each.name} ({each.speaker}): {'accepted' if each.accepted else 'rejected'}. "
            f"{shorten(each.answer, passage)}"
            for paper in papers
            for each in paper.changes
        ],
        "Open": [
            *(_open(each) for each in remaining(ask.brief, own)),
            *(f"- {shorten(each, passage)}" for paper in papers for each in paper.assumptions),
        ],
        "Before": [line for each in summaries for line in _told(each, passage)],
    }


def _open(left: Remaining) -> str:
    weight = "blocks" if left.blocks else "does not block"
    return f"- {left.name}, raised in {left.mark}, {weight}."


def _stands(position: Position, passage: int) -> str:
    """The position in a line: its title, what it rests on, what it costs."""
    rests = listed([each.name for each in position.paper.measures[:4]])
    price = next(iter(position.paper.trade_offs), "")
    words = [f"{position.paper.title or 'Untitled'} ({position.mark})."]
    if rests:
        words.append(f"It rests on {rests}.")
    if price:
        words.append(f"Its price: {shorten(price, passage)}")
    return "- " + " ".join(words)


def _told(summary: str, passage: int) -> list[str]:
    """The lines of an earlier summary, which is itself condensed when it is told again."""
    lines = clean(summary).split("\n")
    return [shorten(line, passage) for line in lines if line.startswith("- ")]
