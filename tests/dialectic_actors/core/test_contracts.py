"""Contracts: what an answer must hold, kind by kind, and what its author is told otherwise."""

import json
import math
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dialectic_actors.core.briefs import Brief, Link, Shown
from dialectic_actors.core.contracts import Reading, Terms, answer_schema, marks_of, read_answer
from dialectic_actors.core.marks import mark_of
from dialectic_actors.testing.strategies import words
from dialectic_events.calls import CallAnswered
from dialectic_events.contents import Answered, Question, Verdict, read_content, write_content
from dialectic_events.runs import Summarization, Synthesis
from dialectic_events.turns import (
    AnswerGiven,
    AssessmentMade,
    BallotCast,
    Contribution,
    Kind,
    QuestionAsked,
    SummaryMade,
    SynthesisMade,
    Turn,
)
from dialectic_replay.verdict import verdict_of
from dialectic_replay.words import words_of

WORDS = ("proposal", "critique", "refinement", "summary")
JSON = ("question", "assessment", "ballot", "synthesis")
METHODS: tuple[Synthesis, ...] = get_args(Synthesis)
REFINEMENTS = tuple(
    Shown(f"debate/r2/refinement/{name}", "refinement", name, 2, f"the design of {name}")
    for name in ("architect", "security", "kiss")
)
MARKS = tuple(mark_of(each.text) for each in REFINEMENTS)
CRITIQUE = Shown("debate/r1/critique/kiss>security", "critique", "kiss", 1, "too much", None)
ANSWERS = st.one_of(
    words(),
    st.builds(
        json.dumps, st.dictionaries(st.sampled_from(["score", "ranking", "questions"]), words())
    ),
    st.sampled_from(
        [
            '{"questions": ["Why?", "", "why? "]}',
            '{"score": 70, "reason": "x"}',
            f'{{"ranking": ["{MARKS[1]}"], "reason": "x"}}',
            '{"solutionMarkdown": "A queue."}',
            f'{{"sections": [{{"title": "t", "markdown": "m", "from": ["{MARKS[0]}"]}}]}}',
        ]
    ),
)


def brief_for(kind: Kind, speaker: str = "kiss", *shown: Shown, number: int = 1) -> Brief:
    """What an agent is shown: a critique of an earlier round, and the refinements or `shown`."""
    turn = Turn(f"debate/{kind}/{speaker}", kind, speaker, number)
    return Brief(turn, "p", (Link("t", (), (CRITIQUE,)),), shown or REFINEMENTS)


def reading(kind: Kind, text: str, terms: Terms | None = None, **given: Any) -> Reading:
    """How `text` is read as the answer of a kind of turn."""
    brief = given.pop("brief", None) or brief_for(kind, **given)
    return read_answer(brief, CallAnswered(call="c#1", text=text, model="m"), terms or Terms())


def made(kind: Kind, answer: object, terms: Terms | None = None, **given: Any) -> Any:
    """What an answer contributes; there must be nothing to find."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    read = reading(kind, text, terms, **given)
    assert () == read.findings
    return read.made


@given(st.sampled_from([*WORDS, *JSON]), ANSWERS, st.sampled_from(METHODS))
def test_an_answer_meets_its_contract_or_its_author_is_told(
    kind: Kind, text: str, method: Synthesis
) -> None:
    """Never both, never neither, and what is made names the turn and the call that it rests on."""
    read = reading(kind, text, Terms(synthesis=method))

    assert (read.made is None) == bool(read.findings)
    assert all(0 < len(finding) < 400 for finding in read.findings)
    for event in (read.made, read.fallback):
        assert event is None or ("c#1", f"debate/{kind}/kiss") == (event.call, event.turn)


@pytest.mark.parametrize("kind", ["proposal", "critique", "refinement", "summary"])
def test_words_must_say_something(kind: Kind) -> None:
    """White space around them is no part of them."""
    assert Reading(None, ("it says nothing",)) == reading(kind, " \n… — !\n")
    event = made(kind, " A queue.\n")

    assert ("A queue.", kind) == (event.text, type(event).__struct_config__.tag.split("-")[0])


@pytest.mark.parametrize("kind", ["answer", "stop"])
def test_turns_that_no_model_takes_are_refused(kind: Kind) -> None:
    """A program that asks has a mistake in it."""
    with pytest.raises(ValueError, match="no model takes"):
        reading(kind, "x")


@given(words(), st.integers(1, 60), st.sampled_from(["characters", "tokens"]))
def test_a_summary_keeps_its_length_and_its_words(text: str, length: int, unit: Any) -> None:
    """It is a beginning of what was written, and ends where a word ends or within the first."""
    summary = reading(
        "summary", text, Terms(summarization=Summarization(max_length=length, unit=unit))
    ).made
    if not isinstance(summary, SummaryMade):
        return
    limit, whole = length * (4 if unit == "tokens" else 1), text.strip()

    assert whole.startswith(summary.text)
    assert len(summary.text) <= limit
    assert len(summary.text) == summary.after_chars
    assert summary.cut == (summary.text != whole)
    rest = whole[len(summary.text) :]
    if rest and not rest[0].isspace() and summary.text[-1] not in "。！？；，、":
        assert not any(map(str.isspace, summary.text))
        assert limit == len(summary.text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("one two three", "one two"),
        ("one two", "one two"),
        ("one two\n\nthree", "one two"),
        ("incomprehensible", "incompre"),
        ("一二。三四五六七八九", "一二。"),
    ],
)
def test_a_summary_is_cut_behind_a_word(text: str, kept: str) -> None:
    """At eight characters."""
    summary = made("summary", text, Terms(summarization=Summarization(max_length=8)))

    assert (kept, kept != text) == (summary.text, summary.cut)


def test_a_summary_says_how_much_it_stands_for() -> None:
    """All that was shown, a person's answers aside, which stay what they are."""
    answers = Shown("debate/c1/answer/p>kiss", "answer", "p", 1, "- **a** b")
    brief = brief_for("summary", "kiss", *REFINEMENTS, answers)
    summary = made("summary", "short", Terms(condensing="hierarchical"), brief=brief)

    assert "hierarchical" == summary.method
    assert sum(len(each.text) for each in (CRITIQUE, *REFINEMENTS)) == summary.before_chars


@given(st.lists(words(), max_size=9), st.integers(0, 5))
def test_questions_are_kept_once_and_up_to_the_limit(texts: list[str], limit: int) -> None:
    """What is over it is counted; ids are those of the agent and the pass."""
    asked = made("question", {"questions": texts}, Terms(questions=limit), speaker="k é", number=2)
    kept = read_content(asked.text, tuple[Question, ...]) or ()
    meant = {" ".join(each.casefold().split()) for each in texts if any(map(str.isalnum, each))}

    assert len(kept) == asked.questions == min(limit, len(meant))
    assert len(meant) == asked.questions + asked.dropped
    assert [f"c2-k%20%C3%A9-{n}" for n in range(1, len(kept) + 1)] == [each.id for each in kept]
    assert all(each.question in [text.strip() for text in texts] for each in kept)


def test_what_was_asked_before_is_not_asked_again() -> None:
    """Whatever the case and the spaces; and it does not count as too many."""
    told = write_content(
        [Answered("c1-kiss-1", "How  many\nclients?", "**Why** ask?\n- **x** Where?")]
    )
    text = words_of(AnswerGiven(turn="t", text=told))
    for shown in (text, told):
        answers = Shown("debate/c1/answer/p>kiss", "answer", "p", 1, shown)
        asked = made(
            "question",
            {"questions": ["how many clients? ", "Where?"]},
            brief=brief_for("question", "kiss", answers, number=2),
        )
        assert [Question("c2-kiss-1", "Where?")] == read_content(asked.text, list[Question])
        assert (1, 0) == (asked.questions, asked.dropped)


def test_no_questions_are_an_answer() -> None:
    """Nothing is open."""
    asked = made("question", 'Nothing is unclear: {"questions": []}')

    assert (0, "[]") == (asked.questions, asked.text)


@pytest.mark.parametrize("text", ["What?", '{"questions": "What?"}', '{"questions": [{}]}'])
def test_questions_that_cannot_be_read_fall_back_to_none(text: str) -> None:
    """The debate goes on without them."""
    read = reading("question", text)

    assert isinstance(read.fallback, QuestionAsked)
    assert (None, 0, "[]") == (read.made, read.fallback.questions, read.fallback.text)
    assert "`questions`" in read.findings[0]


@given(st.floats() | st.integers(-(10**20), 10**20))
def test_a_score_is_within_its_bounds(score: float) -> None:
    """0 to 100 becomes 0 to 1; what is no number is told."""
    read = reading("assessment", json.dumps({"score": score, "reason": " open "}))

    if not math.isfinite(score):
        assert read == Reading(None, ("`score` must be a number from 0 to 100",))
    else:
        assert isinstance(read.made, AssessmentMade)
        assert (min(max(score / 100, 0), 1), "open") == (read.made.score, read.made.text)


def test_an_assessment_may_call_its_score_confidence() -> None:
    """As the older tool asked for it."""
    assert 0.85 == made("assessment", '{"confidence": 85}').score


@pytest.mark.parametrize("score", ['"85"', "true", "null", "[]"])
def test_a_score_that_is_no_number_is_told(score: str) -> None:
    """Nobody guesses a judgement."""
    read = reading("assessment", f'{{"score": {score}}}')

    assert (None, None) == (read.made, read.fallback)


@given(st.permutations(MARKS[:2]), st.integers(1, 2))
def test_a_ballot_ranks_turns(order: list[str], length: int) -> None:
    """As many as the voter likes, at least one."""
    cast = made("ballot", {"ranking": order[:length], "reason": "x"})
    turns = dict(zip(MARKS, (each.turn for each in REFINEMENTS), strict=True))

    assert tuple(turns[mark] for mark in order[:length]) == cast.ranking
    assert "x" == cast.text


@pytest.mark.parametrize(
    ("ranking", "finding"),
    [
        ([], "a list of marks"),
        ("x", "a list of marks"),
        (["architect"], '"architect", which is no mark'),
        ([MARKS[2]], "no mark to be ranked"),
        ([mark_of("too much")], "no mark to be ranked"),
        ([MARKS[0], MARKS[0]], "more than once"),
        ([7], "no string"),
    ],
)
def test_a_ballot_that_cannot_count_is_told(ranking: object, finding: str) -> None:
    """One's own refinement and other kinds of texts are not to be ranked."""
    read = reading("ballot", json.dumps({"ranking": ranking}))

    assert read.made is None
    assert finding in read.findings[0]


def test_the_marks_to_be_ranked_are_named_to_who_missed_them() -> None:
    """So that the next answer can be right."""
    read = reading("ballot", '{"ranking": ["me"]}')

    assert f"the marks to be ranked are: {MARKS[0]}, {MARKS[1]}" == read.findings[-1]


def test_equal_refinements_stand_beside_each_other_in_a_ballot() -> None:
    """They have one mark; a voter's own is left out of it."""
    equal = tuple(replace(each, text="same") for each in REFINEMENTS)
    cast = made("ballot", {"ranking": [mark_of("same")]}, brief=brief_for("ballot", "kiss", *equal))

    assert isinstance(cast, BallotCast)
    assert tuple(each.turn for each in REFINEMENTS[:2]) == cast.ranking


def test_a_verdict_is_recorded_with_what_it_rests_on() -> None:
    """The judge cites a mark; the log names the turn and its author."""
    answer = {
        "solutionMarkdown": "A queue.",
        "confidence": 80,
        "dissent": [{"objection": "too much", "restsOn": mark_of("too much"), "blocks": True}],
    }
    verdict = read_content(made("synthesis", answer, speaker="judge").text, Verdict)

    assert verdict is not None
    assert ("A queue.", 80) == (verdict.solution, verdict.confidence)
    assert (CRITIQUE.turn, "kiss", True) == (
        verdict.dissent[0].turn,
        verdict.dissent[0].author,
        verdict.dissent[0].blocks,
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "text", ["## Solution\nA queue.", '{"confidence": 80}', '{"sections": []}']
)
def test_a_conclusion_that_cannot_be_read_falls_back_to_its_words(
    text: str, method: Synthesis
) -> None:
    """Nothing is made of them that the judge did not say."""
    read = reading("synthesis", f" {text}\n", Terms(synthesis=method))
    fallback = SynthesisMade(turn="debate/synthesis/kiss", text=text, call="c#1", form="text")

    assert (None, fallback) == (read.made, read.fallback)
    assert read.findings


def test_a_conclusion_that_says_nothing_has_no_fallback() -> None:
    """There is nothing to stand for it."""
    assert reading("synthesis", "…").fallback is None


@given(st.data(), st.sampled_from(["{}", "so: {} there", "```json\n{}\n```", "{}\n{}"]))
def test_a_verdict_in_any_wrapping_is_found_or_refused(data: st.DataObject, form: str) -> None:
    """In prose, in a fence, twice, or broken off anywhere: never an exception, never half a
    solution.
    """
    solution = data.draw(words())
    body = json.dumps({"solutionMarkdown": solution, "dissent": [solution], "confidence": 10})
    text = form.replace("{}", body)
    event = reading("synthesis", text[: data.draw(st.integers(0, len(text)))]).made
    verdict = read_content(event.text, Verdict) if isinstance(event, Contribution) else None

    assert (event is None) == (verdict is None)
    assert verdict is None or solution.strip() == verdict.solution


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("method", METHODS)
def test_every_json_kind_has_a_strict_schema(kind: Kind, method: Synthesis) -> None:
    """All keys are required and no other is allowed, at every depth."""
    text = answer_schema(Turn("t", kind, "kiss"), Terms(synthesis=method))

    assert (kind in JSON) == (text is not None)
    pending = [json.loads(text)] if text else []
    while pending:
        schema = pending.pop()
        if schema["type"] == "object":
            assert sorted(schema["properties"]) == sorted(schema["required"])
            assert schema["additionalProperties"] is False
        pending += [*schema.get("properties", {}).values(), *filter(None, [schema.get("items")])]


def test_a_merge_wants_sections_in_place_of_a_solution() -> None:
    """And whoever answers by one schema meets the contract."""
    merge = json.loads(answer_schema(Turn("t", "synthesis", "j"), Terms("merge")) or "")
    judge = json.loads(answer_schema(Turn("t", "synthesis", "j"), Terms()) or "")

    assert {"sections"} == set(merge["properties"]) - set(judge["properties"])
    assert {"solutionMarkdown"} == set(judge["properties"]) - set(merge["properties"])


def test_marks_are_those_of_all_that_was_shown() -> None:
    """Of this turn and of earlier rounds."""
    assert {*MARKS, mark_of("too much")} == set(marks_of(brief_for("synthesis")))


def test_the_person_who_answered_holds_no_objection() -> None:
    """Dissent rests on what debaters said; a citation of an answer is none of theirs."""
    answer = Shown("debate/c1/answer/person>kiss", "answer", "person", 1, "Forty a second.")
    brief = brief_for("synthesis", "judge", answer, *REFINEMENTS)
    dissent = {"objection": "Too slow.", "restsOn": mark_of(answer.text), "blocks": True}
    event = made("synthesis", {"solutionMarkdown": "A queue.", "dissent": [dissent]}, brief=brief)

    (held,) = verdict_of(event).dissent
    assert ("Too slow.", "", "", True) == (held.objection, held.author, held.turn, held.blocks)
