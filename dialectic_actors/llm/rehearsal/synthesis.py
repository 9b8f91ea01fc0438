"""The synthesis of a rehearsal: the refined papers merged by concern, with what they dispute kept
apart.
"""

from __future__ import annotations

from itertools import combinations

from msgspec import Struct

from dialectic_actors.actors.ports import Ask
from dialectic_actors.llm.rehearsal.papers import (
    NOTE,
    Change,
    Measure,
    Paper,
    Row,
    bounded,
    claim,
    read_paper,
)
from dialectic_actors.llm.rehearsal.proposal import draft
from dialectic_actors.llm.rehearsal.reading import Reading, listed, quote, read, same_words, shorten
from dialectic_actors.llm.rehearsal.voices import TENSIONS

__all__ = ["synthesize"]

PARTS = 7


class _Part(Struct, frozen=True):
    """A measure and the speakers who hold it."""

    name: str
    text: str
    holders: tuple[str, ...]


class _Answer(Struct, frozen=True):
    """A requirement with the first mechanism that meets it; without `speaker` nobody has one."""

    requirement: str
    mechanism: str
    speaker: str


def synthesize(ask: Ask) -> str:
    """The judge's conclusion from the contributions that the brief shows."""
    reading = read(ask.brief.problem)
    papers = _papers(ask)
    parts = _parts(papers, reading)
    answers = [_answer(each, papers) for each in reading.requirements]
    unmet = [each for each in answers if not each.speaker]
    dissent = [(speaker, each) for speaker, paper in papers.items() for each in _declined(paper)]
    confidence = _confidence(reading, answers, papers, len(dissent))
    return bounded(
        lambda limit: (
            "\n\n".join(
                [
                    "## Solution",
                    _solution(reading, papers, parts, limit),
                    _met(answers, limit),
                    "## Trade-offs",
                    _trade_offs(papers),
                    "## Recommendations",
                    _recommendations(parts, papers, answers, dissent),
                    "## Unmet Requirements",
                    _listed(
                        [f"{quote(each.requirement)}: no mechanism was shown." for each in unmet]
                    ),
                    "## Open Questions",
                    _listed(_questions(papers)),
                    "## Dissent",
                    _listed([_objection(speaker, each, limit) for speaker, each in dissent[:6]]),
                    f"Confidence: {confidence}/100",
                ]
            ).replace("\n\n\n\n", "\n\n")
            + "\n"
        )
    )


def _papers(ask: Ask) -> dict[str, Paper]:
    """The last refinement of each speaker; proposals where nothing was refined; else the judge's
    own draft.
    """
    said = (*ask.brief.earlier(), *ask.brief.shown)
    for kind in ("refinement", "proposal"):
        last = {each.speaker: each.text for each in said if each.kind == kind}
        if last:
            return {shorten(speaker, 40): read_paper(text) for speaker, text in last.items()}
    return {shorten(ask.brief.turn.speaker, 40) or "the judge": draft(ask)}


def _parts(papers: dict[str, Paper], reading: Reading) -> list[_Part]:
    """The measures of all papers, one per name, those that more speakers or requirements rest on
    first.
    """
    held: dict[str, list[tuple[str, Measure]]] = {}
    for speaker, paper in papers.items():
        for measure in paper.measures:
            held.setdefault(measure.name.lower(), []).append((speaker, measure))
    named = " ".join(
        row.mechanism.lower() for paper in papers.values() for row in paper.coverage if row.met
    )
    parts = [
        _Part(
            name=group[0][1].name,
            text=claim(group[0][1].text),
            holders=tuple(speaker for speaker, _ in group),
        )
        for group in held.values()
    ]
    return sorted(
        parts, key=lambda part: -len(part.holders) - named.count(f"**{part.name.lower()}**")
    )


def _answer(requirement: str, papers: dict[str, Paper]) -> _Answer:
    for speaker, paper in papers.items():
        row = _row_for(requirement, paper)
        if row is not None and row.met:
            return _Answer(requirement=requirement, mechanism=row.mechanism, speaker=speaker)
    return _Answer(requirement=requirement, mechanism="", speaker="")


def _row_for(requirement: str, paper: Paper) -> Row | None:
    near = [row for row in paper.coverage if same_words(row.requirement, requirement) >= 0.8]
    return next((row for row in near if row.met), next(iter(near), None))


def _declined(paper: Paper) -> list[Change]:
    return [change for change in paper.changes if not change.accepted]


def _solution(reading: Reading, papers: dict[str, Paper], parts: list[_Part], limit: int) -> str:
    task = quote(next(iter(reading.sentences), "a problem without legible words"))
    shared = [part for part in parts if len(part.holders) > 1]
    count = len(papers)
    origin = f"{count} refined proposals" if count > 1 else "one refined proposal"
    lead = f"{NOTE} The task is {task}. This design merges {origin}, concern by concern."
    if shared:
        names = listed([part.name for part in shared[:3]])
        lead += f" {names} found more than one advocate and come first."
    blocks = [lead]
    for part in parts[:PARTS]:
        blocks += [f"### {part.name} ({', '.join(part.holders)})", shorten(part.text, limit)]
    rest = [f"{part.name} ({', '.join(part.holders)})" for part in parts[PARTS : PARTS + 8]]
    if rest:
        blocks.append(f"Also taken over: {', '.join(rest)}.")
    return "\n\n".join(blocks)


def _met(answers: list[_Answer], limit: int) -> str:
    lines = [
        f"- {quote(each.requirement, max(40, limit // 3))} → "
        f"{shorten(each.mechanism, limit // 3)} ({each.speaker})"
        for each in answers
        if each.speaker
    ]
    return "### How the requirements are met\n\n" + "\n".join(lines) if lines else ""


def _trade_offs(papers: dict[str, Paper]) -> str:
    lines = []
    for one, other in combinations(papers, 2):
        for pair, compromise in TENSIONS.items():
            first, second = sorted(pair)
            if (first in one and second in other) or (second in one and first in other):
                lines.append(f"{compromise} ({one}, {other})")
    lines = lines[:3]
    for speaker, paper in papers.items():
        lines.extend(f"{shorten(each, 200)} ({speaker})" for each in paper.trade_offs[:1])
    return _listed(lines[:5])


def _recommendations(
    parts: list[_Part],
    papers: dict[str, Paper],
    answers: list[_Answer],
    dissent: list[tuple[str, Change]],
) -> str:
    steps = []
    unmet = [each for each in answers if not each.speaker]
    if unmet:
        steps.append(
            f"Find a mechanism for {quote(unmet[0].requirement, 100)} before anything is built: "
            "no proposal has one."
        )
    if parts:
        holders = len(parts[0].holders)
        reason = (
            f"{'all' if holders == len(papers) else holders} of the proposals rest on it"
            if holders > 1
            else "more of the stated requirements rest on it than on anything else"
        )
        steps.append(f"Build {parts[0].name.lower()} first, because {reason}.")
    if len(parts) > 1:
        steps.append(
            f"Prove {parts[1].name.lower()} on a thin slice from end to end; it is the next thing "
            "that the others assume."
        )
    if dissent:
        steps.append(
            f"Settle the dispute about {dissent[0][1].name.lower()} by a measurement instead of "
            f"a vote."
        )
    steps.append("Run the same debate with a model before money depends on it.")
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))


def _questions(papers: dict[str, Paper]) -> list[str]:
    found: dict[str, list[str]] = {}
    for speaker, paper in papers.items():
        for assumption in paper.assumptions:
            found.setdefault(shorten(assumption, 160), []).append(speaker)
    return [
        f"Does the owner of the problem confirm this? {assumption} (assumed by {listed(speakers)})"
        for assumption, speakers in list(found.items())[:4]
    ]


def _objection(author: str, change: Change, limit: int) -> str:
    # Every answer of a rehearsal says whether the objection blocks; a model's may not.
    said = "block" in change.answer.lower()
    weight = "" if said else " Whether it blocks was not said."
    answer = shorten(change.answer, limit)
    sides = f"held by {change.speaker} against {author}, who declined"
    return f"**{change.name}**, {sides}: {answer}{weight}"


def _confidence(
    reading: Reading, answers: list[_Answer], papers: dict[str, Paper], disputes: int
) -> int:
    """Coverage decides and disputes subtract; what nobody required cannot be trusted far."""
    met = sum(bool(each.speaker) for each in answers)
    share = met / len(answers) if answers else 0.0
    ceiling = 85 if reading.strong else 65
    score = round(ceiling * (0.4 + 0.6 * share)) - 3 * min(disputes, 5)
    if len(papers) < 2:
        score -= 10
    return max(5, min(score, 40) if met < len(answers) or not answers else score)


def _listed(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines) or "None."
