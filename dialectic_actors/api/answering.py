"""Answering a run's questions from outside: while another process runs it, or while it rests.

What is appended here is what a person says; nothing is called, and nothing goes on by itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from msgspec import Struct

from dialectic_actors.api.asked import open_questions
from dialectic_actors.api.persons import Callback
from dialectic_actors.api.respondent import Respondent
from dialectic_actors.api.store import Store
from dialectic_actors.core.commands import GiveAnswer
from dialectic_actors.core.computed import answered, questions_of
from dialectic_actors.core.decide import State, decide, fold
from dialectic_actors.core.effects import TakeTurn
from dialectic_actors.settings.answers import Answers, answers_of, read_answers
from dialectic_events.contents import Question
from dialectic_events.envelope import Head, Stamp, seal
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.runs import RunOpened
from dialectic_events.store import Appended, Batch
from dialectic_events.turns import Turn
from dialectic_events.union import Event
from dialectic_replay.read import envelopes, known_event
from dialectic_replay.run import Run

if TYPE_CHECKING:
    from dialectic_actors.actors.ports import Person

__all__ = ["Given", "Said", "answer", "open_run", "respondent"]

Said = (
    Answers
    | Path
    | str
    | Mapping[str, str | Sequence[str]]
    | Sequence[str]
    | Callable[[str, str], str | None]
)
"""Answers as people and programs have them: a file, texts by agent or question or in order, or a
function of the agent's id and the question.
"""


class Given(Struct, frozen=True):
    """What came of answering: the questions that were answered now, those that are still open, and
    the run as it is after that.
    """

    ref: str
    answered: tuple[str, ...]
    run: Run

    @property
    def open(self) -> tuple[tuple[str, tuple[Question, ...]], ...]:
        """The agents that wait for answers, with their questions."""
        return open_questions(self.run)

    @property
    def is_answered(self) -> bool:
        """Whether a person has answered anything in this run."""
        made = self.run.results.values()
        return any(r.outcome == "made" and r.turn.kind == "answer" for r in made)


def respondent(opened: RunOpened, said: Said | None) -> Respondent:
    """Who answers a run's questions with what was `said` beforehand. Raises DialecticError for what
    is no answer, or one to an agent that does not debate.
    """
    match said:
        case None:
            return Respondent(opened)
        case Answers():
            return Respondent(opened, said)
        case str() | Path():
            return Respondent(opened, read_answers(Path(said)))
        case Mapping() | Sequence():
            return Respondent(opened, answers_of(said))
        case _:
            asked = Respondent(opened)
            asked.hand_over(Callback(said))
            return asked


def open_run(store: Store, ref: str) -> Given:
    """A run as somebody finds it who wants to answer. Raises DialecticError as `answer` does."""
    stream = store.resolve(ref).run
    run = store.replay(stream)
    _opened(stream, run)
    return Given(stream, (), run)


def answer(
    store: Store | str | Path | None,
    ref: str,
    answers: Said | None = None,
    *,
    person: Person | None = None,
) -> Given:
    """Answer the open questions of a run, as far as there are answers; `person` is asked for what
    `answers` lack. The questions of an agent are answered together or not at all.

    A repeat changes nothing. Raises DialecticError: exit 2 for a run that has ended or does not
    exist, or for answers to an agent that does not debate.
    """
    with ExitStack() as stack:
        if not isinstance(store, Store):
            store = stack.enter_context(Store(store, must_exist=True))
        stream = store.resolve(ref).run
        state, events, _ = _read(store, stream)
        answering = respondent(_opened(stream, state.run), answers)
        if person is not None:
            answering.hand_over(person)
        for event in events:
            answering.hear(event)
        given: list[str] = []
        for turn in _open_turns(state):
            questions = questions_of(state.run, turn)
            replies = _replies(answering, stream, state.run, turn)
            if replies is not None and _give(store, stream, turn.id, replies, answering.by):
                given += [question.id for question in questions]
        return Given(stream, tuple(given), store.replay(stream))


def _read(store: Store, stream: str) -> tuple[State, list[Event], Head]:
    """A run with its events, its chain verified on the way, and the head to append to."""
    head = store.port.head(stream)
    log = envelopes(store.port, stream, last=head.version)
    events = [known_event(envelope) for envelope in log]
    return fold(events), events, head


def _opened(stream: str, run: Run) -> RunOpened:
    if run.opened is None:
        raise DialecticError(
            "its first event does not open a run", where=stream, exit_code=ExitCode.INTEGRITY
        )
    if run.ended:
        raise DialecticError(
            f"the run has ended ({run.status}): nothing can be answered any more",
            where=stream,
            fix=f"dialectic show {stream}",
            exit_code=ExitCode.USAGE,
        )
    return run.opened


def _open_turns(state: State) -> list[Turn]:
    effects = state.agenda.outstanding.values()
    return [e.turn for e in effects if isinstance(e, TakeTurn) and e.turn.kind == "answer"]


def _replies(answering: Respondent, stream: str, run: Run, turn: Turn) -> Sequence[str] | None:
    """What is answered to the questions of a turn; None when nobody answers them now."""
    asker = run.results[turn.target].turn.speaker if turn.target is not None else ""
    box: SimpleQueue[Sequence[str] | None] = SimpleQueue()
    answering.put(stream, turn.id, asker, questions_of(run, turn), box.put)
    return None if answering.is_holding(turn.id) else box.get()


def _give(store: Store, stream: str, turn: str, replies: Sequence[str], by: str) -> bool:
    """Append the answers to a turn; False when somebody else was first. Others may append
    meanwhile, so it is decided again until it fits.
    """
    while True:
        state, _, head = _read(store, stream)
        open_turn = next((each for each in _open_turns(state) if each.id == turn), None)
        if open_turn is None:
            return False
        made = answered(open_turn, questions_of(state.run, open_turn), replies, by)
        events = decide(state, GiveAnswer(turn, made))
        now = datetime.now(UTC)
        salts = [secrets.token_bytes(16) for _ in events]
        records, parts = seal(stream, events, head, Stamp(f"{turn}/answer", now, now), salts)
        (outcome,) = store.port.append([Batch(stream, head.version, records, parts)])
        if isinstance(outcome, Appended):
            # Another answer to this turn has the same event ids, whatever it says.
            return not outcome.repeated
