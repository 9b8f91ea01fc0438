"""The human: questions are put to a person, and answers carried back, from wherever they come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import pytest

from dialectic_actors.actors.debate import DebateBehavior
from dialectic_actors.actors.messages import HUMAN, DebateMessage, Order
from dialectic_actors.core.commands import GiveAnswer
from dialectic_actors.core.computed import answered, questions_of
from dialectic_actors.core.decide import NOBODY
from dialectic_actors.runtime.live import LiveRun, load
from dialectic_actors.runtime.system import System
from dialectic_actors.testing.batches import batch_of
from dialectic_actors.testing.config import Config
from dialectic_events.contents import Answered, Question, read_content
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.runs import Clarifications
from dialectic_events.store import Store
from dialectic_events.stores.memory import MemoryStore
from dialectic_events.turns import AnswerGiven
from support.stub_gateway import StubGateway, opening
from support.systems import PATIENCE_S, events_in

CONFIG = Config(agents=3, clarifications=Clarifications(passes=1))
STREAM = "deb-1"


class Somebody:
    """A person who answers at once with `says`, or keeps what is put until told."""

    by = "a test"

    def __init__(self, says: Callable[[Question], str] | None = None) -> None:
        self.says = says
        self.put_to: dict[str, tuple[Sequence[Question], Callable[..., None]]] = {}
        self.puts: list[str] = []
        self.withdrawn: list[str] = []
        self.asked = threading.Event()

    def put(
        self,
        run: str,
        turn: str,
        asker: str,
        questions: Sequence[Question],
        reply: Callable[[Sequence[str] | None], None],
    ) -> None:
        """Answer, or keep."""
        self.put_to[turn] = (questions, reply)
        self.puts.append(turn)
        self.asked.set()
        if self.says is not None:
            reply([self.says(each) for each in questions])

    def withdraw(self, run: str, turn: str) -> None:
        """Remember that it was taken back."""
        self.withdrawn.append(turn)


@contextmanager
def hosting(store: Store, person: Any) -> Iterator[System]:
    """A system with a person and a stand-in for models."""
    with System(store, cast("Any", opening(StubGateway())), person=person) as system:
        yield system


def started(system: System) -> LiveRun:
    """A debate that begins with questions."""
    return system.start(STREAM, *CONFIG.opening())


def given(store: Store) -> dict[str, list[str]]:
    """The answers on record, by turn."""
    return {
        event.turn: [each.answer for each in read_content(event.text, list[Answered]) or []]
        for event in events_in(store, STREAM)
        if isinstance(event, AnswerGiven)
    }


def test_a_person_is_asked_and_the_debate_goes_on() -> None:
    """Every question is answered on record; what needs no answer is not put."""
    store, person = MemoryStore(), Somebody(lambda each: f"about {each.id}")
    with hosting(store, person) as system:
        run = started(system).result.result(PATIENCE_S)

    assert "concluded" == run.status
    assert person.put_to.keys() == given(store).keys()
    assert person.put_to
    for turn, (questions, _) in person.put_to.items():
        assert [f"about {each.id}" for each in questions] == given(store)[turn]


def test_when_nobody_is_there_the_run_rests() -> None:
    """It says what it waits for; taken up with somebody there, it goes on."""
    store = MemoryStore()
    with hosting(store, None) as system:
        run = started(system).result.result(PATIENCE_S)
    assert ("suspended", NOBODY) == (run.status, run.reason)

    with hosting(store, Somebody(lambda each: "yes")) as system:
        run = system.resume(STREAM).result.result(PATIENCE_S)
    assert "concluded" == run.status


def test_a_person_is_asked_once_whatever_becomes_of_the_debate_actor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that breaks over an answer takes it with it; the next one is told what was said."""
    store, person, broken = MemoryStore(), Somebody(lambda each: "yes"), list[object]()
    receive = DebateBehavior.receive

    def breaks(debate: DebateBehavior, message: DebateMessage, *, more: bool = False) -> Any:
        if isinstance(message, Order) and isinstance(message.command, GiveAnswer) and not broken:
            broken.append(message)
            raise RuntimeError("broken as told")
        return receive(debate, message, more=more)

    monkeypatch.setattr(DebateBehavior, "receive", breaks)
    with hosting(store, person) as system:
        run = started(system).result.result(PATIENCE_S)

    assert "concluded" == run.status
    assert broken
    assert sorted(given(store)) == sorted(person.puts)


def test_an_answer_reaches_the_human_actor_that_lives_by_then() -> None:
    """What was put by one that broke is heard by the one in its place."""
    store, person = MemoryStore(), Somebody()
    with hosting(store, person) as system:
        live = started(system)
        assert person.asked.wait(PATIENCE_S)
        turn, (questions, reply) = next(iter(person.put_to.items()))
        before = live._context.directory[HUMAN]
        system.call(lambda: live._context.tell(HUMAN, cast("Any", "nonsense")))
        eventually(lambda: live._context.directory[HUMAN] is not before)
        reply(["first"] * len(questions))
        eventually(lambda: turn in given(store))
        live.suspend("enough")
        _ = live.result.result(PATIENCE_S)

    assert {"first"} == set(given(store)[turn])


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    end_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.005)


def elsewhere(store: Store, text: str) -> list[str]:
    """Another process answers all that is open, without a lease; which turns."""
    state, _ = load(store, STREAM)
    turns = [turn for turn in state.agenda.turns.values() if turn.kind == "answer"]
    done = []
    for turn in turns:
        if turn.id in state.agenda.outstanding:
            questions = questions_of(state.run, turn)
            event = answered(turn, questions, [text] * len(questions), "elsewhere")
            head = store.head(STREAM)
            store.append([batch_of(STREAM, [event], head, command=f"{turn.id}/answer")])
            done.append(turn.id)
    return done


def test_what_another_process_answers_is_noticed() -> None:
    """The prompt is taken back, and the debate goes on without anybody typing here."""
    store, person = MemoryStore(), Somebody()
    with hosting(store, person) as system:
        live = started(system)
        answered_there: list[str] = []
        while not live.result.done():
            assert person.asked.wait(PATIENCE_S)
            person.asked.clear()
            while person.put_to.keys() - set(answered_there):
                answered_there += elsewhere(store, "from there")
            if len(given(store)) == len(person.put_to):
                break
        run = live.result.result(PATIENCE_S)

    assert "concluded" == run.status
    assert set(answered_there) == set(given(store)) == set(person.withdrawn)
    assert {"from there"} == {text for texts in given(store).values() for text in texts}


def test_a_process_that_lost_its_run_does_not_take_in_what_others_did(
    monkeypatch: Any,
) -> None:
    """It might send the new owner's calls again; it leaves instead."""
    store, person = MemoryStore(), Somebody()
    with hosting(store, person) as system:
        live = started(system)
        assert person.asked.wait(PATIENCE_S)
        lost = threading.Event()

        def refused(*_: object) -> bool:
            lost.set()
            return False

        monkeypatch.setattr(store, "renew", refused)
        elsewhere(store, "from there")
        error = live.result.exception(PATIENCE_S)

    assert lost.is_set()
    assert isinstance(error, DialecticError)
    assert ExitCode.RESUMABLE == error.exit_code
