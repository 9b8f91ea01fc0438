"""Questions of a rehearsal: what a role must know and the problem's own words leave open."""

from __future__ import annotations

import msgspec

from dialectic_actors.actors.ports import Ask
from dialectic_actors.core.roles import Concern
from dialectic_actors.llm.rehearsal.clarifications import ASIDE, given, task_of
from dialectic_actors.llm.rehearsal.inquiries import Inquiry, inquiries_of
from dialectic_actors.llm.rehearsal.messages import question_limit
from dialectic_actors.llm.rehearsal.reading import Reading, hits, phrase, quote

__all__ = ["inquire"]

MOST = 3


def inquire(ask: Ask) -> str:
    """The questions as JSON: those that the problem leaves open, in a second pass at most one about
    an answer, later none.
    """
    match ask.brief.turn.round:
        case 0 | 1:
            found = _open(ask)
        case 2:
            found = _follow_ups(ask)[:1]
        case _:
            found = []
    questions = found[: min(MOST, question_limit(ask, MOST))]
    if questions:
        questions[0] = ASIDE + questions[0]
    return msgspec.json.encode({"questions": questions}).decode()


def _open(ask: Ask) -> list[str]:
    task = task_of(ask.brief)
    text = "\n".join(task.sentences)
    said = [_said(each, task) for each in inquiries_of(ask.role.name)]
    return [
        inquiry.question.format_map({"words": quote(words, 60)})
        for inquiry, words in zip(inquiries_of(ask.role.name), said, strict=True)
        if words and not inquiry.settled.search(text)
    ]


def _said(inquiry: Inquiry, task: Reading) -> str:
    """The words of the problem that raise an inquiry."""
    topic = Concern(name="", question="", measure="", words=inquiry.words)
    return next((phrase(topic, each) for each in task.sentences if hits(topic, each)), "")


def _follow_ups(ask: Ask) -> list[str]:
    """What one's own questions brought to light but did not settle."""
    own = [each for each in given(ask.brief) if each.asker == ask.brief.turn.speaker]
    return [
        f"To {quote(each.question, 90)} you answered {quote(each.answer, 60)}. Which figure, name "
        "or date should the design assume?"
        for each in own
        if each.vague
    ]
