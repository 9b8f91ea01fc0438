"""The agenda: kept up per event, it equals what one computes slowly from the fold and the protocol
alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dialectic_actors.core import protocols
from dialectic_actors.core.briefs import brief_of
from dialectic_actors.core.commands import Command, GiveUp
from dialectic_actors.core.decide import State, decide, evolve, fold, react
from dialectic_actors.core.effects import Effect, TakeTurn, effect_id
from dialectic_actors.core.protocols import Results, known_turns, protocol_of
from dialectic_actors.core.turn_ids import turn_id
from dialectic_actors.testing.driving import CALM, Plan, perform, play, shuffled
from dialectic_actors.testing.laws.witness import Witness
from dialectic_actors.testing.strategies import openings, plans
from dialectic_events.calls import CallAnswered, CallFailed
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.runs import RunOpened, Stage
from dialectic_events.turns import (
    Kind,
    ProposalMade,
    StopDecided,
    SynthesisMade,
    Turn,
    TurnSkipped,
)
from dialectic_events.union import Event
from dialectic_replay.run import Run
from support.drive import opened
from support.shapes import alike, facts


def recomputed(run: Run) -> tuple[set[str], dict[str, type], dict[str, str]]:
    """Effect ids, kinds of foregone turns and undecided failures, from nothing but the fold and
    the protocol.
    """
    assert run.opened is not None
    (stage,) = run.opened.stages
    outstanding: set[str] = set()
    foregone: dict[str, type] = {}
    undecided: dict[str, str] = {}
    witness = Witness()
    witness.run = run
    witness.plan = {
        turn.id: turn for turn in known_turns(protocol_of(stage), stage, run.results)[0]
    }
    for turn in witness.plan.values():
        if turn.id in run.results:
            continue
        if turn.id in run.attempts:
            last = run.attempts[turn.id][-1]
            match run.calls[last].ended:
                case CallAnswered(tools=asked) if asked and run.calls[last].requested.tools:
                    outstanding.add(f"{last}!" if run.calls[last].used is None else f"{last}!!")
                case CallAnswered():
                    outstanding.add(f"{last}?")
                case CallFailed():
                    undecided[turn.id] = last
                case None:
                    outstanding.add(f"{last}~{run.calls[last].lost}")
        elif all(each in run.results for each in turn.after):
            fate = witness.fate(turn)
            if fate == "asked":
                outstanding.add(turn.id)
            elif fate == "carried":
                foregone[turn.id] = ProposalMade
            elif fate == "decided":
                foregone[turn.id] = StopDecided if turn.kind == "stop" else SynthesisMade
            else:
                foregone[turn.id] = TurnSkipped
    return outstanding, foregone, undecided


def same(state: State, events: list[Event]) -> None:
    """The agenda is what is recomputed."""
    agenda = state.agenda
    assert recomputed(state.run) == (
        set(agenda.outstanding),
        {turn: type(event) for turn, event in agenda.foregone.items()},
        agenda.undecided,
    )
    assert all(each == effect_id(effect) for each, effect in agenda.outstanding.items())


@given(openings(max_agents=4, max_rounds=3), plans(), st.integers())
def test_the_agenda_equals_recomputation(opening: RunOpened, plan: Plan, seed: int) -> None:
    """After every event, in the middle of an append too."""
    log = play([opening], perform(plan), shuffled(seed), same)

    assert fold(log).run.ended


@given(openings(max_agents=3, max_rounds=2), plans(), st.integers(), st.integers(0), st.data())
def test_the_agenda_equals_recomputation_whoever_is_given_up(
    opening: RunOpened, plan: Plan, seed: int, cut: int, data: st.DataObject
) -> None:
    """A turn that failed before it was ready is not asked for when it would have become ready."""
    log = play([opening], perform(plan), shuffled(seed))
    log = log[: 1 + cut % len(log)]
    turn = data.draw(st.sampled_from(sorted(fold(log).agenda.turns)))
    log += decide(fold(log), GiveUp(turn, "gone"))

    assert fold(play(log, perform(plan), shuffled(seed), same)).run.ended


@given(openings(max_agents=3, max_rounds=2), plans(), st.integers())
def test_a_turn_is_asked_to_see_contributions_only(
    opening: RunOpened, plan: Plan, seed: int
) -> None:
    """What failed or was skipped counts in `after` alone; no text that was contributed is lost."""

    def look(state: State, events: list[Event]) -> None:
        for effect in react(state).values():
            if isinstance(effect, TakeTurn):
                run, planned = state.run, state.agenda.turns[effect.turn.id]
                summary = planned.summary if run.made(planned.summary or "") is not None else None
                condensed = run.results[summary].turn.sees if summary is not None else ()
                made = [
                    each
                    for each in (*filter(None, (summary,)), *planned.sees)
                    if run.made(each) is not None and each not in condensed
                ]
                brief = brief_of(run, effect.turn)
                assert planned == replace(
                    effect.turn,
                    sees=planned.sees,
                    recalls=planned.recalls,
                    summary=planned.summary,
                )
                assert (() if summary else planned.recalls) == effect.turn.recalls
                assert set(made) >= set(effect.turn.sees)
                assert planned.target in {None, *effect.turn.sees}
                assert {run.made(each) for each in made} <= {
                    shown.text for shown in (*brief.shown, *brief.earlier())
                }

    play([opening], perform(plan), shuffled(seed), look)


def test_a_copy_goes_on_alone() -> None:
    """Two futures of one state do not touch each other."""
    log = play([opened(("a", "b"), 2)], perform(CALM))
    state = fold(log[:6])
    before = alike(fold(log[:6]))
    twin = state.copy()
    for event in log[6:]:
        twin.advance(event)

    assert before == alike(state)
    assert alike(fold(log)) == alike(twin)


def branching(stage: Stage, results: Results) -> Iterator[Turn]:
    """A protocol that reads: each proposal but the last decides whether there is another; then the
    judge.
    """
    seen: tuple[str, ...] = ()
    for number, agent in enumerate(stage.agents, 1):
        turn = made_up(stage, number, "proposal", agent, seen)
        yield turn
        seen = (*seen, turn.id)
        if results[turn.id].outcome != "made":
            break
    yield made_up(stage, 0, "synthesis", stage.judge, seen)


def made_up(stage: Stage, number: int, kind: Kind, speaker: str, sees: tuple[str, ...]) -> Turn:
    """A turn that waits for all that it sees."""
    name = turn_id(stage.name, number, kind, speaker)
    return Turn(id=name, kind=kind, speaker=speaker, round=number, after=sees, sees=sees)


@pytest.fixture
def branch(monkeypatch: pytest.MonkeyPatch) -> RunOpened:
    """The opening of a run whose protocol branches on results."""
    known: Mapping[str, protocols.Protocol] = {"branching@1": branching}
    monkeypatch.setattr(protocols, "PROTOCOLS", known)
    opening = opened(("a", "b", "c"), 1)
    return replace(opening, stages=(replace(opening.stages[0], protocol="branching@1"),))


@pytest.mark.parametrize(
    ("broken", "expected"), [("", 4), ("/a", 2), ("/b", 3), ("/c", 4)], ids=str
)
def test_a_protocol_that_reads_results_branches_on_them(
    branch: RunOpened, broken: str, expected: int
) -> None:
    """Turns appear when the result that decides about them is settled, after any cut too."""
    failing = Plan(failing=100, kinds=("bad-request",))

    def act(state: State, effect: Effect) -> Command:
        chosen = failing if broken and broken in str(effect) else CALM
        return perform(chosen)(state, effect)

    log = play([branch], act, watch=same)

    assert expected == len(fold(log).agenda.turns) == len(fold(log).run.results)
    for cut in range(1, len(log)):
        assert facts(log) == facts(play(log[:cut], act, watch=same))


def test_a_protocol_that_reads_results_is_monotone(branch: RunOpened) -> None:
    """Whatever set of turns is settled first, more of them only adds turns behind those listed."""
    results = fold(play([branch], perform(CALM))).run.results
    (stage,) = branch.stages
    for size in range(len(results)):
        for some in combinations(results, size):
            fewer = known_turns(branching, stage, {each: results[each] for each in some})[0]
            for one_more in results.keys() - some:
                more = {each: results[each] for each in (*some, one_more)}
                assert fewer == known_turns(branching, stage, more)[0][: len(fewer)]


def hasty(stage: Stage, results: Results) -> Iterator[Turn]:
    """A protocol that forgets to wait: the reply is ready before the claim that it answers."""
    claim = made_up(stage, 1, "proposal", stage.agents[0], ())
    yield claim
    reply = made_up(stage, 1, "critique", stage.agents[-1], (claim.id,))
    yield replace(reply, target=claim.id, after=())
    yield made_up(stage, 0, "synthesis", stage.judge, (reply.id,))


def test_a_turn_whose_target_is_not_settled_is_skipped() -> None:
    """A mistake of a protocol costs its turn; it does not break the run."""
    opening = opened(("a", "b"), 1)
    opening = replace(opening, stages=(replace(opening.stages[0], protocol="hasty@1"),))
    with protocols.installed("hasty@1", hasty):
        run = fold(play([opening], perform(CALM))).run

    assert run.ended
    assert ["critique", "synthesis"] == [
        result.turn.kind for result in run.results.values() if result.outcome == "skipped"
    ]


def test_an_unknown_protocol_is_refused_with_what_to_do() -> None:
    """A log of a later program cannot be continued here, and says so."""
    opening = opened(("a",), 1)
    later = replace(opening, stages=(replace(opening.stages[0], protocol="debate@9"),))
    with pytest.raises(DialecticError) as refusal:
        evolve(State(), later)

    assert ExitCode.CONFIGURATION == refusal.value.exit_code
    assert "debate@9" in refusal.value.what
    assert refusal.value.fix


@pytest.mark.parametrize("count", [0, 2])
def test_a_run_of_other_than_one_stage_is_refused(count: int) -> None:
    """Its log may come from a later version: it can be shown, but not continued here."""
    opening = opened()

    with pytest.raises(DialecticError, match="one stage"):
        fold([replace(opening, stages=opening.stages * count)])
