"""Passes of questions as a run's events tell them, in any order in which agents may ask.

No assertions in here; a test says what it expects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dialectic_events.calls import CallRequested
from dialectic_events.contents import Question, write_content
from dialectic_events.runs import Agent, Clarifications, Model, RunOpened, Stage
from dialectic_events.turns import AnswerGiven, QuestionAsked, Turn

__all__ = ["AGENTS", "answered_in", "asks", "opening", "put_to", "questions_of"]

AGENTS = ("a", "b", "c")


def opening() -> RunOpened:
    """Three debaters, `b` and `c` of one role, who may ask first."""
    roles = {"a": "architect", "b": "kiss", "c": "kiss", "judge": "judge"}
    route = (Model("rehearsal", "rehearsal"),)
    return RunOpened(
        problem="p",
        stages=(Stage("debate", "debate@1", AGENTS, "judge", 1, clarifications=Clarifications()),),
        agents=tuple(Agent(id, id.upper(), role, "", route) for id, role in roles.items()),
        sources=(),
        seed=1,
    )


def questions_of(number: int, agent: str, count: int) -> tuple[Question, ...]:
    """The questions of an agent in a pass."""
    ids = [f"c{number}-{agent}-{each}" for each in range(1, count + 1)]
    return tuple(Question(id, f"What about {id}?") for id in ids)


def asks(number: int, agent: str, count: int) -> tuple[CallRequested, QuestionAsked]:
    """The events of an agent's questions in a pass."""
    turn = Turn(f"debate/c{number}/question/{agent}", "question", agent, number)
    request = CallRequested(
        call=f"{turn.id}#1",
        turn=turn.id,
        provider="",
        model="",
        messages=(),
        deadline_s=1,
        plan=turn,
    )
    text = write_content(questions_of(number, agent, count))
    return request, QuestionAsked(turn=turn.id, text=text, call=request.call, questions=count)


def answered_in(number: int, agent: str) -> AnswerGiven:
    """The event of an answer to an agent's questions of a pass."""
    turn = answer_turn(number, agent)
    return AnswerGiven(turn=turn.id, text="[]", plan=turn)


def answer_turn(number: int, agent: str) -> Turn:
    """The turn that answers an agent's questions of a pass."""
    target = f"debate/c{number}/question/{agent}"
    return Turn(f"debate/c{number}/answer/person>{agent}", "answer", "person", number, target)


def put_to(
    put: Callable[..., None], number: int, agent: str, count: int
) -> list[Sequence[str] | None]:
    """Put an agent's questions to a person; the replies come into the list."""
    replies: list[Sequence[str] | None] = []
    turn = answer_turn(number, agent).id
    put("run", turn, agent, questions_of(number, agent, count), replies.append)
    return replies
