"""The state of a run: what its events amount to.

`evolve` says what one event means, `fold` what a log means. Nothing is decided here and nothing
looked up; whoever needs the next step asks the core.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, assert_never

from msgspec import Struct
from msgspec.structs import replace

from dialectic_events.calls import (
    PASSING,
    CallAnswered,
    CallFailed,
    CallLost,
    CallRequested,
    Ending,
    ToolsUsed,
)
from dialectic_events.errors import IntegrityError
from dialectic_events.runs import (
    DeadlinePassed,
    RunConcluded,
    RunFailed,
    RunOpened,
    RunResumed,
    RunSuspended,
)
from dialectic_events.turns import Contribution, StopDecided, Turn, TurnFailed, TurnSkipped
from dialectic_events.union import Event, Made, tag_of
from dialectic_replay.words import words_of

__all__ = ["Call", "Result", "Run", "Status", "apply", "evolve", "fold"]

Status = Literal["empty", "running", "suspended", "concluded", "partial", "failed"]


class Call(Struct, frozen=True):
    """A call and how it ended, if it did. `lost` counts the times that it died with its sender;
    `used` is what the tools said that its answer asked for.
    """

    requested: CallRequested
    ended: Ending | None = None
    lost: int = 0
    used: ToolsUsed | None = None


class Result(Struct, frozen=True):
    """What came of a turn: its contribution in words (`made`), or why there is none. `call` is the
    answer it rests on, `event` the fact itself.
    """

    turn: Turn
    outcome: Literal["made", "failed", "skipped"]
    text: str
    call: str | None = None
    event: Made | StopDecided | TurnFailed | TurnSkipped | None = None


class Run(Struct):
    """The fold of a run's log. Turns by id, in the order in which they were first heard of; calls
    by id; deadlines that passed, in seconds, by round. `spent` says how many attempts a turn had
    had when the run came to rest for it.
    """

    opened: RunOpened | None = None
    status: Status = "empty"
    reason: str = ""
    claim: str = ""
    version: int = 0
    turns: dict[str, Turn] = {}
    results: dict[str, Result] = {}
    calls: dict[str, Call] = {}
    attempts: dict[str, tuple[str, ...]] = {}
    passed: dict[int, float] = {}
    spent: dict[str, int] = {}

    def copy(self) -> Run:
        """A run that may evolve without changing this one."""
        return Run(
            self.opened,
            self.status,
            self.reason,
            self.claim,
            self.version,
            self.turns.copy(),
            self.results.copy(),
            self.calls.copy(),
            self.attempts.copy(),
            self.passed.copy(),
            self.spent.copy(),
        )

    @property
    def ended(self) -> bool:
        """Whether the run reached its end, for better or worse."""
        return self.status in ("concluded", "partial", "failed")

    def made(self, turn: str) -> str | None:
        """The text that a turn contributed, None when it did not (yet)."""
        result = self.results.get(turn)
        return result.text if result is not None and result.outcome == "made" else None


def evolve(run: Run, event: Event) -> Run:
    """What an event means: the run after it. `run` itself stays as it was."""
    after = run.copy()
    apply(after, event)
    return after


def fold(events: Iterable[Event], run: Run | None = None) -> Run:
    """The run after all `events`; `run` is where to begin and stays as it was."""
    after = Run() if run is None else run.copy()
    for event in events:
        apply(after, event)
    return after


def apply(run: Run, event: Event) -> None:
    """Evolve `run` in place: for those who own it and hand it to nobody else.

    Raises IntegrityError when the event speaks of a turn or call that the log never mentioned, or
    settles a turn again.
    """
    try:
        _apply(run, event)
    except KeyError as unheard:
        raise IntegrityError(
            f"{tag_of(type(event))} speaks of {unheard}, which no earlier event names",
            where=f"version {run.version + 1}",
        ) from None
    run.version += 1


def _apply(run: Run, event: Event) -> None:
    match event:
        case CallRequested():
            _request(run, event)
        case CallAnswered() | CallFailed():
            call = run.calls[event.call]
            run.calls[event.call] = Call(call.requested, event, call.lost, call.used)
        case CallLost():
            call = run.calls[event.call]
            run.calls[event.call] = replace(call, lost=call.lost + 1)
            run.claim = event.claim
        case ToolsUsed():
            run.calls[event.call] = replace(run.calls[event.call], used=event)
        case Contribution():
            turn = _settled(run, event.turn, event.plan)
            run.results[turn.id] = Result(turn, "made", words_of(event), event.call, event)
        case StopDecided():
            turn = _settled(run, event.turn, event.plan)
            run.results[turn.id] = Result(turn, "made", "", None, event)
        case TurnFailed():
            turn = _settled(run, event.turn, event.plan)
            run.results[turn.id] = Result(turn, "failed", event.reason, None, event)
        case TurnSkipped():
            turn = _settled(run, event.turn, event.plan)
            run.results[turn.id] = Result(turn, "skipped", event.reason, None, event)
        case DeadlinePassed():
            run.passed[event.round] = event.after_s
        case RunOpened():
            run.opened, run.status = event, "running"
        case RunSuspended():
            run.status, run.reason = "suspended", event.reason
            if event.reason.partition(":")[0] in PASSING:
                run.spent |= {turn: len(run.attempts.get(turn, ())) for turn in event.waits_for}
        case RunResumed():
            run.status, run.reason, run.claim = "running", "", event.claim
        case RunConcluded():
            run.status = "concluded" if event.outcome == "complete" else "partial"
        case RunFailed():
            run.status, run.reason = "failed", event.reason
        case _:
            assert_never(event)


def _request(run: Run, event: CallRequested) -> None:
    _known(run, event.turn, event.plan)
    run.calls[event.call] = Call(event)
    run.attempts[event.turn] = (*run.attempts.get(event.turn, ()), event.call)


def _settled(run: Run, turn: str, plan: Turn | None) -> Turn:
    """The turn that an event settles, for the first and only time."""
    if turn in run.results:
        raise IntegrityError(f"{turn} is settled twice", where=f"version {run.version + 1}")
    return _known(run, turn, plan)


def _known(run: Run, turn: str, plan: Turn | None) -> Turn:
    """The full turn: told by this event, or by the first that named it."""
    if plan is not None:
        run.turns[turn] = plan
    return run.turns[turn]
