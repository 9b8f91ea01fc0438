"""People as programs have them: a function, and a desk."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from queue import SimpleQueue
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.api.persons import Callback, Desk
from dialectic_events.errors import DialecticError
from support.asked import put_to, questions_of

PATIENCE_S = 30.0
IDS = [question.id for question in questions_of(1, "a", 3)]


def replied(callback: Callback) -> Sequence[str] | None:
    """What a function answers to an agent's two questions."""
    box: SimpleQueue[Sequence[str] | None] = SimpleQueue()
    callback.put("run", "turn", "a", questions_of(1, "a", 2), box.put)
    return box.get(timeout=PATIENCE_S)


def test_a_function_is_called_for_each_question() -> None:
    """With the agent and the words."""
    assert ["a: What about c1-a-1?", "a: What about c1-a-2?"] == replied(
        Callback(lambda agent, question: f"{agent}: {question}")
    )


def test_a_function_is_called_for_one_question_at_a_time() -> None:
    """A dialogue is not disturbed by the questions of another agent."""
    inside, most = 0, 0
    box: SimpleQueue[Sequence[str] | None] = SimpleQueue()

    def answer(agent: str, question: str) -> str:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        threading.Event().wait(0.01)
        inside -= 1
        return question

    callback = Callback(answer)
    for agent in ("a", "b", "c"):
        callback.put("run", agent, agent, questions_of(1, agent, 2), box.put)

    assert [2, 2, 2] == [len(box.get(timeout=PATIENCE_S) or ()) for _ in range(3)]
    assert 1 == most


def test_a_function_may_leave_questions_unanswered(caplog: pytest.LogCaptureFixture) -> None:
    """By None for one of them, or by an exception, which is logged."""

    def fail(agent: str, question: str) -> NoReturn:
        raise ValueError("nobody is at home")

    assert replied(Callback(lambda agent, question: "x" if "1?" in question else None)) is None
    assert replied(Callback(fail)) is None
    assert "nobody is at home" in caplog.text


@given(st.permutations(IDS), st.integers(0, 3))
def test_a_desk_waits_for_all_answers_in_any_order(order: list[str], early: int) -> None:
    """Those that were handed in before the questions were put count too."""
    desk = Desk()
    for id in order[:early]:
        desk.answer(id, f"to {id}", IDS)
    replies = put_to(desk.put, 1, "a", 3)
    for id in order[early:]:
        assert [] == replies
        desk.answer(id, f"to {id}", IDS)

    assert [[f"to {id}" for id in IDS]] == replies


def test_a_desk_keeps_the_first_answer_and_refuses_unknown_questions() -> None:
    """A repeat changes nothing; what nobody asked cannot be answered."""
    desk = Desk()
    replies = put_to(desk.put, 1, "a", 1)
    desk.answer("c1-a-1", "one", IDS)
    desk.answer("c1-a-1", "two", IDS)
    with pytest.raises(DialecticError) as caught:
        desk.answer("c9-a-1", "x", IDS)

    assert ([["one"]], 2) == (replies, caught.value.exit_code)


def test_a_desk_forgets_what_was_taken_back() -> None:
    """Nobody hears an answer that is not needed any more."""
    desk = Desk()
    replies = put_to(desk.put, 1, "a", 1)
    desk.withdraw("run", "debate/c1/answer/person>a")
    desk.answer("c1-a-1", "one", IDS)

    assert [] == replies
