"""The decisions of a run: `decide`, `evolve`, `react`, and `settle`, what the core concludes by
itself.

Pure: time, ids and salts are added by whoever records what is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from dialectic_actors.core.agenda import Agenda
from dialectic_actors.core.commands import (
    AskAgain,
    Command,
    Contribute,
    FailCall,
    GiveUp,
    Open,
    PlaceCall,
    Suspend,
    TakeUp,
)
from dialectic_actors.core.effects import Effect, TakeTurn
from dialectic_actors.core.retry import next_attempt
from dialectic_actors.core.turn_ids import call_id
from dialectic_events.calls import CallFailed, CallLost, CallRequested, Ending, Message
from dialectic_events.runs import (
    Agent,
    Model,
    RunConcluded,
    RunFailed,
    RunOpened,
    RunResumed,
    RunSuspended,
)
from dialectic_events.turns import (
    CritiqueMade,
    ProposalMade,
    RefinementMade,
    SynthesisMade,
    Turn,
    TurnFailed,
)
from dialectic_events.union import Event
from dialectic_replay.run import Run, apply

__all__ = ["State", "decide", "evolve", "fold", "react", "settle", "take"]

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
        case PlaceCall(turn, messages):
            effect = agenda.outstanding.get(turn)
            if run.status != "running" or not isinstance(effect, TakeTurn):
                return ()
            return (_request(run, effect.turn, messages),)
        case Contribute(call, ending, text):
            made = _open_turn(run, call)
            return (*_ended(run, ending), *((_contribution(made, text, call),) if made else ()))
        case AskAgain(call, ending, findings, messages):
            missed = _open_turn(run, call) if run.status == "running" else None
            return (
                *_ended(run, ending),
                *((_repaired(run, missed, findings, messages),) if missed else ()),
            )
        case FailCall(_, ending):
            return _ended(run, ending)
        case GiveUp(turn, reason, last):
            return _given_up(run, agenda, turn, reason, last)
        case TakeUp(claim):
            return _taken_up(run, claim)
        case Suspend(reason):
            waits_for = tuple(dict.fromkeys(e.turn.id for e in react(State(run, agenda)).values()))
            return (
                (RunSuspended(reason=reason, waits_for=waits_for),)
                if run.status == "running"
                else ()
            )
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
        failed = any(result.outcome == "failed" for result in run.results.values())
        return RunConcluded(outcome="partial" if failed else "complete")
    for event in agenda.foregone.values():
        return event
    if run.status == "running":
        if agenda.fatal is not None:
            return RunSuspended(
                reason=_failure(run, agenda.fatal), waits_for=tuple(agenda.undecided)
            )
        for turn, call in agenda.undecided.items():
            return _next(run, run.turns[turn], call)
    return None


def _request(run: Run, turn: Turn, messages: tuple[Message, ...]) -> CallRequested:
    agent = _agent(run, turn.speaker)
    return _call(run, turn, agent, agent.route[0], messages, plan=turn)


def _call(
    run: Run,
    turn: Turn,
    agent: Agent,
    model: Model,
    messages: tuple[Message, ...],
    *,
    why: str = "first",
    delay_s: float = 0.0,
    plan: Turn | None = None,
) -> CallRequested:
    return CallRequested(
        call=call_id(turn.id, len(run.attempts.get(turn.id, ())) + 1),
        turn=turn.id,
        provider=model.provider,
        model=model.name,
        messages=messages,
        deadline_s=_opened(run).limits.call_deadline_s,
        temperature=agent.temperature,
        why=why,
        delay_s=delay_s,
        plan=plan,
    )


def _next(run: Run, turn: Turn, call: str) -> Event:
    """What follows a failed call: another attempt, or the failure of its turn."""
    opened, agent = _opened(run), _agent(run, turn.speaker)
    calls = [run.calls[each] for each in run.attempts[turn.id]]
    attempt = next_attempt(agent, opened.limits, opened.seed, calls)
    if attempt is None:
        return TurnFailed(turn=turn.id, reason=_failure(run, call))
    return _call(
        run,
        turn,
        agent,
        attempt.model,
        calls[-1].requested.messages,
        why=attempt.why,
        delay_s=attempt.delay_s,
    )


def _repaired(
    run: Run, turn: Turn, findings: tuple[str, ...], messages: tuple[Message, ...]
) -> Event:
    """What follows an answer that misses its contract."""
    calls = [run.calls[each] for each in run.attempts[turn.id]]
    repairs = sum(call.requested.why == "contract" for call in calls)
    if repairs >= _opened(run).limits.repairs:
        return TurnFailed(
            turn=turn.id, reason="the answer missed its contract: " + "; ".join(findings)
        )
    agent, last = _agent(run, turn.speaker), calls[-1].requested
    return _call(run, turn, agent, Model(last.provider, last.model), messages, why="contract")


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


def _open_turn(run: Run, call: str) -> Turn | None:
    """The turn that an answer settles: unsettled, and this is its last call."""
    known = run.calls.get(call)
    if known is None or known.requested.turn in run.results or run.ended:
        return None
    return (
        run.turns[known.requested.turn] if run.attempts[known.requested.turn][-1] == call else None
    )


def _contribution(turn: Turn, text: str, call: str) -> Event:
    match turn.kind:
        case "proposal":
            return ProposalMade(turn=turn.id, text=text, call=call)
        case "critique":
            return CritiqueMade(turn=turn.id, text=text, call=call)
        case "refinement":
            return RefinementMade(turn=turn.id, text=text, call=call)
        case "synthesis":
            return SynthesisMade(turn=turn.id, text=text, call=call)
        case _:
            assert_never(turn.kind)


def _failure(run: Run, call: str) -> str:
    ended = run.calls[call].ended
    if not isinstance(ended, CallFailed):
        raise TypeError(f"call {call} has not failed")
    return f"{ended.error}: {ended.detail}" if ended.detail else ended.error


def _opened(run: Run) -> RunOpened:
    if run.opened is None:
        raise ValueError("the run is not open")
    return run.opened


def _agent(run: Run, speaker: str) -> Agent:
    return next(agent for agent in _opened(run).agents if agent.id == speaker)
