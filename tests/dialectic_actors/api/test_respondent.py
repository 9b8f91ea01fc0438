"""Who answers: what was prepared first, in the order of the agents, then the person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.api.respondent import Persons, Respondent
from dialectic_actors.settings.answers import Answers, answers_of
from dialectic_events.contents import Question
from dialectic_events.errors import DialecticError
from dialectic_events.turns import TurnFailed
from support.asked import AGENTS, answered_in, asks, opening, put_to, questions_of

Reply = Callable[[Sequence[str] | None], None]


class Somebody:
    """A person who is remembered what was put, and answers it with `answers` at once."""

    by = "somebody"

    def __init__(self, answers: Callable[[str], str | None] = lambda id: f"to {id}") -> None:
        self.put_ids: list[str] = []
        self.withdrawn: list[str] = []
        self._answers = answers

    def put(
        self, run: str, turn: str, asker: str, questions: Sequence[Question], reply: Reply
    ) -> None:
        """Answer."""
        self.put_ids += [each.id for each in questions]
        said = [text for each in questions if (text := self._answers(each.id)) is not None]
        reply(said if len(said) == len(questions) else None)

    def withdraw(self, run: str, turn: str) -> None:
        """Remember it."""
        self.withdrawn.append(turn)


def hear(respondent: Respondent, number: int, agent: str, count: int) -> None:
    """Let an agent ask."""
    for event in asks(number, agent, count):
        respondent.hear(event)


COUNTS = st.tuples(*[st.integers(0, 3)] * 3)


@given(st.permutations(AGENTS), st.permutations(AGENTS), COUNTS)
def test_a_list_answers_agents_in_their_order_whoever_asks_first(
    asking: list[str], putting: list[str], counts: tuple[int, int, int]
) -> None:
    """Question n of the run gets text n, however the questions come in."""
    many = dict(zip(AGENTS, counts, strict=True))
    texts = [str(number) for number in range(sum(counts))]
    respondent = Respondent(opening(), answers_of(texts))
    replies: dict[str, list[Sequence[str] | None]] = {}
    for agent in asking:
        hear(respondent, 1, agent, many[agent])
        for each in putting:
            if each not in replies and each in asking[: asking.index(agent) + 1] and many[each]:
                replies[each] = put_to(respondent.put, 1, each, many[each])

    given_texts = [
        text for agent in AGENTS for said in replies.get(agent, ()) for text in said or ()
    ]
    assert texts == given_texts
    assert [] == list(respondent.unused())


@given(st.permutations(AGENTS))
def test_a_pipe_is_read_in_the_order_of_the_agents(asking: list[str]) -> None:
    """Who is listed later waits for who is listed earlier, and for nobody else."""
    respondent, person = Respondent(opening()), Somebody()
    respondent.hand_over(person, in_order=True)
    for agent in asking:
        hear(respondent, 1, agent, 2)
        put_to(respondent.put, 1, agent, 2)
        heard = asking[: asking.index(agent) + 1]
        first = [each for n, each in enumerate(AGENTS) if set(AGENTS[: n + 1]) <= set(heard)]
        assert [f"c1-{each}-{n}" for each in first for n in (1, 2)] == person.put_ids


@pytest.mark.parametrize("order", list(permutations(AGENTS)))
def test_a_person_at_a_terminal_is_asked_as_questions_come(order: tuple[str, ...]) -> None:
    """Nobody waits for an agent that thinks longer."""
    respondent, person = Respondent(opening()), Somebody()
    respondent.hand_over(person)
    for agent in order:
        hear(respondent, 1, agent, 1)
        assert [[f"to c1-{agent}-1"]] == put_to(respondent.put, 1, agent, 1)

    assert [f"c1-{agent}-1" for agent in order] == person.put_ids


def test_who_cannot_ask_any_more_is_not_waited_for() -> None:
    """One that failed, one without questions, one that another process answered."""
    respondent, person = Respondent(opening()), Somebody()
    respondent.hand_over(person, in_order=True)
    hear(respondent, 1, "c", 1)
    replies = put_to(respondent.put, 1, "c", 1)
    request, _ = asks(1, "a", 1)
    respondent.hear(request)
    respondent.hear(TurnFailed(turn=request.turn, reason="no"))
    hear(respondent, 1, "b", 2)
    assert [] == replies
    respondent.hear(answered_in(1, "b"))

    assert [["to c1-c-1"]] == replies


def test_an_id_stands_over_a_role_and_a_question_over_both() -> None:
    """Each answer goes where it was meant most exactly; the person is asked for what is left."""
    named = {"kiss": ["role"], "c": ["one", "two"], "c1-c-2": "question", "c1-a-1": "a"}
    respondent, person = Respondent(opening(), answers_of(named)), Somebody()
    respondent.hand_over(person)
    for agent in AGENTS:
        hear(respondent, 1, agent, 2)

    assert [["a", "to c1-a-2"]] == put_to(respondent.put, 1, "a", 2)
    assert [["role", "to c1-b-2"]] == put_to(respondent.put, 1, "b", 2)
    assert [["one", "question"]] == put_to(respondent.put, 1, "c", 2)
    assert ["c1-a-2", "c1-b-2"] == person.put_ids


def test_lists_go_on_in_the_next_pass() -> None:
    """They count from the first question of the run, so a resumed run may read them again."""
    respondent = Respondent(opening(), answers_of({"a": ["one", "two", "three"]}))
    hear(respondent, 1, "a", 2)
    respondent.hear(answered_in(1, "a"))
    hear(respondent, 2, "a", 1)

    assert [["three"]] == put_to(respondent.put, 2, "a", 1)


def test_nothing_is_answered_in_part() -> None:
    """Nobody, or nobody for one question: nobody for all of that agent's."""
    named = {"a": ["one"], "b": ["one"]}
    alone, away = Respondent(opening(), answers_of(named)), Respondent(opening(), answers_of(named))
    away.hand_over(Somebody(lambda id: None))
    for respondent in (alone, away):
        hear(respondent, 1, "a", 2)
        assert [None] == put_to(respondent.put, 1, "a", 2)


def test_answers_that_nobody_asked_for_are_said() -> None:
    """A question that never came, and texts that are left over."""
    respondent = Respondent(opening(), answers_of({"a": ["1", "2", "3"], "c2-b-1": "x"}))
    hear(respondent, 1, "a", 1)

    assert [
        "nobody asked c2-b-1, for which there was an answer",
        "2 of a's answers were not asked for",
    ] == list(respondent.unused())


@pytest.mark.parametrize(
    ("named", "fix"),
    [
        ({"d": ["x"]}, "choose one of"),
        ({"judge": ["x"]}, "choose one of"),
        ({"c1-d-1": "x"}, "choose one of"),
        ({"kis": "x"}, "did you mean `kiss`?"),
        ({"c1-a-1": ["x"]}, "write one text"),
    ],
)
def test_answers_to_nobody_are_refused(named: dict[str, str | list[str]], fix: str) -> None:
    """When the respondent is made, which is before the first call."""
    with pytest.raises(DialecticError) as caught:
        Respondent(opening(), answers_of(named))

    assert fix in caught.value.fix


def test_questions_are_taken_back_wherever_they_are() -> None:
    """From those that are held, and from the person."""
    respondent, person = Respondent(opening()), Somebody()
    respondent.hand_over(person, in_order=True)
    hear(respondent, 1, "b", 1)
    replies = put_to(respondent.put, 1, "b", 1)
    respondent.withdraw("run", "debate/c1/answer/person>b")
    hear(respondent, 1, "a", 1)
    put_to(respondent.put, 1, "a", 1)
    respondent.withdraw("run", "debate/c1/answer/person>a")

    assert [] == replies
    assert ["debate/c1/answer/person>a"] == person.withdrawn


def test_how_answers_came_is_said() -> None:
    """Prepared, from a person, both, or not at all."""
    both = Respondent(opening(), Answers(in_order=("x",)))
    both.hand_over(Somebody())

    assert "nobody" == Respondent(opening()).by
    assert "prepared" == Respondent(opening(), Answers(in_order=("x",))).by
    assert "prepared and somebody" == both.by


def test_each_run_of_a_system_has_its_own_person() -> None:
    """What one run asks is not put to the person of another."""
    one, other = Somebody(), Somebody()
    persons = Persons({"run": one, "other": other})
    replies = put_to(persons.put, 1, "a", 1)
    persons.withdraw("other", "t")

    assert (["c1-a-1"], [], [["to c1-a-1"]]) == (one.put_ids, other.put_ids, replies)
    assert (["t"], "somebody") == (other.withdrawn, persons.by)


def test_what_is_asked_is_settled_by_its_answer_or_by_its_end() -> None:
    """Of the agent and the pass that were asked about, and of nobody else."""
    respondent = Respondent(opening())
    hear(respondent, 1, "a", 2)
    hear(respondent, 1, "b", 1)
    of_a, of_b = questions_of(1, "a", 2), questions_of(1, "b", 1)
    assert (False, False) == tuple(map(respondent.asked.is_settled, (of_a, of_b)))

    respondent.hear(answered_in(1, "a"))

    assert (True, False) == tuple(map(respondent.asked.is_settled, (of_a, of_b)))
    assert not respondent.asked.is_settled(questions_of(2, "a", 1))
