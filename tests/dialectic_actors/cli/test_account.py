"""What `-v` tells before and after a run."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dialectic_actors.cli.account import account, cast_lines
from dialectic_events.runs import Clarifications, Model, Source, Stage, StopRule, Summarization
from dialectic_replay.run import fold
from dialectic_replay.spend import spend
from support.told import AGENTS, opening, stages, telling


def debate(**terms: Any) -> Stage:
    """A debate of three agents in two rounds."""
    return replace(Stage("debate", "debate@1", AGENTS, "judge", 2), **terms)


@given(stages(), st.data())
def test_every_settled_turn_has_one_line_in_its_round(stage: Stage, data: st.DataObject) -> None:
    """At any point of a run; the total counts all calls."""
    log = list(telling(opening(stage)))
    run = fold(log[: data.draw(st.integers(0, len(log)))])

    lines = list(account(run, timedelta(seconds=90)))

    total = spend(run).total
    kinds = [line.split()[0] for line in lines if line.startswith("  ")]
    assert sorted(each.turn.kind for each in run.results.values()) == sorted(kinds)
    assert f"{total.input_tokens}+{total.output_tokens} tokens in {total.calls} calls" in lines[-1]
    assert "90.0 s" in lines[-1]


def test_an_account_tells_what_each_turn_took() -> None:
    """Role, first line, time, tokens; of summaries their sizes and method, of decisions their
    values; questions come first and the conclusion last.
    """
    stage = debate(
        clarifications=Clarifications(passes=1),
        summaries="length-based",
        stop=StopRule("convergence"),
    )

    lines = list(account(fold(telling(opening(stage)))))

    parts = [line for line in lines if not line.startswith("  ")]
    assert ["questions 1", "round 1", "round 2", "in the end"] == parts[:4]
    assert "  critique    architect on kiss: First line. (1.5 s, 10+5 tokens)" in lines
    assert "  summary     kiss: 9000 → 2500 characters, length-based (1.5 s, 10+5 tokens)" in lines
    assert "  stop        goes on: convergence 0.50, threshold 0.90" in lines
    assert "  proposal    kiss: carried over: First line." in lines
    assert lines[-1].startswith("total: 2 rounds, ")


def test_who_speaks_with_which_words_is_told_before_a_run() -> None:
    """Name, models in their order, where each prompt is from, tools, when summaries are made."""
    opened = opening(debate(summaries="hierarchical"))
    first, *others = opened.agents
    first = replace(
        first,
        route=(Model("openai", "a"), Model("openai", "b")),
        tools=("tool/file_read",),
        summarization=Summarization(threshold=9),
    )
    part = f"{'0' * 64}:1"
    sources = (
        Source("role/architect", part, "file", "prompts/architect.md"),
        Source("prompt/summary/architect", part, "file", "prompts/short.md"),
        Source("role/judge", part),
    )

    lines = list(cast_lines(replace(opened, agents=(first, *others), sources=sources)))

    assert [
        "agents:",
        "  Architect (architect): openai/a → openai/b",
        "    prompt: file prompts/architect.md",
        "    summary prompt: file prompts/short.md",
        "    tools: file_read; at most 10 uses in a turn",
    ] == lines[:5]
    assert ["judge:", "  Judge (judge): scripted/m-judge", "    prompt: built-in"] == lines[-4:-1]
    assert "summaries: from 9 to at most 2500 characters, hierarchical" == lines[-1]
