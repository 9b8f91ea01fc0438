"""Laws of order and causality: what must come before what, and what happens once.

No plan, decision or brief is judged here.
"""

from __future__ import annotations

from dialectic_actors.actors.cast import terms_of
from dialectic_actors.core.briefs import brief_of
from dialectic_actors.core.contracts import read_answer
from dialectic_actors.testing.laws.stating import End, Found, Law, Stored, law
from dialectic_actors.testing.laws.witness import CONTRIBUTIONS, ENDINGS, SETTLING, Witness
from dialectic_events.calls import CallAnswered, CallLost, CallRequested, Ending
from dialectic_events.envelope import Header
from dialectic_events.errors import IntegrityError
from dialectic_events.runs import RunOpened, RunResumed
from dialectic_events.turns import (
    Contribution,
    CritiqueMade,
    ProposalMade,
    RefinementMade,
    SummaryMade,
    TurnFailed,
    TurnSkipped,
)
from dialectic_events.union import tag_of
from dialectic_replay.audit import verify_run

__all__ = ["ORDERING"]

_PLAIN = (SummaryMade, ProposalMade, CritiqueMade, RefinementMade)
"""Contributions in the words of the answer; others are read from it again."""


@law("chained", 8, "Every event and text in the store is what was written.", Stored)
def chained(seen: Witness, stored: Stored) -> Found | None:
    """The chain, the head and all parts, by verification."""
    try:
        verify_run(stored.store, stored.stream)
    except IntegrityError as error:
        return Found(str(error))
    return None


@law(
    "gapless-versions",
    8,
    "Versions count from 1 without a gap, and no event is recorded twice.",
    Header,
)
def gapless_versions(seen: Witness, header: Header) -> Found | None:
    """Where an envelope says that its event lies."""
    number = len(seen.events) + 1
    if header.version != number:
        return Found(f"version {header.version} stands where {number} belongs")
    if header.id in seen.ids:
        return Found(f"event {header.id} is recorded already", (seen.ids[header.id],))
    if seen.event is not None and header.type != tag_of(type(seen.event)):
        return Found(f"its header calls it {header.type}")
    seen.ids[header.id] = number
    return None


@law(
    "one-opening", 10, "A log begins with the opening of its run and has no other.", RunOpened, End
)
def one_opening(seen: Witness, event: RunOpened | End) -> Found | None:
    """The first event, and no later one."""
    if isinstance(event, RunOpened):
        return Found("the run is opened again", (seen.opened_at,)) if seen.opened_at else None
    if not seen.events:
        return Found("there is no event")
    if not isinstance(seen.events[0], RunOpened):
        return Found("the log does not begin with an opening", at=1)
    return None


@law(
    "named-first",
    2,
    "An event speaks of turns and calls that an earlier one, or it itself, has named in full.",
    CallRequested,
    CallLost,
    *ENDINGS,
    *SETTLING,
)
def named_first(
    seen: Witness, event: CallRequested | CallLost | Ending | Contribution | TurnFailed
) -> Found | None:
    """The full turn stands in its first event and in no other; a call is requested before more is
    said of it.
    """
    if isinstance(event, CallLost | Ending):
        known = event.call in seen.run.calls
        return None if known else Found(f"{event.call} was never requested")
    named = event.turn in seen.run.turns
    if event.plan is None:
        return None if named else Found(f"nothing has said what {event.turn} is")
    if named:
        return Found(f"{event.turn} is named again", seen.turns_at(event.turn))
    return None if event.plan.id == event.turn else Found(f"it names {event.plan.id} instead")


@law("one-ending", 3, "A call ends once, and is lost only while it is open.", *ENDINGS, CallLost)
def one_ending(seen: Witness, event: Ending | CallLost) -> Found | None:
    """Endings and losses of a call that was requested."""
    call = seen.run.calls.get(event.call)
    if call is None:
        return None
    if call.ended is not None:
        what = "is lost after it ended" if isinstance(event, CallLost) else "ends again"
        return Found(f"{event.call} {what}", seen.calls_at(call.requested.turn))
    turn = call.requested.turn
    if isinstance(event, CallLost) and turn in seen.run.results:
        return Found(f"{event.call} is sent again for a settled turn", seen.turns_at(turn))
    return None


@law(
    "taken-up-once",
    3,
    "A taking up of the run is recorded once, with all the calls that it found lost.",
    RunResumed,
    CallLost,
)
def taken_up_once(seen: Witness, event: RunResumed | CallLost) -> Found | None:
    """The claims of those who took the run up."""
    if event.claim != seen.run.claim:
        return None
    if isinstance(event, RunResumed):
        return Found(f"the taking up {event.claim!r} is recorded already", (seen.resumed_at,))
    if (event.call, event.claim) in seen.claimed:
        return Found(f"{event.call} is lost twice to one taking up")
    if not isinstance(seen.events[-1], RunResumed | CallLost):
        return Found(f"{event.call} is lost to a taking up that is over")
    return None


@law(
    "one-result", 3, "A turn is settled once, and never asked for again.", CallRequested, *SETTLING
)
def one_result(
    seen: Witness, event: CallRequested | Contribution | TurnFailed | TurnSkipped
) -> Found | None:
    """Nothing comes after the result of a turn."""
    if event.turn not in seen.run.results:
        return None
    what = "asked for" if isinstance(event, CallRequested) else "settled"
    return Found(f"{event.turn} is {what} again", seen.turns_at(event.turn))


@law(
    "waits-for-all",
    2,
    "A turn is asked for, carried over or skipped only when all that it waits for is settled.",
    CallRequested,
    *CONTRIBUTIONS,
    TurnSkipped,
)
def waits_for_all(seen: Witness, event: CallRequested | Contribution | TurnSkipped) -> Found | None:
    """`after` of the first event of a turn."""
    if event.plan is None:
        return None
    after = seen.plan.get(event.turn, event.plan).after
    unsettled = [other for other in after if other not in seen.run.results]
    if not unsettled:
        return None
    return Found(
        f"{event.turn} waits for {', '.join(unsettled)}",
        tuple(at for other in unsettled for at in seen.calls_at(other)),
    )


@law(
    "rests-on-an-answer",
    2,
    "A contribution has its words from the answer to the last call of its own turn.",
    *CONTRIBUTIONS,
)
def rests_on_an_answer(seen: Witness, event: Contribution) -> Found | None:
    """The call that a contribution names."""
    if event.call is None:
        return None
    call, shown = seen.run.calls.get(event.call), seen.calls_at(event.turn)
    if call is None:
        return Found(f"it rests on {event.call}, which was never requested", shown)
    if call.requested.turn != event.turn:
        return Found(f"it rests on a call for {call.requested.turn}", seen.calls_at(event.turn))
    if not isinstance(call.ended, CallAnswered):
        return Found(f"{event.call} has no answer", shown)
    if seen.run.attempts[event.turn][-1] != event.call:
        return Found(f"{event.call} is not its last call", shown)
    turn = seen.plan.get(event.turn)
    if isinstance(event, _PLAIN) and event.text not in call.ended.text:
        return Found(f"{event.call} was answered with other words", shown)
    if isinstance(event, _PLAIN) or turn is None or seen.run.opened is None:
        return None
    agent = next((each for each in seen.run.opened.agents if each.id == turn.speaker), None)
    if agent is None:
        return None
    try:
        brief = brief_of(seen.run, seen.run.turns.get(turn.id, turn))
    except KeyError:
        # A turn that it stands on is missing: another law says so.
        return None
    reading = read_answer(brief, call.ended, terms_of(seen.run.opened, agent))
    if event == reading.made:
        return None
    if reading.made is None and event == reading.fallback:
        calls = (seen.run.calls[each] for each in seen.run.attempts[turn.id])
        mended = sum(each.requested.why == "contract" for each in calls)
        if mended >= seen.run.opened.limits.repairs:
            return None
        return Found(f"{event.call} was to be mended", shown)
    return Found(f"{event.call} says something else", shown)


ORDERING: tuple[Law, ...] = (
    chained,
    gapless_versions,
    one_opening,
    named_first,
    one_ending,
    taken_up_once,
    one_result,
    waits_for_all,
    rests_on_an_answer,
)
