"""Which call is requested for a turn: at first, after a failure, after an answer that misses its
contract, after its tools were used.

Which model that is, and after which wait, is decided in `retry`; what a command makes happen
besides, in `decide`.
"""

from __future__ import annotations

from msgspec.structs import replace

from dialectic_actors.core.commands import AskAgain, GoOn
from dialectic_actors.core.failing import spent_before
from dialectic_actors.core.retry import first_model, next_attempt
from dialectic_actors.core.turn_ids import call_id
from dialectic_events.calls import CallAnswered, CallFailed, CallRequested, Message
from dialectic_events.parts import Ref
from dialectic_events.runs import Agent, Model, RunOpened
from dialectic_events.turns import Kind, Turn, TurnFailed
from dialectic_events.union import CONTRIBUTIONS, Event, Made
from dialectic_replay.run import Call, Run

__all__ = [
    "WITH_TOOLS",
    "after_failure",
    "after_miss",
    "after_tools",
    "failure_of",
    "first_request",
    "fitting",
    "open_turn",
]

WITH_TOOLS: frozenset[Kind] = frozenset(("question", "proposal", "critique", "refinement"))
"""Turns in which an agent that has tools may ask for them."""


def first_request(
    run: Run, turn: Turn, messages: tuple[Message, ...], schema_part: Ref | None
) -> CallRequested:
    """The first call of a turn, with the tools that its speaker has."""
    agent = _agent(run, turn.speaker)
    model, why = first_model(agent, _before(run, turn))
    requested = _call(run, turn, agent, model, messages, why=why, plan=turn)
    tools = agent.tools if turn.kind in WITH_TOOLS and agent.tool_call_limit else ()
    parts = {source.name: source.part for source in _opened(run).sources} if tools else {}
    return replace(requested, schema_part=schema_part, tools=tuple(parts[name] for name in tools))


def after_failure(run: Run, turn: Turn, call: str) -> Event:
    """What follows a failed call: another attempt, or the failure of its turn."""
    opened, agent = _opened(run), _agent(run, turn.speaker)
    calls = [run.calls[each] for each in run.attempts[turn.id]]
    spent, others = spent_before(run, turn.id), _before(run, turn)
    attempt = next_attempt(agent, opened.limits, opened.seed, calls, others, spent=spent)
    if attempt is None:
        return TurnFailed(turn=turn.id, reason=failure_of(run, call))
    return _call(
        run,
        turn,
        agent,
        attempt.model,
        calls[-1].requested.messages,
        why=attempt.why,
        delay_s=attempt.delay_s,
    )


def after_miss(run: Run, turn: Turn, missed: AskAgain) -> Event:
    """What follows an answer that misses its contract."""
    calls = [run.calls[each] for each in run.attempts[turn.id]]
    repairs = sum(call.requested.why == "contract" for call in calls)
    if repairs >= _opened(run).limits.repairs:
        if missed.fallback is not None:
            return fitting(turn, missed.fallback)
        lacks = "; ".join(missed.findings)
        return TurnFailed(turn=turn.id, reason=f"the answer missed its contract: {lacks}")
    agent, last = _agent(run, turn.speaker), calls[-1].requested
    model = Model(last.provider, last.model)
    return _call(run, turn, agent, model, missed.messages, why="contract")


def after_tools(run: Run, command: GoOn) -> tuple[Event, ...]:
    """The next call of a turn whose tools have answered; the last one that is allowed has none."""
    known = run.calls.get(command.call)
    turn = open_turn(run, command.call)
    if known is None or turn is None or not isinstance(known.ended, CallAnswered):
        return ()
    used = (command.used,) if known.used is None else ()
    if run.status != "running":
        return used
    agent = _agent(run, turn.speaker)
    calls = [run.calls[each] for each in run.attempts[turn.id]]
    rounds = sum(isinstance(call.ended, CallAnswered) and bool(call.ended.tools) for call in calls)
    model = Model(known.requested.provider, known.requested.model)
    requested = _call(run, turn, agent, model, command.messages, why="tools")
    if rounds >= agent.tool_call_limit:
        requested = replace(requested, tools=())
    return (*used, requested)


def open_turn(run: Run, call: str) -> Turn | None:
    """The turn that an answer settles: unsettled, and this is its last call."""
    known = run.calls.get(call)
    if known is None or known.requested.turn in run.results or run.ended:
        return None
    return (
        run.turns[known.requested.turn] if run.attempts[known.requested.turn][-1] == call else None
    )


def fitting(turn: Turn, made: Made) -> Made:
    """`made`, which must be the contribution that `turn` asks for."""
    if made.turn != turn.id or not isinstance(made, CONTRIBUTIONS[turn.kind]):
        raise TypeError(f"{type(made).__name__} of {made.turn} is no contribution to {turn.id}")
    return made


def failure_of(run: Run, call: str) -> str:
    """How a call failed, in words."""
    ended = run.calls[call].ended
    if not isinstance(ended, CallFailed):
        raise TypeError(f"call {call} has not failed")
    return f"{ended.error}: {ended.detail}" if ended.detail else ended.error


def _call(
    run: Run,
    turn: Turn,
    agent: Agent,
    model: Model,
    messages: tuple[Message, ...],
    *,
    why: str,
    delay_s: float = 0.0,
    plan: Turn | None = None,
) -> CallRequested:
    calls = run.attempts.get(turn.id, ())
    last = run.calls[calls[-1]].requested if calls else None
    return CallRequested(
        call=call_id(turn.id, len(calls) + 1),
        turn=turn.id,
        provider=model.provider,
        model=model.name,
        messages=messages,
        deadline_s=_opened(run).limits.call_deadline_s,
        temperature=agent.temperature,
        why=why,
        delay_s=delay_s,
        plan=plan,
        schema_part=last.schema_part if last is not None else None,
        tools=last.tools if last is not None else (),
    )


def _before(run: Run, turn: Turn) -> list[Call]:
    """The calls of the turns that a turn waits for."""
    return [run.calls[call] for other in turn.after for call in run.attempts.get(other, ())]


def _opened(run: Run) -> RunOpened:
    if run.opened is None:
        raise ValueError("the run is not open")
    return run.opened


def _agent(run: Run, speaker: str) -> Agent:
    return next(agent for agent in _opened(run).agents if agent.id == speaker)
