"""Proposals of a rehearsal: the concerns that the problem's own words raise, argued in the voice
of the role.
"""

from __future__ import annotations

import re

from dialectic_actors.actors.ports import Ask
from dialectic_actors.core.roles import Concern
from dialectic_actors.llm.rehearsal.clarifications import given, task_of
from dialectic_actors.llm.rehearsal.messages import looked_up
from dialectic_actors.llm.rehearsal.papers import Measure, Paper, Row, write_paper
from dialectic_actors.llm.rehearsal.reading import (
    Reading,
    choose,
    hits,
    listed,
    phrase,
    quote,
    shorten,
    subject,
)
from dialectic_actors.llm.rehearsal.voices import voice_of

__all__ = ["draft", "propose", "relevant"]

FEWEST = 3
MOST = 5

_DURATION = re.compile(
    r"[\d,.]+\s*(?:%|ms\b|second|minute|hour|day|week|month|year)", re.IGNORECASE
)
_PEAK = re.compile(r"\b(?:peak|busiest|worst|burst|at most)", re.IGNORECASE)
_WITH_WORDS = (
    "{question} The problem gives the reason to ask: {words}. {measure}",
    "{words} is quickly said. {question} {measure}",
    "The problem speaks of {words}, and that raises a question: {question} {measure}",
    "{question} For {words} there is one answer. {measure}",
    "{measure} I would not promise {words} on less.",
)
_WITHOUT_WORDS = (
    "{question} The problem does not say, so I assume that it matters. {measure}",
    "{question} The problem is silent here, so some incident would decide it. {measure}",
    "Nothing in the problem settles this: {question} {measure}",
)


def propose(ask: Ask) -> str:
    """A proposal for the problem of the brief."""
    return write_paper(draft(ask))


def draft(ask: Ask) -> Paper:
    """The proposal as a paper."""
    reading = task_of(ask.brief)
    voice = voice_of(ask.role.name)
    turn = ask.brief.turn.id
    concerns = _chosen(ask, reading)
    words = _evidence(concerns, reading)
    first = choose(ask.seed, turn, "price", 3)
    return Paper(
        title=_title(voice.title, subject(reading)),
        opening=" ".join(
            filter(None, (_opening(ask, reading, list(words.values())), _told(ask), looked_up(ask)))
        ),
        measures=_measures(ask, concerns, words),
        trade_offs=(voice.prices[first], voice.prices[(first + 1) % 3]),
        coverage=tuple(_row(each, concerns, voice.gap) for each in reading.requirements),
        assumptions=(*_unanswered(ask), *_assumptions(concerns, words, reading)),
    )


def relevant(checklist: tuple[Concern, ...], reading: Reading) -> list[Concern]:
    """The concerns that the words of the problem raise, the most raised first."""
    text = "\n".join(reading.sentences)
    wanted = "\n".join(reading.requirements)
    scores = [(len(hits(each, text)) + len(hits(each, wanted)), each) for each in checklist]
    ranked = sorted(scores, key=lambda scored: -scored[0])
    return [concern for score, concern in ranked if score]


def _chosen(ask: Ask, reading: Reading) -> list[Concern]:
    """Concerns enough to say something about every requirement, and never fewer than a design
    needs.
    """
    raised = relevant(ask.role.checklist, reading)
    chosen = raised[:MOST]
    for requirement in reading.requirements:
        if len(chosen) <= MOST and not any(hits(each, requirement) for each in chosen):
            chosen += [each for each in raised[MOST:] if hits(each, requirement)][:1]
    rest = [each for each in ask.role.checklist if each not in chosen]
    offset = choose(ask.seed, ask.brief.turn.id, "rest", len(rest)) if rest else 0
    turned = rest[offset:] + rest[:offset]
    return chosen + turned[: max(0, FEWEST - len(chosen))]


def _evidence(concerns: list[Concern], reading: Reading) -> dict[str, str]:
    """For each concern that the problem raises the words that raise it, each passage used once if
    possible.
    """
    found: dict[str, str] = {}
    for concern in concerns:
        options = [phrase(concern, each) for each in reading.sentences if hits(concern, each)]
        fresh = [each for each in options if each not in found.values()]
        if options:
            found[concern.name] = (fresh or options)[0]
    return found


def _title(title: str, about: str) -> str:
    return f"{title}: {quote(about, 60).strip('“”')}" if " " in about else title


def _opening(ask: Ask, reading: Reading, words: list[str]) -> str:
    voice = voice_of(ask.role.name)
    opening = voice.openings[choose(ask.seed, ask.brief.turn.id, "opening", 2)]
    if not words:
        first = next(iter(reading.sentences), "")
        said = f"The problem reads {quote(first)}." if first else "The problem is not legible."
        unheard = "No word that I listen for occurs in it, so I ask what every design must answer."
        return f"{opening} {said} {unheard}"
    second = next((each for each in words if each not in words[0] and words[0] not in each), "")
    if second:
        weight = f"Two passages weigh most: {quote(words[0], 80)} and {quote(second, 80)}."
    else:
        weight = f"One passage weighs most: {quote(words[0], 80)}."
    if reading.numbers:
        figures = " and ".join(quote(number, 40) for number in reading.numbers[:2])
        weight += f" I size everything from {figures}, the only hard figures given."
    return f"{opening} {weight}"


def _told(ask: Ask) -> str:
    """What the speaker makes of the answers: its own questions' first, and what is left to say."""
    speaker = ask.brief.turn.speaker
    known = [each for each in given(ask.brief) if each.known and not each.vague]
    own = [each for each in known if each.asker == speaker] or known
    if not own:
        return ""
    said = " and ".join(quote(each.answer, 90) for each in own[:2])
    rest = len(known) - len(own[:2])
    others = f", and so {'do' if rest > 1 else 'does'} what others were told" if rest else ""
    return f"I was told {said}; that binds me like the problem itself{others}."


def _unanswered(ask: Ask) -> tuple[str, ...]:
    """An own question to which nobody had a firm answer; it stays an assumption."""
    own = [each for each in given(ask.brief) if each.asker == ask.brief.turn.speaker]
    return tuple(
        f"To {quote(each.question, 100)} I have no firm answer and take the ordinary case."
        for each in [each for each in own if not each.known or each.vague][:1]
    )


def _measures(ask: Ask, concerns: list[Concern], words: dict[str, str]) -> tuple[Measure, ...]:
    turn = choose(ask.seed, ask.brief.turn.id, "frame", 5)
    measures = []
    for number, concern in enumerate(concerns):
        passage = words.get(concern.name)
        frames = _WITH_WORDS if passage else _WITHOUT_WORDS
        frame = frames[(turn + number) % len(frames)]
        text = frame.format_map(
            {
                "question": concern.question,
                "measure": concern.measure,
                "words": quote(passage, 80) if passage else "",
            }
        )
        measures.append(Measure(name=concern.name, text=text))
    return tuple(measures)


def _row(requirement: str, concerns: list[Concern], gap: str) -> Row:
    scored = [(len(hits(concern, requirement)), concern) for concern in concerns]
    ranked = sorted((each for each in scored if each[0]), key=lambda each: -each[0])
    if not ranked:
        return Row(requirement=quote(requirement), mechanism=f"open: it {gap}")
    names = " and ".join(f"**{concern.name}**" for _, concern in ranked[:2])
    return Row(requirement=quote(requirement), mechanism=f"{names}: {_gist(ranked[0][1].measure)}")


def _gist(measure: str) -> str:
    """The beginning of a measure that is an order by itself."""
    head = shorten(measure.partition(";")[0].partition(", and ")[0], 110).rstrip(".")
    return head[:1].lower() + head[1:]


def _assumptions(
    concerns: list[Concern], words: dict[str, str], reading: Reading
) -> tuple[str, ...]:
    silent = [each.name.lower() for each in concerns if each.name not in words]
    found = []
    if silent:
        found.append(f"The problem is silent on {listed(silent)}; it has to be settled anyway.")
    if not reading.strong:
        found.append("Nothing is marked as mandatory; the first sentence is the requirement.")
    load = next((each for each in reading.numbers if not _DURATION.match(each)), None)
    if load and any(load in each and _PEAK.search(each) for each in reading.sentences):
        found.append(f"{quote(load, 40)} is the peak; a tenth of it is the ordinary case.")
    elif load:
        found.append(
            f"{quote(load, 40)} describes the ordinary case; the peak is ten times as high."
        )
    else:
        found.append("No load is stated; one well-kept database carries the first year.")
    return tuple(found[:4])
