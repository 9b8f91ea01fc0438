"""The state document: valid at every version, and in the shape that readers of `dialectic` know."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from dialectic_events.calls import CallAnswered, Usage
from dialectic_events.contents import Dissent, Section, Verdict, write_content
from dialectic_events.envelope import Head
from dialectic_events.errors import DialecticError, IntegrityError
from dialectic_events.runs import RunConcluded, RunFailed, RunSuspended, Source
from dialectic_events.turns import (
    QuestionAsked,
    SummaryMade,
    SynthesisMade,
    Turn,
    TurnSkipped,
)
from dialectic_events.union import Event
from dialectic_replay.run import fold
from dialectic_replay.state_document import state_document, state_json
from support.checkout import ROOT
from support.drive import answered, failing, finish, opened
from support.runs import envelopes_of, prefixes, runs
from support.whole import told_whole

STATES = ROOT.parent / "shared" / "fixtures" / "dialectic-states"
SUMMARY_OF = re.compile(r"\.summaries\.[^.]+")
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def document_of(log: list[Event]) -> dict[str, Any]:
    """The document of a log."""
    return state_document(envelopes_of(log), Head(len(log), "f" * 64))


def shape(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every key path in a document, with its JSON type."""
    if isinstance(value, dict):
        yield path, "object"
        for key, inner in value.items():
            yield from shape(inner, f"{path}.{key}")
    elif isinstance(value, list):
        yield path, "array"
        for inner in value:
            yield from shape(inner, f"{path}[]")
    elif isinstance(value, bool):
        yield path, "boolean"
    else:
        yield path, "number" if isinstance(value, int | float) else type(value).__name__


VERDICT = Verdict(
    solution="A queue.",
    tradeoffs=("cost",),
    recommendations=("measure",),
    unmet_requirements=("none met",),
    open_questions=("when?",),
    dissent=(Dissent("too much", "kiss", "debate/r1/critique/kiss>security", blocks=True),),
    confidence=35,
)


def concluded(made: SynthesisMade) -> dict[str, Any]:
    """The final solution of a debate that ends with `made`."""
    log = [
        replace(made, turn=event.turn, plan=event.plan) if type(event) is type(made) else event
        for event in finish()
    ]
    solution = document_of(log)["finalSolution"]
    assert isinstance(solution, dict)
    return solution


@given(runs())
def test_every_prefix_has_a_valid_document(log: list[Event]) -> None:
    """No null, no time of another form, a solution exactly when completed, rounds without gaps."""
    for prefix in prefixes(log):
        document = document_of(list(prefix))
        kinds = dict(shape(document))
        assert "NoneType" not in kinds.values()
        assert (document["status"] == "completed") == ("finalSolution" in document)
        assert document["status"] in ("running", "completed", "failed")
        numbers = [each["roundNumber"] for each in document["rounds"]]
        assert list(range(1, document["currentRound"] + 1)) == numbers
        for stamp in (
            document["createdAt"],
            document["updatedAt"],
            *(each["timestamp"] for each in document["rounds"]),
        ):
            assert TIMESTAMP.fullmatch(stamp)


@given(runs())
def test_every_contribution_is_in_its_round(log: list[Event]) -> None:
    """Nothing that was said is lost, and nothing is there twice."""
    made = sorted(
        (result.turn.round, result.turn.kind, result.turn.speaker, result.text)
        for result in fold(log).results.values()
        if result.outcome == "made" and result.turn.kind in ("proposal", "critique", "refinement")
    )
    shown = sorted(
        (round["roundNumber"], each["type"], each["agentId"], each["content"])
        for round in document_of(log)["rounds"]
        for each in round["contributions"]
    )

    assert made == shown


@given(runs(max_rounds=1))
def test_the_same_log_is_the_same_text(log: list[Event]) -> None:
    """A file that is written again does not change; what is read from it is the document."""
    text = state_json(document_of(log))

    assert text == state_json(document_of(log))
    assert document_of(log) == json.loads(text)


def test_the_text_is_indented_utf_8() -> None:
    """It is read by people too."""
    assert '{\n  "id": "ä",\n  "rounds": []\n}\n' == state_json({"id": "ä", "rounds": []})


@pytest.mark.skipif(not STATES.exists(), reason="the real states are not beside this checkout")
def test_the_real_states_have_no_key_that_ours_lacks() -> None:
    """Who reads the files of the older tool can read ours; a judge's summary aside, which no vote
    has.
    """
    ours = dict(shape(document_of(told_whole()))) | dict(shape(document_of(finish())))
    known = [*STATES.glob("*.json")]

    for path in known:
        for key, kind in shape(json.loads(path.read_text(encoding="utf-8"))):
            general = SUMMARY_OF.sub(".summaries.architect", key)
            if not general.startswith(".judgeSummary"):
                assert kind == ours.get(general), f"{general} in {path.name}"
    assert 11 == len(known)


def test_the_verdict_is_the_final_solution() -> None:
    """Its words as people read them, and its lists."""
    solution = concluded(SynthesisMade(turn="", text=write_content(VERDICT)))

    assert solution.pop("description").startswith("A queue.\n\n---\n\n## Assessment")
    assert {
        "tradeoffs": ["cost"],
        "recommendations": ["measure"],
        "unfulfilledMajorRequirements": ["none met"],
        "openQuestions": ["when?"],
        "dissent": [
            {
                "objection": "too much",
                "author": "kiss",
                "turn": "debate/r1/critique/kiss>security",
                "blocks": True,
            }
        ],
        "confidence": 35,
        "synthesizedBy": "judge",
    } == solution


def test_sections_of_a_merge_name_what_they_come_from() -> None:
    """Under a key of our own."""
    verdict = replace(VERDICT, sections=(Section("Storage", "A log.", ("t1", "t2")),))
    solution = concluded(SynthesisMade(turn="", text=write_content(verdict)))

    assert [{"title": "Storage", "markdown": "A log.", "turns": ["t1", "t2"]}] == solution[
        "sections"
    ]


def test_a_confidence_that_was_not_stated_is_fifty() -> None:
    """As readers of the older tool expect."""
    plain = SynthesisMade(turn="", text="A queue.", form="text")

    assert (50, "A queue.") == (
        concluded(plain)["confidence"],
        concluded(plain)["description"],
    )


def test_a_carried_proposal_cost_nothing() -> None:
    """No tokens, no time, the agent's own model."""
    second = document_of(finish())["rounds"][1]["contributions"][0]

    assert "proposal" == second["type"]
    assert {"latencyMs": 0, "model": "model-a", "tokensUsed": 0} == second["metadata"]


def test_a_critique_names_whom_it_answers() -> None:
    """And nothing else does."""
    contributions = document_of(finish())["rounds"][0]["contributions"]
    critiques = [each for each in contributions if "targetAgentId" in each]

    assert {"critique"} == {each["type"] for each in critiques}
    assert ("architect", "security") == (critiques[0]["agentId"], critiques[0]["targetAgentId"])
    assert {"latencyMs": 0, "model": "model-a", "tokensUsed": 15} == critiques[0]["metadata"]


def test_unknown_usage_is_absent() -> None:
    """Zero would be a claim."""
    log = finish(lambda request: replace(answered(request), usage=None))

    assert "tokensUsed" not in document_of(log)["rounds"][0]["contributions"][0]["metadata"]


def test_a_rest_is_still_running_and_says_since_when() -> None:
    """Older readers know no rest; ours learn the reason."""
    log = finish(failing("proposal/kiss#1", error="auth"))
    document = document_of(log)

    assert isinstance(log[-1], RunSuspended)
    assert ("running", "auth: as told") == (document["status"], document["statusReason"])
    assert document["updatedAt"] == document["suspendedAt"]
    assert ["debate/r1/proposal/kiss"] == document["waitsFor"]


def test_a_failed_run_says_why() -> None:
    """And it has no solution."""
    log = finish(failing("synthesis"))
    document = document_of(log)

    assert isinstance(log[-1], RunFailed)
    assert "failed" == document["status"]
    assert "bad-request" in document["statusReason"]
    assert [("synthesis", "failed")] == [(f["type"], f["outcome"]) for f in document["failures"]]


def test_a_partial_run_is_completed_and_lists_what_failed() -> None:
    """The older status has no word for it; the list has."""
    log = finish(failing("r1/critique/kiss>security"))
    document = document_of(log)

    assert RunConcluded(outcome="partial") == log[-1]
    assert "completed" == document["status"]
    assert ["debate/r1/critique/kiss>security"] == [f["turn"] for f in document["failures"]]


def test_the_spend_of_all_calls_is_in_the_document() -> None:
    """Also that of the judge, which the older tool did not record."""
    spent = document_of(finish())["spend"]

    assert (22, 220, 110, 22) == (
        spent["calls"],
        spent["inputTokens"],
        spent["outputTokens"],
        spent["unpricedCalls"],
    )
    assert 1 == spent["byAgent"]["judge"]["calls"]


def test_prompt_sources_say_where_words_came_from() -> None:
    """A file by its path, the built-in ones without."""
    source = Source("role/kiss", f"{'0' * 64}:1", "file", "roles/kiss.md")
    brief = Source("prompt/summary/judge", f"{'0' * 64}:1", "file", "brief.md")
    sources = document_of([replace(opened(), sources=(source, brief))])["promptSources"]

    assert {
        "id": "judge",
        "source": "built-in",
        "summarySource": "file",
        "summaryPath": "brief.md",
    } == sources["judge"]
    assert {
        "agentId": "kiss",
        "role": "kiss",
        "source": "file",
        "path": "roles/kiss.md",
    } == sources["agents"][2]


def test_the_log_is_named_by_its_head() -> None:
    """So that the document can be checked against the log."""
    assert {"version": 1, "digest": "f" * 64} == document_of([opened()])["log"]


def test_the_head_of_another_version_is_refused() -> None:
    """A document never claims a log that it does not show."""
    with pytest.raises(IntegrityError, match="head"):
        state_document(envelopes_of([opened()]), Head(2, "f" * 64))


def test_a_log_without_an_opening_is_refused() -> None:
    """There is nothing to say about no run."""
    with pytest.raises(DialecticError, match="opening"):
        state_document([], Head())
    with pytest.raises(DialecticError, match="opening"):
        document_of([RunConcluded(outcome="complete")])


def test_tokens_are_those_of_the_answer() -> None:
    """A failed attempt before it is in the spend, not in the contribution."""
    log = finish(failing("proposal/kiss#1", error="timeout"))
    asked = [e for e in log if isinstance(e, CallAnswered) and "proposal/kiss" in e.call]

    assert [Usage(10, 5)] == [each.usage for each in asked]
    kiss = document_of(log)["rounds"][0]["contributions"][2]
    assert ("kiss", 15) == (kiss["agentId"], kiss["metadata"]["tokensUsed"])
    assert 1 == document_of(log)["spend"]["failedCalls"]


def test_questions_and_answers_are_in_the_document_by_agent() -> None:
    """With the ids that are unique in the run."""
    document = document_of(told_whole())

    assert 1 == document["clarificationIterations"]
    assert [("architect", "Architect", "architect"), ("security", "Security", "security")] == [
        (each["agentId"], each["agentName"], each["role"]) for each in document["clarifications"]
    ]
    (item,) = document["clarifications"][0]["items"]
    assert "How many requests?" == item["question"]
    assert f"The answer to {item['id']}." == item["answer"]


def test_a_run_that_waits_for_a_person_says_at_which_node() -> None:
    """The questions stand there, their answers empty."""
    log = told_whole()
    asked = [each for each in log if isinstance(each, QuestionAsked)]
    turns = tuple(each.turn.replace("question/", "answer/person>") for each in asked)
    waiting = [*log[: 1 + log.index(asked[-1])], RunSuspended(reason="answers", waits_for=turns)]
    document = document_of(waiting)

    assert ("running", "clarification_input") == (document["status"], document["suspendedAtNode"])
    assert list(turns) == document["waitsFor"]
    assert {""} == {item["answer"] for who in document["clarifications"] for item in who["items"]}
    assert [] == document["rounds"]


def test_a_run_that_rests_for_another_reason_is_at_no_node() -> None:
    """Whatever was asked has been answered."""
    log = [*told_whole()[:-1], RunSuspended(reason="a person said so")]

    assert "suspendedAtNode" not in document_of(log)


def test_a_summary_is_in_its_round_by_agent() -> None:
    """With what it saved, and what it took."""
    (first, second) = document_of(told_whole())["rounds"]

    assert "summaries" not in first
    assert {"architect", "security"} == set(second["summaries"])
    summary = second["summaries"]["architect"]
    assert ("architect", "architect") == (summary["agentId"], summary["agentRole"])
    assert len(summary["summary"]) == summary["metadata"]["afterChars"]
    assert TIMESTAMP.fullmatch(summary["metadata"].pop("timestamp"))
    assert {
        "beforeChars",
        "afterChars",
        "method",
        "cut",
        "latencyMs",
        "tokensUsed",
        "model",
        "provider",
        "temperature",
    } == set(summary["metadata"])


def test_the_summary_for_the_judge_has_a_key_of_its_own() -> None:
    """It belongs to no round."""
    log = finish()
    turn = Turn("debate/summary/judge", "summary", "judge")
    made = SummaryMade(
        turn=turn.id, text="s", plan=turn, before_chars=9, after_chars=1, method="length-based"
    )

    document = document_of([*log[:-1], made, log[-1]])

    assert ("judge", "s") == (
        document["judgeSummary"]["agentId"],
        document["judgeSummary"]["summary"],
    )


def test_tools_are_in_the_metadata_of_what_was_made_with_them() -> None:
    """As the older tool wrote them; the tokens are those of all answers on the way."""
    proposal, _ = document_of(told_whole())["rounds"][0]["contributions"][:2]
    metadata = proposal["metadata"]

    assert [{"id": "use-1", "name": "context_search", "arguments": '{"term":"queue"}'}] == metadata[
        "toolCalls"
    ]
    (result,) = metadata["toolResults"]
    assert ("use-1", "tool") == (result["tool_call_id"], result["role"])
    assert {"status": "success", "result": "context_search says so"} == json.loads(
        result["content"]
    )
    assert (1, 30) == (metadata["toolCallIterations"], metadata["tokensUsed"])
    refinement = document_of(told_whole())["rounds"][0]["contributions"][-1]["metadata"]
    assert 0 == refinement["toolCallIterations"]
    assert "toolCalls" not in refinement


def test_assessments_decisions_and_ballots_have_keys_of_our_own() -> None:
    """And none of them is a contribution to a round."""
    document = document_of(told_whole())

    assert [(1, "judge")] == [
        (each["roundNumber"], each["agentId"]) for each in document["assessments"]
    ]
    (decision,) = document["stopDecisions"]
    assert (1, "quality", 1.0, False) == (
        decision["roundNumber"],
        decision["rule"],
        decision["threshold"],
        decision["stop"],
    )
    assert document["assessments"][0]["score"] == decision["value"]
    assert ["architect", "security"] == [each["agentId"] for each in document["ballots"]]
    assert {"proposal", "critique", "refinement"} == {
        each["type"] for round in document["rounds"] for each in round["contributions"]
    }


def test_a_vote_is_in_the_solution() -> None:
    """Its standings, the winner first, and whom only the lot told apart."""
    vote = document_of(told_whole())["finalSolution"]["vote"]

    assert 2 == len(vote["standings"])
    assert {"turn", "points", "first"} == set(vote["standings"][0])


def test_what_there_was_no_need_for_is_no_failure() -> None:
    """A summary below its threshold is nobody's loss."""
    log = finish()
    turn = Turn("debate/r2/summary/kiss", "summary", "kiss", round=2)
    skipped = TurnSkipped(turn=turn.id, plan=turn, reason="below the threshold")

    assert [] == document_of([*log[:-1], skipped, log[-1]])["failures"]
