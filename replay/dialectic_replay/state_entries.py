"""What was said in a run, in the shapes that readers of `dialectic` know: contributions, summaries,
clarifications; and in shapes of our own: assessments, decisions to stop, ballots.

The frame of the document, its conclusion and its spend are written elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from dialectic_events.contents import Answered, Question, ToolResult, read_content
from dialectic_events.runs import Agent
from dialectic_events.turns import (
    AnswerGiven,
    AssessmentMade,
    BallotCast,
    QuestionAsked,
    StopDecided,
    SummaryMade,
    Turn,
)
from dialectic_replay.order import in_order, target_speaker
from dialectic_replay.run import Call, Result, Run
from dialectic_replay.tools import ToolRound, tool_rounds

__all__ = [
    "assessments",
    "awaits_person",
    "ballots",
    "clarifications",
    "contribution",
    "iso",
    "made_in_order",
    "stop_decisions",
    "summary",
]


def made_in_order(run: Run) -> Iterator[Result]:
    """All contributions, in the order in which people read them."""
    for turn in in_order(run):
        result = run.results.get(turn.id)
        if result is not None and result.outcome == "made":
            yield result


def contribution(run: Run, result: Result) -> dict[str, Any]:
    """A proposal, critique or refinement."""
    turn = result.turn
    document = _speaker(run, turn) | {"type": turn.kind, "content": result.text}
    if turn.kind == "critique":
        document["targetAgentId"] = target_speaker(run, turn) or turn.target or ""
    document["metadata"] = _metadata(run, result) | _tools(run, result)
    return document


def summary(run: Run, result: Result, made: SummaryMade, at: datetime) -> dict[str, Any]:
    """A summary; `at` is when it was recorded."""
    agent = _agent(run, result.turn)
    call = run.calls.get(result.call or "")
    metadata: dict[str, Any] = {
        "beforeChars": made.before_chars,
        "afterChars": made.after_chars,
        "method": made.method,
        "timestamp": iso(at),
        "cut": made.cut,
        **_metadata(run, result),
    }
    if call is not None:
        metadata["provider"] = call.requested.provider
    if agent is not None and agent.temperature is not None:
        metadata["temperature"] = agent.temperature
    return _speaker(run, result.turn) | {"summary": made.text, "metadata": metadata}


def clarifications(run: Run) -> dict[str, Any]:
    """What was asked and answered, by agent (`answer` is empty as long as there is none), and in
    how many passes; nothing when nobody was to ask.
    """
    items: dict[str, dict[str, dict[str, str]]] = {}
    passes = 0
    for result in made_in_order(run):
        match result.event:
            case QuestionAsked(text=text):
                passes = max(passes, result.turn.round)
                asked = items.setdefault(result.turn.speaker, {})
                for each in read_content(text, tuple[Question, ...]) or ():
                    asked[each.id] = {"id": each.id, "question": each.question, "answer": ""}
            case AnswerGiven(text=text):
                agent = target_speaker(run, result.turn) or result.turn.speaker
                for told in read_content(text, tuple[Answered, ...]) or ():
                    items.setdefault(agent, {})[told.id] = msgspec.to_builtins(told)
    if not items:
        return {}
    agents = {agent.id: agent for agent in run.opened.agents} if run.opened is not None else {}
    groups = [
        {
            "agentId": name,
            "agentName": agents[name].name if name in agents else name,
            "role": agents[name].role if name in agents else name,
            "items": list(asked.values()),
        }
        for name, asked in items.items()
    ]
    return {"clarifications": groups, "clarificationIterations": passes}


def awaits_person(run: Run) -> bool:
    """Whether somebody's questions are not answered yet."""
    settled = {result.turn.target for result in run.results.values()}
    return any(
        isinstance(result.event, QuestionAsked) and result.event.questions and name not in settled
        for name, result in run.results.items()
    )


def assessments(run: Run) -> list[dict[str, Any]]:
    """How far the debate had come, by round; `score` is 0 to 1."""
    return [
        {
            "roundNumber": result.turn.round,
            "agentId": result.turn.speaker,
            "score": made.score,
            "reason": made.text,
            "metadata": _metadata(run, result),
        }
        for result in made_in_order(run)
        if isinstance(made := result.event, AssessmentMade)
    ]


def stop_decisions(run: Run) -> list[dict[str, Any]]:
    """Whether the debate was to end, by round; `value` is absent where nothing was measured."""
    return [
        {
            "roundNumber": result.turn.round,
            "rule": decided.rule,
            "measure": decided.measure,
            **({} if decided.value is None else {"value": decided.value}),
            "threshold": decided.threshold,
            "stop": decided.stop,
            **({} if decided.stability is None else {"stability": decided.stability}),
            **({} if decided.agreement is None else {"agreement": decided.agreement}),
        }
        for result in made_in_order(run)
        if isinstance(decided := result.event, StopDecided)
    ]


def ballots(run: Run) -> list[dict[str, Any]]:
    """How each agent ranked the refinements of others, by turn."""
    return [
        {
            "agentId": result.turn.speaker,
            "ranking": list(cast.ranking),
            "reason": cast.text,
            "metadata": _metadata(run, result),
        }
        for result in made_in_order(run)
        if isinstance(cast := result.event, BallotCast)
    ]


def iso(at: datetime) -> str:
    """ISO 8601 in UTC, with milliseconds."""
    utc = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return utc.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _speaker(run: Run, turn: Turn) -> dict[str, Any]:
    agent = _agent(run, turn)
    return {"agentId": turn.speaker, "agentRole": turn.speaker if agent is None else agent.role}


def _metadata(run: Run, result: Result) -> dict[str, Any]:
    """What the answer took, with those that asked for tools on the way to it; a contribution
    without a call took nothing.
    """
    call = run.calls.get(result.call or "")
    if call is None or call.ended is None:
        agent = _agent(run, result.turn)
        model = agent.route[0].name if agent is not None and agent.route else ""
        return {"latencyMs": 0, "model": model, "tokensUsed": 0}
    asked = tool_rounds(run, result.turn.id)
    metadata: dict[str, Any] = {
        "latencyMs": call.ended.latency_ms + sum(map(_latency_ms, asked)),
        "model": call.requested.model,
    }
    tokens = [_tokens(each) for each in (*(round.call for round in asked), call)]
    if None not in tokens:
        metadata["tokensUsed"] = sum(count or 0 for count in tokens)
    return metadata


def _latency_ms(asked: ToolRound) -> int:
    model = asked.call.ended.latency_ms if asked.call.ended is not None else 0
    return model + (asked.call.used.latency_ms if asked.call.used is not None else 0)


def _tokens(call: Call) -> int | None:
    usage = call.ended.usage if call.ended is not None else None
    return None if usage is None else usage.input_tokens + usage.output_tokens


def _tools(run: Run, result: Result) -> dict[str, Any]:
    """What tools were asked and said; nothing when the agent has none."""
    agent = _agent(run, result.turn)
    asked = tool_rounds(run, result.turn.id)
    if not asked and (agent is None or not agent.tools):
        return {}
    calls = [msgspec.to_builtins(call) for each in asked for call in each.calls]
    results = [_tool_result(said) for each in asked for said in each.results]
    return {
        **({"toolCalls": calls} if calls else {}),
        **({"toolResults": results} if results else {}),
        "toolCallIterations": len(asked),
    }


def _tool_result(said: ToolResult) -> dict[str, Any]:
    outcome = (
        {"status": "success", "result": _json(said.content)}
        if said.status == "success"
        else {"status": "error", "error": said.content}
    )
    content = msgspec.json.encode(outcome).decode()
    return {"tool_call_id": said.id, "role": "tool", "content": content}


def _json(content: str) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return content


def _agent(run: Run, turn: Turn) -> Agent | None:
    agents: Iterable[Agent] = run.opened.agents if run.opened is not None else ()
    return next((agent for agent in agents if agent.id == turn.speaker), None)
