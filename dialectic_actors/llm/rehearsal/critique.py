"""Critiques of a rehearsal: what a proposal leaves out of the critic's checklist although the
problem asks for it.
"""

from __future__ import annotations

from msgspec import Struct

from dialectic_actors.actors.ports import Ask
from dialectic_actors.core.briefs import Shown
from dialectic_actors.core.roles import Concern
from dialectic_actors.llm.rehearsal.clarifications import task_of
from dialectic_actors.llm.rehearsal.papers import (
    NOTE,
    Measure,
    Paper,
    Row,
    bounded,
    claim,
    items,
    read_paper,
    sections,
)
from dialectic_actors.llm.rehearsal.proposal import relevant
from dialectic_actors.llm.rehearsal.reading import (
    Reading,
    choose,
    hits,
    phrase,
    quote,
    same_words,
    sentences,
    shorten,
)
from dialectic_actors.llm.rehearsal.voices import Voice, voice_of

__all__ = ["Objection", "covers", "criticize", "objections"]

RISKS = 3
CROWDED = 9


class Objection(Struct, frozen=True):
    """A change that a critic asks for. `answers` is the requirement it serves, if it names one."""

    speaker: str
    name: str
    suggestion: str
    blocking: bool
    answers: str = ""


class _Risk(Struct, frozen=True):
    name: str
    danger: str
    suggestion: str
    requirement: str = ""
    touches: str = ""


def criticize(ask: Ask) -> str:
    """A critique of the proposal that the brief shows."""
    reading = task_of(ask.brief)
    target = _target(ask)
    paper = read_paper(target.text if target else "")
    voice = voice_of(ask.role.name)
    covered = [each for each in ask.role.checklist if covers(paper, each)]
    risks = _risks(ask, reading, paper, covered)
    return bounded(
        lambda limit: (
            "\n\n".join(
                [
                    NOTE,
                    "## Requirements Coverage",
                    "\n".join(_coverage(each, paper, risks, limit) for each in reading.requirements)
                    or "The problem states nothing that could be covered.",
                    "## Strengths",
                    _strengths(paper, covered, voice),
                    "## Risks",
                    _numbered(
                        [f"**{each.name}.** {shorten(each.danger, limit)}" for each in risks]
                    ),
                    "## Suggestions",
                    _numbered([_suggestion(each, limit) for each in risks]),
                    "## Blocking Issues",
                    _blocking(risks, reading),
                ]
            )
            + "\n"
        )
    )


def objections(critique: Shown) -> list[Objection]:
    """What a critique asks for, whoever wrote it; at most three changes."""
    found = {name.lower(): body for name, body in sections(critique.text)}
    asked = items(found.get("suggestions", "")) or [
        item for body in found.values() for item in items(body)
    ]
    asked = asked or list(sentences(" ".join(found.values())))
    blocked = found.get("blocking issues", "").lower()
    result = []
    for each in asked[:RISKS]:
        name, suggestion = _named(each)
        head, _, answers = suggestion.partition("It answers “")
        result.append(
            Objection(
                speaker=shorten(critique.speaker, 40),
                name=name,
                suggestion=head.strip() or suggestion,
                blocking=name.lower() in blocked,
                answers=answers.rpartition("”")[0],
            )
        )
    return result


def covers(paper: Paper, concern: Concern) -> bool:
    """Whether a paper has a measure of the concern's name, or speaks of it at some length."""
    if any(concern.name.lower() == measure.name.lower() for measure in paper.measures):
        return True
    said = "\n".join(claim(measure.text) for measure in paper.measures)
    return len(hits(concern, said)) >= 3


def _named(item: str) -> tuple[str, str]:
    _, mark, rest = item.partition("**")
    if mark and "**" in rest:
        name, _, suggestion = rest.partition("**")
        return shorten(name.strip(" .:"), 60), suggestion.lstrip(" .:") or name
    return shorten(item, 40), item


def _target(ask: Ask) -> Shown | None:
    shown = ask.brief.shown
    named = [each for each in shown if each.turn == ask.brief.turn.target]
    others = [each for each in shown if each.kind in ("proposal", "refinement")]
    rest = [each for each in shown if each.kind != "answer"]
    return next(iter([*named, *others, *rest]), None)


def _risks(ask: Ask, reading: Reading, paper: Paper, covered: list[Concern]) -> list[_Risk]:
    raised = relevant(ask.role.checklist, reading)
    missing = [each for each in raised if each not in covered]
    missing = missing or [each for each in ask.role.checklist if each not in covered][:1]
    risks: list[_Risk] = []
    attacked: list[str] = []
    # A paper that already carries much gains more from one good point than from three.
    count = 1 if len(paper.measures) >= CROWDED else RISKS - (ask.brief.turn.round > 1)
    for number, concern in enumerate(missing[:count]):
        attacked.append(_attacked(ask, concern, paper, attacked))
        wanted = [each for each in reading.requirements if hits(concern, each)]
        risks.append(
            _Risk(
                name=concern.name,
                danger=_danger(concern, reading, attacked[-1], number)
                + ("" if number else f" {voice_of(ask.role.name).worry}"),
                suggestion=concern.measure,
                requirement=next((each for each in wanted if not _met(each, paper)), ""),
                touches=wanted[0] if wanted else "",
            )
        )
    return risks or [_unproven(ask, paper)]


def _danger(concern: Concern, reading: Reading, attacked: str, number: int) -> str:
    raised = next((each for each in reading.sentences if hits(concern, each)), "")
    words = quote(phrase(concern, raised), 80) if raised else ""
    said = quote(attacked, 120)
    if not attacked:
        return f"{concern.question} The proposal has no answer."
    match number:
        case 0:
            passage = f" The problem, however, speaks of {words}." if words else ""
            return f"The proposal says {said} and stops there.{passage} {concern.question}"
        case 1:
            passage = f", while the problem names {words}" if words else ""
            return f"{concern.question} The closest that the proposal comes is {said}{passage}."
        case _:
            return f"{concern.question} The proposal assumes an answer where it writes {said}."


def _attacked(ask: Ask, concern: Concern, paper: Paper, used: list[str]) -> str:
    """The sentence of the proposal that comes closest to the concern without answering it."""
    said = [each for measure in paper.measures for each in sentences(claim(measure.text))]
    said = [each for each in said if each not in used] or said
    near = max(said, key=lambda each: len(hits(concern, each)), default="")
    if hits(concern, near) or not said:
        return near
    return said[choose(ask.seed, ask.brief.turn.id, concern.name, len(said))]


def _unproven(ask: Ask, paper: Paper) -> _Risk:
    """When nothing is missing, the critic asks for proof of something that was only promised."""
    names = [each.name for each in paper.measures]
    doubted = [
        each
        for each in paper.measures
        if not each.name.startswith("Proof of") and f"Proof of {each.name.lower()}" not in names
    ] or [Measure(name="The proposal", text="")]
    measure = doubted[choose(ask.seed, ask.brief.turn.id, "proof", len(doubted))]
    said = f"{quote(claim(measure.text), 120)} is promised, not shown. " if measure.text else ""
    return _Risk(
        name=f"Proof of {measure.name.lower()}",
        danger=f"{said}{voice_of(ask.role.name).worry}",
        suggestion=f"Say how {measure.name.lower()} is proven before the release: the observation, "
        "its limit, and who looks at it.",
    )


def _met(requirement: str, paper: Paper) -> bool:
    row = _row_for(requirement, paper)
    return row is not None and row.met


def _row_for(requirement: str, paper: Paper) -> Row | None:
    return next(
        (row for row in paper.coverage if same_words(row.requirement, requirement) >= 0.8), None
    )


def _coverage(requirement: str, paper: Paper, risks: list[_Risk], limit: int) -> str:
    asked = quote(requirement, max(40, limit // 3))
    row = _row_for(requirement, paper)
    if row is not None and row.met:
        gap = next((each.name for each in risks if each.touches == requirement), "")
        if gap:
            return f"- {asked}: met in part, by {_mechanism(row)}; **{gap}** is missing."
        return f"- {asked}: met, by {_mechanism(row)}."
    if row is not None:
        return f"- {asked}: not met; the proposal itself leaves it open."
    said = "\n".join([paper.opening, *(measure.text for measure in paper.measures)])
    if same_words(requirement, said) >= 0.5:
        return f"- {asked}: touched on, but no mechanism is named for it."
    return f"- {asked}: not met; the proposal does not speak of it."


def _mechanism(row: Row) -> str:
    head, _, _ = row.mechanism.partition(": ")
    return shorten(head, 90).rstrip(".")


def _strengths(paper: Paper, covered: list[Concern], voice: Voice) -> str:
    if not paper.measures:
        return "I was shown nothing that could be praised."
    names = {each.name.lower() for each in covered}
    agreed = [
        each
        for each in paper.measures
        if each.name.lower() in names
        or any(len(hits(own, claim(each.text))) > 1 for own in covered)
    ]
    best = (agreed or list(paper.measures))[:2]
    lines = [f"- **{each.name}** should stay: {quote(claim(each.text), 150)}." for each in best]
    lines[0] += f" {voice.praise}"
    return "\n".join(lines)


def _suggestion(risk: _Risk, limit: int) -> str:
    answers = f" It answers {quote(risk.requirement, 100)}." if risk.requirement else ""
    return f"**{risk.name}.** {shorten(risk.suggestion, limit)}{answers}"


def _blocking(risks: list[_Risk], reading: Reading) -> str:
    worst = next((each for each in risks if each.requirement), None)
    if not reading.strong or worst is None:
        return "None."
    asked = quote(worst.requirement)
    return f"**{worst.name}**: while it is open, {asked} is a wish and not a property."


def _numbered(lines: list[str]) -> str:
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1))
