"""The conclusion of a rehearsal: the refined papers merged by concern, as a verdict in JSON, with
what they dispute kept apart.

Nobody is named: who judges may not know the authors, so a text is cited by its mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import msgspec
from msgspec import Struct

from dialectic_actors.actors.ports import Ask
from dialectic_actors.llm.rehearsal.clarifications import task_of
from dialectic_actors.llm.rehearsal.papers import NOTE, Measure, claim, fitted
from dialectic_actors.llm.rehearsal.positions import (
    Answer,
    Position,
    Remaining,
    answers_to,
    positions,
    remaining,
)
from dialectic_actors.llm.rehearsal.proposal import draft
from dialectic_actors.llm.rehearsal.reading import Reading, listed, quote, shorten
from dialectic_actors.llm.rehearsal.voices import TENSIONS

__all__ = ["synthesize"]

PARTS = 7
DISPUTES = 6


class _Part(Struct, frozen=True):
    """A measure and the marks of the texts that hold it."""

    name: str
    text: str
    marks: tuple[str, ...]


class _Findings(Struct, frozen=True):
    """What the judge sees in the debate."""

    task: Reading
    held: tuple[Position, ...]
    parts: tuple[_Part, ...]
    answers: tuple[Answer, ...]
    left: tuple[Remaining, ...]

    @property
    def unmet(self) -> list[Answer]:
        """The requirements that nothing meets."""
        return [each for each in self.answers if not each.mark]


def synthesize(ask: Ask) -> str:
    """The judge's conclusion as JSON: one solution, or section by section where the wanted answer
    has sections.
    """
    found = _findings(ask)
    merge = '"sections"' in (ask.schema or "")
    return fitted(lambda limit: _write(found, merge, limit))


def _findings(ask: Ask) -> _Findings:
    task = task_of(ask.brief)
    # Where nobody proposed anything the judge's own draft stands in.
    held = positions(ask.brief) or (Position(ask.brief.turn.speaker, "", draft(ask)),)
    return _Findings(
        task=task,
        held=held,
        parts=_parts(held),
        answers=answers_to(task, held),
        left=remaining(ask.brief, held),
    )


def _write(found: _Findings, merge: bool, limit: int) -> str:
    solution: dict[str, object] = (
        {"sections": _sections(found, limit)}
        if merge
        else {"solutionMarkdown": _solution(found, limit)}
    )
    verdict = {
        **solution,
        "tradeoffs": [shorten(each, limit) for each in _trade_offs(found.held)],
        "recommendations": [shorten(each, limit) for each in _recommendations(found)],
        "unfulfilledMajorRequirements": [
            f"{quote(each.requirement, limit)}: no mechanism was shown." for each in found.unmet
        ],
        "openQuestions": [shorten(each, limit) for each in _questions(found.held)],
        "confidence": _confidence(found),
        "dissent": [_dissent(each, limit) for each in found.left[:DISPUTES]],
    }
    return msgspec.json.encode(verdict).decode()


def _parts(held: Sequence[Position]) -> tuple[_Part, ...]:
    """The measures of all papers, one per name, those that more papers or requirements rest on
    first.
    """
    found: dict[str, list[tuple[str, Measure]]] = {}
    for position in held:
        for measure in position.paper.measures:
            found.setdefault(measure.name.lower(), []).append((position.mark, measure))
    named = " ".join(
        row.mechanism.lower() for each in held for row in each.paper.coverage if row.met
    )
    parts = [
        _Part(
            name=group[0][1].name,
            text=claim(group[0][1].text),
            marks=tuple(dict.fromkeys(mark for mark, _ in group)),
        )
        for group in found.values()
    ]
    return tuple(
        sorted(parts, key=lambda part: -len(part.marks) - named.count(f"**{part.name.lower()}**"))
    )


def _lead(found: _Findings) -> str:
    task = quote(next(iter(found.task.sentences), "a problem without legible words"))
    count = len(found.held)
    origin = f"{count} refined proposals" if count > 1 else "one refined proposal"
    lead = f"{NOTE} The task is {task}. This design merges {origin}, concern by concern."
    shared = [part.name for part in found.parts if len(part.marks) > 1]
    return f"{lead} {listed(shared[:3])} found more than one advocate." if shared else lead


def _solution(found: _Findings, limit: int) -> str:
    blocks = [_lead(found)]
    for part in found.parts[:PARTS]:
        blocks += [f"### {shorten(part.name, limit)}", shorten(part.text, limit)]
    rest = [shorten(part.name, limit) for part in found.parts[PARTS : PARTS + 8]]
    if rest:
        blocks.append(f"Also taken over: {', '.join(rest)}.")
    met = _met(found.answers, limit)
    if met:
        blocks += ["### How the requirements are met", met]
    return "\n\n".join(blocks)


def _sections(found: _Findings, limit: int) -> list[dict[str, object]]:
    """The parts as sections, each with the texts that it comes from; the last says how the
    requirements are met.
    """
    sections: list[dict[str, object]] = [
        {
            "title": shorten(part.name, limit),
            "markdown": shorten(part.text, limit),
            "from": list(part.marks),
        }
        for part in found.parts[:PARTS]
    ]
    met = _met(found.answers, limit)
    if met:
        marks = dict.fromkeys(each.mark for each in found.answers if each.mark)
        title = "How the requirements are met"
        sections.append({"title": title, "markdown": met, "from": list(marks)})
    if not sections:
        everything = [each.mark for each in found.held if each.mark]
        sections = [{"title": "What was proposed", "markdown": "", "from": everything}]
    sections[0]["markdown"] = f"{_lead(found)}\n\n{sections[0]['markdown']}".strip()
    return sections


def _met(answers: Sequence[Answer], limit: int) -> str:
    return "\n".join(
        f"- {quote(each.requirement, limit // 2)} → {shorten(each.mechanism, limit // 2)}"
        for each in answers
        if each.mark
    )


def _trade_offs(held: Sequence[Position]) -> list[str]:
    speakers = [each.speaker for each in held]
    lines = [
        TENSIONS[pair]
        for one, other in combinations(speakers, 2)
        if (pair := frozenset((one, other))) in TENSIONS
    ]
    own = [each for position in held for each in position.paper.trade_offs[:1]]
    return [*lines[:3], *own][:5]


def _recommendations(found: _Findings) -> list[str]:
    steps = []
    if found.unmet:
        steps.append(
            f"Find a mechanism for {quote(found.unmet[0].requirement, 100)} before anything is "
            "built: no proposal has one."
        )
    if found.parts:
        first = found.parts[0]
        holders = len(first.marks)
        reason = (
            f"{'all' if holders == len(found.held) else holders} of the proposals rest on it"
            if holders > 1
            else "more of the stated requirements rest on it than on anything else"
        )
        steps.append(f"Build {first.name.lower()} first, because {reason}.")
    if len(found.parts) > 1:
        steps.append(
            f"Prove {found.parts[1].name.lower()} on a thin slice from end to end; it is the next "
            "thing that the others assume."
        )
    if found.left:
        steps.append(
            f"Settle the dispute about {found.left[0].name.lower()} by a measurement instead of "
            "a vote."
        )
    return [*steps, "Run the same debate with a model before money depends on it."]


def _questions(held: Sequence[Position]) -> list[str]:
    assumed = dict.fromkeys(each for position in held for each in position.paper.assumptions)
    return [f"Does the owner of the problem confirm this? {each}" for each in list(assumed)[:4]]


def _dissent(left: Remaining, limit: int) -> dict[str, object]:
    wanted = f" {shorten(left.suggestion, limit)}" if left.suggestion else ""
    answer = shorten(left.answer, limit)
    return {
        "objection": f"**{shorten(left.name, limit)}.**{wanted} It was declined: {answer}",
        "restsOn": left.mark,
        "blocks": left.blocks,
    }


def _confidence(found: _Findings) -> int:
    """Coverage decides and disputes subtract; what nobody required cannot be trusted far."""
    met = len(found.answers) - len(found.unmet)
    share = met / len(found.answers) if found.answers else 0.0
    ceiling = 85 if found.task.strong else 65
    score = round(ceiling * (0.4 + 0.6 * share)) - 3 * min(len(found.left), 5)
    if len(found.held) < 2:
        score -= 10
    return max(5, min(score, 40) if found.unmet or not found.answers else score)
