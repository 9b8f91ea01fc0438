"""What a log has said up to an event: the fold, the turns that the protocol names, and where each
turn and call was spoken of.

Kept by the laws' own reading, one event at a time, so that it does not follow the core into an
error: of the core it asks only the protocol. Nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from dialectic_actors.core.protocols import known_turns, protocol_of
from dialectic_events.calls import (
    PASSING,
    CallAnswered,
    CallFailed,
    CallLost,
    CallRequested,
    ToolsUsed,
)
from dialectic_events.envelope import Header
from dialectic_events.errors import IntegrityError
from dialectic_events.parts import refer
from dialectic_events.runs import (
    DeadlinePassed,
    RunConcluded,
    RunFailed,
    RunOpened,
    RunResumed,
    RunSuspended,
)
from dialectic_events.turns import (
    QuestionAsked,
    StopDecided,
    Turn,
    TurnFailed,
    TurnSkipped,
)
from dialectic_events.union import CONTRIBUTIONS as BY_KIND
from dialectic_events.union import Event, Made
from dialectic_replay.run import Call, Run, apply
from dialectic_replay.words import words_of

__all__ = ["CONTRIBUTIONS", "ENDINGS", "SETTLING", "Fate", "Lookup", "Witness"]

CONTRIBUTIONS: tuple[type[Made], ...] = tuple(BY_KIND.values())
SETTLING = (*CONTRIBUTIONS, StopDecided, TurnFailed, TurnSkipped)
ENDINGS = (CallAnswered, CallFailed)

Lookup: TypeAlias = Callable[[str], str]
"""The text behind the reference of a part."""

Fate: TypeAlias = Literal["asked", "carried", "decided", "targetless", "unasked", "blind", "short"]
"""What becomes of a turn once all that it waits for is settled: asked for; carried over; decided
without a call; skipped because what it answers was not made, because nothing was asked that it
could answer, because all that it would be shown was not made, or because it is short already.
"""

_BESIDE = ("answer", "summary")
"""Kinds that a turn may see without being about them."""


class Witness:
    """What the events so far amount to; `events[0]` has the number 1.

    `run` is their fold, `plan` the turns that the protocol names by now, `final` the one that ends
    the run. The `_at` tables say at which number a turn or call was first spoken of so; 0 stands
    for never. `made` are the turns that contributed a text, by its reference. `event` is what is
    judged now, `header` its header if the log has any. `lookup` finds texts, if anybody can.
    """

    __slots__ = (
        "_awaited",
        "claimed",
        "ended_at",
        "event",
        "events",
        "final",
        "header",
        "ids",
        "lookup",
        "made",
        "named_at",
        "opened_at",
        "over_at",
        "passed_at",
        "plan",
        "requested_at",
        "rested_at",
        "resumed_at",
        "run",
        "settled_at",
        "shown",
        "spent_at",
        "strands",
        "used_at",
    )

    def __init__(self, lookup: Lookup | None = None) -> None:
        self.run, self.events = Run(), list[Event]()
        self.plan: dict[str, Turn] = {}
        self.final = ""
        self.named_at: dict[str, int] = {}
        self.settled_at: dict[str, int] = {}
        self.requested_at: dict[str, int] = {}
        self.ended_at: dict[str, int] = {}
        self.used_at: dict[str, int] = {}
        self.passed_at: dict[int, int] = {}
        self.opened_at = self.rested_at = self.resumed_at = self.over_at = 0
        self.spent_at: dict[str, int] = {}
        self.made: dict[str, list[str]] = {}
        self.claimed: set[tuple[str, str]] = set()
        self.ids: dict[str, int] = {}
        self.event: Event | None = None
        self.header: Header | None = None
        self.lookup = lookup
        self.strands: dict[str, frozenset[str]] = {}
        self.shown: set[str] = set()
        self._awaited: set[str | None] = set()

    def take(self, event: Event) -> None:
        """Learn what an event says. What makes no sense is passed over: some law has said so."""
        self.events.append(event)
        number, kind = len(self.events), type(event)
        if kind is RunOpened and self.opened_at:
            return
        try:
            apply(self.run, event)
        except IntegrityError:
            return
        match event:
            case CallRequested():
                self.named_at.setdefault(event.turn, number)
                self.requested_at.setdefault(event.call, number)
            case CallAnswered() | CallFailed():
                self.ended_at.setdefault(event.call, number)
            case ToolsUsed():
                self.used_at.setdefault(event.call, number)
            case CallLost():
                self.claimed.add((event.call, event.claim))
            case RunOpened():
                self.opened_at = number
                self._ask_the_protocol()
            case RunSuspended():
                self.rested_at = number
                if event.reason.partition(":")[0] in PASSING:
                    self.spent_at |= dict.fromkeys(event.waits_for, number)
            case RunResumed():
                self.resumed_at = number
            case DeadlinePassed():
                self.passed_at.setdefault(event.round, number)
            case RunConcluded() | RunFailed():
                self.over_at = self.over_at or number
            case _:
                self._settle(event, number)

    def _settle(self, event: Made | StopDecided | TurnFailed | TurnSkipped, number: int) -> None:
        self.named_at.setdefault(event.turn, number)
        self.settled_at.setdefault(event.turn, number)
        if not isinstance(event, StopDecided | TurnFailed | TurnSkipped):
            self.made.setdefault(refer(words_of(event)), []).append(event.turn)
        if event.turn in self._awaited:
            self._ask_the_protocol()

    def _ask_the_protocol(self) -> None:
        self._awaited = set()
        for stage in self.run.opened.stages if self.run.opened else ():
            turns, awaited = known_turns(protocol_of(stage), stage, self.run.results)
            self._awaited.add(awaited)
            for turn in turns:
                self.plan[turn.id] = turn
                if turn.kind == "synthesis":
                    self.final = turn.id

    def fate(self, turn: Turn) -> Fate:
        """What becomes of a turn of the plan, as far as what it waits for is settled."""
        made = self.run.made
        if turn.carries is not None and made(turn.carries) is not None:
            return "carried"
        if turn.target is not None:
            if made(turn.target) is None:
                return "targetless"
            asked = self.run.results[turn.target].event
            if isinstance(asked, QuestionAsked) and not asked.questions:
                return "unasked"
        kinds = {seen: self.plan[seen].kind for seen in turn.sees if seen in self.plan}
        about = [seen for seen in turn.sees if kinds.get(seen) not in _BESIDE]
        if about and all(made(seen) is None for seen in about):
            return "blind"
        if turn.kind == "stop" or (turn.kind == "synthesis" and self._votes()):
            return "decided"
        return "short" if turn.kind == "summary" and self._is_short(turn) else "asked"

    def _votes(self) -> bool:
        stages = self.run.opened.stages if self.run.opened else ()
        return any(stage.synthesis == "voting" for stage in stages)

    def _is_short(self, turn: Turn) -> bool:
        """Whether what a summary would condense is below its threshold."""
        agents = self.run.opened.agents if self.run.opened else ()
        terms = next((each.summarization for each in agents if each.id == turn.speaker), None)
        if terms is None:
            return True
        size = sum(len(self.run.made(seen) or "") for seen in self.stands_on(turn))
        return size < terms.threshold * (4 if terms.unit == "tokens" else 1) - (
            3 if terms.unit == "tokens" else 0
        )

    def stands_on(self, turn: Turn) -> set[str]:
        """The turns that one is shown: all that was made of those it sees, and of those that what
        it recalls was shown, no words twice.
        """
        results = self.run.results
        shown = {
            seen
            for seen in turn.sees
            if self.run.made(seen) is not None and not self.recalls(turn, seen)
        }
        pending, links = list(turn.recalls), set[str]()
        while pending:
            link = pending.pop()
            if link in links or link not in results:
                continue
            links.add(link)
            saw = results[link].turn
            shown.update(
                seen
                for seen in saw.sees
                if self.run.made(seen) is not None and results[seen].turn.kind != "answer"
            )
            pending.extend(saw.recalls)
        return shown

    def recalls(self, turn: Turn, other: str) -> bool:
        """Whether `other` was carried over from a turn whose words `turn` recalls already."""
        results = self.run.results
        carried = results[other].turn.carries
        return (
            carried is not None
            and self.run.made(carried) is not None
            and any(r in results and carried in results[r].turn.sees for r in turn.recalls)
        )

    def is_ready(self, turn: Turn) -> bool:
        """Whether a turn is unsettled, never asked for, and waits for nothing any more."""
        results = self.run.results
        return (
            turn.id not in results
            and turn.id not in self.run.attempts
            and all(other in results for other in turn.after)
        )

    @property
    def may_rest(self) -> bool:
        """Whether the run rests before a turn fails for what may pass."""
        stages = self.run.opened.stages if self.run.opened is not None else ()
        return any(stage.failure.on_failure == "rest" for stage in stages)

    def counted(self, turn: str) -> list[Call]:
        """The calls of a turn whose failures count against its attempts."""
        since = self.spent_at.get(turn, 0) if self.may_rest else 0
        calls = self.run.attempts.get(turn, ())
        return [self.run.calls[call] for call in calls if self.requested_at[call] > since]

    def calls_at(self, turn: str) -> tuple[int, ...]:
        """The numbers of all requests of a turn and their endings so far."""
        calls = self.run.attempts.get(turn, ())
        return tuple(
            table[call]
            for call in dict.fromkeys(calls)
            for table in (self.requested_at, self.ended_at)
            if call in table
        )

    def turns_at(self, *turns: str) -> tuple[int, ...]:
        """The numbers of the events that settled turns, or were the first to name them."""
        return tuple(
            at
            for turn in turns
            if (at := self.settled_at.get(turn) or self.named_at.get(turn)) is not None
        )
