"""What a person answered before the debate, and a problem read together with it.

What is asked is decided elsewhere, and so is what a role makes of an answer.
"""

from __future__ import annotations

import re

from msgspec import Struct

from dialectic_actors.core.briefs import Brief
from dialectic_actors.core.marks import texts_of
from dialectic_actors.llm.rehearsal.papers import NOTE
from dialectic_actors.llm.rehearsal.reading import Reading, clean, read

__all__ = ["ASIDE", "Given", "given", "task_of"]

ASIDE = f"({NOTE.strip('*')}) "
"""Begins the first question: the person who answers must know who asks."""

BINDING = 4
"""Answers that become requirements of their own."""

_ASKED = re.compile(r"- \*\*[^*\n]*\*\* (.+)")
_SHORT = 5
_VAGUE = re.compile(
    r"\b(?:about|approximately|as .{1,12} as possible|depends?|few|later|many|maybe|not sure|often"
    r"|perhaps|probably|some|soon|unclear|usual(?:ly)?)\b",
    re.IGNORECASE,
)


class Given(Struct, frozen=True):
    """An answer, the question that it answers, who had asked it, and in which pass."""

    question: str
    answer: str
    asker: str
    round: int

    @property
    def known(self) -> bool:
        """Whether the person had an answer."""
        return self.answer.strip(" .").upper() not in ("NA", "")

    @property
    def vague(self) -> bool:
        """Whether the answer leaves the question where it was."""
        has_figure = any(sign.isdigit() for sign in self.answer)
        return self.known and not has_figure and _VAGUE.search(self.answer) is not None


def given(brief: Brief) -> tuple[Given, ...]:
    """All answers that a brief shows, each once, those that say nothing too."""
    found: list[Given] = []
    for shown in texts_of(brief):
        if shown.kind != "answer":
            continue
        question, words = "", list[str]()
        for line in [*clean(shown.text).split("\n"), "- **** end"]:
            asked = _ASKED.fullmatch(line)
            if asked is None:
                words.append(line.strip().removeprefix(">").strip())
                continue
            if question:
                found.append(Given(question, " ".join(words).strip(), shown.to or "", shown.round))
            question, words = asked[1].removeprefix(ASIDE), []
    return tuple(dict.fromkeys(found))


def task_of(brief: Brief) -> Reading:
    """The problem as read, with what was answered as part of it: figures and duties of the answers
    come beside those of the problem.
    """
    reading = read(brief.problem)
    answers = [each for each in given(brief) if each.known]
    if not answers:
        return reading
    read_answers = [read(each.answer) for each in answers]
    binding = [_duty(each) for each in answers if not each.vague][:BINDING]
    numbers = [number for each in read_answers for number in each.numbers]
    return Reading(
        sentences=(*reading.sentences, *(line for each in read_answers for line in each.sentences)),
        requirements=tuple(dict.fromkeys((*reading.requirements, *binding))),
        strong=reading.strong,
        numbers=tuple(dict.fromkeys((*numbers, *reading.numbers)))[:3],
    )


def _duty(answered: Given) -> str:
    """An answer as a requirement; a short one says nothing without its question."""
    if len(answered.answer.split()) >= _SHORT:
        return answered.answer
    return f"{answered.question} {answered.answer}"
