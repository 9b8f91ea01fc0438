"""Laws of the state: it is the fold of the log, whoever folds it, and the agenda follows from it.

They fold again at every event, so they are deep.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dialectic_actors.core.decide import State, evolve, fold, settle
from dialectic_actors.core.effects import effect_id
from dialectic_actors.testing.laws.stating import End, Found, Law, law
from dialectic_actors.testing.laws.witness import Witness
from dialectic_events.calls import CallAnswered, CallFailed
from dialectic_events.runs import Limits
from dialectic_events.turns import ProposalMade
from dialectic_replay.run import fold as fold_run

__all__ = ["STATES"]


@law(
    "state-is-the-fold",
    1,
    "Evolving event by event, folding in one go and folding the rest onto any beginning come to "
    "the same state.",
    End,
    deep=True,
)
def state_is_the_fold(seen: Witness, end: End) -> Found | None:
    """Every beginning of the log."""
    live, state = State(), State()
    for number, event in enumerate(seen.events, 1):
        before = state
        kept = (before.run.copy(), _agenda(before.copy()))
        state = evolve(before, event)
        live.advance(event)
        if (before.run, _agenda(before)) != kept:
            return Found("evolving changes the state before it", at=number)
        if (live.run, _agenda(live)) != (state.run, _agenda(state)):
            return Found("evolving comes to another state than folding", at=number)
    half = len(seen.events) // 2
    whole = fold(seen.events[half:], fold(seen.events[:half]))
    if (whole.run, _agenda(whole)) != (state.run, _agenda(state)):
        return Found("folding in two parts comes to another state")
    return None if fold_run(seen.events) == state.run else Found("the run folds to another state")


@law(
    "agenda-follows",
    1,
    "What must be outstanding, as it is kept up event by event, is what the fold alone says.",
    End,
    deep=True,
)
def agenda_follows(seen: Witness, end: End) -> Found | None:
    """The agenda after every event, the effects' ids included."""
    state, replayed = State(), Witness()
    for number, event in enumerate(seen.events, 1):
        state.advance(event)
        replayed.take(event)
        kept, due = _agenda(state), _recomputed(replayed)
        for what, of_kept, of_due in zip(("outstanding", "foregone"), kept, due, strict=False):
            if of_kept != of_due:
                odd = sorted(set(of_kept) ^ set(of_due))
                return Found(f"{what} after it differs by {', '.join(odd) or 'kind'}", at=number)
        if kept[2] != due[2]:
            return Found("what failed and is undecided after it differs", at=number)
        wrong = [each for each, e in state.agenda.outstanding.items() if each != effect_id(e)]
        if wrong:
            return Found(f"{wrong[0]} is kept under another effect's id", at=number)
    left = () if end.cut else settle(state)
    return Found(f"the core still concludes {type(left[0]).__name__}") if left else None


_Agenda = tuple[dict[str, str], dict[str, str], dict[str, str]]


def _agenda(state: State) -> _Agenda:
    """Kinds of outstanding effects, kinds of foregone turns, failed calls of undecided turns."""
    agenda = state.agenda
    return (
        {each: type(effect).__name__ for each, effect in agenda.outstanding.items()},
        {
            turn: "carried" if isinstance(event, ProposalMade) else "skipped"
            for turn, event in agenda.foregone.items()
        },
        dict(agenda.undecided),
    )


def _recomputed(seen: Witness) -> _Agenda:
    run = seen.run
    outstanding, foregone, undecided = dict[str, str](), dict[str, str](), dict[str, str]()
    for turn in seen.plan.values():
        if turn.id in run.results:
            continue
        if turn.id in run.attempts:
            last = run.attempts[turn.id][-1]
            call = run.calls[last]
            match call.ended:
                case CallAnswered(tools=tools) if tools and call.requested.tools:
                    outstanding[f"{last}!" if call.used is None else f"{last}!!"] = "UseTools"
                case CallAnswered():
                    outstanding[f"{last}?"] = "ReadAnswer"
                case CallFailed():
                    undecided[turn.id] = last
                case None:
                    outstanding[f"{last}~{call.lost}"] = "MakeCall"
        elif seen.is_ready(turn):
            match seen.fate(turn):
                case "asked":
                    outstanding[turn.id] = "TakeTurn"
                case "carried":
                    foregone[turn.id] = "carried"
                case _:
                    foregone[turn.id] = "skipped"
    outstanding |= dict.fromkeys(_deadlines(seen, outstanding.keys() | undecided.keys()), "Wake")
    return outstanding, foregone, undecided


def _deadlines(seen: Witness, asked: Collection[str]) -> Iterator[str]:
    """The deadlines that run: that of the run, and those of rounds that have begun and are not
    over. `asked` are turns that somebody is asked for.
    """
    run = seen.run
    limits = run.opened.limits if run.opened is not None else Limits()
    if limits.run_deadline_s is not None:
        yield "deadline/run"
    if limits.round_deadline_s is None:
        return
    timed = [turn for turn in seen.plan.values() if turn.kind not in ("question", "answer", "stop")]
    failed = {turn for turn, each in run.results.items() if each.outcome == "failed"}
    begun = {turn.round for turn in timed if turn.id in {*asked, *run.attempts, *failed}}
    for round in begun - {0}:
        if round not in run.passed and any(
            turn.round == round and turn.id not in run.results for turn in timed
        ):
            yield f"deadline/r{round}"


STATES: tuple[Law, ...] = (state_is_the_fold, agenda_follows)
