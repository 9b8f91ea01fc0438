"""Walk through every order in which the turns of a small run can be settled, and check each state
on the way.

It drives the pure core alone: no actor, store or clock is in here. What of the actors' work can be
interleaved otherwise is the simulation's duty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar, assert_never

from msgspec import Struct
from msgspec.structs import replace

from dialectic_actors.core.briefs import brief_of
from dialectic_actors.core.commands import FailCall, Open, PlaceCall
from dialectic_actors.core.decide import State, react, take
from dialectic_actors.core.effects import Effect, MakeCall, ReadAnswer, TakeTurn, UseTools, Wake
from dialectic_actors.core.protocols import (
    Protocol,
    Results,
    installed,
    known_turns,
    protocol_of,
)
from dialectic_actors.testing.answers import heard, marks_in, request_for, spoken
from dialectic_actors.testing.driving import answers
from dialectic_events.calls import CallAnswered, CallFailed, CallRequested
from dialectic_events.contents import write_content
from dialectic_events.runs import (
    Agent,
    Clarifications,
    Condensing,
    History,
    Limits,
    Model,
    RunOpened,
    Stage,
    StopRule,
    Summarization,
    Synthesis,
)
from dialectic_events.turns import Turn
from dialectic_replay.run import Result, Run

__all__ = ["WalkFailed", "Walked", "walk"]

T = TypeVar("T")

NAMES = ("ada", "ben", "cleo", "dan", "eve", "finn", "gus", "hana")
_MOST_TURNS = 1_000
_LONG = 60
"""Characters that are condensed: more than one text of a walk has, less than two."""


class Walked(Struct, frozen=True):
    """What a walk went through: different states, steps between them, and states in which the run
    has ended. `turns` are those settled on the longest way.
    """

    states: int
    steps: int
    leaves: int
    turns: int


class WalkFailed(AssertionError):
    """A check failed. `check` is its name, `path` the shortest way there (what was settled, in
    order), `detail` what is wrong in that state.
    """

    def __init__(self, check: str, path: Sequence[str], detail: str) -> None:
        way = "".join(f"\n  {number}. {step}" for number, step in enumerate(path, 1))
        super().__init__(f"{check}: {detail}\nafter{way or ' nothing but the opening'}")
        self.check = check
        self.path = tuple(path)
        self.detail = detail


class _Broken(Exception):
    def __init__(self, check: str, detail: str) -> None:
        super().__init__(check, detail)
        self.check = check
        self.detail = detail


Path = tuple["Path", str] | tuple[()]
"""A way as its last step and the way before it: shared by all that go on from there."""


def walk(
    protocol: str | Protocol = "debate@1",
    agents: int | Sequence[str] = 2,
    rounds: int = 1,
    *,
    history: History = "own",
    clarifications: Clarifications | None = None,
    summaries: Condensing | None = None,
    stop: StopRule | None = None,
    synthesis: Synthesis = "judge",
    failing: bool = False,
    calls: bool = False,
    texts: Sequence[str] = (),
    most_states: int = 1_000_000,
) -> Walked:
    """Go through all reachable states of the decider, whatever the order in which turns are
    settled, and check each.

    Every order is covered by visiting every set of settled turns once, and by showing that all
    steps into it lead to the same state. Turns are made; with `failing` each may fail as well. A
    turn's call and its ending are one step; with `calls` they are two, so that calls are under way
    side by side in every combination. `texts` are what a turn may say, for protocols that read
    texts (default: a text of its own for each turn). Who is asked for questions has one or none,
    and a judge finds the quality lowest or highest.

    In every state: outstanding is exactly what the fold and the protocol say is ready (`agenda`);
    each brief shows what `sees` and `recalls` name, once, and settled turns only (`brief`); the run
    has ended or something is outstanding (`stuck`). In every leaf all turns are settled and the
    final one was reached (`end`). All ways to a state agree (`confluence`), and no step raises
    (`raises`).

    Raises WalkFailed with the shortest way to the state where a check fails, or where more than
    `most_states` states were reached (`size`).
    """
    names = NAMES[:agents] if isinstance(agents, int) else tuple(agents)
    if isinstance(agents, int) and not 1 <= agents <= len(NAMES):
        raise ValueError(f"agents must be 1 to {len(NAMES)}, or names; {agents} is neither")
    if isinstance(protocol, str):
        found = protocol_of(Stage("walk", protocol, names, "judge", rounds))
    else:
        found = protocol
    # Under a name of its own, so that nobody else's protocol is replaced meanwhile.
    with installed("walked@1", _bounded(found)):
        walker = _Walker(found, failing=failing, calls=calls, texts=texts, most=most_states)
        stage = Stage(
            name="debate",
            protocol="walked@1",
            agents=names,
            judge="judge",
            rounds=rounds,
            history=history,
            clarifications=clarifications,
            summaries=summaries,
            stop=stop,
            synthesis=synthesis,
        )
        return walker.go(_opening(stage))


def _bounded(protocol: Protocol) -> Protocol:
    """The protocol, cut where its listing has no end."""

    def turns(stage: Stage, results: Results) -> Iterator[Turn]:
        for number, turn in enumerate(protocol(stage, results), 1):
            if number > _MOST_TURNS:
                raise _Broken("size", f"the protocol lists more than {_MOST_TURNS:,} turns")
            yield turn

    return turns


def _opening(stage: Stage) -> RunOpened:
    condensed = Summarization(_LONG, _LONG) if stage.summaries is not None else None
    return RunOpened(
        problem="Which order do turns come in?",
        stages=(stage,),
        agents=tuple(
            Agent(
                id=name,
                name=name.title(),
                role=name,
                source=f"role/{name}",
                route=(Model("scripted", "walk"),),
                summarization=condensed,
            )
            for name in (*stage.agents, stage.judge)
        ),
        sources=(),
        seed=0,
        limits=Limits(attempts=1, repairs=0),
    )


class _Walker:
    """Goes level by level: the states of one have settled equally much, so only one is kept."""

    def __init__(
        self,
        protocol: Protocol,
        *,
        failing: bool,
        calls: bool,
        texts: Sequence[str],
        most: int,
    ) -> None:
        self._protocol = protocol
        self._failing = failing
        self._calls = calls
        self._texts = texts
        self._most = most
        self._states = self._steps = self._leaves = self._turns = 0

    def go(self, opening: RunOpened) -> Walked:
        """All levels, from the opening to the last leaf."""
        start = State()
        _guarded((), partial(take, start, Open(opening)))
        level: dict[object, tuple[State, Path]] = {_key(start.run): (start, ())}
        while level:
            following: dict[object, tuple[State, Path]] = {}
            for state, path in level.values():
                _guarded(path, partial(self._check, state))
                for step, after in self._after(state, path):
                    self._steps += 1
                    key = _key(after.run)
                    known = following.setdefault(key, (after, (path, step)))
                    if known[0] is not after and not _alike(known[0], after):
                        detail = f"{', '.join(_way(known[1]))} leads to another state"
                        raise WalkFailed("confluence", _way((path, step)), detail)
            level = following
        return Walked(self._states, self._steps, self._leaves, self._turns)

    def _after(self, state: State, path: Path) -> list[tuple[str, State]]:
        """Every state one step further, with what was done."""
        return [
            pair
            for each, effect in list(react(state).items())
            for pair in _guarded((path, each), partial(self._performed, state, effect))
        ]

    def _performed(self, state: State, effect: Effect) -> list[tuple[str, State]]:
        return list(self._perform(state, effect))

    def _perform(self, state: State, effect: Effect) -> Iterator[tuple[str, State]]:
        match effect:
            case TakeTurn(turn) if turn.kind == "answer":
                given = state.copy()
                take(given, answers(state, turn))
                yield f"{turn.id} answered", given
            case TakeTurn(turn):
                asked = state.copy()
                take(asked, PlaceCall(turn.id, request_for(state.run, turn)))
                if self._calls:
                    yield f"{turn.id} asked", asked
                else:
                    yield from self._end(asked, turn, asked.run.calls[f"{turn.id}#1"].requested)
            case MakeCall(turn, request, _):
                yield from self._end(state, turn, request)
            case ReadAnswer(turn) | UseTools(turn):
                raise _Broken("agenda", f"{turn.id} has an answer that nobody read")
            case Wake(id):
                raise _Broken("agenda", f"{id} is due, and no deadline was set")
            case _:
                assert_never(effect)

    def _end(self, state: State, turn: Turn, request: CallRequested) -> Iterator[tuple[str, State]]:
        for number, text in enumerate(self._said(turn, request)):
            made = state.copy()
            ending = CallAnswered(call=request.call, text=text, model=request.model)
            take(made, heard(state.run, turn, ending, ()))
            yield f"{request.turn} made" + (f" ({text})" if number else ""), made
        if self._failing:
            failed = state.copy()
            refused = CallFailed(call=request.call, error="bad-request")
            take(failed, FailCall(request.call, refused))
            yield f"{request.turn} failed", failed

    def _said(self, turn: Turn, request: CallRequested) -> Iterator[str]:
        """All that may come of a call."""
        match turn.kind:
            case "question":
                yield write_content({"questions": [f"What of {turn.id}?"]})
                yield write_content({"questions": []})
            case "assessment":
                yield write_content({"score": 0, "reason": "It is open."})
                yield write_content({"score": 100, "reason": "It is done."})
            case _:
                for words in self._texts or (f"«{request.turn}»",):
                    yield spoken(turn.id, words, marks_in(request))

    def _check(self, state: State) -> None:
        run, turns = state.run, state.agenda.turns
        self._states += 1
        self._turns = max(self._turns, len(run.results))
        if self._states > self._most:
            raise _Broken("size", f"more than {self._most:,} states: take fewer agents or rounds")
        if run.ended:
            self._leaves += 1
            _check_end(state, failing=self._failing)
            return
        if not react(state):
            waiting = [turn for turn in turns if turn not in run.results]
            raise _Broken("stuck", f"nothing is outstanding; {waiting or 'no turn'} left")
        _check_agenda(state, self._protocol)
        for effect in react(state).values():
            if isinstance(effect, TakeTurn):
                _check_brief(run, effect.turn, turns[effect.turn.id])


def _key(run: Run) -> object:
    """What tells states apart: which turns are settled and how, which calls are under way."""
    asked = run.attempts.keys() - run.results.keys()
    settled = ((id, each.outcome, each.text, _found(each)) for id, each in run.results.items())
    return frozenset(settled), frozenset(asked)


def _found(result: Result) -> tuple[object, ...]:
    """What a result says beside its words."""
    return tuple(getattr(result.event, name, None) for name in ("questions", "score", "stop"))


def _alike(state: State, other: State) -> bool:
    one, two = state.agenda, other.agenda
    names = ("turns", "final", "foregone", "undecided", "outstanding", "fatal")
    return state.run == other.run and all(getattr(one, n) == getattr(two, n) for n in names)


def _check_agenda(state: State, protocol: Protocol) -> None:
    """Effects are recomputed from nothing but the fold and the protocol."""
    run = state.run
    if run.opened is None:
        raise _Broken("agenda", "the run is not open")
    listed = known_turns(protocol, run.opened.stages[0], run.results)[0]
    if state.agenda.turns != {turn.id: turn for turn in listed}:
        raise _Broken("agenda", "its turns are not those that the protocol lists now")
    expected: set[str] = set()
    for turn in listed:
        if turn.id in run.results or not all(other in run.results for other in turn.after):
            continue
        if turn.id in run.attempts:
            expected.add(f"{run.attempts[turn.id][-1]}~0")
        else:
            expected.add(turn.id)
    if expected != set(react(state)):
        named = sorted(expected ^ set(react(state)))
        raise _Broken("agenda", f"it disagrees with the fold about {', '.join(named)}")


def _check_brief(run: Run, asked: Turn, planned: Turn) -> None:
    """All that `sees` and `recalls` name was contributed and is shown, once, and nothing else."""
    if asked != replace(planned, sees=asked.sees, recalls=asked.recalls, summary=None):
        raise _Broken("agenda", f"{planned.id} is asked for otherwise than it was listed")
    brief = brief_of(run, asked)
    shown = [each.turn for each in (*brief.earlier(), *brief.shown)]
    named, links = set(planned.sees), list(planned.recalls)
    if planned.summary is not None and run.made(planned.summary) is not None:
        condensed = run.results[planned.summary].turn.sees
        named, links = {planned.summary, *(named - set(condensed))}, []
    for link in links:  # grows while it is gone through
        earlier = run.results[link].turn
        links += [each for each in earlier.recalls if each not in links]
        named.update(earlier.sees)
    for other in (*named, *planned.sees, *planned.recalls):
        if other not in run.results:
            raise _Broken("brief", f"{planned.id} is shown {other}, which is not settled")
    due = {other for other in named if run.made(other) is not None}
    carried = {other: run.results[other].turn.carries for other in due}
    if leaked := set(shown) - due:
        raise _Broken("brief", f"{planned.id} is shown {', '.join(sorted(leaked))}")
    if lost := [o for o in sorted(due) if o not in shown and carried[o] not in shown]:
        raise _Broken("brief", f"{planned.id} is not shown {', '.join(lost)}")
    if len(set(shown)) != len(shown):
        raise _Broken("brief", f"{planned.id} is shown something twice")


def _check_end(state: State, *, failing: bool) -> None:
    run, agenda = state.run, state.agenda
    if agenda.final not in run.results:
        raise _Broken("end", "the run ended without its final turn")
    if open_turns := [turn for turn in agenda.turns if turn not in run.results]:
        raise _Broken("end", f"the run ended before {', '.join(open_turns)}")
    if run.status != "concluded" and not failing:
        raise _Broken("end", f"the run is {run.status}: {run.reason or 'a turn was skipped'}")


def _way(path: Path) -> list[str]:
    steps: list[str] = []
    while path:
        path, step = path
        steps.append(step)
    return steps[::-1]


def _guarded(path: Path, act: Callable[[], T]) -> T:
    try:
        return act()
    except _Broken as broken:
        raise WalkFailed(broken.check, _way(path), broken.detail) from None
    except Exception as error:
        detail = f"{type(error).__name__}: {error}"
        raise WalkFailed("raises", _way(path), detail) from error
