"""What an answer must satisfy to become a contribution, by the kind of its turn.

An answer is read tolerantly and judged strictly: what it means is never guessed. Whether it is
asked for again is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import isfinite
from typing import Any, Literal, assert_never

from msgspec import Struct

from dialectic_actors.core.briefs import Brief
from dialectic_actors.core.conclusions import (
    conclusion_fields,
    object_schema,
    read_conclusion,
    says_something,
)
from dialectic_actors.core.decoding import find_object
from dialectic_actors.core.marks import mark_of, marks_of, read_mark, texts_of
from dialectic_actors.core.turn_ids import segment
from dialectic_events.calls import CallAnswered
from dialectic_events.contents import Question, write_content
from dialectic_events.runs import Condensing, Summarization, Synthesis
from dialectic_events.turns import (
    AssessmentMade,
    BallotCast,
    CritiqueMade,
    Kind,
    ProposalMade,
    QuestionAsked,
    RefinementMade,
    SummaryMade,
    SynthesisMade,
    Turn,
)
from dialectic_events.union import Made
from dialectic_replay.words import asked_in

__all__ = ["CHARACTERS_PER_TOKEN", "Reading", "Terms", "answer_schema", "marks_of", "read_answer"]

CHARACTERS_PER_TOKEN = 4
"""An estimate that errs on the long side for English; no tokenizer is asked, so that a log decides
the same everywhere.
"""

_SILENCE = "it says nothing"
_WORD_END = re.compile(r"(?<=\S)(?=\s)|(?<=[。！？；，、])")
"""White space ends a word; where none is written, punctuation does."""

_TEXT: Mapping[str, Any] = {"type": "string"}
_TEXTS: Mapping[str, Any] = {"type": "array", "items": _TEXT}


class Terms(Struct, frozen=True):
    """What the settings add to a contract: who concludes, how many questions an agent may ask in a
    pass, how long a summary may be (None: as long as it is) and what it is made of.
    """

    synthesis: Synthesis = "judge"
    questions: int = 5
    summarization: Summarization | None = None
    condensing: Condensing = "length-based"


class Reading(Struct, frozen=True):
    """The contribution that an answer makes; or `findings`, on which its author can act, and what
    may stand if it is not asked again.
    """

    made: Made | None
    findings: tuple[str, ...] = ()
    fallback: Made | None = None


def read_answer(brief: Brief, answer: CallAnswered, terms: Terms) -> Reading:
    """What an answer to a brief amounts to. Raises ValueError for a turn that no model takes."""
    kind = brief.turn.kind
    match kind:
        case "proposal" | "critique" | "refinement":
            return _position(kind, brief, answer)
        case "summary":
            return _summary(brief, answer, terms)
        case "question":
            return _questions(brief, answer, terms.questions)
        case "assessment":
            return _assessment(brief, answer)
        case "ballot":
            return _ballot(brief, answer)
        case "synthesis":
            return _synthesis(brief, answer, merge=terms.synthesis == "merge")
        case "answer" | "stop":
            raise ValueError(f"no model takes {brief.turn.id}")
        case _:
            assert_never(kind)


def answer_schema(turn: Turn, terms: Terms) -> str | None:
    """The JSON Schema of the answer, in its strict form; None where plain words are wanted."""
    return _schema(turn.kind, terms.synthesis == "merge")


@lru_cache(maxsize=32)
def _schema(kind: Kind, merge: bool) -> str | None:
    fields = _fields(kind, merge=merge)
    return write_content(object_schema(fields)) if fields else None


def _fields(kind: Kind, *, merge: bool = False) -> Mapping[str, Any]:
    """The keys of an answer that is wanted as JSON, each with the schema of its value."""
    match kind:
        case "question":
            return {"questions": _TEXTS}
        case "ballot":
            return {"ranking": _TEXTS, "reason": _TEXT}
        case "assessment":
            return {"score": {"type": "number", "description": "0 to 100"}, "reason": _TEXT}
        case "synthesis":
            return conclusion_fields(merge=merge)
        case _:
            return {}


def _position(
    kind: Literal["proposal", "critique", "refinement"], brief: Brief, answer: CallAnswered
) -> Reading:
    turn, text, call = brief.turn.id, answer.text.strip(), answer.call
    if not says_something(text):
        return Reading(None, (_SILENCE,))
    match kind:
        case "proposal":
            return Reading(ProposalMade(turn=turn, text=text, call=call))
        case "critique":
            return Reading(CritiqueMade(turn=turn, text=text, call=call))
        case "refinement":
            return Reading(RefinementMade(turn=turn, text=text, call=call))
        case _:
            assert_never(kind)


def _summary(brief: Brief, answer: CallAnswered, terms: Terms) -> Reading:
    text = answer.text.strip()
    if not says_something(text):
        return Reading(None, (_SILENCE,))
    limit = len(text) if terms.summarization is None else _characters(terms.summarization)
    kept = _shortened(text, limit)
    made = SummaryMade(
        turn=brief.turn.id,
        text=kept,
        call=answer.call,
        before_chars=sum(len(each.text) for each in texts_of(brief) if each.kind != "answer"),
        after_chars=len(kept),
        method=terms.condensing,
        cut=kept != text,
    )
    return Reading(made)


def _characters(length: Summarization) -> int:
    return length.max_length * (CHARACTERS_PER_TOKEN if length.unit == "tokens" else 1)


def _shortened(text: str, limit: int) -> str:
    """The beginning of `text` that ends with a word and has at most `limit` characters; a first
    word that is longer is cut.
    """
    if len(text) <= limit:
        return text
    ends = [end.start() for end in _WORD_END.finditer(text, 0, limit + 1)]
    return text[: ends[-1] if ends else limit]


def _questions(brief: Brief, answer: CallAnswered, limit: int) -> Reading:
    none = QuestionAsked(turn=brief.turn.id, text="[]", call=answer.call, questions=0)
    found = find_object(answer.text, _fields("question"))
    if found is None:
        return Reading(None, (_no_object("question"),), none)
    stated = found["questions"]
    texts = [each for each in stated if isinstance(each, str)] if isinstance(stated, list) else []
    if not isinstance(stated, list) or len(texts) < len(stated):
        return Reading(None, ("`questions` must be a list of strings",), none)
    new = _new_questions(texts, brief)
    name = f"c{brief.turn.round}-{segment(brief.turn.speaker)}"
    kept = [Question(f"{name}-{number}", text) for number, text in enumerate(new[:limit], 1)]
    made = QuestionAsked(
        turn=brief.turn.id,
        text=write_content(kept),
        call=answer.call,
        questions=len(kept),
        dropped=len(new) - len(kept),
    )
    return Reading(made)


def _new_questions(texts: Iterable[str], brief: Brief) -> list[str]:
    """The questions that say something and were not asked before, each once."""
    answers = [shown.text for shown in brief.shown if shown.kind == "answer"]
    known = {_alike(question) for text in answers for question in asked_in(text)}
    new: dict[str, str] = {}
    for text in texts:
        if says_something(text) and _alike(text) not in known:
            new.setdefault(_alike(text), text.strip())
    return list(new.values())


def _alike(question: str) -> str:
    return " ".join(question.casefold().split())


def _assessment(brief: Brief, answer: CallAnswered) -> Reading:
    found = find_object(answer.text, ("score", "confidence", "reason"))
    if found is None:
        return Reading(None, (_no_object("assessment"),))
    score = found.get("score", found.get("confidence"))
    if isinstance(score, bool) or not isinstance(score, int | float) or not isfinite(score):
        return Reading(None, ("`score` must be a number from 0 to 100",))
    made = AssessmentMade(
        turn=brief.turn.id,
        text=_reason(found),
        call=answer.call,
        score=min(max(score / 100, 0.0), 1.0),
    )
    return Reading(made)


def _ballot(brief: Brief, answer: CallAnswered) -> Reading:
    found = find_object(answer.text, _fields("ballot"))
    if found is None:
        return Reading(None, (_no_object("ballot"),))
    stated = found.get("ranking")
    if not isinstance(stated, list) or not stated:
        return Reading(None, ("`ranking` must be a list of marks, the best first",))
    candidates = _candidates(brief)
    findings: list[str] = []
    ranking: list[str] = []
    for cited in stated:
        mark = read_mark(cited)
        turns = candidates.get(mark or "")
        if turns is None:
            findings.append(f"`ranking` names {_quoted(cited)}, which is no mark to be ranked")
        elif turns[0] in ranking:
            findings.append(f"`ranking` names {mark} more than once")
        else:
            ranking.extend(turns)
    if findings:
        known = ", ".join(candidates) or "none"
        return Reading(None, (*findings, f"the marks to be ranked are: {known}"))
    made = BallotCast(
        turn=brief.turn.id, text=_reason(found), call=answer.call, ranking=tuple(ranking)
    )
    return Reading(made)


def _candidates(brief: Brief) -> dict[str, list[str]]:
    """The refinements of others, by mark: equal ones share theirs and stand beside each other."""
    candidates: dict[str, list[str]] = {}
    for shown in brief.shown:
        if shown.kind == "refinement" and shown.speaker != brief.turn.speaker:
            candidates.setdefault(mark_of(shown.text), []).append(shown.turn)
    return candidates


def _synthesis(brief: Brief, answer: CallAnswered, *, merge: bool) -> Reading:
    turn, call = brief.turn.id, answer.call
    raw = SynthesisMade(turn=turn, text=answer.text.strip(), call=call, form="text")
    fallback = raw if says_something(raw.text) else None
    found = find_object(answer.text, _fields("synthesis", merge=merge))
    if found is None:
        return Reading(None, (_no_object("synthesis", merge=merge),), fallback)
    # Whoever answered the agents' questions takes no part in the debate.
    marks = {mark: each for mark, each in marks_of(brief).items() if each.kind != "answer"}
    conclusion = read_conclusion(found, marks, merge=merge)
    if conclusion.verdict is None:
        return Reading(None, conclusion.findings, fallback)
    return Reading(SynthesisMade(turn=turn, text=write_content(conclusion.verdict), call=call))


def _reason(found: Mapping[str, object]) -> str:
    reason = found.get("reason")
    return reason.strip() if isinstance(reason, str) else ""


def _no_object(kind: Kind, *, merge: bool = False) -> str:
    keys = ", ".join(f"`{key}`" for key in _fields(kind, merge=merge))
    return f"it holds no complete JSON object with the keys {keys}; answer with that object alone"


def _quoted(cited: object) -> str:
    """What was cited, short enough for a finding."""
    return f'"{cited[:40]}"' if isinstance(cited, str) else "something that is no string"
