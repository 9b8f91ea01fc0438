"""Debates of any shape as events in envelopes, without the core: turns are taken as the protocol
lists them, one at a time or as many as are ready.

No assertions in here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from dialectic_actors.core.protocols import known_turns, protocol_of
from dialectic_events.calls import CallAnswered, CallRequested, Usage
from dialectic_events.envelope import Envelope, Header
from dialectic_events.runs import (
    Agent,
    Clarifications,
    Model,
    RunConcluded,
    RunOpened,
    Stage,
    StopRule,
)
from dialectic_events.turns import (
    AnswerGiven,
    AssessmentMade,
    BallotCast,
    CritiqueMade,
    ProposalMade,
    QuestionAsked,
    RefinementMade,
    StopDecided,
    SummaryMade,
    SynthesisMade,
    Turn,
    TurnSkipped,
)
from dialectic_events.union import Event, schema_of, tag_of
from dialectic_replay.run import Run, apply

__all__ = ["AGENTS", "AT", "RUN", "envelope", "envelopes", "opening", "stages", "telling"]

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
AGENTS = ("architect", "security", "kiss")
RUN = "deb-20261122-120000-told"


def stages(
    names: st.SearchStrategy[tuple[str, ...]] | None = None,
) -> st.SearchStrategy[Stage]:
    """Debates with everything that a stage may ask for; `names` are those of the agents."""
    return st.builds(
        Stage,
        name=st.just("debate"),
        protocol=st.just("debate@1"),
        agents=st.sampled_from([AGENTS[:1], AGENTS[:2], AGENTS]) if names is None else names,
        judge=st.just("judge"),
        rounds=st.integers(1, 3),
        history=st.sampled_from(["current", "own", "everyone"]),
        clarifications=st.none() | st.builds(Clarifications, passes=st.integers(1, 3)),
        summaries=st.sampled_from([None, "length-based", "hierarchical"]),
        stop=st.none() | st.builds(StopRule, rule=st.sampled_from(["convergence", "quality"])),
        synthesis=st.sampled_from(["judge", "voting", "merge"]),
    )


def opening(stage: Stage) -> RunOpened:
    """The opening of a debate in `stage`, each of its agents on a model of its own."""
    return RunOpened(
        problem="Design a rate limiter.",
        stages=(stage,),
        agents=tuple(
            Agent(name, name.title(), name, f"role/{name}", (Model("scripted", f"m-{name}"),))
            for name in (*stage.agents, stage.judge)
        ),
        sources=(),
        seed=7,
    )


def telling(opened: RunOpened, *, asking: int = 1, at_once: bool = False) -> Iterator[Event]:
    """A whole debate in which everybody asks in the first `asking` passes; `at_once` requests all
    calls that are ready before any is answered.
    """
    (stage,) = opened.stages
    run = Run()

    def told(*events: Event) -> Iterator[Event]:
        for event in events:
            apply(run, event)
            yield event

    yield from told(opened)
    while True:
        turns, waits_for = known_turns(protocol_of(stage), stage, run.results)
        open_turns = [turn for turn in turns if turn.id not in run.results]
        ready = [turn for turn in open_turns if all(id in run.results for id in turn.after)]
        if not ready:
            assert waits_for is None
            break
        taken = ready if at_once else ready[:1]
        asked = [turn for turn in taken if _asks(turn, stage)]
        yield from told(*(_request(turn) for turn in asked))
        for turn in taken:
            if turn in asked:
                yield from told(_answer(turn))
            yield from told(_settled(turn, run, call=turn in asked, asking=asking))
    yield from told(RunConcluded(outcome="complete"))


def envelopes(events: Sequence[Event]) -> list[Envelope]:
    """A log in envelopes, an event per second."""
    return [envelope(event, version) for version, event in enumerate(events, 1)]


def envelope(event: Event, version: int, at: datetime | None = None) -> Envelope:
    """One event in its envelope; its digests are no digests."""
    at = at or AT + timedelta(seconds=version)
    kind = type(event)
    header = Header(
        RUN, version, f"e.{version}", tag_of(kind), schema_of(kind), at, at, "c", "0" * 64, "0" * 64
    )
    return Envelope(version, header, event)


def _asks(turn: Turn, stage: Stage) -> bool:
    counted = turn.kind == "synthesis" and stage.synthesis == "voting"
    return turn.kind not in ("answer", "stop") and turn.carries is None and not counted


def _request(turn: Turn) -> CallRequested:
    call, model = f"{turn.id}#1", f"m-{turn.speaker}"
    return CallRequested(
        call=call,
        turn=turn.id,
        provider="scripted",
        model=model,
        messages=(),
        deadline_s=60,
        plan=turn,
    )


def _answer(turn: Turn) -> CallAnswered:
    return CallAnswered(
        call=f"{turn.id}#1",
        text="First line.\nSecond line.",
        model=f"m-{turn.speaker}",
        usage=Usage(10, 5),
        cost_usd=0.25,
        latency_ms=1500,
    )


def _settled(turn: Turn, run: Run, *, call: bool, asking: int) -> Event:
    named: dict[str, Any] = {"turn": turn.id, "text": "First line.\nSecond line."}
    named |= {"call": f"{turn.id}#1"} if call else {"plan": turn}
    if turn.kind == "answer":
        asked = run.results[turn.target or ""].event
        if isinstance(asked, QuestionAsked) and not asked.questions:
            return TurnSkipped(turn=turn.id, plan=turn, reason="nothing was asked")
        return AnswerGiven(**{**named, "text": "[]"}, by="a test")
    match turn.kind:
        case "question":
            return QuestionAsked(**{**named, "text": "[]"}, questions=int(turn.round <= asking))
        case "stop":
            return StopDecided(
                turn=turn.id,
                plan=turn,
                rule="convergence",
                measure="made up",
                value=0.5,
                threshold=0.9,
                stop=False,
            )
        case "summary":
            return SummaryMade(**named, before_chars=9000, after_chars=2500, method="length-based")
        case "assessment":
            return AssessmentMade(**named, score=0.5)
        case "ballot":
            return BallotCast(**named, ranking=turn.sees[:1])
        case "proposal":
            return ProposalMade(**named)
        case "critique":
            return CritiqueMade(**named)
        case "refinement":
            return RefinementMade(**named)
        case "synthesis":
            return SynthesisMade(**named, form="text")
