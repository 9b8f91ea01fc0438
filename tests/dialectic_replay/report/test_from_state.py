"""Reports of state files: those that `dialectic` wrote, whatever its version, and our own."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_events.envelope import Head
from dialectic_events.errors import DialecticError
from dialectic_events.union import Event
from dialectic_replay.report import Paper, Person, paper_of_run, paper_of_state, report
from dialectic_replay.run import fold
from dialectic_replay.state_document import state_document
from support.checkout import ROOT
from support.runs import envelopes_of, runs
from support.whole import told_whole

FIXTURES = sorted((ROOT.parent / "shared" / "fixtures" / "dialectic-states").glob("*.json"))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner)),
    max_leaves=8,
)


def contribution(agent: str, kind: str, text: str, **more: Any) -> dict[str, Any]:
    """A contribution as the older tool wrote it."""
    metadata = {"latencyMs": 1200, "model": "gpt-4", "tokensUsed": 30, **more.pop("metadata", {})}
    named = {"agentId": agent, "agentRole": agent.removeprefix("agent-"), "type": kind}
    return {**named, "content": text, "metadata": metadata, **more}


STATE: dict[str, Any] = {
    "id": "deb-20251104-101112-abcd",
    "problem": "Design a lock",
    "status": "completed",
    "currentRound": 2,
    "rounds": [
        {
            "roundNumber": 1,
            "contributions": [
                contribution("agent-b", "proposal", "PB"),
                contribution("agent-a", "proposal", "PA"),
                contribution("agent-b", "critique", "CB", targetAgentId="agent-a"),
                contribution("agent-a", "refinement", "RA"),
            ],
            "timestamp": "2025-11-04T10:11:13.000Z",
        },
        {
            "roundNumber": 2,
            "contributions": [
                contribution("agent-a", "proposal", "RA", metadata={"tokensUsed": 0}),
                contribution(
                    "agent-b",
                    "proposal",
                    "PB2",
                    metadata={"toolCalls": [{"id": "1", "name": "file_read", "arguments": "{}"}]},
                ),
            ],
            "summaries": {
                "agent-a": {
                    "agentId": "agent-a",
                    "agentRole": "a",
                    "summary": "short",
                    "metadata": {"beforeChars": 5001, "afterChars": 5, "method": "length-based"},
                }
            },
        },
    ],
    "clarifications": [
        {
            "agentId": "agent-a",
            "agentName": "A",
            "role": "a",
            "items": [
                {"id": "q1", "question": "Who?", "answer": "NA"},
                {"id": "q2", "question": "When?", "answer": ""},
            ],
        }
    ],
    "finalSolution": {
        "description": "# Lock\n\nUse one.",
        "tradeoffs": [],
        "recommendations": [],
        "confidence": 75,
        "synthesizedBy": "judge-main",
    },
    "createdAt": "2025-11-04T10:11:12.345Z",
    "promptSources": {
        "agents": [{"agentId": "agent-a", "role": "a", "source": "file", "path": "/x/a.md"}],
        "judge": {"id": "judge-main", "source": "built-in"},
    },
}


def refusal(document: object) -> tuple[int, str] | None:
    """The exit code and the place with which a document is refused; None when it has a report."""
    try:
        return None if report(paper_of_state(document, "a.json")) else (0, "")
    except DialecticError as refused:
        return refused.exit_code, refused.where


def test_the_rows_of_agents_are_made_of_what_they_said() -> None:
    """Without a configuration a report knows who spoke, on which model, and whose prompt it was."""
    paper = paper_of_state(STATE)

    assert (
        Person(id="agent-a", role="a", models=("gpt-4",), prompts=("/x/a.md",)),
        Person(id="agent-b", role="b", models=("gpt-4",)),
    ) == paper.agents
    assert (Person(id="judge-main", prompts=("built-in",)),) == paper.judges


def test_a_configuration_names_those_who_spoke() -> None:
    """Agents are matched by id; who is not configured keeps the row of its contributions."""
    known = Person(id="agent-b", name="Bea", temperature=0.5)
    judge = Person(id="judge-main", name="Judge")
    silent = Person(id="agent-z", name="Zoe")

    paper = paper_of_state(STATE, people=(known, silent, judge), judge="judge-main")

    assert ["agent-a", "Bea"] == [each.name or each.id for each in paper.agents]
    assert (judge,) == paper.judges


def test_all_that_was_said_is_told() -> None:
    """In the order of agents, a carried proposal as what it is, tools and summaries as well."""
    page = report(paper_of_state(STATE))

    assert page.index("PA") < page.index("PB")
    assert "##### agent-b → agent-a\n\n```text\nCB\n```" in page
    assert 1 == page.count("\nRA\n")
    assert "*Carried over: the refinement of round 1.*" in page
    assert "*5,001 characters became 5 \\(length-based).*".replace("\\", "") in page
    assert "- file\\_read {}" in page
    assert "### Lock\n\nUse one." in page


def test_an_answer_that_is_still_missing_is_not_an_answer() -> None:
    """`NA` was said, an empty one was not."""
    assert ["NA", None] == [each.answer for each in paper_of_state(STATE).answers]


def test_a_state_without_dates_and_solution_has_a_report() -> None:
    """As an aborted debate leaves it."""
    page = report(paper_of_state({"id": "x", "problem": "p", "rounds": []}))

    assert "*There is none.*" in page
    assert "*No rounds.*" in page


@given(JSON)
def test_what_is_no_state_is_refused_with_its_place(document: object) -> None:
    """Any JSON is a report or one error of usage."""
    assert refusal(document) in (None, (2, "a.json"))


@given(st.sampled_from(["problem", "rounds", "finalSolution", "clarifications"]), JSON)
def test_a_state_with_anything_in_it_is_told_or_refused(key: str, value: object) -> None:
    """A damaged field never ends in an error of the language."""
    assert refusal({**STATE, key: value}) in (None, (2, "a.json"))


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1e308, 10**400, -(10**400)])
def test_a_number_that_is_no_measure_is_refused(value: float) -> None:
    """JSON can spell more than a page can show."""
    took = contribution("agent-a", "proposal", "P", metadata={"latencyMs": value})
    rounds = [{"roundNumber": 1, "contributions": [took]}]
    assert (2, "a.json") == refusal({**STATE, "rounds": rounds})
    assessed = [{"roundNumber": 1, "score": value}]
    assert (2, "a.json") == refusal({**STATE, "assessments": assessed})
    assert (2, "a.json") == refusal({**STATE, "spend": {"latencyMs": value}})


@pytest.mark.skipif(not FIXTURES, reason="the genuine states are not beside this checkout")
@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: str(path.stem)[-28:])
def test_a_genuine_state_is_told_in_full(path: Path) -> None:
    """Every contribution that was not carried over stands in the report, word for word."""
    state = json.loads(path.read_text(encoding="utf-8"))
    page = report(paper_of_state(state, str(path)), verbose=True)

    said = [each for round in state["rounds"] for each in round["contributions"]]
    assert [] == [each["agentId"] for each in said if f"\n{each['content']}\n" not in page]
    assert 1 == page.count("\n## Final Synthesis\n")
    assert len(state["rounds"]) == page.count("\n### Round ")


def told_in(paper: Paper) -> Counter[tuple[str, str, str, str, int]]:
    """What each contribution of a paper says, and the tokens that it took."""
    every = (*(entry for round in paper.rounds for entry in round.entries), *paper.conclusion)
    return Counter(
        (each.kind, each.to, each.text, each.note if each.kind == "stop" else "", each.tokens or 0)
        for each in every
        if not each.note.startswith(("It ", "Carried", "Not "))
    )


@given(st.one_of(st.builds(told_whole), runs()))
def test_a_state_of_ours_tells_what_its_run_tells(log: list[Event]) -> None:
    """Contributions, summaries, assessments, decisions, ballots, answers, solution, spend."""
    state = state_document(envelopes_of(log), Head(len(log), "f" * 64))

    run, read = paper_of_run(fold(log), state["id"]), paper_of_state(state)

    assert told_in(run) == told_in(read)
    assert run.spent == read.spent
    assert Counter(run.failures) == Counter(read.failures)
    assert Counter(run.answers) == Counter(read.answers)
    if state["status"] == "completed":
        assert (run.solution, run.synthesized_by) == (read.solution, read.synthesized_by)
