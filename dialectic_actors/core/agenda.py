"""What a run still lacks, kept up per event: which turns wait, which are foregone, which effects
are outstanding.

Derived and never stored: it equals what one would compute from the fold alone
(tests/dialectic_actors/core).
"""

from __future__ import annotations

from typing import assert_never

from dialectic_actors.core.computed import Computed, computed, resolved
from dialectic_actors.core.effects import (
    Effect,
    MakeCall,
    ReadAnswer,
    TakeTurn,
    UseTools,
    Wake,
    effect_id,
)
from dialectic_actors.core.protocols import known_turns, protocol_of
from dialectic_actors.core.retry import STOPS_THE_RUN
from dialectic_events.calls import (
    CallAnswered,
    CallFailed,
    CallLost,
    CallRequested,
    ToolsUsed,
)
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.runs import (
    DeadlinePassed,
    RunConcluded,
    RunFailed,
    RunOpened,
    RunResumed,
    RunSuspended,
    Stage,
)
from dialectic_events.turns import Contribution, StopDecided, Turn, TurnFailed, TurnSkipped
from dialectic_events.union import Event
from dialectic_replay.run import Run

__all__ = ["Agenda", "only_stage", "timed"]


class Agenda:
    """The outstanding work of one run.

    `turns` is all that the protocol named so far, `final` the turn whose result ends the run.
    `foregone` are turns that the core settles by itself, `undecided` turns whose last call failed,
    `outstanding` the effects by id, `failed` the turns that failed, `fatal` a call whose failure
    only a person can mend.
    """

    __slots__ = (
        "_awaited",
        "_dependents",
        "_open",
        "_opened",
        "_waiting",
        "failed",
        "fatal",
        "final",
        "foregone",
        "outstanding",
        "turns",
        "undecided",
    )

    def __init__(self) -> None:
        self.turns: dict[str, Turn] = {}
        self.final = ""
        self.foregone: dict[str, Computed] = {}
        self.undecided: dict[str, str] = {}
        self.outstanding: dict[str, Effect] = {}
        self.failed: tuple[str, ...] = ()
        self.fatal: str | None = None
        self._opened: RunOpened | None = None
        self._open: dict[int, int] = {}
        self._awaited: str | None = None
        self._waiting: dict[str, int] = {}
        self._dependents: dict[str, list[str]] = {}

    def copy(self) -> Agenda:
        """An agenda that may go on without changing this one (plans are replaced, never changed, so
        they are shared).
        """
        twin = Agenda()
        twin.turns, twin.final, twin.fatal = self.turns, self.final, self.fatal
        twin.failed, twin._open = self.failed, self._open.copy()
        twin.foregone = self.foregone.copy()
        twin.undecided = self.undecided.copy()
        twin.outstanding = self.outstanding.copy()
        twin._opened, twin._awaited = self._opened, self._awaited
        twin._waiting, twin._dependents = self._waiting.copy(), self._dependents
        return twin

    def learn(self, run: Run, event: Event) -> None:
        """Take in an event that `run` has just taken in."""
        match event:
            case CallRequested():
                self.outstanding.pop(event.turn, None)
                self.undecided.pop(event.turn, None)
                for earlier in run.attempts[event.turn][:-1]:
                    self._read(earlier)
                self._add(MakeCall(run.turns[event.turn], event))
            case CallAnswered() | CallFailed():
                self._end(run, event)
            case ToolsUsed():
                self._use(run, event)
            case Contribution() | StopDecided() | TurnSkipped():
                self._settle(run, event.turn)
            case TurnFailed():
                self.failed = (*self.failed, event.turn)
                self._settle(run, event.turn)
            case CallLost():
                call = run.calls[event.call]
                self.outstanding.pop(f"{event.call}~{call.lost - 1}", None)
                self._add(MakeCall(run.turns[call.requested.turn], call.requested, call.lost))
            case RunOpened():
                _ = only_stage(event)
                self._opened = event
                if event.limits.run_deadline_s is not None:
                    self._add(Wake("deadline/run", 0, event.limits.run_deadline_s))
                self._plan(run)
            case RunResumed():
                self.fatal = None
            case DeadlinePassed():
                self.outstanding.pop(_round_wake(event.round), None)
            case RunSuspended() | RunConcluded() | RunFailed():
                pass
            case _:
                assert_never(event)

    def _add(self, effect: Effect) -> None:
        self.outstanding[effect_id(effect)] = effect

    def _end(self, run: Run, ending: CallAnswered | CallFailed) -> None:
        call = run.calls[ending.call]
        turn = call.requested.turn
        self.outstanding.pop(f"{ending.call}~{call.lost}", None)
        if turn in run.results or run.attempts[turn][-1] != ending.call:
            return
        if isinstance(ending, CallAnswered):
            if ending.tools and call.requested.tools:
                self._add(UseTools(run.turns[turn], call.requested, ending))
            else:
                self._add(ReadAnswer(run.turns[turn], ending))
        else:
            self.undecided[turn] = ending.call
            if ending.error in STOPS_THE_RUN:
                self.fatal = ending.call

    def _use(self, run: Run, used: ToolsUsed) -> None:
        """What the tools said is on record; the speaker has not gone on with it yet."""
        effect = self.outstanding.pop(f"{used.call}!", None)
        if isinstance(effect, UseTools):
            self._add(UseTools(effect.turn, effect.request, effect.answer, used))

    def _read(self, call: str) -> None:
        """Nothing is left to do about the answer of a call."""
        for step in ("?", "!", "!!"):
            self.outstanding.pop(f"{call}{step}", None)

    def _settle(self, run: Run, turn: str) -> None:
        self.foregone.pop(turn, None)
        self.undecided.pop(turn, None)
        self.outstanding.pop(turn, None)
        for call in run.attempts.get(turn, ()):
            self.outstanding.pop(f"{call}~{run.calls[call].lost}", None)
            self._read(call)
        self._close(self.turns.get(turn))
        for dependent in self._dependents.get(turn, ()):
            self._waiting[dependent] -= 1
            if not self._waiting[dependent]:
                self._ready(run, self.turns[dependent])
        if turn == self._awaited:
            self._plan(run)

    def _plan(self, run: Run) -> None:
        """Ask the protocol: at the beginning, and when a result that it waited for is there."""
        if self._opened is None:
            return
        stage = only_stage(self._opened)
        listed, self._awaited = known_turns(protocol_of(stage), stage, run.results)
        added = [turn for turn in listed if turn.id not in self.turns]
        self.turns = {turn.id: turn for turn in listed}
        self._dependents = {turn: list(after) for turn, after in self._dependents.items()}
        for turn in added:
            open_turns = [other for other in turn.after if other not in run.results]
            self._waiting[turn.id] = len(open_turns)
            if (round := timed(turn)) and turn.id not in run.results:
                self._open[round] = self._open.get(round, 0) + 1
            for other in open_turns:
                self._dependents.setdefault(other, []).append(turn.id)
            if turn.kind == "synthesis":
                self.final = turn.id
        for turn in added:
            if not self._waiting[turn.id]:
                self._ready(run, turn)

    def _ready(self, run: Run, turn: Turn) -> None:
        """All that a turn waits for is settled: say whether a call is needed."""
        if turn.id in run.results or self._opened is None:
            return
        event = computed(run, only_stage(self._opened), turn)
        if event is not None:
            self.foregone[turn.id] = event
            return
        self._add(TakeTurn(resolved(run, turn)))
        after_s, round = self._opened.limits.round_deadline_s, timed(turn)
        if after_s is not None and round and round not in run.passed:
            wake = Wake(_round_wake(round), round, after_s)
            self.outstanding.setdefault(wake.id, wake)

    def _close(self, turn: Turn | None) -> None:
        """One turn less that a round's deadline is for."""
        if turn is None or not (round := timed(turn)):
            return
        self._open[round] -= 1
        if not self._open[round]:
            self.outstanding.pop(_round_wake(round), None)


def timed(turn: Turn) -> int:
    """The round whose deadline a turn is under; 0 for none: people take the time that they need,
    and what is only computed takes none.
    """
    return 0 if turn.kind in ("question", "answer", "stop") else turn.round


def _round_wake(round: int) -> str:
    return f"deadline/r{round}"


def only_stage(opened: RunOpened) -> Stage:
    """The stage of a run. Raises DialecticError when there are several: this version runs one."""
    if len(opened.stages) != 1:
        raise DialecticError(
            f"this version runs one stage, this run has {len(opened.stages)}",
            fix="upgrade dialectic-actors; the log itself can still be shown and verified",
            exit_code=ExitCode.CONFIGURATION,
        )
    return opened.stages[0]
