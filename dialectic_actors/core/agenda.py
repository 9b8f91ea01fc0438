"""What a run still lacks, kept up per event: which turns wait, which are foregone, which effects
are outstanding.

Derived and never stored: it equals what one would compute from the fold alone
(tests/dialectic_actors/core).
"""

from __future__ import annotations

from typing import assert_never

from msgspec.structs import replace

from dialectic_actors.core.effects import Effect, MakeCall, ReadAnswer, TakeTurn, effect_id
from dialectic_actors.core.protocols import known_turns, protocol_of
from dialectic_actors.core.retry import STOPS_THE_RUN
from dialectic_events.calls import CallAnswered, CallFailed, CallLost, CallRequested
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.runs import (
    RunConcluded,
    RunFailed,
    RunOpened,
    RunResumed,
    RunSuspended,
    Stage,
)
from dialectic_events.turns import (
    CritiqueMade,
    ProposalMade,
    RefinementMade,
    SynthesisMade,
    Turn,
    TurnFailed,
    TurnSkipped,
)
from dialectic_events.union import Event
from dialectic_replay.run import Run

__all__ = ["Agenda"]


class Agenda:
    """The outstanding work of one run.

    `turns` is all that the protocol named so far, `final` the turn whose result ends the run.
    `foregone` are turns that need no call, `undecided` turns whose last call failed, `outstanding`
    the effects by id, `fatal` a call whose failure only a person can mend.
    """

    __slots__ = (
        "_awaited",
        "_dependents",
        "_stage",
        "_waiting",
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
        self.foregone: dict[str, ProposalMade | TurnSkipped] = {}
        self.undecided: dict[str, str] = {}
        self.outstanding: dict[str, Effect] = {}
        self.fatal: str | None = None
        self._stage: Stage | None = None
        self._awaited: str | None = None
        self._waiting: dict[str, int] = {}
        self._dependents: dict[str, list[str]] = {}

    def copy(self) -> Agenda:
        """An agenda that may go on without changing this one (plans are replaced, never changed, so
        they are shared).
        """
        twin = Agenda()
        twin.turns, twin.final, twin.fatal = self.turns, self.final, self.fatal
        twin.foregone = self.foregone.copy()
        twin.undecided = self.undecided.copy()
        twin.outstanding = self.outstanding.copy()
        twin._stage, twin._awaited = self._stage, self._awaited
        twin._waiting, twin._dependents = self._waiting.copy(), self._dependents
        return twin

    def learn(self, run: Run, event: Event) -> None:
        """Take in an event that `run` has just taken in."""
        match event:
            case CallRequested():
                self.outstanding.pop(event.turn, None)
                self.undecided.pop(event.turn, None)
                for earlier in run.attempts[event.turn][:-1]:
                    self.outstanding.pop(f"{earlier}?", None)
                self._add(MakeCall(run.turns[event.turn], event))
            case CallAnswered() | CallFailed():
                self._end(run, event)
            case ProposalMade() | CritiqueMade() | RefinementMade() | SynthesisMade():
                self._settle(run, event.turn)
            case TurnFailed() | TurnSkipped():
                self._settle(run, event.turn)
            case CallLost():
                call = run.calls[event.call]
                self.outstanding.pop(f"{event.call}~{call.lost - 1}", None)
                self._add(MakeCall(run.turns[call.requested.turn], call.requested, call.lost))
            case RunOpened():
                self._stage = _only_stage(event)
                self._plan(run)
            case RunResumed():
                self.fatal = None
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
            self._add(ReadAnswer(run.turns[turn], ending))
        else:
            self.undecided[turn] = ending.call
            if ending.error in STOPS_THE_RUN:
                self.fatal = ending.call

    def _settle(self, run: Run, turn: str) -> None:
        self.foregone.pop(turn, None)
        self.undecided.pop(turn, None)
        self.outstanding.pop(turn, None)
        for call in run.attempts.get(turn, ()):
            self.outstanding.pop(f"{call}~{run.calls[call].lost}", None)
            self.outstanding.pop(f"{call}?", None)
        for dependent in self._dependents.get(turn, ()):
            self._waiting[dependent] -= 1
            if not self._waiting[dependent]:
                self._ready(run, self.turns[dependent])
        if turn == self._awaited:
            self._plan(run)

    def _plan(self, run: Run) -> None:
        """Ask the protocol: at the beginning, and when a result that it waited for is there."""
        if self._stage is None:
            return
        listed, self._awaited = known_turns(protocol_of(self._stage), self._stage, run.results)
        added = [turn for turn in listed if turn.id not in self.turns]
        self.turns = {turn.id: turn for turn in listed}
        self._dependents = {turn: list(after) for turn, after in self._dependents.items()}
        for turn in added:
            open_turns = [other for other in turn.after if other not in run.results]
            self._waiting[turn.id] = len(open_turns)
            for other in open_turns:
                self._dependents.setdefault(other, []).append(turn.id)
            if turn.kind == "synthesis":
                self.final = turn.id
        for turn in added:
            if not self._waiting[turn.id]:
                self._ready(run, turn)

    def _ready(self, run: Run, turn: Turn) -> None:
        """All that a turn waits for is settled: say whether a call is needed."""
        if turn.id in run.results:
            return
        made = [other for other in turn.sees if run.made(other) is not None]
        if turn.carries is not None and (text := run.made(turn.carries)) is not None:
            self.foregone[turn.id] = ProposalMade(turn=turn.id, text=text, plan=turn)
        elif turn.target is not None and run.made(turn.target) is None:
            self.foregone[turn.id] = TurnSkipped(
                turn=turn.id, plan=turn, reason=f"{turn.target} made no contribution"
            )
        elif turn.sees and not made:
            self.foregone[turn.id] = TurnSkipped(
                turn=turn.id, plan=turn, reason="nobody contributed what it would be shown"
            )
        else:
            sees = tuple([other for other in made if not _recalled(run, turn, other)])
            self._add(TakeTurn(replace(turn, sees=sees) if sees != turn.sees else turn))


def _recalled(run: Run, turn: Turn, seen: str) -> bool:
    """Whether `seen` was carried over from a turn whose words `turn` recalls already."""
    carried = run.results[seen].turn.carries
    if carried is None or not turn.recalls or run.made(carried) is None:
        return False
    return any(carried in run.results[earlier].turn.sees for earlier in turn.recalls)


def _only_stage(opened: RunOpened) -> Stage:
    if len(opened.stages) != 1:
        raise DialecticError(
            f"this version runs one stage, this run has {len(opened.stages)}",
            fix="upgrade dialectic-actors; the log itself can still be shown and verified",
            exit_code=ExitCode.CONFIGURATION,
        )
    return opened.stages[0]
