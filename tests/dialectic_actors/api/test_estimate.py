"""Estimates: what a debate would take is what it takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from dialectic_actors import Debate
from dialectic_actors.api.estimate import Estimate, estimate
from dialectic_events.errors import DialecticError
from dialectic_events.runs import Model
from dialectic_replay.run import Run
from support.drive import opened

PROBLEM = "Design a cache"


def priced(*models: Model) -> Estimate:
    """The estimate of a small debate on some models, tried in this order."""
    opening = opened(("a", "b"), 1)
    agents = tuple(replace(agent, route=models) for agent in opening.agents)
    return estimate(replace(opening, agents=agents), {})


def shown_in(run: Run) -> dict[str, int]:
    """How many contributions each turn that asked a model was shown, by turn."""
    seen: dict[str, frozenset[str]] = {}
    for id, turn in run.turns.items():
        seen[id] = frozenset(turn.sees).union(*(seen.get(each, ()) for each in turn.recalls))
    return {id: len(seen[id]) for id in run.attempts}


@pytest.mark.parametrize(
    "settings",
    [
        '{"debate": {"rounds": 2, "summarization": {"enabled": false}}}',
        '{"debate": {"rounds": 2}}',
        '{"debate": {"rounds": 3, "terminationCondition": {"type": "quality", "threshold": 0.1}}}',
        '{"debate": {"rounds": 2, "synthesisMethod": "voting"}}',
        '{"debate": {"rounds": 1, "synthesisMethod": "merge", "includeFullHistory": false}}',
        '{"debate": {"rounds": 2, "history": "everyone", "summarization": {"enabled": false}}}',
    ],
)
def test_a_debate_takes_what_was_estimated(settings: str, tmp_path: Path) -> None:
    """Calls between least and most, turns that were foreseen, and no more shown than was said."""
    config = tmp_path / "debate-config.json"
    config.write_text(settings, encoding="utf-8")
    debate = Debate(PROBLEM, offline=True, cwd=tmp_path, config=config, env={})
    told = debate.estimate()

    outcome = debate.run()

    assert "concluded" == outcome.status
    assert told.least.calls <= outcome.calls <= told.most.calls <= told.worst.calls
    foreseen = {turn.turn: sum(turn.shown.values()) for turn in told.turns}
    for turn, count in shown_in(outcome.run).items():
        assert count <= foreseen[turn], turn


def test_a_fixed_debate_is_estimated_exactly(tmp_path: Path) -> None:
    """Where nothing branches, least and most are what is called."""
    config = tmp_path / "c.json"
    config.write_text('{"debate": {"summarization": {"enabled": false}}}', encoding="utf-8")
    debate = Debate(PROBLEM, offline=True, rounds=2, cwd=tmp_path, config=config, env={})

    told = debate.estimate()

    assert told.least == told.most
    assert debate.run().calls == told.most.calls == 22


def test_an_estimate_of_a_dry_debate_needs_no_key_and_stores_nothing(tmp_path: Path) -> None:
    """What is missing is said when it is asked for."""
    debate = Debate(PROBLEM, cwd=tmp_path, env={}, dry=True)

    assert debate.estimate().most.calls
    with pytest.raises(DialecticError, match="OPENAI_API_KEY"):
        debate.check()
    assert [] == list(tmp_path.iterdir())


def test_a_rehearsal_costs_nothing() -> None:
    """A provider that asks nobody is free, whatever its model is called."""
    assert 0.0 == priced(Model("rehearsal", "rehearsal")).worst.cost_usd


def test_a_model_of_the_price_table_has_a_bound() -> None:
    """Input and output at their prices; more with every retry."""
    told = priced(Model("openai", "gpt-4o"))

    assert () == told.unpriced
    assert told.most.cost_usd is not None
    assert told.worst.cost_usd is not None
    assert 0 < told.most.cost_usd < told.worst.cost_usd


@pytest.mark.parametrize("model", [Model("openai", "my-own"), Model("openrouter", "x/y")])
def test_a_cost_that_nobody_knows_is_not_guessed(model: Model) -> None:
    """A model without a price leaves the bound open, and is named."""
    told = priced(model)

    assert (f"{model.provider}/{model.name}",) == told.unpriced
    assert (None, None) == (told.most.cost_usd, told.worst.cost_usd)


def test_a_fallback_counts_at_worst_and_at_its_own_price() -> None:
    """A dear second model does not make the debate dearer while nothing fails."""
    cheap, dear = Model("openai", "gpt-4o-mini"), Model("openai", "gpt-4")

    alone, both = priced(cheap), priced(cheap, dear)

    assert alone.most == both.most
    assert alone.worst.calls < both.worst.calls
    assert (both.worst.cost_usd or 0) > 10 * (alone.worst.cost_usd or 0)


def test_larger_answers_are_a_larger_bound() -> None:
    """Answers are shown to others, so they count more than once."""
    opening = opened(("a", "b"), 1)
    small, large = (estimate(opening, {}, answer_tokens=n) for n in (100, 200))

    assert small.most.calls == large.most.calls
    assert large.most.tokens - small.most.tokens > 100 * small.most.calls


def test_a_route_is_told_with_its_reasons() -> None:
    """Who speaks, on what, and why."""
    told = priced(Model("openai", "gpt-4", "asked for"), Model("openai", "gpt-4o"))

    assert ("openai/gpt-4", "openai/gpt-4o") == told.cast[0].models
    assert ("asked for", "") == told.cast[0].reasons
    assert ["a", "b", "judge"] == [each.agent for each in told.cast]
