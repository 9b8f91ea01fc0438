"""Answering from a program: while a debate runs, while it rests, before it begins."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dialectic_actors import Debate, DialecticError, Store, answer, debate, events
from dialectic_actors.api.asked import open_questions
from dialectic_actors.api.runs import continue_run
from dialectic_actors.core.computed import questions_of
from dialectic_actors.core.decide import fold
from dialectic_actors.core.effects import TakeTurn
from dialectic_events.contents import Answered, Question, read_content
from dialectic_events.store import Batch, Outcome
from dialectic_replay.read import known_event

PROBLEM = "Design a photo service: many users upload photos, it must stay available; be fast"
SMALL: dict[str, Any] = {
    "agents": ["architect", "security"],
    "rounds": 1,
    "offline": True,
    "clarify": True,
    "seed": 1,
    "env": {},
}


def answers_of(outcome: Any) -> dict[str, str]:
    """What was answered in a run, by question."""
    given = [result.event for result in outcome.run.results.values()]
    texts = [event.text for event in given if isinstance(event, events.AnswerGiven)]
    found = [each for text in texts for each in read_content(text, list[Answered]) or ()]
    return {each.id: each.answer for each in found}


def asleep(cwd: Path) -> str:
    """A run that waits for answers."""
    outcome = debate(PROBLEM, cwd=cwd, **SMALL)
    assert ("suspended", 7) == (outcome.status, outcome.exit_code)
    assert outcome.questions
    return outcome.ref


def test_a_function_answers_a_whole_debate(tmp_path: Path) -> None:
    """Every question is put to it, with the agent that asks."""
    heard: list[tuple[str, str]] = []

    def reply(agent: str, question: str) -> str:
        heard.append((agent, question))
        return f"answer {len(heard)}"

    outcome = debate(PROBLEM, cwd=tmp_path, answers=reply, **SMALL)

    assert ("concluded", ()) == (outcome.status, outcome.questions)
    assert sorted(f"answer {n}" for n in range(1, len(heard) + 1)) == sorted(
        answers_of(outcome).values()
    )
    assert {"agent-architect", "agent-security"} >= {agent for agent, _ in heard}


def test_a_debate_that_is_followed_waits_for_its_answers(tmp_path: Path) -> None:
    """Each is given by its id, from the event that asks for it."""

    async def follow() -> Any:
        async with Debate(PROBLEM, cwd=tmp_path, **SMALL) as running:
            async for event in running.events():
                if isinstance(event, events.QuestionAsked):
                    for each in read_content(event.text, list[Question]) or ():
                        running.answer(each.id, f"to {each.id}")
            return await running.result()

    outcome = asyncio.run(follow())

    assert "concluded" == outcome.status
    answers = answers_of(outcome)
    assert answers
    assert {id: f"to {id}" for id in answers} == answers


def test_a_run_that_rests_is_answered_once_and_goes_on(tmp_path: Path) -> None:
    """The effect is on record, its repeat changes nothing, and the run is resumed."""
    ref = asleep(tmp_path)
    with Store(cwd=tmp_path, env={}) as store:
        before = store.version(ref)
        first = answer(store, ref, lambda agent, question: "Yes.")
        after = store.version(ref)
        again = answer(store, ref, lambda agent, question: "No.")
        assert after == store.version(ref)
        outcome = continue_run(store, ref, env={}, answers=lambda agent, question: "Later.")
        with pytest.raises(DialecticError) as caught:
            answer(store, ref, ["x"])

    assert after > before
    assert first.answered
    assert (False, True) == (bool(again.answered), again.is_answered)
    assert ({"Yes."}, "concluded") == (
        {answers_of(outcome)[id] for id in first.answered},
        outcome.status,
    )
    assert (2, ref) == (caught.value.exit_code, caught.value.where)


@pytest.mark.parametrize("by", ["id", "agent", "order", "file"])
def test_answers_are_given_by_question_by_agent_or_in_order(by: str, tmp_path: Path) -> None:
    """All mean the same questions."""
    ref = asleep(tmp_path)
    with Store(cwd=tmp_path, env={}) as store:
        asked = open_questions(store.replay(ref))
        ids = [each.id for _, questions in asked for each in questions]
        in_order = sorted(asked, key=lambda each: each[0])
        forms: Mapping[str, Any] = {
            "id": {id: f"to {id}" for id in ids},
            "agent": {agent: [f"to {q.id}" for q in questions] for agent, questions in asked},
            "order": [f"to {q.id}" for _, questions in in_order for q in questions],
            "file": tmp_path / "answers.yaml",
        }
        lines = "".join(f"{id}: to {id}\n" for id in ids)
        forms["file"].write_text(lines, encoding="utf-8")
        given = answer(store, ref, forms[by])

    assert set(ids) == set(given.answered)
    assert (forms["id"], ()) == (answers_of(given), given.open)


def test_an_answer_that_is_overtaken_is_decided_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever appends in between, a person's answer is recorded once, and only by one of them."""
    ref = asleep(tmp_path)
    with Store(cwd=tmp_path, env={}) as store, Store(cwd=tmp_path, env={}) as other:
        append, is_first = store.port.append, True

        def overtaken(batches: list[Batch]) -> list[Outcome]:
            nonlocal is_first
            if is_first:
                is_first = False
                answer(other, ref, lambda agent, question: "first")
            return append(batches)

        monkeypatch.setattr(store.port, "append", overtaken)
        given = answer(store, ref, lambda agent, question: "second")

    assert () == given.answered
    assert {"first"} == set(answers_of(given).values())


def test_open_questions_are_those_that_a_run_waits_for(tmp_path: Path) -> None:
    """At every version of a log, what is listed is what the core has outstanding."""
    ref = asleep(tmp_path)
    with Store(cwd=tmp_path, env={}) as store:
        answer(store, ref, lambda agent, question: "Yes.")
        log = [known_event(envelope) for envelope in store.log(ref)]
    seen = set()
    for version in range(1, len(log) + 1):
        state = fold(log[:version])
        waits = {
            each.id
            for effect in state.agenda.outstanding.values()
            if isinstance(effect, TakeTurn) and effect.turn.kind == "answer"
            for each in questions_of(state.run, effect.turn)
        }
        listed = {each.id for _, asked in open_questions(state.run) for each in asked}
        assert waits == listed
        seen.add(len(listed))
    assert len(seen) > 1
