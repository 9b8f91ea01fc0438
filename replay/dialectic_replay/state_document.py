"""A run as the state document that readers of `dialectic` know, with additions under keys of our
own.

The shape is a contract with other programs: keys keep their names, optional ones are absent and
never null.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from dialectic_events.envelope import Envelope, Head
from dialectic_events.errors import IntegrityError
from dialectic_events.runs import Agent, RunOpened, RunSuspended
from dialectic_events.turns import Turn
from dialectic_replay.order import in_order, target_speaker
from dialectic_replay.read import known_event
from dialectic_replay.run import Call, Result, Run, apply
from dialectic_replay.spend import Tally, spend
from dialectic_replay.verdict import read_verdict

__all__ = ["state_document", "state_json"]

_STATUS = {
    "running": "running",
    "suspended": "running",
    "concluded": "completed",
    "partial": "completed",
    "failed": "failed",
}
_UNSTATED_CONFIDENCE = 50
"""What readers of the older tool take for a judge who stated none."""


class _Times(Struct):
    """When what the document dates was recorded."""

    stream: str = ""
    version: int = 0
    first: datetime | None = None
    last: datetime | None = None
    suspended: datetime | None = None
    waits_for: tuple[str, ...] = ()
    rounds: dict[int, datetime] = {}


def state_document(envelopes: Iterable[Envelope], head: Head) -> dict[str, Any]:
    """The document of a run from its first event on; `head` is that of its last event here.

    Raises IntegrityError when the run has no opening or the head is another's, DialecticError for
    an event that is redacted or of an unknown type.
    """
    run, times = _folded(envelopes)
    if run.opened is None or times.first is None or times.last is None:
        raise IntegrityError("a run begins with its opening", where=times.stream)
    if head.version != times.version:
        raise IntegrityError(
            f"the head is that of version {head.version}, the last event has {times.version}",
            where=times.stream,
        )
    completed = _STATUS[run.status] == "completed"
    return {
        "id": times.stream,
        "problem": run.opened.problem,
        "status": _STATUS[run.status],
        "currentRound": max((turn.round for turn in run.turns.values()), default=0),
        "rounds": _rounds(run, times),
        **({"finalSolution": _solution(run)} if completed else {}),
        **_rest(run, times),
        "createdAt": _iso(times.first),
        "updatedAt": _iso(times.last),
        "promptSources": _sources(run.opened),
        "failures": [
            _failure(result) for result in run.results.values() if result.outcome != "made"
        ],
        "spend": _spend(run),
        "log": {"version": head.version, "digest": head.digest},
    }


def state_json(document: Mapping[str, Any]) -> str:
    """The document as it is written to a file: the same document is always the same text."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _folded(envelopes: Iterable[Envelope]) -> tuple[Run, _Times]:
    run, times = Run(), _Times()
    for envelope in envelopes:
        event, at = known_event(envelope), envelope.header.recorded_at
        known = len(run.turns)
        apply(run, event)
        if len(run.turns) > known:
            times.rounds.setdefault(next(reversed(run.turns.values())).round, at)
        if isinstance(event, RunSuspended):
            times.suspended, times.waits_for = at, event.waits_for
        times.stream, times.version = envelope.header.stream, envelope.header.version
        times.first, times.last = times.first or at, at
    return run, times


def _rounds(run: Run, times: _Times) -> list[dict[str, Any]]:
    rounds: dict[int, list[dict[str, Any]]] = {round: [] for round in sorted(times.rounds) if round}
    for turn in in_order(run):
        result = run.results.get(turn.id)
        if turn.round and result is not None and result.outcome == "made":
            rounds[turn.round].append(_contribution(run, result))
    return [
        {
            "roundNumber": round,
            "contributions": contributions,
            "timestamp": _iso(times.rounds[round]),
        }
        for round, contributions in rounds.items()
    ]


def _contribution(run: Run, result: Result) -> dict[str, Any]:
    turn, agent = result.turn, _agent(run, result.turn)
    document: dict[str, Any] = {
        "agentId": turn.speaker,
        "agentRole": agent.role if agent is not None else turn.speaker,
        "type": turn.kind,
        "content": result.text,
    }
    if turn.kind == "critique":
        document["targetAgentId"] = target_speaker(run, turn) or turn.target or ""
    call = run.calls.get(result.call) if result.call is not None else None
    document["metadata"] = _metadata(call, agent)
    return document


def _metadata(call: Call | None, agent: Agent | None) -> dict[str, Any]:
    """What the answer took; a contribution without a call took nothing."""
    if call is None or call.ended is None:
        model = agent.route[0].name if agent is not None and agent.route else ""
        return {"latencyMs": 0, "model": model, "tokensUsed": 0}
    metadata: dict[str, Any] = {"latencyMs": call.ended.latency_ms, "model": call.requested.model}
    if call.ended.usage is not None:
        metadata["tokensUsed"] = call.ended.usage.input_tokens + call.ended.usage.output_tokens
    return metadata


def _solution(run: Run) -> dict[str, Any]:
    final = next(
        result
        for result in reversed(run.results.values())
        if result.turn.kind == "synthesis" and result.outcome == "made"
    )
    verdict = read_verdict(final.text)
    confidence = verdict.confidence
    return {
        "description": final.text,
        "tradeoffs": list(verdict.tradeoffs),
        "recommendations": list(verdict.recommendations),
        "unfulfilledMajorRequirements": list(verdict.unmet_requirements),
        "openQuestions": list(verdict.open_questions),
        "dissent": list(verdict.dissent),
        "confidence": _UNSTATED_CONFIDENCE if confidence is None else confidence,
        "synthesizedBy": final.turn.speaker,
    }


def _rest(run: Run, times: _Times) -> dict[str, Any]:
    """Why the run is not going on, if it is not."""
    document: dict[str, Any] = {"statusReason": run.reason} if run.reason else {}
    if run.status == "suspended" and times.suspended is not None:
        document |= {"suspendedAt": _iso(times.suspended), "waitsFor": list(times.waits_for)}
    return document


def _sources(opened: RunOpened) -> dict[str, Any]:
    sources = {source.name: source for source in opened.sources}
    judges = {stage.judge for stage in opened.stages}

    def provenance(agent: Agent) -> dict[str, Any]:
        source = sources.get(agent.source)
        if source is None:
            return {"source": "built-in"}
        path = {"path": source.path} if source.path is not None else {}
        return {"source": source.origin, **path}

    document: dict[str, Any] = {
        "agents": [
            {"agentId": agent.id, "role": agent.role, **provenance(agent)}
            for agent in opened.agents
            if agent.id not in judges
        ]
    }
    for agent in opened.agents:
        if agent.id in judges:
            document["judge"] = {"id": agent.id, **provenance(agent)}
    return document


def _failure(result: Result) -> dict[str, Any]:
    turn = result.turn
    return {
        "turn": turn.id,
        "agentId": turn.speaker,
        "type": turn.kind,
        "roundNumber": turn.round,
        "outcome": result.outcome,
        "reason": result.text,
    }


def _spend(run: Run) -> dict[str, Any]:
    spent = spend(run)
    by_agent = {agent: _tally(tally) for agent, tally in spent.by_agent.items()}
    return {**_tally(spent.total), "byAgent": by_agent}


def _tally(tally: Tally) -> dict[str, Any]:
    return {
        "calls": tally.calls,
        "failedCalls": tally.failed,
        "lostCalls": tally.lost,
        "inputTokens": tally.input_tokens,
        "outputTokens": tally.output_tokens,
        "cachedTokens": tally.cached_tokens,
        "reasoningTokens": tally.reasoning_tokens,
        "costUsd": tally.cost_usd,
        "unpricedCalls": tally.unpriced,
        "latencyMs": tally.latency_ms,
    }


def _agent(run: Run, turn: Turn) -> Agent | None:
    agents = run.opened.agents if run.opened is not None else ()
    return next((agent for agent in agents if agent.id == turn.speaker), None)


def _iso(at: datetime) -> str:
    """ISO 8601 in UTC, with milliseconds."""
    utc = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return utc.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
