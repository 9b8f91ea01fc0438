"""Laws of the plan: which turns there are, what each may see, and what becomes of it.

Of the core only the protocol is asked, so that an error of a decision is found here. Attempts and
what a request says are not judged here.
"""

from __future__ import annotations

from dialectic_actors.testing.laws.stating import Found, Law, law
from dialectic_actors.testing.laws.witness import CONTRIBUTIONS, SETTLING, Witness
from dialectic_events.calls import CallRequested
from dialectic_events.turns import (
    AnswerGiven,
    Contribution,
    StopDecided,
    Turn,
    TurnFailed,
    TurnSkipped,
)
from dialectic_events.union import CONTRIBUTIONS as BY_KIND

__all__ = ["PLANNING"]

_KINDS: dict[type, str] = {kind: name for name, kind in BY_KIND.items()} | {StopDecided: "stop"}
_BY_REQUEST = frozenset(("sees", "recalls", "summary"))
"""What a request says otherwise than the protocol: what there is of it."""


@law(
    "named-by-protocol",
    10,
    "Every turn in the log is one that the protocol names, as the protocol names it.",
    CallRequested,
    *SETTLING,
)
def named_by_protocol(
    seen: Witness, event: CallRequested | Contribution | StopDecided | TurnFailed | TurnSkipped
) -> Found | None:
    """The turn of an event, field by field when it is told in full; what a request is shown may be
    less.
    """
    if not seen.plan:
        return None
    turn = seen.plan.get(event.turn)
    if turn is None:
        return Found(f"the protocol names no {event.turn}")
    if isinstance(event, Contribution | StopDecided) and _KINDS[type(event)] != turn.kind:
        return Found(f"{event.turn} is a {turn.kind}", seen.calls_at(event.turn))
    told = event.plan
    if told is None or told == turn:
        return None
    wrong = [
        field
        for field in Turn.__struct_fields__
        if getattr(told, field) != getattr(turn, field)
        and not (field in _BY_REQUEST and _is_resolved(event))
    ]
    return Found(f"{event.turn} has another {', '.join(wrong)}") if wrong else None


@law(
    "sees-what-was-made",
    9,
    "A turn sees what was made of all that it may see, but for words that it recalls already.",
    CallRequested,
)
def sees_what_was_made(seen: Witness, event: CallRequested) -> Found | None:
    """`sees` of a turn's first request."""
    turn = seen.plan.get(event.turn)
    if turn is None or event.plan is None:
        return None
    condensed = seen.run.made(turn.summary) if turn.summary is not None else None
    if event.plan.summary is not None or (event.plan.recalls and condensed is not None):
        return Found(f"{event.turn} recalls what {turn.summary} condenses")
    if condensed is None and event.plan.recalls != turn.recalls:
        return Found(f"{event.turn} does not recall what it may")
    due = [
        other
        for other in _offered(seen, turn)
        if seen.run.made(other) is not None
        and (condensed is not None or not seen.recalls(turn, other))
    ]
    lacking = [other for other in due if other not in event.plan.sees]
    beyond = [other for other in event.plan.sees if other not in due]
    if lacking or beyond:
        what = f"does not see {lacking[0]}" if lacking else f"sees {beyond[0]}"
        return Found(f"{event.turn} {what}", seen.turns_at(*lacking, *beyond))
    return None if list(event.plan.sees) == due else Found(f"{event.turn} sees in another order")


def _is_resolved(event: object) -> bool:
    """Whether the plan in an event says what was shown, not what could be."""
    return isinstance(event, CallRequested | AnswerGiven)


def _offered(seen: Witness, turn: Turn) -> list[str]:
    """What a turn may see: with a summary in place of all that it condenses."""
    if turn.summary is None or seen.run.made(turn.summary) is None:
        return list(turn.sees)
    condensed = seen.run.results[turn.summary].turn.sees
    return [turn.summary, *(other for other in turn.sees if other not in condensed)]


@law(
    "carried-over",
    9,
    "A turn is carried over exactly when what it carries was made, in the very same words.",
    CallRequested,
    *CONTRIBUTIONS,
)
def carried_over(seen: Witness, event: CallRequested | Contribution) -> Found | None:
    """Contributions without a call, and calls that one would have saved."""
    turn = seen.plan.get(event.turn)
    if turn is None or (isinstance(event, CallRequested) and event.plan is None):
        return None
    text = seen.run.made(turn.carries) if turn.carries is not None else None
    carried = turn.carries or ""
    if isinstance(event, CallRequested):
        if text is None:
            return None
        return Found(f"{event.turn} was to be carried over from {carried}", seen.turns_at(carried))
    if event.call is not None or seen.fate(turn) == "decided" or turn.kind == "answer":
        return None
    if text is None:
        return Found(f"{event.turn} has no answer and carries nothing that was made")
    if text != event.text:
        return Found(f"{carried} was made in other words", seen.turns_at(carried))
    return None


@law(
    "skipped-for-cause",
    10,
    "A turn is skipped exactly when what it answers, or all that it would be shown, was not made.",
    CallRequested,
    TurnSkipped,
)
def skipped_for_cause(seen: Witness, event: CallRequested | TurnSkipped) -> Found | None:
    """Skips, and calls for turns that had nothing to answer."""
    turn = seen.plan.get(event.turn)
    if turn is None or event.plan is None:
        return None
    fate = seen.fate(turn)
    shown = seen.turns_at(*((turn.target,) if turn.target else turn.sees))
    if isinstance(event, TurnSkipped):
        if fate in ("targetless", "unasked", "blind", "short"):
            return None
        return Found(f"{event.turn} is skipped, but what it is about was made", shown)
    if fate == "short":
        return Found(f"{event.turn} condenses what is short already")
    if fate == "decided":
        return Found(f"{event.turn} is asked for, and nobody needs to be asked")
    if fate == "targetless":
        return Found(f"{event.turn} answers {turn.target}, which was not made", shown)
    return Found(f"{event.turn} is shown nothing", shown) if fate == "blind" else None


PLANNING: tuple[Law, ...] = (
    named_by_protocol,
    sees_what_was_made,
    carried_over,
    skipped_for_cause,
)
