"""A run as the state document that readers of `dialectic` know, with additions under keys of our
own.

The shape is a contract with other programs: keys keep their names, optional ones are absent and
never null.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from dialectic_events.envelope import Envelope, Head
from dialectic_events.errors import IntegrityError
from dialectic_events.runs import RunOpened, RunSuspended
from dialectic_events.turns import (
    SummaryMade,
    SynthesisMade,
)
from dialectic_replay.order import phase_of
from dialectic_replay.read import known_event
from dialectic_replay.run import Result, Run, apply
from dialectic_replay.spend import Tally, spend
from dialectic_replay.state_entries import (
    assessments,
    awaits_person,
    ballots,
    clarifications,
    contribution,
    iso,
    made_in_order,
    stop_decisions,
    summary,
)
from dialectic_replay.verdict import verdict_of

__all__ = ["state_document", "state_json"]

_STATUS = {
    "running": "running",
    "suspended": "running",
    "concluded": "completed",
    "partial": "completed",
    "failed": "failed",
}
_CONTRIBUTIONS = ("proposal", "critique", "refinement")
_NEEDLESS = ("answer", "summary")
"""Kinds of turns that are skipped when there is nothing to do; whatever else that may hide is
listed itself.
"""

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
    settled: dict[str, datetime] = {}


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
        "currentRound": max(times.rounds, default=0),
        "rounds": _rounds(run, times),
        **clarifications(run),
        **_decisions(run),
        **_judge_summary(run, times),
        **({"finalSolution": _solution(run)} if completed else {}),
        **_rest(run, times),
        "createdAt": iso(times.first),
        "updatedAt": iso(times.last),
        "promptSources": _sources(run.opened),
        "failures": [_failure(result) for result in run.results.values() if _is_missing(result)],
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
            turn = next(reversed(run.turns.values()))
            if phase_of(turn) == "rounds":
                times.rounds.setdefault(turn.round, at)
        if isinstance(event, SummaryMade):
            times.settled[event.turn] = at
        if isinstance(event, RunSuspended):
            times.suspended, times.waits_for = at, event.waits_for
        times.stream, times.version = envelope.header.stream, envelope.header.version
        times.first, times.last = times.first or at, at
    return run, times


def _rounds(run: Run, times: _Times) -> list[dict[str, Any]]:
    rounds: dict[int, dict[str, Any]] = {
        number: {"roundNumber": number, "contributions": [], "timestamp": iso(at)}
        for number, at in sorted(times.rounds.items())
    }
    for result in made_in_order(run):
        turn = result.turn
        if turn.kind in _CONTRIBUTIONS:
            rounds[turn.round]["contributions"].append(contribution(run, result))
        elif isinstance(result.event, SummaryMade) and turn.round:
            summaries = rounds[turn.round].setdefault("summaries", {})
            at = times.settled[turn.id]
            summaries[turn.speaker] = summary(run, result, result.event, at)
    return list(rounds.values())


def _decisions(run: Run) -> dict[str, Any]:
    """Assessments, decisions to stop and ballots, where there are any."""
    lists = {
        "assessments": assessments(run),
        "stopDecisions": stop_decisions(run),
        "ballots": ballots(run),
    }
    return {name: entries for name, entries in lists.items() if entries}


def _judge_summary(run: Run, times: _Times) -> dict[str, Any]:
    for result in run.results.values():
        if isinstance(result.event, SummaryMade) and not result.turn.round:
            at = times.settled[result.turn.id]
            return {"judgeSummary": summary(run, result, result.event, at)}
    return {}


def _solution(run: Run) -> dict[str, Any]:
    for result in reversed(run.results.values()):
        if isinstance(result.event, SynthesisMade):
            return _conclusion(result, result.event)
    return {}


def _conclusion(result: Result, made: SynthesisMade) -> dict[str, Any]:
    verdict = verdict_of(made)
    confidence = verdict.confidence
    document: dict[str, Any] = {
        "description": result.text,
        "tradeoffs": list(verdict.tradeoffs),
        "recommendations": list(verdict.recommendations),
        "unfulfilledMajorRequirements": list(verdict.unmet_requirements),
        "openQuestions": list(verdict.open_questions),
        "dissent": [
            {
                "objection": each.objection,
                "author": each.author,
                "turn": each.turn,
                "blocks": each.blocks,
            }
            for each in verdict.dissent
        ],
        "confidence": _UNSTATED_CONFIDENCE if confidence is None else confidence,
        "synthesizedBy": result.turn.speaker,
    }
    if verdict.sections:
        document["sections"] = [
            {"title": each.title, "markdown": each.markdown, "turns": list(each.turns)}
            for each in verdict.sections
        ]
    if made.standings:
        standings = msgspec.to_builtins(made.standings)
        document["vote"] = {"standings": standings, "tied": list(made.tied)}
    return document


def _rest(run: Run, times: _Times) -> dict[str, Any]:
    """Why the run is not going on, if it is not."""
    document: dict[str, Any] = {"statusReason": run.reason} if run.reason else {}
    if run.status == "suspended" and times.suspended is not None:
        document |= {"suspendedAt": iso(times.suspended), "waitsFor": list(times.waits_for)}
        if awaits_person(run):
            document["suspendedAtNode"] = "clarification_input"
    return document


def _sources(opened: RunOpened) -> dict[str, Any]:
    sources = {source.name: source for source in opened.sources}
    judges = {stage.judge for stage in opened.stages}

    def provenance(name: str) -> dict[str, str]:
        source = sources.get(name)
        if source is None:
            return {"source": "built-in"}
        path = {"path": source.path} if source.path is not None else {}
        return {"source": source.origin, **path}

    document: dict[str, Any] = {
        "agents": [
            {"agentId": agent.id, "role": agent.role, **provenance(agent.source)}
            for agent in opened.agents
            if agent.id not in judges
        ]
    }
    for agent in opened.agents:
        if agent.id in judges:
            summary = provenance(f"prompt/summary/{agent.id}")
            document["judge"] = {
                "id": agent.id,
                **provenance(agent.source),
                **{f"summary{key.capitalize()}": value for key, value in summary.items()},
            }
    return document


def _is_missing(result: Result) -> bool:
    """Whether the debate lacks what a turn was to yield."""
    if result.outcome == "skipped":
        return result.turn.kind not in _NEEDLESS
    return result.outcome == "failed"


def _failure(result: Result) -> dict[str, Any]:
    turn = result.turn
    return {
        "turn": turn.id,
        "agentId": turn.speaker,
        "type": turn.kind,
        "roundNumber": turn.round if phase_of(turn) == "rounds" else 0,
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
