"""A run as a list of moments: what happened, in words, and which earlier event made it necessary.

Works on any stretch of a log, with unknown and redacted events in it: what cannot be known is left
out, nothing is raised.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, assert_never

from msgspec import Struct

from dialectic_events.calls import (
    CallAnswered,
    CallFailed,
    CallLost,
    CallRequested,
    Ending,
    ToolsUsed,
)
from dialectic_events.codec import Redacted, Unknown
from dialectic_events.contents import ToolResult, read_content
from dialectic_events.envelope import Envelope
from dialectic_events.runs import (
    DeadlinePassed,
    RunConcluded,
    RunFailed,
    RunOpened,
    RunResumed,
    RunSuspended,
)
from dialectic_events.turns import (
    Contribution,
    StopDecided,
    SynthesisMade,
    Turn,
    TurnFailed,
    TurnSkipped,
)
from dialectic_events.union import Event, Made
from dialectic_replay.deeds import deed, work
from dialectic_replay.words import words_of

__all__ = ["Importance", "Moment", "Story", "timeline"]

Importance = Literal["high", "normal", "low"]

_TITLE_CHARACTERS = 160


class Moment(Struct, frozen=True):
    """One event. `cause` is the version of the one that made it necessary; `tokens` are input and
    output together.
    """

    version: int
    at: datetime
    type: str
    title: str
    importance: Importance
    cause: int | None = None
    tokens: int | None = None
    cost_usd: float | None = None
    latency_ms: int | None = None


def timeline(envelopes: Iterable[Envelope]) -> tuple[Moment, ...]:
    """The moments of a run, in order."""
    story = Story()
    return tuple(story.tell(envelope) for envelope in envelopes)


class Story:
    """What was told so far: where each turn and call was heard of, and where it was settled."""

    def __init__(self) -> None:
        self._turns: dict[str, Turn] = {}
        self._settled: dict[str, int] = {}
        self._turn_of: dict[str, str] = {}
        self._requested: dict[str, int] = {}
        self._ended: dict[str, int] = {}
        self._last_step: dict[str, int] = {}
        self._failing: dict[str, int] = {}
        self._opened: int | None = None
        self._suspended: int | None = None

    def tell(self, envelope: Envelope) -> Moment:
        """The moment of the next event; `envelope` must follow those told before."""
        header, event = envelope.header, envelope.event
        if not isinstance(event, Unknown | Redacted):
            self._hear(event)
        title, importance = self._title(event)
        moment = Moment(
            version=header.version,
            at=header.recorded_at,
            type=header.type,
            title=_line(title),
            importance=importance,
            cause=None if isinstance(event, Unknown | Redacted) else self._cause(event),
            tokens=_tokens(event),
            cost_usd=event.cost_usd if isinstance(event, Ending) else None,
            latency_ms=event.latency_ms if isinstance(event, Ending | ToolsUsed) else None,
        )
        if not isinstance(event, Unknown | Redacted):
            self._remember(event, header.version)
        return moment

    def _hear(self, event: Event) -> None:
        """Learn of the turn that an event is the first to name."""
        if isinstance(event, CallRequested | Contribution | StopDecided | TurnFailed | TurnSkipped):
            if event.plan is not None:
                self._turns[event.turn] = event.plan
            if isinstance(event, CallRequested):
                self._turn_of[event.call] = event.turn

    def _remember(self, event: Event, version: int) -> None:
        match event:
            case RunOpened():
                self._opened = version
            case RunSuspended():
                self._suspended = version
            case CallRequested():
                self._requested[event.call] = version
                self._failing.pop(event.turn, None)
            case CallAnswered() | CallFailed():
                turn = self._turn_of.get(event.call, "")
                self._ended[event.call] = self._last_step[turn] = version
                if isinstance(event, CallFailed):
                    self._failing[turn] = version
            case ToolsUsed():
                self._last_step[self._turn_of.get(event.call, "")] = version
            case Contribution() | StopDecided() | TurnFailed() | TurnSkipped():
                self._settled[event.turn] = version
            case _:
                pass

    def _cause(self, event: Event) -> int | None:
        match event:
            case RunOpened():
                return None
            case RunSuspended():
                return _latest(self._failing.get(turn) for turn in event.waits_for)
            case RunResumed():
                return self._suspended
            case RunConcluded() | RunFailed():
                return _latest(self._settled.values()) or self._opened
            case DeadlinePassed():
                return self._opened
            case CallAnswered() | CallFailed() | CallLost():
                return self._requested.get(event.call)
            case CallRequested() | TurnFailed():
                return self._last_step.get(event.turn) or self._ready(event.turn)
            case ToolsUsed():
                return self._ended.get(event.call)
            case Contribution():
                if event.call is not None:
                    return self._ended.get(event.call)
                return self._settled.get(self._carried(event.turn)) or self._ready(event.turn)
            case StopDecided() | TurnSkipped():
                return self._ready(event.turn)
            case _:
                assert_never(event)

    def _carried(self, turn: str) -> str:
        known = self._turns.get(turn)
        return (known.carries or "") if known is not None else ""

    def _answers(self, turn: str) -> bool:
        """Whether a turn answers questions. That there were none has just been told."""
        known = self._turns.get(turn)
        return known is not None and known.kind == "answer"

    def _ready(self, turn: str) -> int | None:
        """The event that settled the last of what a turn waits for."""
        known = self._turns.get(turn)
        after = known.after if known is not None else ()
        return _latest(self._settled.get(other) for other in after) or self._opened

    def _title(self, event: Event | Unknown | Redacted) -> tuple[str, Importance]:
        match event:
            case RunOpened():
                names = ", ".join(agent.id for agent in event.agents)
                return f"the run begins, with {names}", "high"
            case RunSuspended():
                return f"the run rests: {event.reason}", "high"
            case RunResumed():
                return "the run is taken up again", "normal"
            case RunConcluded():
                partial = " in part" if event.outcome == "partial" else ""
                return f"the run is concluded{partial}", "high"
            case RunFailed():
                return f"the run fails: {event.reason}", "high"
            case DeadlinePassed():
                return f"the deadline of round {event.round} passes ({event.after_s:g} s)", "high"
            case CallRequested() | CallAnswered() | CallFailed() | CallLost() | ToolsUsed():
                return self._title_of_call(event)
            case SynthesisMade():
                return self._deed(event), "high"
            case Contribution():
                carried = bool(self._carried(event.turn)) and event.call is None
                return self._deed(event), "low" if carried else "normal"
            case StopDecided():
                return words_of(event), "high" if event.stop else "normal"
            case TurnFailed():
                return f"{self._work(event.turn)} fails: {event.reason}", "high"
            case TurnSkipped():
                title = f"{self._work(event.turn)}: skipped, {event.reason}"
                return title, "low" if self._answers(event.turn) else "normal"
            case Unknown():
                return f"{event.type}, which this version does not know", "normal"
            case Redacted():
                return f"{event.type}, redacted", "normal"
            case _:
                assert_never(event)

    def _title_of_call(
        self, event: CallRequested | CallAnswered | CallFailed | CallLost | ToolsUsed
    ) -> tuple[str, Importance]:
        goal = self._work(self._turn_of.get(event.call, event.call))
        match event:
            case CallRequested():
                return f"{event.model} is asked for {goal}{_again(event.why)}", "low"
            case CallAnswered():
                verb = "asks for tools" if event.tools else "answers"
                return f"{event.model} {verb} for {goal}", "low"
            case ToolsUsed():
                results = read_content(event.results, tuple[ToolResult, ...]) or ()
                names = ", ".join(result.name for result in results) or "tools"
                return f"{names} answered for {goal}", "low"
            case CallFailed():
                return f"the call for {goal} fails: {event.error}", "normal"
            case CallLost():
                return f"the call for {goal} is lost with the process that sent it", "normal"
            case _:
                assert_never(event)

    def _deed(self, event: Made) -> str:
        turn = self._turns.get(event.turn)
        return event.turn if turn is None else deed(event, turn, self._author(turn))

    def _work(self, name: str) -> str:
        turn = self._turns.get(name)
        return name if turn is None else work(turn, self._author(turn))

    def _author(self, turn: Turn) -> str:
        """Whom a turn answers."""
        target = self._turns.get(turn.target or "")
        return target.speaker if target is not None else turn.target or "nobody"


def _again(why: str) -> str:
    match why:
        case "first":
            return ""
        case "tools":
            return ", with what the tools said"
        case _:
            return f", again after {why}"


def _line(title: str) -> str:
    words = " ".join(title.split())
    if len(words) <= _TITLE_CHARACTERS:
        return words
    return words[: _TITLE_CHARACTERS - 1] + "…"


def _latest(versions: Iterable[int | None]) -> int | None:
    return max((version for version in versions if version is not None), default=None)


def _tokens(event: Event | Unknown | Redacted) -> int | None:
    if isinstance(event, Ending) and event.usage is not None:
        return event.usage.input_tokens + event.usage.output_tokens
    return None
