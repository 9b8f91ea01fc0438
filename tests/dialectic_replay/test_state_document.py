"""The state document: valid at every version, and in the shape that readers of `dialectic` know."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from dialectic_events.calls import CallAnswered, CallRequested, Ending, Usage
from dialectic_events.envelope import Head
from dialectic_events.errors import DialecticError, IntegrityError
from dialectic_events.runs import RunConcluded, RunFailed, RunSuspended, Source
from dialectic_events.union import Event
from dialectic_replay.run import fold
from dialectic_replay.state_document import state_document, state_json
from support.checkout import ROOT
from support.drive import answered, failing, finish, opened
from support.runs import envelopes_of, prefixes, runs

STATES = ROOT.parent / "shared" / "fixtures" / "dialectic-states"
LATER = re.compile(r"summar|clarification", re.IGNORECASE)
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


def judged(request: CallRequested) -> Ending:
    """An answer with a verdict in it."""
    text = (
        "## Solution\nA queue.\n## Trade-offs\n- cost\n## Recommendations\n- measure\n"
        "## Unmet Requirements\n- none met\n## Open Questions\n- when?\n## Dissent\n- kiss\n\n"
        "Confidence: 35/100"
    )
    return replace(answered(request), text=text)


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
        if result.outcome == "made" and result.turn.round
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
    """Who reads the files of the older tool can read ours; summaries, clarifications aside."""
    ours = dict(shape(document_of(finish([], judged))))
    known = [*STATES.glob("*.json")]

    for path in known:
        for key, kind in shape(json.loads(path.read_text(encoding="utf-8"))):
            if not LATER.search(key):
                assert kind == ours.get(key), f"{key} in {path.name}"
    assert 11 == len(known)


def test_the_verdict_is_the_final_solution() -> None:
    """The text as it was written, and its sections as lists."""
    solution = document_of(finish([], judged))["finalSolution"]

    assert solution.pop("description").startswith("## Solution\nA queue.")
    assert {
        "tradeoffs": ["cost"],
        "recommendations": ["measure"],
        "unfulfilledMajorRequirements": ["none met"],
        "openQuestions": ["when?"],
        "dissent": ["kiss"],
        "confidence": 35,
        "synthesizedBy": "judge",
    } == solution


def test_a_confidence_that_was_not_stated_is_fifty() -> None:
    """As readers of the older tool expect."""
    assert 50 == document_of(finish([]))["finalSolution"]["confidence"]


def test_a_carried_proposal_cost_nothing() -> None:
    """No tokens, no time, the agent's own model."""
    second = document_of(finish([]))["rounds"][1]["contributions"][0]

    assert "proposal" == second["type"]
    assert {"latencyMs": 0, "model": "model-a", "tokensUsed": 0} == second["metadata"]


def test_a_critique_names_whom_it_answers() -> None:
    """And nothing else does."""
    contributions = document_of(finish([]))["rounds"][0]["contributions"]
    critiques = [each for each in contributions if "targetAgentId" in each]

    assert {"critique"} == {each["type"] for each in critiques}
    assert ("architect", "security") == (critiques[0]["agentId"], critiques[0]["targetAgentId"])
    assert {"latencyMs": 0, "model": "model-a", "tokensUsed": 15} == critiques[0]["metadata"]


def test_unknown_usage_is_absent() -> None:
    """Zero would be a claim."""
    log = finish([], lambda request: replace(answered(request), usage=None))

    assert "tokensUsed" not in document_of(log)["rounds"][0]["contributions"][0]["metadata"]


def test_a_rest_is_still_running_and_says_since_when() -> None:
    """Older readers know no rest; ours learn the reason."""
    log = finish([], failing("proposal/kiss", error="auth"))
    document = document_of(log)

    assert isinstance(log[-1], RunSuspended)
    assert ("running", "auth: as told") == (document["status"], document["statusReason"])
    assert document["updatedAt"] == document["suspendedAt"]
    assert ["debate/r1/proposal/kiss"] == document["waitsFor"]


def test_a_failed_run_says_why() -> None:
    """And it has no solution."""
    log = finish([], failing("synthesis"))
    document = document_of(log)

    assert isinstance(log[-1], RunFailed)
    assert "failed" == document["status"]
    assert "bad-request" in document["statusReason"]
    assert [("synthesis", "failed")] == [(f["type"], f["outcome"]) for f in document["failures"]]


def test_a_partial_run_is_completed_and_lists_what_failed() -> None:
    """The older status has no word for it; the list has."""
    log = finish([], failing("r1/critique/kiss>security"))
    document = document_of(log)

    assert RunConcluded(outcome="partial") == log[-1]
    assert "completed" == document["status"]
    assert ["debate/r1/critique/kiss>security"] == [f["turn"] for f in document["failures"]]


def test_the_spend_of_all_calls_is_in_the_document() -> None:
    """Also that of the judge, which the older tool did not record."""
    spent = document_of(finish([]))["spend"]

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
    sources = document_of([replace(opened(), sources=(source,))])["promptSources"]

    assert {"id": "judge", "source": "built-in"} == sources["judge"]
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
    log = finish([], failing("proposal/kiss#1", error="timeout"))
    asked = [e for e in log if isinstance(e, CallAnswered) and "proposal/kiss" in e.call]

    assert [Usage(10, 5)] == [each.usage for each in asked]
    kiss = document_of(log)["rounds"][0]["contributions"][2]
    assert ("kiss", 15) == (kiss["agentId"], kiss["metadata"]["tokensUsed"])
    assert 1 == document_of(log)["spend"]["failedCalls"]
