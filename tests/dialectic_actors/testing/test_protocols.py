"""Protocols to test with: the drawn ones are sound, and those that break a rule break that one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.core.exploration import Bounds, explore
from dialectic_actors.core.linter import RULES, lint
from dialectic_actors.core.protocols import known_turns
from dialectic_actors.testing.drawn_protocols import EXAMPLES, DrawnProtocol, protocols
from dialectic_actors.testing.walking import WalkFailed, walk
from dialectic_events.runs import Stage

NAMES = ("a", "b", "c")
stages = st.builds(
    lambda agents, rounds: Stage("debate", "drawn@1", NAMES[:agents], "judge", rounds),
    st.integers(1, 3),
    st.integers(1, 4),
)
FEW = Bounds(turns=100)
SHOWS_IN_A_WALK = {
    "raises": "raises",
    "not-a-turn": "raises",
    "not-deterministic": "agenda",
    "not-monotone": "agenda",
    "hidden-wait": "agenda",
    "unknown-turn": "stuck",
    "cycle": "stuck",
    "sees-what-may-not-exist": "brief",
    "shown-twice": "brief",
    "no-final": "stuck",
    "unreachable-stop": "stuck",
    "unheard-turn": "end",
    "unknown-speaker": "raises",
}


def test_every_rule_has_an_example() -> None:
    """In the order of the rules, as pages show them."""
    assert list(RULES) == list(EXAMPLES)


@pytest.mark.parametrize("rule", RULES)
def test_what_breaks_a_rule_is_named_by_it(rule: str) -> None:
    """A rule that nothing breaks would be no rule; the fix is said."""
    example = EXAMPLES[rule]

    findings = [each for each in lint(example.breaks, example.stage, FEW) if each.rule == rule]

    assert findings
    assert all(each.turn and each.detail and each.fix == RULES[rule].fix for each in findings)


@pytest.mark.parametrize("rule", RULES)
def test_what_keeps_a_rule_lints_and_walks_clean(rule: str) -> None:
    """The passing example keeps all the other rules too, whatever fails on the way."""
    example = EXAMPLES[rule]

    assert () == lint(example.keeps, example.stage)
    assert walk(example.keeps, example.stage.agents, failing=True).leaves


@given(protocols(), stages)
def test_a_drawn_protocol_lints_clean(protocol: DrawnProtocol, stage: Stage) -> None:
    """Every draw is sound for every stage, and within the default bounds."""
    assert () == lint(protocol, stage)
    assert explore(protocol, stage).complete


@given(protocols(rounds=3, turns=2), st.integers(1, 3), st.booleans())
def test_a_drawn_protocol_walks_clean(protocol: DrawnProtocol, agents: int, calls: bool) -> None:
    """Whatever the order, and whatever fails."""
    assert walk(protocol, agents, 3, failing=True, calls=calls).leaves


@given(protocols(), stages)
def test_a_walk_ends_where_the_linter_found_the_branch_to_end(
    protocol: DrawnProtocol, stage: Stage
) -> None:
    """With all turns made, the one leaf settles the turns of one explored branch."""
    walked = walk(protocol, stage.agents, stage.rounds)
    branches = explore(protocol, stage, Bounds(branches=500)).branches

    assert 1 == walked.leaves
    assert walked.turns in {len(branch.turns) for branch in branches}


@given(protocols(rounds=4), stages)
def test_a_drawn_protocol_that_reads_waits_for_what_it_listed(
    protocol: DrawnProtocol, stage: Stage
) -> None:
    """And names its first round at once."""
    turns, waits_for = known_turns(protocol, stage, {})

    assert turns
    assert waits_for in {None, *(turn.id for turn in turns)}


@pytest.mark.parametrize(("rule", "check"), SHOWS_IN_A_WALK.items())
def test_a_walk_stumbles_over_what_the_linter_names(rule: str, check: str) -> None:
    """Broken rules are no matter of taste: runs under them stand still, raise or lose turns."""
    example = EXAMPLES[rule]

    with pytest.raises(WalkFailed) as failed:
        walk(example.breaks, example.stage.agents, failing=True)

    assert check == failed.value.check
