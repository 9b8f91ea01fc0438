"""Reports of runs: all that a fold knows is told."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from msgspec.structs import replace

from dialectic_events.calls import CallAnswered, Usage
from dialectic_events.contents import Answered, Question, ToolCall, write_content
from dialectic_events.runs import Source
from dialectic_events.turns import (
    AnswerGiven,
    QuestionAsked,
    StopDecided,
    SummaryMade,
    Turn,
    TurnSkipped,
)
from dialectic_events.union import Event
from dialectic_replay.report import paper_of_run, report
from dialectic_replay.run import Run, fold
from support.drive import failing, finish, opened
from support.runs import prefixes, runs

AT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
QUESTION = Turn("debate/c1/question/kiss", "question", "kiss", 1)
ANSWER = Turn("debate/c1/answer/person>kiss", "answer", "person", 1, target=QUESTION.id)


def asked(*questions: Question) -> list[Event]:
    """A run in which one agent asked."""
    text = write_content(questions)
    return [
        opened(),
        QuestionAsked(turn=QUESTION.id, text=text, plan=QUESTION, questions=len(questions)),
    ]


@given(runs())
def test_any_prefix_of_a_run_has_a_report(log: list[Event]) -> None:
    """However far it came, and whatever failed on the way."""
    for prefix in prefixes(log):
        run = fold(prefix)
        page = report(paper_of_run(run, "deb-1", AT), verbose=True)
        assert page.startswith("# Debate: ")
        failed = sum(result.outcome == "failed" for result in run.results.values())
        assert failed == len(paper_of_run(run, "deb-1").failures)


def test_an_empty_run_has_a_report() -> None:
    """Nothing was said, and nothing is made up."""
    paper = paper_of_run(Run(), "deb-1")

    assert ((), (), None) == (paper.agents, paper.rounds, paper.solution)


def test_each_turn_is_told_once() -> None:
    """Contributions stand in their round, the conclusion at the end."""
    run = fold(finish())
    paper = paper_of_run(run, "deb-1")

    told = sum(len(round.entries) for round in paper.rounds)
    assert len(run.turns) - 1 == told
    assert run.made("debate/synthesis/judge") == paper.solution
    assert ("judge", "concluded") == (paper.synthesized_by, paper.status)
    assert ["architect", "judge", "kiss", "security", "Total"] == [s.agent for s in paper.spent]


def test_the_judge_is_told_apart_from_the_agents() -> None:
    """With the models of each route and where the prompts come from."""
    log = finish()
    assert isinstance(log[0], type(opened()))
    own = Source("prompt/summary/kiss", "0" * 64, "file", "kiss.md")
    opening = replace(opened(route=("a", "b")), sources=(Source("role/kiss", "1" * 64), own))

    paper = paper_of_run(fold([opening]), "deb-1")

    assert ["judge"] == [judge.id for judge in paper.judges]
    kiss = next(agent for agent in paper.agents if agent.id == "kiss")
    assert (("a", "b"), ("scripted",)) == (kiss.models, kiss.providers)
    assert ("built-in", "summary: kiss.md") == kiss.prompts


def test_a_question_is_told_with_its_answer_or_without() -> None:
    """What nobody answered yet stays open."""
    log = asked(Question("c1-kiss-1", "How many?"), Question("c1-kiss-2", "Since when?"))
    told = write_content([Answered("c1-kiss-1", "How many?", "Ten")])
    answered = [*log, AnswerGiven(turn=ANSWER.id, text=told, plan=ANSWER, by="file")]

    open_, partly = (paper_of_run(fold(each), "deb-1").answers for each in (log, answered))

    assert [None, None] == [each.answer for each in open_]
    assert [("kiss", "Ten"), ("kiss", None)] == [(each.agent, each.answer) for each in partly]


def test_a_summary_says_how_much_it_condensed() -> None:
    """And that it was cut, if it was."""
    turn = Turn("debate/r2/summary/kiss", "summary", "kiss", 2)
    made = SummaryMade(
        turn=turn.id,
        text="short",
        plan=turn,
        before_chars=9000,
        after_chars=5,
        method="length-based",
        cut=True,
    )

    (round,) = paper_of_run(fold([opened(), made]), "deb-1").rounds

    assert "9,000 characters became 5, and was cut there (length-based)." == round.entries[0].note


def test_a_summary_that_nobody_needed_is_not_told() -> None:
    """Below its threshold there is nothing to read."""
    turn = Turn("debate/r2/summary/kiss", "summary", "kiss", 2)
    skipped = TurnSkipped(turn=turn.id, plan=turn, reason="too short")

    assert () == paper_of_run(fold([opened(), skipped]), "deb-1").rounds


def test_a_decision_to_stop_says_its_rule() -> None:
    """Rule, value and threshold."""
    turn = Turn("debate/r1/stop/judge", "stop", "judge", 1)
    decided = StopDecided(
        turn=turn.id,
        plan=turn,
        rule="quality",
        measure="assessment",
        value=0.5,
        threshold=0.9,
        stop=False,
    )

    (round,) = paper_of_run(fold([opened(), decided]), "deb-1").rounds

    assert "" == round.entries[0].text
    assert "0.5 < 0.9" in round.entries[0].note


def test_tools_that_were_asked_for_are_told() -> None:
    """With what they were asked."""
    log = finish()
    place = next(n for n, event in enumerate(log) if isinstance(event, CallAnswered))
    answer = log[place]
    assert isinstance(answer, CallAnswered)
    used = write_content([ToolCall("1", "file_read", '{"path": "a"}')])
    log[place] = replace(answer, tools=used, usage=Usage(3, 4), latency_ms=1500)

    (told,) = (
        entry
        for round in paper_of_run(fold(log), "deb-1").rounds
        for entry in round.entries
        if entry.tools
    )

    assert ('file_read {"path": "a"}',) == told.tools
    assert (1500, 7) == (told.latency_ms, told.tokens)


def test_who_failed_is_told_with_the_reason() -> None:
    """A debate that lost somebody says whom."""
    paper = paper_of_run(fold(finish(failing("proposal/kiss"))), "deb-1")

    assert any("proposal/kiss: bad-request: as told" in each for each in paper.failures)
