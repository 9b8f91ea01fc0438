"""The person of a simulated world: answers after a while, says that nobody is there, or answers
from another process.

What is answered depends on the question alone, so that runs under different schedules can be
compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from zlib import crc32

from dialectic_actors.core.agenda import Agenda
from dialectic_actors.core.computed import answered, questions_of
from dialectic_actors.core.effects import TakeTurn
from dialectic_actors.testing.batches import batch_of
from dialectic_actors.testing.simulation.choices import Choices
from dialectic_actors.testing.simulation.schedule import Plant, Schedule
from dialectic_events.contents import Question
from dialectic_events.envelope import Head
from dialectic_events.store import Store
from dialectic_replay.run import Run

__all__ = ["SimulatedPerson", "answer_elsewhere", "reply_to"]

_PATIENCE_S = (1.0, 0.1, 7.0, 40.0)
"""How long an answer may take, the calm one first."""

BY = "simulated"


def reply_to(question: Question) -> str:
    """What the person says; to some questions nothing."""
    return f"The answer to {question.id}." if crc32(question.question.encode()) % 4 else ""


class SimulatedPerson:
    """The `Person` of one simulated process, in virtual time. `is_away` draws whether nobody is
    there just now.
    """

    by = BY

    def __init__(
        self, plant: Plant, schedule: Schedule, choices: Choices, is_away: Callable[[], bool]
    ) -> None:
        self._plant, self._schedule, self._choices = plant, schedule, choices
        self._is_away = is_away
        self._asked: dict[str, Callable[[], None]] = {}

    def put(
        self,
        run: str,
        turn: str,
        asker: str,
        questions: Sequence[Question],
        reply: Callable[[Sequence[str] | None], None],
    ) -> None:
        """Answer after a while, unless nobody is there."""
        said = [reply_to(each) for each in questions]
        self._asked[turn] = lambda: reply(said)
        answers = None if self._is_away() else said
        delay_s = 0.0 if answers is None else _PATIENCE_S[self._choices.pick(len(_PATIENCE_S))]
        self._schedule.later(
            delay_s,
            lambda: reply(answers) if turn in self._asked else None,
            self._plant,
            f"the person about {turn}",
        )

    def withdraw(self, run: str, turn: str) -> None:
        """Say nothing any more."""
        self._asked.pop(turn, None)

    def reply_now(self) -> bool:
        """Answer what was put first and not taken back; False when nothing is."""
        for reply in self._asked.values():
            reply()
            return True
        return False


def answer_elsewhere(store: Store, stream: str, head: Head, run: Run, agenda: Agenda) -> str:
    """Another process answers what is open, as `dialectic answer` does: it appends without a lease.
    The turn that it answered; "" when nothing is open.
    """
    for effect in agenda.outstanding.values():
        if isinstance(effect, TakeTurn) and effect.turn.kind == "answer":
            turn, questions = effect.turn, questions_of(run, effect.turn)
            given = answered(turn, questions, [reply_to(each) for each in questions], BY)
            store.append([batch_of(stream, [given], head, command=f"{turn.id}/answer")])
            return turn.id
    return ""
