"""How far a run has come, folded from its events for whoever watches: who speaks, what is done,
what it took.

Clocks come in as numbers; nothing is printed and nothing decided here.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from dialectic_actors.core.forecast import longest
from dialectic_actors.core.protocols import known_turns, protocol_of
from dialectic_events.calls import (
    CallAnswered,
    CallFailed,
    CallLost,
    CallRequested,
    Ending,
    ToolsUsed,
)
from dialectic_events.codec import Redacted, Unknown
from dialectic_events.contents import ToolCall, read_content
from dialectic_events.envelope import Envelope
from dialectic_events.runs import RunOpened, RunResumed
from dialectic_events.turns import (
    Contribution,
    QuestionAsked,
    StopDecided,
    Turn,
    TurnFailed,
    TurnSkipped,
)
from dialectic_events.union import Event
from dialectic_replay.run import Run, apply
from dialectic_replay.spend import is_unpriced
from dialectic_replay.timeline import Moment, Story

__all__ = ["Course", "Group", "Speaking"]

_FAILURES = 3


class Speaking(Struct):
    """A turn that is being taken: its call under way since `since_s`, held back until `ready_s`
    because of `why`; `tools` are those that are being used for it.
    """

    turn: Turn
    call: str
    since_s: float
    ready_s: float
    why: str
    tools: tuple[str, ...] = ()


class Group(Struct):
    """Turns of one kind in one round (or pass of questions): how many are settled, of how many."""

    part: Literal["questions", "rounds", "conclusion"]
    round: int
    kind: str
    settled: int = 0
    known: int = 0


class Course:
    """A run as it goes on. Feed it every event, those of the past too, in their order."""

    def __init__(self, opened: RunOpened) -> None:
        self.opened = opened
        self.run = Run()
        self.known: dict[str, Turn] = {}
        self.at_most = sum(len(longest(stage)) for stage in opened.stages)
        self.groups: dict[tuple[str, int, str], Group] = {}
        self.speaking: dict[str, Speaking] = {}
        self.failures: deque[str] = deque(maxlen=_FAILURES)
        self.input_tokens = 0
        self.output_tokens = 0
        self.cost_usd = 0.0
        self.unpriced = 0
        self.duration = timedelta()
        self._story = Story()
        self._last_at: datetime | None = None
        self._waits_for: set[str] = set()
        self._answers: list[Turn] = []
        self._look_ahead()

    @property
    def done(self) -> int:
        """How many turns are settled."""
        return len(self.run.results)

    @property
    def is_open(self) -> bool:
        """Whether what is said may still change which turns there are."""
        return bool(self._waits_for)

    @property
    def count(self) -> str:
        """Settled turns of the known ones, and how many there may be."""
        if self.is_open and self.at_most > len(self.known):
            return f"{self.done}/{len(self.known)} turns, at most {self.at_most}"
        return f"{self.done}/{len(self.known)} turns"

    def asked(self) -> list[Turn]:
        """The turns in which a person is to answer, and has not yet."""
        results = self.run.results
        return [
            turn
            for turn in self._answers
            if turn.id not in results
            and (asked := results.get(turn.target or "")) is not None
            and isinstance(asked.event, QuestionAsked)
            and asked.event.questions
        ]

    def take(self, envelope: Envelope, now_s: float) -> Moment:
        """Take in the next event, heard at `now_s`; what it means in words."""
        event = envelope.event
        moment = self._story.tell(envelope)
        if not isinstance(event, Unknown | Redacted):
            self._time(event, envelope.header.recorded_at)
            apply(self.run, event)
            self._hear(event, now_s)
            if isinstance(event, CallFailed):
                self.failures.append(moment.title)
        return moment

    def speaker_of(self, turn: str | None) -> str | None:
        """Who takes a turn, None when that is not known."""
        known = self.known.get(turn or "")
        return known.speaker if known is not None else None

    def _time(self, event: Event, at: datetime) -> None:
        """Add what passed since the last event, unless nobody was at work meanwhile."""
        if self._last_at is not None and not isinstance(event, RunResumed | CallLost):
            self.duration += at - self._last_at
        self._last_at = at

    def _hear(self, event: Event, now_s: float) -> None:
        match event:
            case CallRequested():
                turn = self.run.turns[event.turn]
                self.speaking[turn.id] = Speaking(
                    turn, event.call, now_s, now_s + event.delay_s, event.why
                )
            case CallAnswered() | CallFailed():
                self._end(event)
            case ToolsUsed():
                self.speaking.pop(self.run.calls[event.call].requested.turn, None)
            case Contribution() | StopDecided() | TurnFailed() | TurnSkipped():
                self.speaking.pop(event.turn, None)
                self._settle(self.run.turns[event.turn])
            case _:
                pass

    def _end(self, event: Ending) -> None:
        """A call is over; who asked for tools speaks on until they were used."""
        if event.usage is not None:
            self.input_tokens += event.usage.input_tokens
            self.output_tokens += event.usage.output_tokens
        self.cost_usd += event.cost_usd or 0.0
        self.unpriced += is_unpriced(event)
        turn = self.run.calls[event.call].requested.turn
        tools = read_content(event.tools, list[ToolCall]) if isinstance(event, CallAnswered) else ()
        if tools and turn in self.speaking:
            self.speaking[turn].tools = tuple(tool.name for tool in tools)
        else:
            self.speaking.pop(turn, None)

    def _settle(self, turn: Turn) -> None:
        if turn.id in self._waits_for:
            self._look_ahead()
        else:
            self._group(turn).settled += 1

    def _look_ahead(self) -> None:
        """List the turns that can be known now, and count them."""
        self.known, self._waits_for = {}, set()
        for stage in self.opened.stages:
            turns, waits_for = known_turns(protocol_of(stage), stage, self.run.results)
            self.known |= {turn.id: turn for turn in turns}
            if waits_for is not None:
                self._waits_for.add(waits_for)
        self._answers = [turn for turn in self.known.values() if turn.kind == "answer"]
        self.groups = {}
        for turn in self.known.values():
            group = self._group(turn)
            group.known += 1
            group.settled += turn.id in self.run.results

    def _group(self, turn: Turn) -> Group:
        part: Literal["questions", "rounds", "conclusion"] = "rounds"
        if turn.kind in ("question", "answer"):
            part = "questions"
        elif turn.round == 0:
            part = "conclusion"
        key = part, turn.round, turn.kind
        if key not in self.groups:
            self.groups[key] = Group(part, turn.round, turn.kind)
        return self.groups[key]
