"""What `-v` tells beside the events: before a run who speaks with which words, after it what each
contribution took.

Works on any fold, of imported runs too; nothing is printed here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from typing import get_args

from dialectic_actors.cli.terminal import one_line
from dialectic_events.calls import Usage
from dialectic_events.runs import Agent, RunOpened, Source
from dialectic_events.turns import Kind, StopDecided, SummaryMade, Turn
from dialectic_replay.run import Result, Run
from dialectic_replay.spend import spend

__all__ = ["account", "cast_lines"]

_ASKED = ("question", "answer")
_FIRST_LINE = 100


def cast_lines(opened: RunOpened) -> Iterator[str]:
    """Who takes part on which models, where their words come from, and when they are condensed."""
    (stage,) = opened.stages
    sources = {source.name: source for source in opened.sources}
    cast = {agent.id: agent for agent in opened.agents}
    yield "agents:"
    for id in stage.agents:
        yield from _member(cast[id], sources)
    yield "judge:"
    yield from _member(cast[stage.judge], sources)
    yield f"summaries: {'; '.join(_summaries(opened)) or 'none'}"


def account(run: Run, took: timedelta | None = None) -> Iterator[str]:
    """What was contributed, round by round, what each took, and what all of it came to; `took` is
    how long the run was at work.
    """
    rank = {kind: place for place, kind in enumerate(get_args(Kind))}
    results = sorted(
        run.results.values(), key=lambda each: (_part(each.turn), rank[each.turn.kind])
    )
    for (part, round), members in groupby(results, key=lambda each: _part(each.turn)):
        yield (f"questions {round}", f"round {round}", "in the end")[part]
        for each in members:
            yield f"  {each.turn.kind:<11} {_deed(run, each)}{_price(run, each.turn.id)}"
    total = spend(run).total
    rounds = max((each.turn.round for each in results if _part(each.turn)[0] == 1), default=0)
    words = [f"{rounds} round{'' if rounds == 1 else 's'}"]
    if took is not None:
        words.append(f"{took.total_seconds():.1f} s")
    words.append(f"{total.input_tokens}+{total.output_tokens} tokens in {total.calls} calls of all")
    yield f"total: {', '.join(words)}"


def _member(agent: Agent, sources: dict[str, Source]) -> Iterator[str]:
    route = " → ".join(f"{model.provider}/{model.name}" for model in agent.route)
    yield f"  {agent.name} ({agent.id}): {route}"
    yield f"    prompt: {_origin(sources.get(agent.source))}"
    for kind in ("summary", "question"):
        if (source := sources.get(f"prompt/{kind}/{agent.id}")) is not None:
            yield f"    {kind} prompt: {_origin(source)}"
    if agent.tools:
        names = ", ".join(tool.removeprefix("tool/") for tool in agent.tools)
        yield f"    tools: {names}; at most {agent.tool_call_limit} uses in a turn"


def _origin(source: Source | None) -> str:
    if source is None:
        return "unknown"
    return source.origin if source.path is None else f"{source.origin} {source.path}"


def _summaries(opened: RunOpened) -> Iterator[str]:
    """The settings of summaries, once where they are the same for all."""
    (stage,) = opened.stages
    if stage.summaries is None:
        return
    cast = {agent.id: agent.summarization for agent in opened.agents}
    for terms in dict.fromkeys(filter(None, cast.values())):
        size = f"from {terms.threshold} to at most {terms.max_length} {terms.unit}"
        words = f"{size}, {stage.summaries}"
        names = [id for id, each in cast.items() if each == terms]
        others = [id for id, each in cast.items() if each not in (None, terms)]
        yield f"{words} ({', '.join(names)})" if others else words


def _part(turn: Turn) -> tuple[int, int]:
    """Questions come before the rounds, the conclusion after them."""
    if turn.kind in _ASKED:
        return 0, turn.round
    return (1, turn.round) if turn.round else (2, 0)


def _deed(run: Run, result: Result) -> str:
    turn, event = result.turn, result.event
    who = turn.speaker
    if turn.target is not None and (target := run.turns.get(turn.target)) is not None:
        who = f"{who} on {target.speaker}" if turn.kind in ("critique", "answer") else who
    if result.outcome != "made":
        return f"{who}: {result.outcome}: {one_line(result.text, _FIRST_LINE)}"
    match event:
        case SummaryMade():
            size = f"{event.before_chars} → {event.after_chars} characters, {event.method}"
            return f"{who}: {size}{', cut' if event.cut else ''}"
        case StopDecided():
            verdict = "stops" if event.stop else "goes on"
            value = "nothing to measure" if event.value is None else f"{event.value:.2f}"
            return f"{verdict}: {event.rule} {value}, threshold {event.threshold:.2f}"
        case _:
            carried = "carried over: " if turn.carries is not None and result.call is None else ""
            return f"{who}: {carried}{_first_line(result.text)}"


def _first_line(text: str) -> str:
    line = next((each for each in text.splitlines() if each.strip()), "")
    return one_line(line, _FIRST_LINE)


def _price(run: Run, turn: str) -> str:
    """What all calls of a turn took."""
    calls = [run.calls[call].ended for call in run.attempts.get(turn, ())]
    endings = [ended for ended in calls if ended is not None]
    if not endings:
        return ""
    usages = [ended.usage or Usage() for ended in endings]
    tokens = (sum(u.input_tokens for u in usages), sum(u.output_tokens for u in usages))
    words = [f"{sum(ended.latency_ms for ended in endings) / 1000:.1f} s"]
    if any(tokens):
        words.append("{}+{} tokens".format(*tokens))
    return f" ({', '.join(words)})"
