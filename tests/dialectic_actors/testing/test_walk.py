"""The walk: how much it goes through is what one can count by hand, and whatever is wrong on the
way is found.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from math import comb, prod
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from dialectic_actors.core.briefs import Brief, brief_of
from dialectic_actors.core.commands import Command, Contribute
from dialectic_actors.core.decide import State, react, take
from dialectic_actors.core.effects import Effect, TakeTurn
from dialectic_actors.core.protocols import PROTOCOLS, Results, is_known
from dialectic_actors.testing import walking
from dialectic_actors.testing.drawn_protocols import CLAIM, END, EXAMPLES, REBUTTAL, listing
from dialectic_actors.testing.walking import Walked, WalkFailed, walk
from dialectic_events.runs import Clarifications, History, Stage, StopRule
from dialectic_events.turns import Turn
from dialectic_events.union import Event
from dialectic_replay.run import Run

SMALL = [(agents, rounds) for agents in (1, 2, 3) for rounds in (1, 2)]
LARGE = pytest.mark.skipif(
    os.environ.get("HYPOTHESIS_PROFILE") != "deep", reason="takes minutes: HYPOTHESIS_PROFILE=deep"
)


def power(number: int, exponent: int) -> int:
    """A whole number, which a checker cannot see of `**`."""
    return prod([number] * exponent)


def counted(agents: int, rounds: int, history: History) -> int:
    """The states of a debate, by combinatorics: the sets of turns that hold what their turns wait
    for.
    """
    critiques = 1 << (agents - 1)
    if rounds == 1 or history == "current":
        # Per author: nothing, each set of critiques in each round, refined; then the judge.
        return power(1 + rounds * critiques + 1, agents) + 1
    if history == "own":
        # Those of k agents who are through round 1 are criticized by each other in round 2.
        early = sum(
            comb(agents, k) * power(critiques + 1, agents - k) * (1 << max(0, k - 1) * k)
            for k in range(agents)
        )
        return early + power(critiques + 1, agents) + 1
    # Round 2 begins when everybody is through round 1, which both counts hold.
    return power(critiques + 2, agents) + power(critiques + 1, agents) - 1 + 1


@pytest.mark.parametrize("history", get_args(History))
@pytest.mark.parametrize(("agents", "rounds"), SMALL)
def test_a_debate_walks_clean_through_every_state(
    agents: int, rounds: int, history: History
) -> None:
    """As many states as there are by arithmetic: none is left out, none is counted twice."""
    walked = walk("debate@1", agents, rounds, history=history)

    assert counted(agents, rounds, history) == walked.states
    assert 1 == walked.leaves


@LARGE
@pytest.mark.parametrize(
    ("rounds", "history"), [(1, "own"), (2, "own"), (2, "everyone"), (2, "current")]
)
def test_four_agents_walk_clean_through_every_state(rounds: int, history: History) -> None:
    """The largest instance that is gone through whole."""
    walked = walk("debate@1", 4, rounds, history=history)

    assert counted(4, rounds, history) == walked.states
    assert 1 == walked.leaves


@pytest.mark.parametrize("history", get_args(History))
def test_whatever_fails_a_debate_walks_clean(history: History) -> None:
    """Each turn of two agents in two rounds may fail."""
    walked = walk("debate@1", 2, 2, history=history, failing=True)

    assert 2**2 < walked.leaves < walked.states


def test_calls_under_way_side_by_side_change_nothing() -> None:
    """Finer steps pass through more states and come to the same ends."""
    walked = walk("debate@1", 2, 1, failing=True)
    finer = walk("debate@1", 2, 1, failing=True, calls=True)

    assert walked.leaves == finer.leaves
    assert walked.states < finer.states


@pytest.mark.parametrize(
    ("agents", "rounds", "leaves", "frame"),
    [
        # Each of two has a question or none.
        pytest.param(2, 1, 4, {"clarifications": Clarifications(1, 1)}, id="questions"),
        # One has none; or one and then none; or two in a row.
        pytest.param(1, 1, 3, {"clarifications": Clarifications(1, 2)}, id="passes"),
        # The judge is satisfied after the first round or is not.
        pytest.param(2, 2, 2, {"stop": StopRule("quality")}, id="quality"),
        pytest.param(2, 2, 1, {"stop": StopRule("convergence")}, id="convergence"),
        pytest.param(2, 1, 1, {"synthesis": "voting"}, id="voting"),
        pytest.param(2, 2, 1, {"summaries": "length-based"}, id="summaries"),
        pytest.param(
            2, 2, 1, {"summaries": "hierarchical", "history": "everyone"}, id="hierarchical"
        ),
    ],
)
def test_what_frames_the_rounds_walks_clean(
    agents: int, rounds: int, leaves: int, frame: dict[str, Any]
) -> None:
    """Whoever has a question, whatever the judge thinks, in every order."""
    assert leaves == walk("debate@1", agents, rounds, **frame).leaves


def test_whatever_fails_before_the_rounds_a_debate_walks_clean() -> None:
    """Questions and answers come to nothing in every way, and the debate goes on."""
    walked = walk("debate@1", 1, 1, clarifications=Clarifications(1, 2), failing=True)

    assert 3 < walked.leaves


@LARGE
def test_whatever_fails_among_three_a_debate_walks_clean() -> None:
    """Each turn of three agents in one round may fail."""
    assert walk("debate@1", 3, 1, failing=True).leaves == 1333


def test_three_claims_are_made_in_every_order() -> None:
    """Two to the third states and the end, three edges of a cube in each direction and one more."""
    claims = [replace(CLAIM, id=f"claim-{n}") for n in range(3)]
    end = replace(END, after=tuple(each.id for each in claims), sees=())

    assert Walked(states=9, steps=13, leaves=1, turns=4) == walk(listing(*claims, end))
    # Each claim is not asked for, asked for or made; the end likewise.
    assert Walked(states=29, steps=56, leaves=1, turns=4) == walk(listing(*claims, end), calls=True)


def test_what_a_turn_says_is_a_branch_of_its_own() -> None:
    """A protocol that reads texts is walked with the texts that matter."""

    def until_agreed(stage: Stage, results: Results) -> Iterator[Turn]:
        yield CLAIM
        agreed = results[CLAIM.id].text == "agreed"
        if not agreed:
            yield REBUTTAL
        last = CLAIM if agreed else REBUTTAL
        yield replace(END, after=(last.id,), sees=(last.id,))

    assert 1 == walk(until_agreed).leaves
    assert 2 + 2 * 2 == walk(until_agreed, texts=("agreed", "no")).leaves


def test_a_failure_comes_with_the_shortest_way_to_it() -> None:
    """What was settled before, in order, readable."""
    with pytest.raises(WalkFailed) as failed:
        walk(EXAMPLES["unheard-turn"].breaks, failing=True)

    assert (f"{CLAIM.id} made", f"{END.id} made") == failed.value.path
    assert (
        f"end: the run ended before {REBUTTAL.id}\nafter\n  1. {CLAIM.id} made\n  2. {END.id} made"
    ) == str(failed.value)


def later(draft: State, command: Command) -> tuple[Event, ...]:
    """A decider that records how much had happened before an answer."""
    if isinstance(command, Contribute):
        told = replace(command.ending, latency_ms=draft.run.version)
        command = replace(command, ending=told)
    return take(draft, command)


def blind(run: Run, turn: Turn) -> Brief:
    """Briefs that lack what was said last."""
    brief = brief_of(run, turn)
    return replace(brief, shown=brief.shown[:-1])


def leaking(run: Run, turn: Turn) -> Brief:
    """Briefs that show all that was contributed."""
    return brief_of(run, replace(turn, sees=tuple(run.results)))


def forgetful(state: State) -> dict[str, Effect]:
    """An agenda that forgets the last effect when there are several."""
    effects = dict(react(state))
    if len(effects) > 1:
        effects.popitem()
    return effects


def hasty(state: State) -> dict[str, Effect]:
    """An agenda that asks for turns before what they wait for is there."""
    effects = dict(react(state))
    for turn in state.agenda.turns.values():
        if turn.id not in state.run.turns:
            effects.setdefault(turn.id, TakeTurn(turn))
    return effects


def idle(state: State) -> dict[str, Effect]:
    """An agenda that loses everything once something was said."""
    return {} if state.run.results else dict(react(state))


@pytest.mark.parametrize(
    ("name", "planted", "check"),
    [
        ("take", later, "confluence"),
        ("brief_of", blind, "brief"),
        ("brief_of", leaking, "brief"),
        ("react", forgetful, "agenda"),
        ("react", hasty, "agenda"),
        ("react", idle, "stuck"),
    ],
)
def test_a_bug_in_the_core_is_found(
    name: str, planted: object, check: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted into what the walk drives, each is named by the check that is there for it."""
    monkeypatch.setattr(walking, name, planted)

    with pytest.raises(WalkFailed) as failed:
        walk("debate@1", 2, 1)

    assert check == failed.value.check


def test_a_walk_that_grows_too_large_is_cut() -> None:
    """Too many states or turns are a failure that says so, never a machine without memory."""
    endless = listing(*(replace(CLAIM, id=f"claim-{n}") for n in range(1_001)))

    for protocol, most in (("debate@1", 100), (endless, 100)):
        with pytest.raises(WalkFailed) as failed:
            walk(protocol, 3, 1, most_states=most)
        assert "size" == failed.value.check


def test_nothing_is_left_behind() -> None:
    """A walk knows its protocol only while it walks."""
    walk(listing(CLAIM, REBUTTAL, END))

    assert not is_known("walked@1")
    assert set(PROTOCOLS) == {"debate@1"}


@pytest.mark.parametrize("agents", [0, 9])
def test_a_number_of_agents_without_names_is_refused(agents: int) -> None:
    """More agents have to be named; nobody can wait for such a walk."""
    with pytest.raises(ValueError, match="1 to 8"):
        walk("debate@1", agents)
