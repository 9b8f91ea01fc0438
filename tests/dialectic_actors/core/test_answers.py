"""A person's part in a run: answers, and that nobody is there to give them."""

from __future__ import annotations

from dialectic_actors.core.commands import (
    AwaitPerson,
    Command,
    Contribute,
    GiveAnswer,
    GiveUp,
    TakeUp,
)
from dialectic_actors.core.computed import answered, questions_of
from dialectic_actors.core.decide import NOBODY, State, decide, fold, react
from dialectic_actors.core.effects import TakeTurn
from dialectic_actors.testing.config import Config
from dialectic_actors.testing.driving import answers, perform
from dialectic_events.calls import CallAnswered
from dialectic_events.contents import Answered, Question, read_content, write_content
from dialectic_events.runs import Clarifications, RunSuspended
from dialectic_events.turns import AnswerGiven, QuestionAsked, TurnSkipped

QUESTION, ANSWER = "debate/c1/question/architect", "debate/c1/answer/person>architect"
ASKED = (Question("c1-architect-1", "How many?"), Question("c1-architect-2", "How soon?"))


def after(state: State, *commands: Command) -> State:
    """The state once these were decided."""
    for command in commands:
        state = fold(decide(state, command), state)
    return state


def asked(*questions: Question, agents: int = 1) -> State:
    """A debate whose architect has asked."""
    config = Config(agents=agents, clarifications=Clarifications(passes=1))
    state = fold([config.opening()[0]])
    state = after(state, perform()(state, react(state)[QUESTION]))
    event = QuestionAsked(
        turn=QUESTION,
        text=write_content(list(questions)),
        call=f"{QUESTION}#1",
        questions=len(questions),
    )
    ending = CallAnswered(call=f"{QUESTION}#1", text="…", model="model-a")
    return after(state, Contribute(ending.call, ending, event))


def test_questions_wait_for_a_person() -> None:
    """Nothing else is outstanding for the agent that asked."""
    state = asked(*ASKED)
    effect = react(state)[ANSWER]

    assert [ANSWER] == list(react(state))
    assert isinstance(effect, TakeTurn)
    assert ASKED == questions_of(state.run, effect.turn)


def test_who_asks_nothing_is_not_answered() -> None:
    """The turn is skipped, and the debate begins."""
    state = asked()

    skipped = state.run.results[ANSWER].event
    assert isinstance(skipped, TurnSkipped)
    assert "nothing was asked" == skipped.reason
    assert ["debate/r1/proposal/architect"] == list(react(state))


def test_an_answer_is_recorded_once() -> None:
    """Effect, repeat, and refusal of what nobody asked."""
    state = asked(*ASKED)
    command = answers(state, state.agenda.turns[ANSWER])

    assert (command.answer,) == decide(state, command)
    assert () == decide(after(state, command), command)
    assert () == decide(state, GiveAnswer(QUESTION, command.answer))
    assert () == decide(after(state, GiveUp(ANSWER, "gone")), command)


def test_blank_and_missing_answers_are_said_so() -> None:
    """Nobody's silence is taken for an answer."""
    state = asked(*ASKED)
    turn = state.agenda.turns[ANSWER]

    for given in ([" ", ""], [], ["  \n "]):
        event = answered(turn, ASKED, given, "a test")
        assert [Answered(each.id, each.question, "NA") for each in ASKED] == read_content(
            event.text, list[Answered]
        )
    one = answered(turn, ASKED, [" 40 "], "a test")
    assert ["40", "NA"] == [each.answer for each in read_content(one.text, list[Answered]) or []]


def test_answers_reach_everybody() -> None:
    """All later turns see them; none recalls them."""
    state = asked(*ASKED)
    state = after(state, answers(state, state.agenda.turns[ANSWER]))

    for turn in state.agenda.turns.values():
        if turn.kind in ("proposal", "critique", "refinement", "synthesis"):
            assert ANSWER in turn.sees


def test_a_run_rests_when_only_an_absent_person_can_go_on() -> None:
    """It says so, and what it waits for; an answer that comes while it rests is taken in."""
    state = asked(*ASKED)

    assert (RunSuspended(reason=NOBODY, waits_for=(ANSWER,)),) == decide(
        state, AwaitPerson((ANSWER,))
    )
    rested = after(state, AwaitPerson((ANSWER,)))
    assert () == decide(rested, AwaitPerson((ANSWER,)))
    answer = answers(rested, rested.agenda.turns[ANSWER])
    assert isinstance(decide(rested, answer)[0], AnswerGiven)
    going = after(rested, answer, TakeUp("again"))
    assert ["debate/r1/proposal/architect"] == list(react(going))


def test_a_run_does_not_rest_while_somebody_else_is_at_work() -> None:
    """Another agent has not asked yet, or an answer came meanwhile."""
    busy = asked(*ASKED, agents=2)
    assert () == decide(busy, AwaitPerson((ANSWER,)))

    state = asked(*ASKED)
    moved_on = after(state, answers(state, state.agenda.turns[ANSWER]))
    assert () == decide(moved_on, AwaitPerson((ANSWER,)))
