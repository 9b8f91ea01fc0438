"""The conclusion of a debate: as it was recorded, or read from the Markdown that a judge wrote.

Tolerant: whatever a text looks like, something is read from it and nothing is raised. What follows
from a verdict is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dialectic_events.contents import Dissent, Verdict, read_content
from dialectic_events.turns import SynthesisMade

__all__ = ["read_verdict", "says_nothing", "verdict_of"]

_SECTIONS = {
    "solution": "solution",
    "finalsolution": "solution",
    "tradeoff": "tradeoffs",
    "tradeoffs": "tradeoffs",
    "recommendation": "recommendations",
    "recommendations": "recommendations",
    "unmetrequirements": "unmet_requirements",
    "unmetmajorrequirements": "unmet_requirements",
    "unfulfilledrequirements": "unmet_requirements",
    "unfulfilledmajorrequirements": "unmet_requirements",
    "openquestions": "open_questions",
    "dissent": "dissent",
}
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]")
_BOLD = re.compile(r"(\*\*|__)([^*_]{1,80})(\*\*|__):?$")
_ITEM = re.compile(r"([ \t]*)(?:[-*+•]|[0-9]{1,9}[.)])[ \t]+(\S.*)")
_NOTHING = re.compile(r"\W*(none|n/?a|nothing)\W*", re.IGNORECASE)
_CONFIDENCE = re.compile(
    r"\W{0,9}confidence\b[^0-9]{0,20}?(-?[0-9]{1,9}(?:\.[0-9]{1,9})?)\s{0,3}(/\s{0,3}10\b)?",
    re.IGNORECASE,
)
_BOLD_LEVEL = 7


def verdict_of(event: SynthesisMade) -> Verdict:
    """The verdict of a conclusion, whatever form it was recorded in."""
    verdict = read_content(event.text, Verdict) if event.form == "verdict" else None
    return read_verdict(event.text) if verdict is None else verdict


def says_nothing(item: str) -> bool:
    """Whether a list item only says that there is none."""
    return not item.strip() or _NOTHING.fullmatch(item) is not None


def read_verdict(markdown: str) -> Verdict:
    """What `markdown` says, section by section; of dissent only the objections are known."""
    lines = _unwrapped(markdown.splitlines())
    confidence, rest = _confidence(lines)
    found: dict[str, list[str]] = {name: [] for name in _SECTIONS.values()}
    for name, line in _sorted(rest):
        found[name].append(line)
    solution = "\n".join(found["solution"]).strip()
    return Verdict(
        solution=solution,
        tradeoffs=_items(found["tradeoffs"]),
        recommendations=_items(found["recommendations"]),
        unmet_requirements=_items(found["unmet_requirements"]),
        open_questions=_items(found["open_questions"]),
        dissent=tuple(Dissent(objection) for objection in _items(found["dissent"])),
        confidence=confidence,
    )


def _unwrapped(lines: list[str]) -> list[str]:
    """The lines without a fence around them all, as models like to put one."""
    text = [number for number, line in enumerate(lines) if line.strip()]
    if len(text) < 2:
        return lines
    first, last = lines[text[0]], lines[text[-1]]
    opening = _FENCE.match(first)
    if opening is None or last.strip() != opening[1]:
        return lines
    return lines[text[0] + 1 : text[-1]]


def _confidence(lines: list[str]) -> tuple[int | None, list[str]]:
    """The last statement of confidence, and the other lines."""
    for number in range(len(lines) - 1, -1, -1):
        stated = _CONFIDENCE.match(lines[number])
        if stated:
            out_of_ten = stated[2] is not None
            percent = float(stated[1]) * (10 if out_of_ten else 1)
            return round(min(max(percent, 0), 100)), lines[:number] + lines[number + 1 :]
    return None, lines


def _sorted(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The lines that belong to a section, with its name.

    A heading with an unknown name stays within the solution; it ends a list unless it stands below
    it.
    """
    section, level, fence = None, 0, ""
    for line in lines:
        mark = _FENCE.match(line)
        heading = None if fence or mark else _heading(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        if heading is not None:
            depth, name = heading
            if name in _SECTIONS:
                section, level = _SECTIONS[name], depth
                continue
            if section != "solution" and depth <= level:
                section = None
        if section is not None:
            yield section, line


def _heading(line: str) -> tuple[int, str] | None:
    """The depth and the bare name of a heading, be it marked by `#` or by bold type."""
    hashes = _HEADING.match(line)
    if hashes:
        return len(hashes[1]), _bare(line)
    bold = _BOLD.match(line.strip())
    if bold and _bare(bold[2]) in _SECTIONS:
        return _BOLD_LEVEL, _bare(bold[2])
    return None


def _bare(name: str) -> str:
    return "".join(filter(str.isalpha, name)).lower()


def _items(lines: Sequence[str]) -> tuple[str, ...]:
    """The list items of a section, with what is nested in them; its paragraphs when there is no
    list.
    """
    items: list[list[str]] = []
    margin: int | None = None
    apart = True
    for line in lines:
        item = _ITEM.match(line)
        indent = len(item[1].expandtabs(4)) if item else 0
        if item and (margin is None or indent <= margin):
            if margin is None and items and items[-1][-1].endswith(":"):
                items.pop()
            margin = indent
            items.append([item[2].strip()])
        elif line.strip() and (not items or (apart and not line[0].isspace())):
            items.append([line.strip()])
        elif line.strip():
            items[-1].append(line.strip())
        apart = not line.strip()
    texts = ("\n".join(item) for item in items)
    return tuple(text for text in texts if not says_nothing(text))
