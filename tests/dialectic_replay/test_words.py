"""Words: what a contribution says to people, whatever form it was recorded in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.testing.strategies import events_of, words
from dialectic_events.contents import Answered, Dissent, Question, Verdict, write_content
from dialectic_events.turns import (
    AnswerGiven,
    AssessmentMade,
    BallotCast,
    Contribution,
    CritiqueMade,
    ProposalMade,
    QuestionAsked,
    RefinementMade,
    Standing,
    StopDecided,
    SummaryMade,
    SynthesisMade,
    Turn,
)
from dialectic_events.union import Made
from dialectic_replay.words import asked_in, words_of

STOP = StopDecided(
    turn="t",
    plan=Turn("t", "stop", "judge"),
    rule="convergence",
    measure="m@1",
    value=0.9,
    threshold=0.9,
    stop=True,
)


def line(text: str) -> str:
    """A text on one line."""
    return " ".join(text.split())


def concluded(verdict: Verdict) -> str:
    """The words of a conclusion."""
    return words_of(SynthesisMade(turn="t", text=write_content(verdict)))


@given(st.one_of(*(events_of(kind) for kind in Contribution.__subclasses__())))
def test_any_contribution_has_words(event: Made) -> None:
    """Also one that holds no JSON where some is due: it is shown as it was written."""
    said = words_of(event)

    assert event.text in said


@pytest.mark.parametrize("kind", [ProposalMade, CritiqueMade, RefinementMade])
def test_a_position_is_its_text(kind: type[ProposalMade | CritiqueMade | RefinementMade]) -> None:
    """Word for word."""
    assert "# A\n queue " == words_of(kind(turn="t", text="# A\n queue "))


def test_a_summary_is_its_text() -> None:
    """What it saved is told elsewhere."""
    made = SummaryMade(turn="t", text="s", before_chars=9, after_chars=1, method="length-based")

    assert "s" == words_of(made)


def test_questions_are_a_list_with_their_ids() -> None:
    """Each on one line."""
    questions = [Question("c1-kiss-1", "How\nmany?"), Question("c1-kiss-2", "Why?")]
    asked = QuestionAsked(turn="t", text=write_content(questions), questions=2)

    assert "- **c1-kiss-1** How many?\n- **c1-kiss-2** Why?" == words_of(asked)
    assert "No questions." == words_of(QuestionAsked(turn="t", text="[]", questions=0))


@given(st.lists(st.tuples(words(), words())))
def test_the_questions_behind_answers_are_read_back(told: list[tuple[str, str]]) -> None:
    """No answer passes for a question, whatever lines are in it."""
    answers = [Answered(f"c1-kiss-{n}", *each) for n, each in enumerate(told, 1)]
    text = write_content(answers)
    asked = tuple(line(question) for question, _ in told)

    assert asked == asked_in(text)
    assert tuple(filter(None, asked)) == asked_in(words_of(AnswerGiven(turn="t", text=text)))


def test_an_answer_is_quoted_below_its_question() -> None:
    """All of its lines."""
    answers = [Answered("q", "Why?", "It\n- **x** must."), Answered("r", "When?", "NA")]
    said = words_of(AnswerGiven(turn="t", text=write_content(answers)))

    assert "- **q** Why?\n\n  > It\n  > - **x** must.\n\n- **r** When?\n\n  > NA" == said


def test_a_verdict_is_a_solution_with_an_assessment() -> None:
    """What is empty is left out; an objection says whose it is, and what it rests on."""
    verdict = Verdict(
        solution="A queue.",
        recommendations=("measure\nfirst",),
        unmet_requirements=("survive",),
        dissent=(Dissent("too much", "kiss", "r1", blocks=True), Dissent("too slow")),
        confidence=40,
    )

    assert (
        "A queue.\n\n---\n\n## Assessment\n\nConfidence: 40/100"
        "\n\n### Unmet Requirements\n\n- survive"
        "\n\n### Recommendations\n\n- measure\n  first"
        "\n\n### Dissent\n\n- too much (held by kiss, rests on r1, blocks)\n- too slow"
    ) == concluded(verdict)
    assert "A queue." == concluded(Verdict(solution="A queue."))


@pytest.mark.parametrize("text", ["## Solution\nA queue.", "{}", "[1]", '{"solution": 7}', ""])
def test_a_conclusion_that_is_no_verdict_is_shown_as_it_is(text: str) -> None:
    """Whichever form it claims."""
    assert text == words_of(SynthesisMade(turn="t", text=text))
    assert text == words_of(SynthesisMade(turn="t", text=text, form="text"))


def test_a_vote_tells_its_standings() -> None:
    """And whom only the lot told apart."""
    made = SynthesisMade(
        turn="t",
        text=write_content(Verdict(solution="A queue.")),
        standings=(Standing("r2/kiss", 3, 2), Standing("r2/architect", 3, 2)),
        tied=("r2/kiss", "r2/architect"),
    )

    assert (
        "A queue.\n\n## Vote\n\n1. r2/kiss: 3 points, first on 2 ballots"
        "\n2. r2/architect: 3 points, first on 2 ballots"
        "\n\nTold apart by lot: r2/kiss, r2/architect"
    ) == words_of(made)


def test_ballots_and_assessments_tell_what_they_decide() -> None:
    """Before their reasons."""
    ballot = BallotCast(turn="t", text="It is small.", ranking=("r2/kiss", "r2/architect"))
    assessment = AssessmentMade(turn="t", text="One is open.", score=0.85)

    assert "1. r2/kiss\n2. r2/architect\n\nIt is small." == words_of(ballot)
    assert "Score: 85/100\n\nOne is open." == words_of(assessment)


@pytest.mark.parametrize("score", [-1e308, 1e308])
def test_a_score_beyond_all_measure_is_told(score: float) -> None:
    """A log may hold what no judge would say."""
    assert "inf/100" in words_of(AssessmentMade(turn="t", text="So.", score=score))


def test_a_decision_tells_its_measure_and_its_threshold() -> None:
    """Or that nothing was measured."""
    below = StopDecided(
        turn="t",
        plan=STOP.plan,
        rule="quality",
        measure="judge",
        value=0.5,
        threshold=1,
        stop=False,
    )
    none = StopDecided(
        turn="t",
        plan=STOP.plan,
        rule="quality",
        measure="judge",
        value=None,
        threshold=1,
        stop=False,
    )

    assert "The debate ends here: convergence 0.9 ≥ 0.9 (m@1)." == words_of(STOP)
    assert "The debate goes on: quality 0.5 < 1 (judge)." == words_of(below)
    assert "The debate goes on: quality could not be measured." == words_of(none)
