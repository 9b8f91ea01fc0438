"""A proposal or refinement as a paper of known sections: written as Markdown, and read back from
anybody's.

Reading is tolerant, because the other speakers may be models. What a paper argues is decided
elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from msgspec import Struct

from dialectic_actors.llm.rehearsal.reading import clean, sentences, shorten

__all__ = [
    "NOTE",
    "SIZE_LIMIT",
    "Change",
    "Measure",
    "Paper",
    "Row",
    "bounded",
    "claim",
    "fitted",
    "items",
    "read_paper",
    "sections",
    "write_paper",
]

NOTE = "*Rehearsal: no model was used.*"
"""Said in every text, so that nobody takes it for a model's."""

SIZE_LIMIT = 6_000
"""Bytes of a contribution."""

OPEN = "open"


class Measure(Struct, frozen=True):
    """One part of a solution and the argument for it."""

    name: str
    text: str


class Row(Struct, frozen=True):
    """A requirement and what meets it; a `mechanism` that begins with "open" meets nothing."""

    requirement: str
    mechanism: str

    @property
    def met(self) -> bool:
        """Whether something meets the requirement."""
        return not self.mechanism.lower().lstrip("* ").startswith((OPEN, "not met", "unmet"))


class Change(Struct, frozen=True):
    """What became of a critique: who raised it, what it was called, and the answer."""

    accepted: bool
    speaker: str
    name: str
    answer: str


class Paper(Struct, frozen=True, kw_only=True):
    """A solution as one role argues it."""

    title: str = ""
    opening: str = ""
    changes: tuple[Change, ...] = ()
    measures: tuple[Measure, ...] = ()
    trade_offs: tuple[str, ...] = ()
    coverage: tuple[Row, ...] = ()
    assumptions: tuple[str, ...] = ()


def write_paper(paper: Paper, changed: str = "") -> str:
    """The paper in Markdown, within `SIZE_LIMIT`; `changed` introduces what became of the
    critiques.
    """
    return bounded(lambda limit: _write(paper, changed, limit))


def bounded(write: Callable[[int], str]) -> str:
    """The longest text within `SIZE_LIMIT` that `write` makes when its passages may have 420, 300,
    … characters; of one that is never short enough, the beginning and the end.
    """
    text = fitted(write)
    if len(text.encode()) <= SIZE_LIMIT:
        return text
    body = text.encode()
    tail = body[-1_500:].decode(errors="ignore")
    return body[:4_400].decode(errors="ignore") + "…\n\n…" + tail


def fitted(write: Callable[[int], str]) -> str:
    """The first text within `SIZE_LIMIT` that `write` makes of ever shorter passages, or the last
    one: what must not be cut, as JSON, has to be short enough by then.
    """
    text = ""
    for limit in (420, 300, 200, 120, 70, 40, 20):
        text = write(limit)
        if len(text.encode()) <= SIZE_LIMIT:
            break
    return text


def _write(paper: Paper, changed: str, limit: int) -> str:
    blocks = [NOTE, f"# {shorten(paper.title, 100)}", shorten(paper.opening, 2 * limit)]
    if changed:
        blocks += ["## What Changed", changed]
        if paper.changes:
            blocks.append("\n".join(_write_change(change, limit) for change in paper.changes))
    blocks.append("## Approach")
    for measure in paper.measures:
        blocks += [f"### {shorten(measure.name, 60)}", shorten(measure.text, limit)]
    blocks.append("## Trade-offs")
    blocks.append("\n".join(f"- {shorten(each, limit)}" for each in paper.trade_offs))
    blocks.append("## Requirements Coverage")
    blocks.append("\n".join(_write_row(row, limit) for row in paper.coverage))
    blocks.append("Assumptions:")
    blocks.append("\n".join(f"- {shorten(each, limit // 2)}" for each in paper.assumptions))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _write_change(change: Change, limit: int) -> str:
    word = "Accepted" if change.accepted else "Rejected"
    return f"- {word} ({change.speaker}): **{change.name}**. {shorten(change.answer, limit)}"


def _write_row(row: Row, limit: int) -> str:
    inner = row.requirement.strip("“”")
    return f"- “{shorten(inner, max(40, limit // 3))}” → {shorten(row.mechanism, limit // 2)}"


# --- Reading ---

_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
_ITEM = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+(.*)")
_CHANGE = re.compile(
    r"(Accepted|Rejected)\W+\(?([^):*]*)\)?[:\s–—-]*(?:\*\*(.+?)\*\*)?[.:]?\s*(.*)", re.IGNORECASE
)
_ARROW = re.compile(r"\s*(?:→|⇒|->|=>)\s*")
_FRAMES = frozenset({"approach", "solution", "proposal", "revised solution", "design", "measures"})


def sections(text: str) -> list[tuple[str, str]]:
    """The headings of a Markdown text with what stands directly below each; the first heading may
    be empty.
    """
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in clean(text).split("\n"):
        heading = _HEADING.match(line)
        if heading:
            found.append((heading[2].strip("*: "), []))
        else:
            found[-1][1].append(line)
    return [(name, "\n".join(lines).strip()) for name, lines in found]


def items(text: str) -> list[str]:
    """The list items of a section, each on one line."""
    found: list[str] = []
    ended = False
    for line in text.split("\n"):
        item = _ITEM.match(line)
        if item:
            found.append(item[1].strip())
            ended = False
        elif not line.strip():
            ended = True
        elif found and not ended:
            found[-1] += " " + line.strip()
    return found


@lru_cache(maxsize=2048)
def claim(text: str) -> str:
    """What a passage commits itself to: its sentences without asides and quotations."""
    said = [each for each in sentences(text) if not _ASIDE.search(each)]
    return " ".join(said) or " ".join(text.split())


_ASIDE = re.compile(
    r"[?“”]|is silent|^(?:The problem |Nothing in |The gap was |It was )"
    r"|^I (?:had left|agree with|would not promise) "
)


@lru_cache(maxsize=512)
def read_paper(text: str) -> Paper:
    """The paper that a text amounts to, whoever wrote it."""
    paper = Paper()
    title, opening = "", ""
    changes: list[Change] = []
    measures: list[Measure] = []
    rows: tuple[Row, ...] = ()
    assumptions: tuple[str, ...] = ()
    trade_offs: tuple[str, ...] = ()
    for name, body in sections(text):
        match name.lower():
            case "requirements coverage":
                rows, assumptions = _read_coverage(body)
            case "trade-offs" | "tradeoffs":
                trade_offs = tuple(items(body) or sentences(body)[:3])
            case "what changed":
                changes = [change for item in items(body) if (change := _read_change(item))]
            case _ if not measures and not title and name and name.lower() not in _FRAMES:
                title, opening = name, body or opening
            case "" | _ if not name or name.lower() in _FRAMES:
                opening = opening or body.removeprefix(NOTE).strip()
            case _ if body:
                measures.append(Measure(name=shorten(name, 60), text=shorten(body, 600)))
            case _:
                pass
    if not measures:
        measures = [
            Measure(name=shorten(each, 40), text=shorten(each, 600))
            for each in sentences(opening)[:4]
        ]
    return Paper(
        title=title or paper.title,
        opening=shorten(opening.removeprefix(NOTE), 900),
        changes=tuple(changes),
        measures=tuple(measures),
        trade_offs=trade_offs,
        coverage=rows,
        assumptions=assumptions,
    )


def _read_coverage(body: str) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    head, _, tail = body.partition("Assumption")
    rows = []
    for item in items(head):
        parts = _ARROW.split(item, maxsplit=1)
        if len(parts) == 2:
            rows.append(Row(requirement=parts[0].strip("“”\"'* "), mechanism=parts[1]))
    return tuple(rows), tuple(items(tail))


def _read_change(item: str) -> Change | None:
    found = _CHANGE.match(item.lstrip("*_ "))
    if found is None:
        return None
    name = found[3] or shorten(found[4], 40)
    return Change(
        accepted=found[1].lower() == "accepted",
        speaker=found[2].strip() or "a critic",
        name=name.strip(". "),
        answer=found[4].strip(),
    )
