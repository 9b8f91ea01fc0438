"""The decisions of a run: `decide`, `evolve`, `react`, and `settle`, what the core concludes by
itself.

Pure: time, ids and salts are added by whoever records what is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from dialectic_actors.core.agenda import Agenda, timed
from dialectic_actors.core.asking import (
    after_failure,
    after_miss,
    after_tools,
    failure_of,
    first_request,
    fitting,
    open_turn,
)
from dialectic_actors.core.commands import (
    AskAgain,
    AskTools,
    AwaitPerson,
    Command,
    Contribute,
    FailCall,
    GiveAnswer,
    GiveUp,
    GoOn,
    Open,
    PassDeadline,
    PlaceCall,
    Suspend,
    TakeUp,
)
from dialectic_actors.core.effects import Effect, TakeTurn, Wake
from dialectic_actors.core.failing import broken_policy, lacks_voices, rests_instead
from dialectic_events.calls import (
    CallFailed,
    CallLost,
    Ending,
)
from dialectic_events.runs import (
    DeadlinePassed,
    RunConcluded,
    RunFailed,
    RunResumed,
    RunSuspended,
)
from dialectic_events.turns import TurnFailed
from dialectic_events.union import Event
from dialectic_replay.run import Run, apply

__all__ = ["NOBODY", "State", "decide", "evolve", "fold", "react", "settle", "take"]

NOBODY = "a person is asked, and nobody is there to answer"
"""Why a run rests that only a person's answers can take further."""

_NOTHING: Mapping[str, Effect] = {}


class State:
    """A run and its agenda. `decide` leaves it alone; `advance` is for its one owner."""

    __slots__ = ("agenda", "run")

    def __init__(self, run: Run | None = None, agenda: Agenda | None = None) -> None:
        self.run = run or Run()
        self.agenda = agenda or Agenda()

    def copy(self) -> State:
        """A state that may evolve without changing this one."""
        return State(self.run.copy(), self.agenda.copy())

    def advance(self, event: Event) -> None:
        """Evolve in place."""
        apply(self.run, event)
        self.agenda.learn(self.run, event)


def evolve(state: State, event: Event) -> State:
    """What an event means: the state after it."""
    return fold((event,), state)


def fold(events: Iterable[Event], state: State | None = None) -> State:
    """The state after all `events`, beginning with `state`, which stays as it was."""
    after = State() if state is None else state.copy()
    for event in events:
        after.advance(event)
    return after


def react(state: State) -> Mapping[str, Effect]:
    """Everything that must be outstanding now, by effect id."""
    return state.agenda.outstanding if state.run.status == "running" else _NOTHING


def decide(state: State, command: Command) -> tuple[Event, ...]:
    """What a command makes happen, with all that the core can then conclude; () when it is a
    repeat.
    """
    return take(state.copy(), command)


def take(draft: State, command: Command) -> tuple[Event, ...]:
    """Decide a command and evolve `draft` in place: for those who own it and may have to throw it
    away.
    """
    events = _decided(draft.run, draft.agenda, command)
    for event in events:
        draft.advance(event)
    return (*events, *_conclude(draft))


def settle(state: State) -> tuple[Event, ...]:
    """What the core can conclude by itself in this state."""
    return tuple(_conclude(state.copy()))


def _decided(run: Run, agenda: Agenda, command: Command) -> tuple[Event, ...]:
    match command:
        case Open(opened):
            return () if run.opened else (opened,)
        case PlaceCall(turn, messages, schema_part):
            effect = agenda.outstanding.get(turn)
            if run.status != "running" or not isinstance(effect, TakeTurn):
                return ()
            return (first_request(run, effect.turn, messages, schema_part),)
        case Contribute(call, ending, made):
            answered = open_turn(run, call)
            return (*_ended(run, ending), *((fitting(answered, made),) if answered else ()))
        case AskAgain(call, ending):
            missed = open_turn(run, call) if run.status == "running" else None
            return (*_ended(run, ending), *((after_miss(run, missed, command),) if missed else ()))
        case AskTools(_, ending):
            return _ended(run, ending)
        case GoOn():
            return after_tools(run, command)
        case GiveAnswer(turn, answer):
            effect = agenda.outstanding.get(turn)
            asked = isinstance(effect, TakeTurn) and effect.turn.kind == "answer"
            return (answer,) if asked and answer.turn == turn and not run.ended else ()
        case FailCall(_, ending):
            return _ended(run, ending)
        case GiveUp(turn, reason, last):
            return _given_up(run, agenda, turn, reason, last)
        case TakeUp(claim):
            return _taken_up(run, claim)
        case Suspend(reason):
            if run.status != "running":
                return ()
            return (RunSuspended(reason=reason, waits_for=_under_way(agenda)),)
        case AwaitPerson(turns):
            left = _under_way(agenda)
            if run.status != "running" or not left or not set(left) <= set(turns):
                return ()
            return (RunSuspended(reason=NOBODY, waits_for=left),)
        case PassDeadline(wake):
            return _overrun(run, agenda, wake)
        case _:
            assert_never(command)


def _conclude(draft: State) -> Iterable[Event]:
    """Run the conclusions to a fixpoint, evolving `draft` on the way."""
    while (event := _conclusion(draft.run, draft.agenda)) is not None:
        yield event
        draft.advance(event)


def _conclusion(run: Run, agenda: Agenda) -> Event | None:
    if run.opened is None or run.ended:
        return None
    if (final := run.results.get(agenda.final)) is not None:
        if final.outcome != "made":
            return RunFailed(reason=f"{agenda.final} {final.outcome}: {final.text}")
        return RunConcluded(outcome="partial" if lacks_voices(run, agenda.failed) else "complete")
    if agenda.failed and (reason := broken_policy(run, agenda.failed)) is not None:
        return RunFailed(reason=reason)
    if (late := _late(run, agenda)) is not None:
        return late
    for event in agenda.foregone.values():
        return event
    if run.status == "running":
        if agenda.fatal is not None:
            return RunSuspended(
                reason=failure_of(run, agenda.fatal), waits_for=tuple(agenda.undecided)
            )
        for turn, call in agenda.undecided.items():
            following = after_failure(run, run.turns[turn], call)
            if isinstance(following, TurnFailed) and rests_instead(run, call):
                return RunSuspended(reason=following.reason, waits_for=_spent(run, agenda))
            return following
    return None


def _spent(run: Run, agenda: Agenda) -> tuple[str, ...]:
    """The turns whose attempts are all spent, for what may pass."""
    return tuple(
        [
            turn
            for turn, call in agenda.undecided.items()
            if rests_instead(run, call)
            and isinstance(after_failure(run, run.turns[turn], call), TurnFailed)
        ]
    )


def _overrun(run: Run, agenda: Agenda, wake: str) -> tuple[Event, ...]:
    """A deadline has passed: that of the run lets it rest."""
    effect = agenda.outstanding.get(wake)
    if not isinstance(effect, Wake) or run.status != "running":
        return ()
    if not effect.round:
        reason = f"the run's deadline of {effect.after_s:g} s has passed"
        return (RunSuspended(reason=reason, waits_for=_under_way(agenda)),)
    return (DeadlinePassed(round=effect.round, after_s=effect.after_s),)


def _late(run: Run, agenda: Agenda) -> Event | None:
    """What a deadline that passed leaves to be given up: an open call, then its turn."""
    for turn in agenda.turns.values() if run.passed else ():
        if timed(turn) not in run.passed or turn.id in run.results:
            continue
        reason = f"the deadline of round {turn.round} ({run.passed[turn.round]:g} s) has passed"
        for call in run.attempts.get(turn.id, ()):
            if run.calls[call].ended is None:
                return CallFailed(call=call, error="cancelled", detail=reason)
        plan = None if turn.id in run.turns else turn
        return TurnFailed(turn=turn.id, reason=reason, plan=plan)
    return None


def _under_way(agenda: Agenda) -> tuple[str, ...]:
    """The turns that something is outstanding for."""
    effects = agenda.outstanding.values()
    return tuple(dict.fromkeys(e.turn.id for e in effects if not isinstance(e, Wake)))


def _given_up(
    run: Run, agenda: Agenda, turn: str, reason: str, ending: Ending | None
) -> tuple[Event, ...]:
    ended = _ended(run, ending) if ending is not None else ()
    if turn in run.results or turn not in agenda.turns or run.ended:
        return ended
    plan = None if turn in run.turns else agenda.turns[turn]
    return (*ended, TurnFailed(turn=turn, reason=reason, plan=plan))


def _taken_up(run: Run, claim: str) -> tuple[Event, ...]:
    if run.opened is None or run.ended or run.claim == claim:
        return ()
    resumed = (RunResumed(claim=claim),) if run.status == "suspended" else ()
    lost = (
        CallLost(call=call, claim=claim)
        for call, state in run.calls.items()
        if state.ended is None and state.requested.turn not in run.results
    )
    return (*resumed, *lost)


def _ended(run: Run, ending: Ending) -> tuple[Event, ...]:
    """The ending of a call, unless it is known already."""
    call = run.calls.get(ending.call)
    return (ending,) if call is not None and call.ended is None else ()
