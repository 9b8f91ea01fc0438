"""What tokens cost when the provider does not say: a dated table, never a guess.

A model that the table does not name has no price. Budgets and totals belong elsewhere.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

import msgspec
from msgspec import Struct

from dialectic_events.calls import Usage
from dialectic_events.errors import DialecticError, ExitCode

__all__ = ["Price", "PriceTable", "cost_usd", "load_prices"]

_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")
_TOKENS_PER_PRICE = 1_000_000


class Price(Struct, frozen=True, forbid_unknown_fields=True):
    """USD per million tokens. Cached input costs as much as other input where no price is given."""

    input: float
    output: float
    cached: float | None = None


class PriceTable(Struct, frozen=True, forbid_unknown_fields=True):
    """Prices by model as they were listed at `as_of`."""

    as_of: datetime.date
    source: str
    models: Mapping[str, Price]

    def find(self, model: str) -> Price | None:
        """The price of a model; a dated snapshot costs what its model costs, unless the table names
        it itself.
        """
        return self.models.get(model) or self.models.get(_DATED.sub("", model))


@cache
def load_prices() -> PriceTable:
    """The built-in table. Raises DialecticError (exit 4) when it is not one."""
    import yaml

    path = resources.files("dialectic_configs") / "prices.yaml"
    try:
        return msgspec.convert(yaml.safe_load(path.read_text("utf-8")), PriceTable)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        what = f"the price table cannot be read: {error}"
        raise DialecticError(what, where=str(path), exit_code=ExitCode.CONFIGURATION) from error


def cost_usd(model: str, usage: Usage) -> float | None:
    """What `usage` costs by the built-in table; None for a model without a price."""
    price = load_prices().find(model)
    if price is None:
        return None
    cached = min(usage.cached_tokens, usage.input_tokens)
    cached_price = price.input if price.cached is None else price.cached
    tokens_usd = (
        (usage.input_tokens - cached) * price.input
        + cached * cached_price
        + usage.output_tokens * price.output
    )
    return tokens_usd / _TOKENS_PER_PRICE
