"""The questions of a run in the order in which lists answer them: pass by pass, agents as listed.

Learned from events; nothing is answered here.
"""

from __future__ import annotations

from collections.abc import Sequence

from dialectic_events.calls import CallRequested
from dialectic_events.contents import Question, read_content
from dialectic_events.turns import AnswerGiven, QuestionAsked, Turn, TurnFailed, TurnSkipped
from dialectic_replay.run import Run

__all__ = ["Asked", "open_questions"]

_Slot = tuple[int, str]
"""A pass and an agent."""


class Asked:
    """Which questions there are so far, those of `agents` in their order."""

    def __init__(self, agents: Sequence[str]) -> None:
        self._agents = list(agents)
        self._plans: dict[str, Turn] = {}
        self._questions: dict[_Slot, tuple[str, ...]] = {}
        self._slots: dict[str, _Slot] = {}
        self._settled: set[_Slot] = set()

    def hear(self, event: object) -> bool:
        """Take in an event; whether it changes anything."""
        if isinstance(event, CallRequested):
            if event.plan is not None and event.plan.kind == "question":
                self._plans[event.turn] = event.plan
            return False
        if not isinstance(event, QuestionAsked | AnswerGiven | TurnFailed | TurnSkipped):
            return False
        plan = event.plan or self._plans.get(event.turn)
        if plan is None:
            return False
        if plan.kind == "question":
            self._plans[plan.id] = plan
            slot = (plan.round, plan.speaker)
            self._questions[slot] = _ids(event)
            self._slots |= dict.fromkeys(self._questions[slot], slot)
            return True
        asked = self._plans.get(plan.target or "")
        if plan.kind == "answer" and asked is not None:
            self._settled.add((asked.round, asked.speaker))
            return True
        return False

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all questions so far, in order."""
        return tuple(id for slot in sorted(self._questions, key=self._key) for id in self._of(slot))

    def of_agent(self, agent: str) -> tuple[str, ...]:
        """The ids of an agent's questions so far, in order."""
        return tuple(id for id in self.ids if self._slots[id][1] == agent)

    def is_settled(self, questions: Sequence[Question]) -> bool:
        """Whether an agent's questions of a pass are answered, or will not be any more."""
        return self._slot(questions) in self._settled

    def rank(self, questions: Sequence[Question]) -> tuple[int, int]:
        """Where an agent's questions of a pass stand among those of others."""
        slot = self._slot(questions)
        return (0, 0) if slot is None else self._key(slot)

    def earlier(self, questions: Sequence[Question]) -> tuple[str, ...] | None:
        """The unanswered questions of the same pass that agents listed before have asked; None
        while one of them may still ask.
        """
        slot = self._slot(questions)
        if slot is None or slot[1] not in self._agents:
            return ()
        before = [(slot[0], agent) for agent in self._agents[: self._agents.index(slot[1])]]
        if any(each not in self._questions for each in before):
            return None
        return tuple(id for each in before if each not in self._settled for id in self._of(each))

    def _of(self, slot: _Slot) -> tuple[str, ...]:
        return self._questions[slot]

    def _slot(self, questions: Sequence[Question]) -> _Slot | None:
        return next((self._slots[each.id] for each in questions if each.id in self._slots), None)

    def _key(self, slot: _Slot) -> tuple[int, int]:
        number, agent = slot
        known = agent in self._agents
        return (number, self._agents.index(agent) if known else len(self._agents))


def _ids(event: object) -> tuple[str, ...]:
    found = read_content(event.text, list[Question]) if isinstance(event, QuestionAsked) else None
    return tuple(question.id for question in found or ())


def open_questions(run: Run) -> tuple[tuple[str, tuple[Question, ...]], ...]:
    """The questions of a run that nobody has answered, by the agent that asked them."""
    results = run.results.values()
    closed = {result.turn.target for result in results if result.turn.kind == "answer"}
    return tuple(
        (result.turn.speaker, tuple(found))
        for result in results
        if isinstance(result.event, QuestionAsked)
        and result.turn.id not in closed
        and (found := read_content(result.event.text, list[Question]))
    )
