"""Laws of attempts: who is asked how often, after which wait, for which reason.

The rule of retries is stated here a second time, without the core's; only the drawn wait is
compared with the core's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import get_args

from msgspec import Struct

from dialectic_actors.core.retry import next_attempt
from dialectic_actors.testing.laws.stating import Found, Law, law
from dialectic_actors.testing.laws.witness import Witness
from dialectic_events.calls import (
    PASSING,
    CallAnswered,
    CallFailed,
    CallRequested,
    ErrorClass,
    ToolsUsed,
)
from dialectic_events.runs import Agent, RunSuspended
from dialectic_events.turns import TurnFailed
from dialectic_replay.run import Call

__all__ = ["ATTEMPTS"]

_WORTH_WAITING: frozenset[ErrorClass] = frozenset(
    ("rate-limited", "server", "timeout", "connection", "empty", "malformed")
)
_FOR_A_PERSON: frozenset[ErrorClass] = frozenset(("auth", "payment"))
_UNCOUNTED: frozenset[ErrorClass] = _FOR_A_PERSON | {"cancelled"}
_WITH_TOOLS = ("question", "proposal", "critique", "refinement")
_ERRORS = frozenset(get_args(ErrorClass))
_TIRING: frozenset[ErrorClass] = frozenset(("server", "timeout", "connection", "empty"))
_MISSED = "the answer missed its contract: "


@law(
    "asked-as-opened",
    4,
    "A call is numbered within its turn and asked as the opening says: a model of the speaker's "
    "route, its temperature, the deadline.",
    CallRequested,
)
def asked_as_opened(seen: Witness, event: CallRequested) -> Found | None:
    """What every request has from the opening."""
    number = len(seen.run.attempts.get(event.turn, ())) + 1
    if event.call != f"{event.turn}#{number}":
        return Found(f"call {number} of {event.turn} is named {event.call}", _calls(seen, event))
    agent, opened = _agent(seen, event.turn), seen.run.opened
    if agent is None or opened is None:
        return None
    route = [(model.provider, model.name) for model in agent.route]
    if (event.provider, event.model) not in route:
        return Found(f"{event.model} is not in the route of {agent.id}", (seen.opened_at,))
    if event.temperature != agent.temperature:
        return Found(f"{agent.id} has another temperature", (seen.opened_at,))
    if event.deadline_s != opened.limits.call_deadline_s:
        return Found(f"the run has another deadline than {event.deadline_s} s", (seen.opened_at,))
    return None


@law(
    "within-limits",
    10,
    "No model fails more often, and no answer is mended more often, than the run's limits allow.",
    CallRequested,
)
def within_limits(seen: Witness, event: CallRequested) -> Found | None:
    """Counted over all calls of a turn, or those since the run was taken up again."""
    opened = seen.run.opened
    if opened is None or event.turn not in seen.run.attempts:
        return None
    calls = [seen.run.calls[call] for call in seen.run.attempts[event.turn]]
    if event.why == "contract":
        mended = sum(call.requested.why == "contract" for call in calls)
        most, what = opened.limits.repairs, "answers are mended"
    elif event.why in _UNCOUNTED:
        return None
    else:
        mended = _failures(seen.counted(event.turn), (event.provider, event.model))
        most, what = opened.limits.attempts, f"calls of {event.model} fail"
    if mended < most:
        return None
    return Found(f"at most {most} {what} for one turn", _calls(seen, event))


@law(
    "retries",
    4,
    "What follows a call that failed or missed its contract is decided by the log alone: the same "
    "model again after its wait, the next of the route, or nobody.",
    CallRequested,
    TurnFailed,
)
def retries(seen: Witness, event: CallRequested | TurnFailed) -> Found | None:
    """Every attempt but the first: who is asked, why, after which wait, with which words."""
    agent = _agent(seen, event.turn)
    if agent is None:
        return None
    calls = [seen.run.calls[call] for call in seen.run.attempts.get(event.turn, ())]
    if isinstance(event, TurnFailed):
        return _too_early(seen, agent, calls, event) if calls else None
    if not calls:
        first = (*_first(seen, agent, event), 0.0)
        as_asked = (event.provider, event.model, event.why, event.delay_s)
        return None if as_asked == first else Found(f"{event.call} is not asked as a first attempt")
    wrong = _wrong(seen, agent, calls, event)
    return Found(wrong, _calls(seen, event)) if wrong else None


@law(
    "fails-with-its-call",
    2,
    "A turn that fails for an error, or for an answer that missed its contract, fails after its "
    "last call ended so.",
    TurnFailed,
)
def fails_with_its_call(seen: Witness, event: TurnFailed) -> Found | None:
    """Failures in the words of the core; who gives a turn up has words of their own."""
    calls = seen.run.attempts.get(event.turn)
    ended = seen.run.calls[calls[-1]].ended if calls else None
    if event.reason.startswith(_MISSED):
        sound = isinstance(ended, CallAnswered)
    elif (error := event.reason.partition(":")[0]) in _ERRORS:
        sound = isinstance(ended, CallFailed) and ended.error == error
    else:
        return None
    what = f"no call of {event.turn} ended so before it"
    return None if sound else Found(what, seen.calls_at(event.turn))


@law(
    "rests-instead",
    10,
    "A run that is to rest for failures that may pass lets no turn fail for one, and rests only "
    "when a turn has had all its attempts.",
    TurnFailed,
    RunSuspended,
)
def rests_instead(seen: Witness, event: TurnFailed | RunSuspended) -> Found | None:
    """Turns that fail although the run was to rest, and rests that come too early."""
    if event.reason.partition(":")[0] not in PASSING:
        return None
    if isinstance(event, TurnFailed):
        is_spent = seen.may_rest and _is_spent(seen, event.turn)
        what = f"{event.turn} fails, and the run was to rest"
        return Found(what, seen.calls_at(event.turn)) if is_spent else None
    if seen.may_rest and event.waits_for and all(_is_spent(seen, t) for t in event.waits_for):
        return None
    return Found("the run rests, and somebody was to be asked")


def _is_spent(seen: Witness, turn: str) -> bool:
    """Whether the last call of a turn failed for what may pass, and nobody is asked next."""
    agent = _agent(seen, turn)
    calls = [seen.run.calls[call] for call in seen.run.attempts.get(turn, ())]
    if agent is None or not calls:
        return False
    ended = calls[-1].ended
    is_passing = isinstance(ended, CallFailed) and ended.error in PASSING
    return is_passing and _next(seen, agent, calls) is None


class _Next(Struct, frozen=True):
    """Who is asked next, and the bounds of the wait in seconds."""

    model: tuple[str, str]
    least_s: float = 0.0
    most_s: float = 0.0


def _wrong(seen: Witness, agent: Agent, calls: Sequence[Call], event: CallRequested) -> str | None:
    last = calls[-1]
    if last.ended is None:
        return f"{event.call} is asked while {last.requested.call} is open"
    if isinstance(last.ended, CallAnswered):
        as_last = _model(last) == (event.provider, event.model) and not event.delay_s
        why = "tools" if last.ended.tools and last.requested.tools else "contract"
        return None if event.why == why and as_last else f"{event.call} mends no answer"
    due = _next(seen, agent, calls)
    if due is None:
        return f"nobody was to be asked after {last.requested.call}"
    if due.model != (event.provider, event.model):
        return f"{due.model[1]} was to be asked"
    if event.why != last.ended.error:
        return f"{event.call} gives {event.why!r} as its reason"
    if event.messages != last.requested.messages:
        return f"{event.call} asks with other words"
    if not due.least_s - 0.001 <= event.delay_s <= due.most_s + 0.001:
        return f"{event.call} waits {event.delay_s} s, not {due.least_s} to {due.most_s} s"
    if last.ended.error in _FOR_A_PERSON and seen.resumed_at < seen.ended_at[last.ended.call]:
        return f"{last.requested.call} stops the run until somebody takes it up"
    return (
        None if event.delay_s == _drawn(seen, agent, calls) else f"{event.call} draws its own wait"
    )


def _next(seen: Witness, agent: Agent, calls: Sequence[Call]) -> _Next | None:
    """The rule of retries; None to give up."""
    last, opened = calls[-1], seen.run.opened
    if opened is None or not isinstance(last.ended, CallFailed):
        return None
    model = _model(last)
    if last.ended.error in _UNCOUNTED:
        return _Next(model)
    counted = seen.counted(last.requested.turn)
    if not counted:
        return _Next((agent.route[0].provider, agent.route[0].name))
    failures, limits = _failures(counted, model), opened.limits
    route = list(dict.fromkeys((each.provider, each.name) for each in agent.route))
    rest = route[route.index(model) + 1 :] if model in route else route[1:]
    waits = last.ended.error != "rate-limited" or not rest
    waits = waits and (last.ended.retry_after_s or 0.0) <= 3600
    if last.ended.error in _WORTH_WAITING and failures < limits.attempts and waits:
        whole = min(limits.backoff_s * 2.0 ** (failures - 1), limits.backoff_max_s)
        hint = last.ended.retry_after_s or 0.0
        return _Next(model, max(whole / 2, hint), max(whole, hint))
    tired = _tired(seen, last.requested.turn)
    ready = [each for each in rest if each not in tired]
    return _Next((ready or rest)[0]) if rest else None


def _first(seen: Witness, agent: Agent, event: CallRequested) -> tuple[str, str, str]:
    """The model that a turn begins with, and why: none that only failed in what it waits for."""
    route = [(model.provider, model.name) for model in agent.route]
    tired = _tired(seen, event.turn)
    ready = [model for model in route if model not in tired]
    if ready and ready[0] != route[0]:
        return (*ready[0], "cool-down")
    return (*route[0], "first")


def _tired(seen: Witness, turn: str) -> set[tuple[str, str]]:
    """The models that failed three times or more, and never answered, in what a turn waits for."""
    known = seen.plan.get(turn)
    calls = [
        seen.run.calls[call]
        for other in (known.after if known is not None else ())
        for call in seen.run.attempts.get(other, ())
    ]
    answered = {_model(call) for call in calls if isinstance(call.ended, CallAnswered)}
    failed = Counter(
        _model(call)
        for call in calls
        if isinstance(call.ended, CallFailed) and call.ended.error in _TIRING
    )
    return {model for model, times in failed.items() if times >= 3} - answered


def _too_early(
    seen: Witness, agent: Agent, calls: Sequence[Call], event: TurnFailed
) -> Found | None:
    """A turn that failed for the failure of its last call, although somebody was to be asked."""
    ended, opened = calls[-1].ended, seen.run.opened
    if isinstance(ended, CallAnswered) and opened and event.reason.startswith(_MISSED):
        mended = sum(call.requested.why == "contract" for call in calls)
        if mended < opened.limits.repairs:
            return Found(f"{ended.call} was to be mended", seen.calls_at(event.turn))
    if not isinstance(ended, CallFailed):
        return None
    reason = f"{ended.error}: {ended.detail}" if ended.detail else ended.error
    due = _next(seen, agent, calls)
    if event.reason != reason or due is None:
        return None
    return Found(f"{due.model[1]} was to be asked for {event.turn}", seen.calls_at(event.turn))


def _drawn(seen: Witness, agent: Agent, calls: Sequence[Call]) -> float | None:
    """The wait that the run's seed draws for the next attempt."""
    opened = seen.run.opened
    # The wait alone is looked at, and that does not depend on who else is tired.
    if opened is None:
        return None
    spent = len(calls) - len(seen.counted(calls[-1].requested.turn))
    attempt = next_attempt(agent, opened.limits, opened.seed, calls, spent=spent)
    return attempt.delay_s if attempt else None


def _failures(calls: Sequence[Call], model: tuple[str, str]) -> int:
    return sum(
        isinstance(call.ended, CallFailed)
        and call.ended.error not in _UNCOUNTED
        and _model(call) == model
        for call in calls
    )


def _model(call: Call) -> tuple[str, str]:
    return call.requested.provider, call.requested.model


def _agent(seen: Witness, turn: str) -> Agent | None:
    """Who speaks in a turn of the plan."""
    opened, known = seen.run.opened, seen.plan.get(turn)
    if opened is None or known is None:
        return None
    agents = (agent for agent in opened.agents if agent.id == known.speaker and agent.route)
    return next(agents, None)


def _calls(seen: Witness, event: CallRequested) -> tuple[int, ...]:
    return seen.calls_at(event.turn)


@law(
    "tools-as-allowed",
    10,
    "Tools are offered to speakers that have them, in as many answers of a turn as the opening "
    "says; what an answer asks of them is used once.",
    CallRequested,
    ToolsUsed,
)
def tools_as_allowed(seen: Witness, event: CallRequested | ToolsUsed) -> Found | None:
    """What a request offers, and what was used."""
    if isinstance(event, ToolsUsed):
        call = seen.run.calls.get(event.call)
        if call is None or not isinstance(call.ended, CallAnswered) or not call.ended.tools:
            return Found(f"{event.call} asked for no tools")
        return Found(f"{event.call} used its tools already") if call.used is not None else None
    agent, opened = _agent(seen, event.turn), seen.run.opened
    if agent is None or opened is None:
        return None
    parts = {source.name: source.part for source in opened.sources}
    calls = [seen.run.calls[call] for call in seen.run.attempts.get(event.turn, ())]
    rounds = sum(isinstance(call.ended, CallAnswered) and bool(call.ended.tools) for call in calls)
    offers = seen.plan[event.turn].kind in _WITH_TOOLS and rounds < agent.tool_call_limit
    due = tuple(parts[name] for name in agent.tools) if offers else ()
    return (
        None
        if event.tools == due
        else Found(f"{event.call} offers other tools", seen.calls_at(event.turn))
    )


ATTEMPTS: tuple[Law, ...] = (
    asked_as_opened,
    within_limits,
    retries,
    fails_with_its_call,
    rests_instead,
    tools_as_allowed,
)
