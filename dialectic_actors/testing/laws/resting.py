"""Laws of rest and ending: a run goes on, or says why it does not; and what was spent adds up.

No order, plan or brief is judged here.
"""

from __future__ import annotations

from math import isclose

from msgspec.structs import astuple

from dialectic_actors.testing.laws.failing import breaks_policy, silenced
from dialectic_actors.testing.laws.stating import End, Found, Law, law
from dialectic_actors.testing.laws.witness import ENDINGS, SETTLING, Witness
from dialectic_events.calls import CallAnswered, CallFailed, CallLost, CallRequested, Usage
from dialectic_events.runs import (
    RunConcluded,
    RunFailed,
    RunResumed,
    RunSuspended,
)
from dialectic_events.turns import Turn
from dialectic_events.union import Event
from dialectic_replay.spend import Tally, spend

__all__ = ["RESTING"]

_NOBODY = "a person is asked, and nobody is there to answer"


@law(
    "rests-and-resumes",
    10,
    "A run comes to rest while it runs, saying which open turns it waits for; until it is taken up "
    "again nothing is asked.",
    RunSuspended,
    RunResumed,
    CallRequested,
    CallLost,
)
def rests_and_resumes(
    seen: Witness, event: RunSuspended | RunResumed | CallRequested | CallLost
) -> Found | None:
    """The status of the run when it rests, resumes, asks."""
    resting = seen.run.status == "suspended"
    if isinstance(event, RunResumed):
        return None if resting else Found("a run that does not rest is resumed")
    if resting:
        what = "comes to rest again" if isinstance(event, RunSuspended) else f"asks {event.call}"
        return Found(f"the run {what} while it rests", (seen.rested_at,))
    if not isinstance(event, RunSuspended):
        return None
    if not event.reason:
        return Found("the run rests for no reason")
    if not event.waits_for:
        return Found("the run rests but waits for nothing")
    absent = event.reason == _NOBODY
    for turn in event.waits_for:
        if turn not in seen.plan:
            return Found(f"the run waits for {turn}, which the protocol does not name")
        if turn in seen.run.results:
            return Found(f"the run waits for {turn}, which is settled", seen.turns_at(turn))
        if absent and seen.plan[turn].kind != "answer":
            return Found(f"nobody answers, and the run waits for {turn} as well")
    return None


@law(
    "nothing-after-the-end",
    10,
    "A run ends once, and nothing follows but the endings of calls that were still open.",
    CallRequested,
    CallLost,
    RunConcluded,
    RunFailed,
    RunResumed,
    RunSuspended,
    *ENDINGS,
    *SETTLING,
)
def nothing_after_the_end(seen: Witness, event: Event) -> Found | None:
    """Whatever stands behind the run's end."""
    if not seen.over_at:
        return None
    if isinstance(event, CallAnswered | CallFailed):
        call = seen.run.calls.get(event.call)
        if call is not None and call.ended is None:
            return None
    return Found("the run has ended", (seen.over_at,))


@law(
    "ends-as-its-final-turn",
    10,
    "A run is complete when its final turn was made and no voice failed, partial when one did, and "
    "failed when the final turn was not made, or its policy for failures was broken.",
    RunConcluded,
    RunFailed,
)
def ends_as_its_final_turn(seen: Witness, event: RunConcluded | RunFailed) -> Found | None:
    """The end, and the result of the final turn."""
    if isinstance(event, RunFailed) and breaks_policy(seen):
        return None if event.reason else Found("the run fails for no reason")
    final = seen.run.results.get(seen.final)
    if final is None:
        return Found(f"{seen.final} is not settled", seen.turns_at(seen.final))
    if isinstance(event, RunFailed):
        if final.outcome != "made":
            return None if event.reason else Found("the run fails for no reason")
        return Found(f"{seen.final} was made", seen.turns_at(seen.final))
    if final.outcome != "made":
        return Found(f"{seen.final} was not made", seen.turns_at(seen.final))
    failed = silenced(seen)
    if bool(failed) == (event.outcome == "partial"):
        return None
    what = f"{failed[0]} failed" if failed else "no turn failed"
    return Found(what, seen.turns_at(*failed))


@law(
    "all-turns-settled",
    10,
    "At the end of a run every turn that the protocol names is settled, but for those that only "
    "failed turns waited for.",
    RunConcluded,
    RunFailed,
)
def all_turns_settled(seen: Witness, event: RunConcluded | RunFailed) -> Found | None:
    """Every turn of the plan, when the run ends."""
    results = seen.run.results
    if len(results) >= len(seen.plan) or (isinstance(event, RunFailed) and breaks_policy(seen)):
        return None
    excused = {
        other
        for turn in seen.plan.values()
        if turn.id not in results or results[turn.id].outcome == "failed"
        for other in turn.after
    }
    for turn in seen.plan:
        if turn not in results and turn not in excused:
            return Found(f"{turn} is not settled", seen.calls_at(turn))
    return None


@law(
    "concluded-at-once",
    10,
    "Nothing is left undone that needs no call: the end, a carry-over, a skip, the next attempt.",
    End,
)
def concluded_at_once(seen: Witness, end: End) -> Found | None:
    """What is still to be concluded where the log ends."""
    run = seen.run
    if end.cut or run.opened is None or run.ended:
        return None
    if breaks_policy(seen):
        return Found("the run breaks its policy for failures and does not fail")
    if seen.final in run.results:
        return Found("the run has its result and does not end", seen.turns_at(seen.final))
    for turn in seen.plan.values():
        if seen.is_ready(turn) and (fate := seen.fate(turn)) != "asked":
            what = fate if fate == "decided" else "carried over" if fate == "carried" else "skipped"
            return Found(f"{turn.id} was to be {what}", seen.turns_at(*turn.after))
        if run.status == "running" and isinstance(_last(seen, turn), CallFailed):
            return Found(f"nothing follows the failure for {turn.id}", seen.calls_at(turn.id))
    return None


@law(
    "waits-for-something",
    10,
    "A run that goes on has a call under way, an answer to read or a turn to take.",
    End,
)
def waits_for_something(seen: Witness, end: End) -> Found | None:
    """What must be outstanding where the log ends."""
    run = seen.run
    if run.status != "running" or seen.final in run.results:
        return None
    for turn in seen.plan.values():
        if turn.id in run.attempts:
            if turn.id not in run.results:
                return None
        elif seen.is_ready(turn):
            return None
    stuck = [turn for turn in seen.plan.values() if turn.id not in run.results]
    what = f"{stuck[0].id} waits for what never comes" if stuck else "the protocol names no more"
    return Found(what, seen.turns_at(*(stuck[0].after if stuck else ())))


def _last(seen: Witness, turn: Turn) -> object:
    """How the last call of an unsettled turn ended."""
    calls = seen.run.attempts.get(turn.id)
    return seen.run.calls[calls[-1]].ended if calls and turn.id not in seen.run.results else None


@law(
    "spend-adds-up",
    12,
    "What a run is said to have spent, in all and per agent, model and kind, is the sum of what its"
    " calls report.",
    End,
)
def spend_adds_up(seen: Witness, end: End) -> Found | None:
    """The projection against a count of the events."""
    counted = _count(seen)
    stated = spend(seen.run)
    groups = {
        "total": {"": stated.total},
        "agent": stated.by_agent,
        "model": stated.by_model,
        "kind": stated.by_kind,
    }
    for group, tallies in groups.items():
        for name in {*tallies, *(key for of, key in counted if of == group)}:
            told = astuple(tallies.get(name, Tally()))
            sums = counted.get((group, name), [0.0] * len(told))
            for field, said, summed in zip(Tally.__struct_fields__, told, sums, strict=True):
                if said != summed and not isclose(said, summed):
                    what = f"{group} {name}".strip()
                    return Found(f"{field} of {what}: {said} is said, the calls report {summed}")
    return None


def _is_refused(event: CallAnswered | CallFailed) -> bool:
    """Whether a status says that the call was turned away."""
    return isinstance(event, CallFailed) and 400 <= (event.status or 0) <= 499


def _count(seen: Witness) -> dict[tuple[str, str], list[float]]:
    """A tally for each group and name, from the events alone."""
    sums: dict[tuple[str, str], list[float]] = {}
    groups: dict[str, list[list[float]]] = {}
    size = len(Tally.__struct_fields__)
    for event in seen.events:
        match event:
            case CallRequested():
                turn = seen.run.turns.get(event.turn)
                if turn is None or event.call in groups:
                    continue
                keys = (
                    ("total", ""),
                    ("agent", turn.speaker),
                    ("model", event.model),
                    ("kind", turn.kind),
                )
                groups[event.call] = [sums.setdefault(key, [0] * size) for key in keys]
                amounts: tuple[float, ...] = (1,)
            case CallAnswered() | CallFailed():
                usage = event.usage or Usage()
                amounts = (
                    0,
                    isinstance(event, CallFailed),
                    0,
                    *astuple(usage),
                    event.cost_usd or 0.0,
                    event.cost_usd is None and not _is_refused(event),
                    event.latency_ms,
                )
            case CallLost():
                amounts = (0, 0, 1, 0, 0, 0, 0, 0, 1)
            case _:
                continue
        for tally in groups.get(event.call, ()):
            for index, amount in enumerate(amounts):
                tally[index] += amount
    return sums


RESTING: tuple[Law, ...] = (
    rests_and_resumes,
    nothing_after_the_end,
    ends_as_its_final_turn,
    all_turns_settled,
    concluded_at_once,
    waits_for_something,
    spend_adds_up,
)
