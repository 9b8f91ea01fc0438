"""What tokens cost by the dated table."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.llm.prices import cost_usd, load_prices
from dialectic_events.calls import Usage

MODELS = st.sampled_from(sorted(load_prices().models))
TOKENS = st.integers(0, 10**7)


@given(MODELS, TOKENS, TOKENS, TOKENS)
def test_cached_input_is_never_dearer_than_fresh(
    model: str, given_: int, made: int, cached: int
) -> None:
    """And nothing costs less than nothing, even when a provider counts more cached than given."""
    fresh = cost_usd(model, Usage(input_tokens=given_, output_tokens=made))
    kept = cost_usd(model, Usage(input_tokens=given_, output_tokens=made, cached_tokens=cached))
    assert fresh is not None
    assert kept is not None
    assert 0 <= kept <= fresh


def test_a_price_is_per_million_tokens() -> None:
    """Input, cached input and output each at their own."""
    usage = Usage(input_tokens=3_000_000, cached_tokens=1_000_000, output_tokens=1_000_000)
    assert cost_usd("gpt-4o", usage) == pytest.approx(2 * 2.5 + 1.25 + 10.0)


def test_a_dated_snapshot_costs_what_its_model_costs() -> None:
    """Unless the table lists it itself."""
    usage = Usage(input_tokens=1000, output_tokens=1000)
    assert cost_usd("gpt-4o", usage) == cost_usd("gpt-4o-2024-08-06", usage)
    assert cost_usd("gpt-4o", usage) != cost_usd("gpt-4o-2024-05-13", usage)


@pytest.mark.parametrize("model", ["gpt-4o-audio-preview", "llama-3", "", "gpt"])
def test_a_model_that_is_not_listed_has_no_price(model: str) -> None:
    """Never a guess by a name that begins alike."""
    assert cost_usd(model, Usage(input_tokens=1)) is None


def test_the_table_says_of_which_day_it_is() -> None:
    """A price without a date is a rumor."""
    assert load_prices().as_of >= datetime.date(2025, 1, 1)
