"""People as programs have them: a function that is called, and a desk where answers are handed in.

Those at a terminal belong to the command line.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from dialectic_events.contents import Question
from dialectic_events.errors import DialecticError, ExitCode

__all__ = ["Callback", "Desk"]

logger = logging.getLogger(__name__)

Reply = Callable[[Sequence[str] | None], None]


class Callback:
    """Calls a function with the agent's id and the question, for one question at a time; None
    stands for nobody, as does an exception.
    """

    by = "program"

    def __init__(self, answer: Callable[[str, str], str | None]) -> None:
        self._answer = answer
        self._turn = threading.Lock()

    def put(
        self, run: str, turn: str, asker: str, questions: Sequence[Question], reply: Reply
    ) -> None:
        """Ask the function, on a thread of its own: it may take its time."""

        def work() -> None:
            answers: list[str] = []
            try:
                with self._turn:
                    for each in questions:
                        said = self._answer(asker, each.question)
                        if said is None:
                            break
                        answers.append(said)
            except Exception:
                logger.exception("the answers to %s were not given", turn)
            reply(answers if len(answers) == len(questions) else None)

        threading.Thread(target=work, name="dialectic-person", daemon=True).start()

    def withdraw(self, run: str, turn: str) -> None:
        """A function that is under way is not interrupted; nobody hears what it says."""


class Desk:
    """Waits until each question has been given its answer, in any order, from any thread."""

    by = "program"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, tuple[tuple[str, ...], Reply]] = {}
        self._given: dict[str, str] = {}

    def put(
        self, run: str, turn: str, asker: str, questions: Sequence[Question], reply: Reply
    ) -> None:
        """Keep the questions until they are answered."""
        with self._lock:
            self._open[turn] = (tuple(each.id for each in questions), reply)
        self._reply()

    def withdraw(self, run: str, turn: str) -> None:
        """Keep the questions no longer."""
        with self._lock:
            self._open.pop(turn, None)

    def answer(self, question: str, text: str, known: Sequence[str]) -> None:
        """Take an answer; a question keeps its first. Raises DialecticError (exit 2) for a question
        that is not `known`.
        """
        if question not in known:
            raise DialecticError(
                f"nobody has asked {question!r}",
                fix="take the ids from the `QuestionAsked` events",
                exit_code=ExitCode.USAGE,
            )
        with self._lock:
            self._given.setdefault(question, text)
        self._reply()

    def _reply(self) -> None:
        with self._lock:
            whole = [
                turn for turn, (ids, _) in self._open.items() if all(i in self._given for i in ids)
            ]
            replies = [self._open.pop(turn) for turn in whole]
        for ids, reply in replies:
            reply([self._given[id] for id in ids])
