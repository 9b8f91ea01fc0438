"""A judge's conclusion as it answers: from JSON to a verdict, by the rules for each of its fields.

What the judge leaves out stays empty; only a missing solution makes the answer miss its contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

import msgspec
from msgspec import Struct

from dialectic_actors.core.briefs import Shown
from dialectic_actors.core.marks import read_mark
from dialectic_events.contents import Dissent, Section, Verdict
from dialectic_replay.verdict import says_nothing

__all__ = [
    "Conclusion",
    "conclusion_fields",
    "object_schema",
    "read_conclusion",
    "says_something",
]

_UNSTATED_CONFIDENCE = 50
_UNMET_CONFIDENCE = 40
"""What a solution can be trusted at most that leaves a major requirement unmet."""

_YES = re.compile(r"\W*(true|yes|y|1|block(s|ing|er)?)\W*", re.IGNORECASE)
_TEXT: Mapping[str, Any] = {"type": "string"}
_TEXTS: Mapping[str, Any] = {"type": "array", "items": _TEXT}


class Conclusion(Struct, frozen=True):
    """The verdict, or what the answer lacks."""

    verdict: Verdict | None
    findings: tuple[str, ...] = ()


def read_conclusion(
    answer: Mapping[str, object], marks: Mapping[str, Shown], *, merge: bool
) -> Conclusion:
    """The verdict in an answer; `marks` are the texts that it may cite, `merge` asks for sections
    in place of a solution.
    """
    sections: tuple[Section, ...] = ()
    if merge:
        read = [*_sections(answer.get("sections"), marks)]
        sections = tuple(each for each in read if isinstance(each, Section))
        findings = tuple(each for each in read if isinstance(each, str))
        solution = "\n\n".join(f"## {each.title}\n\n{each.markdown}" for each in sections)
    else:
        stated = answer.get("solutionMarkdown")
        solution = stated.strip() if isinstance(stated, str) else ""
        lacking = "`solutionMarkdown` must hold the solution as a string"
        findings = () if says_something(solution) else (lacking,)
    if findings:
        return Conclusion(None, findings)
    unmet = _texts(answer.get("unfulfilledMajorRequirements"))
    verdict = Verdict(
        solution=solution,
        tradeoffs=_texts(answer.get("tradeoffs")),
        recommendations=_texts(answer.get("recommendations")),
        unmet_requirements=unmet,
        open_questions=_texts(answer.get("openQuestions")),
        dissent=tuple(_dissent(answer.get("dissent"), marks)),
        confidence=_confidence(answer.get("confidence"), unmet),
        sections=sections,
    )
    return Conclusion(verdict)


def says_something(text: str) -> bool:
    """The least that any contribution owes."""
    return any(map(str.isalnum, text))


def conclusion_fields(*, merge: bool) -> Mapping[str, Any]:
    """The keys of the answer, each with the JSON Schema of its value."""
    section = object_schema({"title": _TEXT, "markdown": _TEXT, "from": _TEXTS})
    solution = {"sections": _list_of(section)} if merge else {"solutionMarkdown": _TEXT}
    dissent = {"objection": _TEXT, "restsOn": _TEXT, "blocks": {"type": "boolean"}}
    return {
        **solution,
        "tradeoffs": _TEXTS,
        "recommendations": _TEXTS,
        "unfulfilledMajorRequirements": _TEXTS,
        "openQuestions": _TEXTS,
        "confidence": {"type": "number", "description": "0 to 100"},
        "dissent": _list_of(object_schema(dissent)),
    }


def object_schema(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The JSON Schema of an object that holds exactly `fields`."""
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def _list_of(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "array", "items": item}


def _sections(sections: object, marks: Mapping[str, Shown]) -> Iterator[Section | str]:
    """The sections of a merged solution, or what they lack."""
    if not isinstance(sections, list) or not sections:
        yield "`sections` must be a list with at least one section"
        return
    for number, section in enumerate(sections, 1):
        fields = section if isinstance(section, dict) else {}
        title, markdown = fields.get("title"), fields.get("markdown")
        cited = fields.get("from")
        turns = _cited(cited if isinstance(cited, list) else [cited], marks)
        if not isinstance(title, str) or not says_something(title):
            yield f"section {number} needs a `title`"
        elif not isinstance(markdown, str) or not says_something(markdown):
            yield f"section {number} needs its words in `markdown`"
        elif not turns:
            yield f"section {number} must cite in `from` the mark of a text that it comes from"
        else:
            yield Section(" ".join(title.split()), markdown.strip(), turns)


def _cited(cited: Sequence[object], marks: Mapping[str, Shown]) -> tuple[str, ...]:
    shown = (marks.get(read_mark(each) or "") for each in cited)
    return tuple(dict.fromkeys(each.turn for each in shown if each is not None))


def _texts(items: object) -> tuple[str, ...]:
    """A list's items as texts; what is no list is empty."""
    texts = map(_text, items if isinstance(items, list) else ())
    return tuple(text for text in texts if not says_nothing(text))


def _text(item: object) -> str:
    match item:
        case str():
            return item.strip()
        case None:
            return ""
        case _:
            return msgspec.json.encode(item).decode()


def _dissent(entries: object, marks: Mapping[str, Shown]) -> Iterator[Dissent]:
    for entry in entries if isinstance(entries, list) else ():
        fields = entry if isinstance(entry, dict) else {"objection": entry}
        objection = _text(fields.get("objection"))
        if says_nothing(objection):
            continue
        shown = marks.get(read_mark(fields.get("restsOn")) or "")
        yield Dissent(
            objection=objection,
            author=shown.speaker if shown is not None else "",
            turn=shown.turn if shown is not None else "",
            blocks=_says_yes(fields.get("blocks")),
        )


def _says_yes(value: object) -> bool:
    return _YES.fullmatch(value) is not None if isinstance(value, str) else bool(value)


def _confidence(stated: object, unmet: Sequence[str]) -> int:
    most = _UNMET_CONFIDENCE if unmet else 100
    if isinstance(stated, bool) or not isinstance(stated, int | float) or not isfinite(stated):
        return min(_UNSTATED_CONFIDENCE, most)
    return round(min(max(stated, 0), most))
