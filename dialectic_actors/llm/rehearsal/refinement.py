"""Refinements of a rehearsal: one's own proposal, visibly changed by the critiques, with an answer
to each.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from dialectic_actors.actors.ports import Ask
from dialectic_actors.core.briefs import Shown
from dialectic_actors.llm.rehearsal.critique import Objection, objections
from dialectic_actors.llm.rehearsal.messages import looked_up
from dialectic_actors.llm.rehearsal.papers import (
    Change,
    Measure,
    Paper,
    Row,
    read_paper,
    write_paper,
)
from dialectic_actors.llm.rehearsal.proposal import draft
from dialectic_actors.llm.rehearsal.reading import choose, quote, same_words, shorten
from dialectic_actors.llm.rehearsal.voices import voice_of

__all__ = ["refine"]

MEASURES = 12
"""Decisions that one design may carry."""

_TAKEN = (
    "I had left this out. {suggestion} The gap was {speaker}'s to find.",
    "I agree with {speaker} that this was missing. {suggestion}",
    "{suggestion} It was {speaker} who found the gap.",
)
_FULL = (
    f"This design already carries {MEASURES} decisions; another one waits until one of them is "
    f"proven."
)


class _Verdict(Struct, frozen=True):
    objection: Objection
    accepted: bool
    reason: str


def refine(ask: Ask) -> str:
    """The speaker's own proposal after the critiques that the brief shows."""
    own = _own(ask)
    asked = [each for critique in _critiques(ask) for each in objections(critique)]
    if not asked:
        said = "No critique reached me, so the proposal stands as it was."
        return write_paper(msgspec.structs.replace(own, changes=()), said)
    verdicts = _verdicts(ask, own, asked)
    paper = own
    for number, verdict in enumerate(verdicts):
        if verdict.accepted:
            frame = _TAKEN[(number + choose(ask.seed, ask.brief.turn.id, "taken", 3)) % 3]
            paper = _with_objection(paper, verdict.objection, frame)
    changes = tuple(_change(verdict, own) for verdict in verdicts)
    said = " ".join(filter(None, (_summary(verdicts), looked_up(ask))))
    return write_paper(msgspec.structs.replace(paper, changes=changes), said)


def _critiques(ask: Ask) -> list[Shown]:
    """What was said of the speaker's proposal, where that can be told."""
    target = ask.brief.turn.target
    shown = [each for each in ask.brief.shown if each.kind == "critique"]
    return [each for each in shown if target is None or each.target in (None, target)]


def _own(ask: Ask) -> Paper:
    """What the speaker said last; without it the speaker proposes anew."""
    said = [each for each in ask.brief.shown if each.kind in ("proposal", "refinement")]
    own = [each for each in said if each.speaker == ask.brief.turn.speaker]
    if not (own or said):
        return draft(ask)
    return read_paper((own or said)[-1].text)


def _verdicts(ask: Ask, own: Paper, asked: list[Objection]) -> list[_Verdict]:
    """Accept what is asked, but for one wish that goes against the role's stance and for what is
    too much.
    """
    optional = [each for each in asked if not each.blocking and not _closes(own, each)]
    declined = None
    if len(asked) > 2 and optional:
        # What the problem says least about is the easiest to do without.
        declined = min(
            optional,
            key=lambda each: (
                same_words(f"{each.name} {each.suggestion}", ask.brief.problem),
                choose(ask.seed, ask.brief.turn.id, each.name, 100),
            ),
        )
    refusals = voice_of(ask.role.name).refusals
    refusal = refusals[choose(ask.seed, ask.brief.turn.id, "refusal", len(refusals))]
    names = {each.name.lower() for each in own.measures}
    verdicts = []
    for each in asked:
        if each is declined:
            verdicts.append(_Verdict(objection=each, accepted=False, reason=refusal))
        elif len(names | {each.name.lower()}) > MEASURES:
            verdicts.append(_Verdict(objection=each, accepted=False, reason=_FULL))
        else:
            names.add(each.name.lower())
            verdicts.append(_Verdict(objection=each, accepted=True, reason=""))
    return verdicts


def _closes(own: Paper, objection: Objection) -> bool:
    return any(not row.met and _serves(objection, row) for row in own.coverage)


def _serves(objection: Objection, row: Row) -> bool:
    return bool(objection.answers) and same_words(objection.answers, row.requirement) >= 0.6


def _with_objection(paper: Paper, objection: Objection, frame: str) -> Paper:
    measures = list(paper.measures)
    at = next(
        (n for n, each in enumerate(measures) if each.name.lower() == objection.name.lower()), None
    )
    values = {"suggestion": shorten(objection.suggestion, 320), "speaker": objection.speaker}
    if at is None:
        measures.append(Measure(name=objection.name, text=frame.format_map(values)))
    elif values["suggestion"][:60] not in measures[at].text:
        text = f"{values['suggestion']} {shorten(measures[at].text, 240)}"
        measures[at] = Measure(name=measures[at].name, text=text)
    mechanism = f"**{objection.name}**, taken over from {objection.speaker}"
    coverage = tuple(
        Row(requirement=row.requirement, mechanism=mechanism)
        if not row.met and _serves(objection, row)
        else row
        for row in paper.coverage
    )
    return msgspec.structs.replace(paper, measures=tuple(measures), coverage=coverage)


def _change(verdict: _Verdict, own: Paper) -> Change:
    objection = verdict.objection
    if not verdict.accepted:
        weight = "It blocks." if objection.blocking else "It does not block."
        answer = f"{verdict.reason} {weight}"
    elif objection.name.lower() in {each.name.lower() for each in own.measures}:
        answer = "The section of that name now says so."
    elif _closes(own, objection):
        answer = f"A new section, and it closes {quote(objection.answers, 90)}."
    elif objection.blocking:
        answer = "The objection blocked, so a section of its own answers it."
    else:
        answer = "A new section says how."
    return Change(
        accepted=verdict.accepted, speaker=objection.speaker, name=objection.name, answer=answer
    )


def _summary(verdicts: list[_Verdict]) -> str:
    taken = sum(verdict.accepted for verdict in verdicts)
    critics = len({verdict.objection.speaker for verdict in verdicts})
    points = f"{len(verdicts)} point{'s' if len(verdicts) > 1 else ''}"
    who = f"{critics} critics" if critics > 1 else "one critic"
    declined = len(verdicts) - taken
    tail = f" and decline {declined}, for the reason given" if declined else ""
    return f"Of {points} raised by {who} I accept {taken}{tail}."
