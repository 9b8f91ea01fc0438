"""Spend: what the log states is counted once, in every grouping."""

from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from msgspec.structs import fields

from dialectic_events.calls import CallAnswered, CallFailed, CallLost, CallRequested
from dialectic_events.turns import TurnSkipped
from dialectic_events.union import Event
from dialectic_replay.run import Run, fold
from dialectic_replay.spend import Spend, Tally, spend
from support.drive import finish
from support.runs import prefixes, runs


def recounted(log: Sequence[Event]) -> Tally:
    """The spend of a log, counted straight from its events."""
    endings = [event for event in log if isinstance(event, CallAnswered | CallFailed)]
    lost = sum(isinstance(event, CallLost) for event in log)
    tokens = Counter[str]()
    for ending in endings:
        if ending.usage is not None:
            tokens["input"] += ending.usage.input_tokens
            tokens["output"] += ending.usage.output_tokens
            tokens["cached"] += ending.usage.cached_tokens
            tokens["reasoning"] += ending.usage.reasoning_tokens
    return Tally(
        calls=sum(isinstance(event, CallRequested) for event in log),
        failed=sum(isinstance(event, CallFailed) for event in log),
        lost=lost,
        input_tokens=tokens["input"],
        output_tokens=tokens["output"],
        cached_tokens=tokens["cached"],
        reasoning_tokens=tokens["reasoning"],
        cost_usd=sum(ending.cost_usd for ending in endings if ending.cost_usd is not None),
        unpriced=lost + len([ending for ending in endings if ending.cost_usd is None]),
        latency_ms=sum(ending.latency_ms for ending in endings),
    )


@given(runs())
def test_the_spend_equals_a_recount_of_the_events(log: list[Event]) -> None:
    """At every version, whatever went wrong on the way."""
    for prefix in prefixes(log):
        assert recounted(prefix) == spend(fold(prefix)).total


@given(runs())
def test_every_grouping_adds_up_to_the_total(log: list[Event]) -> None:
    """No call is left out of a group, and none is in two."""
    spent = spend(fold(log))

    for groups in (spent.by_agent, spent.by_model, spent.by_kind):
        for field in fields(Tally):
            added = sum(getattr(tally, field.name) for tally in groups.values())
            assert getattr(spent.total, field.name) == added


def test_groups_are_named_by_agent_and_model_and_kind() -> None:
    """The names are those that people gave."""
    spent = spend(fold(finish()))

    assert ["architect", "judge", "kiss", "security"] == list(spent.by_agent)
    assert ["model-a"] == list(spent.by_model)
    assert ["critique", "proposal", "refinement", "synthesis"] == list(spent.by_kind)
    assert (22, 12) == (spent.total.calls, spent.by_kind["critique"].calls)


def test_nothing_is_spent_before_the_beginning() -> None:
    """An empty log has a spend, and it is nothing."""
    assert Spend(Tally(), {}, {}, {}) == spend(Run())


@given(runs())
def test_a_skipped_turn_costs_nothing(log: list[Event]) -> None:
    """What was never asked for is in no count."""
    skipped = {event.turn for event in log if isinstance(event, TurnSkipped)}

    assert skipped.isdisjoint(call.requested.turn for call in fold(log).calls.values())
