"""What a contribution says, in words: for people, for the briefs of agents, for transcripts.

Tolerant: what cannot be read (an imported log may say anything) is shown as it was written. Files,
terminals and reports have no place here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import assert_never

from dialectic_events.contents import Answered, Dissent, Question, Verdict, read_content
from dialectic_events.turns import (
    AnswerGiven,
    AssessmentMade,
    BallotCast,
    CritiqueMade,
    ProposalMade,
    QuestionAsked,
    RefinementMade,
    Standing,
    StopDecided,
    SummaryMade,
    SynthesisMade,
)
from dialectic_events.union import Made

__all__ = ["asked_in", "words_of"]

_ASKED = re.compile(r"- \*\*[^*\n]*\*\* (.+)")


def words_of(event: Made | StopDecided) -> str:
    """What an event says, as Markdown."""
    match event:
        case QuestionAsked():
            return _questions(event)
        case AnswerGiven():
            return _answers(event)
        case BallotCast():
            ranking = "\n".join(f"{place}. {turn}" for place, turn in enumerate(event.ranking, 1))
            return _blocks((ranking, event.text))
        case AssessmentMade():
            return _blocks((f"Score: {100 * event.score:.3g}/100", event.text))
        case SynthesisMade():
            return _blocks((_conclusion(event), _vote(event.standings, event.tied)))
        case StopDecided():
            return _stop(event)
        case SummaryMade() | ProposalMade() | CritiqueMade() | RefinementMade():
            return event.text
        case _:
            assert_never(event)


def asked_in(answers: str) -> tuple[str, ...]:
    """The questions in what `words_of` made of a person's answers, or in its JSON, each on one
    line.
    """
    content = read_content(answers, tuple[Answered, ...])
    if content is not None:
        return tuple(_line(each.question) for each in content)
    asked = (_ASKED.fullmatch(line) for line in answers.splitlines())
    return tuple(match[1] for match in asked if match is not None)


def _questions(event: QuestionAsked) -> str:
    questions = read_content(event.text, tuple[Question, ...])
    if questions is None:
        return event.text
    if not questions:
        return "No questions."
    return "\n".join(f"- **{each.id}** {_line(each.question)}" for each in questions)


def _answers(event: AnswerGiven) -> str:
    answers = read_content(event.text, tuple[Answered, ...])
    if answers is None:
        return event.text
    # Each answer is a quotation, so that no line of it can pass for a question.
    return "\n\n".join(
        f"- **{each.id}** {_line(each.question)}\n\n{_lines('  > ', each.answer)}"
        for each in answers
    )


def _conclusion(event: SynthesisMade) -> str:
    verdict = read_content(event.text, Verdict) if event.form == "verdict" else None
    if verdict is None or not verdict.solution.strip():
        return event.text
    assessment = _blocks(_assessment(verdict))
    heading = "---\n\n## Assessment" if assessment else ""
    return _blocks((verdict.solution, heading, assessment))


def _assessment(verdict: Verdict) -> Iterator[str]:
    if verdict.confidence is not None:
        yield f"Confidence: {verdict.confidence}/100"
    yield _list("Unmet Requirements", verdict.unmet_requirements)
    yield _list("Open Questions", verdict.open_questions)
    yield _list("Recommendations", verdict.recommendations)
    yield _list("Trade-offs", verdict.tradeoffs)
    yield _list("Dissent", map(_dissent, verdict.dissent))


def _dissent(each: Dissent) -> str:
    told = (
        f"held by {each.author}" if each.author else "",
        f"rests on {each.turn}" if each.turn else "",
        "blocks" if each.blocks else "",
    )
    details = ", ".join(filter(None, told))
    return f"{each.objection.strip()} ({details})" if details else each.objection


def _vote(standings: Iterable[Standing], tied: Iterable[str]) -> str:
    rows = [
        f"{place}. {each.turn}: {each.points} points, first on {each.first} ballots"
        for place, each in enumerate(standings, 1)
    ]
    lot = ", ".join(tied)
    return _blocks(
        ("## Vote" if rows else "", "\n".join(rows), f"Told apart by lot: {lot}" if lot else "")
    )


def _stop(event: StopDecided) -> str:
    verb = "The debate ends here" if event.stop else "The debate goes on"
    if event.value is None:
        return f"{verb}: {event.rule} could not be measured."
    sign = "≥" if event.value >= event.threshold else "<"
    return f"{verb}: {event.rule} {event.value:.4g} {sign} {event.threshold:.4g} ({event.measure})."


def _list(title: str, items: Iterable[str]) -> str:
    lines = [f"- {_lines('  ', item).lstrip()}" for item in items if item.strip()]
    return f"### {title}\n\n" + "\n".join(lines) if lines else ""


def _lines(margin: str, text: str) -> str:
    """`text` with a margin before each of its lines."""
    return "\n".join(f"{margin}{line}".rstrip() for line in text.strip().splitlines() or [""])


def _line(text: str) -> str:
    return " ".join(text.split())


def _blocks(blocks: Iterable[str]) -> str:
    return "\n\n".join(block for block in blocks if block)
