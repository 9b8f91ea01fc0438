"""Who answers the questions of a run: what was prepared first, then a person.

How a person is asked is said elsewhere; what an answer does to a run is decided in the core.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from dialectic_actors.actors.ports import Person
from dialectic_actors.api.asked import Asked
from dialectic_actors.core.turn_ids import segment
from dialectic_actors.settings.answers import Answers
from dialectic_actors.settings.suggestions import did_you_mean
from dialectic_events.contents import Question
from dialectic_events.runs import RunOpened

__all__ = ["Persons", "Respondent"]

Reply = Callable[[Sequence[str] | None], None]

_QUESTION_ID = re.compile(r"c[1-9][0-9]*-(.+)-[1-9][0-9]*")


class _Put(Struct, frozen=True):
    run: str
    turn: str
    asker: str
    questions: tuple[Question, ...]
    reply: Reply


class Respondent:
    """The `Person` of one run. It must hear every event of the run, those of the past too.

    `hear`, `put` and `withdraw` are called by one thread at a time. Raises DialecticError for
    answers to an agent that does not debate.
    """

    def __init__(self, opened: RunOpened, answers: Answers | None = None) -> None:
        self._answers = answers or Answers()
        roles = {agent.id: agent.role for agent in opened.agents}
        self._agents = [agent for stage in opened.stages for agent in stage.agents]
        self._of_agent: dict[str, tuple[str, ...]] = {}
        self._of_question: dict[str, str] = {}
        for key, value in self._answers.named.items():
            self._sort(key, value, roles)
        self.asked = Asked(self._agents)
        self._then: Person | None = None
        self._in_order = bool(self._answers.in_order)
        self._held: dict[str, _Put] = {}
        self._taken: set[str] = set()

    @property
    def by(self) -> str:
        """How the answers come."""
        prepared = "prepared" if self._answers != Answers() else ""
        further = "" if self._then is None else self._then.by
        return " and ".join(filter(None, (prepared, further))) or "nobody"

    def hand_over(self, person: Person, *, in_order: bool = False) -> None:
        """Let `person` answer what was not prepared; `in_order` holds questions back until those of
        agents that are listed earlier have been put.
        """
        self._then = person
        self._in_order = self._in_order or in_order

    def hear(self, event: object) -> None:
        """Take in an event of the run."""
        if self.asked.hear(event):
            self._release()

    def put(
        self, run: str, turn: str, asker: str, questions: Sequence[Question], reply: Reply
    ) -> None:
        """Answer, or let the person answer, what is not prepared."""
        self._held[turn] = _Put(run, turn, asker, tuple(questions), reply)
        self._release()

    def withdraw(self, run: str, turn: str) -> None:
        """The questions of this turn need no answer any more."""
        if self._held.pop(turn, None) is None and self._then is not None:
            self._then.withdraw(run, turn)
        self._release()

    def is_holding(self, turn: str) -> bool:
        """Whether the questions of a turn wait for those of others."""
        return turn in self._held

    def unused(self) -> Iterator[str]:
        """A line for each answer that was prepared for a question that nobody asked."""
        known = self.asked.ids
        for id in self._of_question:
            if id not in known:
                yield f"nobody asked {id}, for which there was an answer"
        for agent, texts in self._of_agent.items():
            yield from _left(len(texts) - len(self.asked.of_agent(agent)), f"of {agent}'s")
        yield from _left(len(self._answers.in_order) - len(known), "of the")

    def _sort(self, key: str, value: str | tuple[str, ...], roles: Mapping[str, str]) -> None:
        """Find out whom answers are for: an id stands over a role."""
        texts = (value,) if isinstance(value, str) else value
        if key in self._agents:
            self._of_agent[key] = texts
            return
        meant = [agent for agent in self._agents if roles[agent] == key]
        for agent in meant:
            if agent not in self._answers.named:
                self._of_agent[agent] = texts
        if meant:
            return
        found = _QUESTION_ID.fullmatch(key)
        if found is None or found[1] not in map(segment, self._agents):
            names = dict.fromkeys((*self._agents, *(roles[agent] for agent in self._agents)))
            what = f"`{key}` is no agent of this debate, and no question of one"
            raise self._answers.refusal((key,), what, did_you_mean(key, names))
        if not isinstance(value, str):
            raise self._answers.refusal((key,), "one question has one answer", "write one text")
        self._of_question[key] = value

    def _release(self) -> None:
        """Take what need not wait any longer, agents in the order in which they are listed."""
        for put in sorted(self._held.values(), key=lambda put: self.asked.rank(put.questions)):
            earlier = self.asked.earlier(put.questions) if self._in_order else ()
            if earlier is not None and self._taken.issuperset(earlier):
                del self._held[put.turn]
                self._taken.update(question.id for question in put.questions)
                self._take(put)

    def _take(self, put: _Put) -> None:
        prepared = {each.id: self._prepared(put.asker, each.id) for each in put.questions}
        lacking = [each for each in put.questions if prepared[each.id] is None]
        if not lacking:
            put.reply([prepared[each.id] or "" for each in put.questions])
            return

        if self._then is None:
            put.reply(None)
            return

        def replied(answers: Sequence[str] | None) -> None:
            if answers is None:
                put.reply(None)
                return
            said = prepared | {q.id: text for q, text in zip(lacking, answers, strict=False)}
            put.reply([said[each.id] or "" for each in put.questions])

        self._then.put(put.run, put.turn, put.asker, lacking, replied)

    def _prepared(self, asker: str, question: str) -> str | None:
        """The answer that was prepared for a question; None when there is none."""
        if question in self._of_question:
            return self._of_question[question]
        for texts, ids in (
            (self._of_agent.get(asker, ()), self.asked.of_agent(asker)),
            (self._answers.in_order, self.asked.ids),
        ):
            # Counted from the run's first question, so that one list serves all takings up.
            if question in ids[: len(texts)]:
                return texts[ids.index(question)]
        return None


class Persons:
    """The `Person` of a system that hosts several runs: each has its own."""

    def __init__(self, persons: Mapping[str, Person]) -> None:
        self._persons = persons

    @property
    def by(self) -> str:
        """How the answers come."""
        return ", ".join(dict.fromkeys(person.by for person in self._persons.values()))

    def put(
        self, run: str, turn: str, asker: str, questions: Sequence[Question], reply: Reply
    ) -> None:
        """Let the run's own person answer."""
        self._persons[run].put(run, turn, asker, questions, reply)

    def withdraw(self, run: str, turn: str) -> None:
        """The questions of this turn need no answer any more."""
        self._persons[run].withdraw(run, turn)


def _left(count: int, whose: str) -> Iterator[str]:
    if count > 0:
        yield f"{count} {whose} answers {'was' if count == 1 else 'were'} not asked for"
