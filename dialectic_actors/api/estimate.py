"""What a debate would take, told without a call: calls, how many must follow each other, what each
agent is shown, and bounds of tokens and cost.

What cannot be known is said to be assumed: an answer has as many tokens as the caller says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from dialectic_actors.core.agenda import only_stage
from dialectic_actors.core.forecast import Planned, Way, forecast
from dialectic_actors.core.worst_case import calls_per_turn
from dialectic_actors.llm.prices import Price, load_prices
from dialectic_actors.llm.providers import has_prices
from dialectic_events.runs import Agent, Model, RunOpened
from dialectic_events.turns import Kind

__all__ = ["Bound", "Cast", "Estimate", "PlannedTurn", "estimate"]

BYTES_PER_TOKEN = 3
"""Fewer than texts of most languages have (English has about four), so that bounds hold."""

_FREE = Price(0.0, 0.0)


class Bound(Struct, frozen=True):
    """What some calls come to; `cost_usd` is None when a model has no known price."""

    calls: int
    in_a_row: int
    tokens: int
    cost_usd: float | None


class PlannedTurn(Struct, frozen=True):
    """A turn that asks a model, and how many contributions of each kind it is shown at most."""

    turn: str
    kind: Kind
    speaker: str
    round: int
    shown: Mapping[Kind, int]


class Cast(Struct, frozen=True):
    """Who speaks, on which models (in the order in which they are tried), and why these."""

    agent: str
    role: str
    models: tuple[str, ...]
    reasons: tuple[str, ...]


class Estimate(Struct, frozen=True):
    """What a debate takes: at `least` and at `most` when no call fails, and at `worst` with every
    retry, fallback and repair that the limits allow. The turns are those of the longest way.

    `unpriced` are models without a known price; `tools` says that results of tools are not counted,
    whose size nobody knows.
    """

    problem_tokens: int
    answer_tokens: int
    least: Bound
    most: Bound
    worst: Bound
    turns: tuple[PlannedTurn, ...]
    path: tuple[str, ...]
    cast: tuple[Cast, ...]
    unpriced: tuple[str, ...]
    tools: bool


def estimate(
    opened: RunOpened, parts: Mapping[str, str], *, answer_tokens: int = 1_000
) -> Estimate:
    """Estimate a debate from its opening and the texts of its sources."""
    stage = only_stage(opened)
    least, most = forecast(opened, stage)
    sizes = _Sizes(opened, parts, answer_tokens)
    used = [agent for agent in opened.agents if agent.id in (*stage.agents, stage.judge)]
    models = dict.fromkeys(model for agent in used for model in agent.route)
    return Estimate(
        problem_tokens=sizes.problem_tokens,
        answer_tokens=answer_tokens,
        least=sizes.bound(least),
        most=sizes.bound(most),
        worst=sizes.bound(most, worst=True),
        turns=tuple(
            PlannedTurn(p.turn.id, p.turn.kind, p.turn.speaker, p.turn.round, p.shown)
            for p in most.planned
        ),
        path=most.path,
        cast=tuple(_cast(agent) for agent in used),
        unpriced=tuple(dict.fromkeys(_name(each) for each in models if _price(each) is None)),
        tools=any(agent.tools and agent.tool_call_limit for agent in used),
    )


class _Sizes:
    """Tokens and prices of one run's calls."""

    def __init__(self, opened: RunOpened, parts: Mapping[str, str], answer_tokens: int) -> None:
        texts = {source.name: parts.get(source.part, "") for source in opened.sources}
        self.problem_tokens = _tokens(opened.problem)
        self._answer = answer_tokens
        self._sources = {name: _tokens(text) for name, text in texts.items()}
        self._agents = {agent.id: agent for agent in opened.agents}
        self._limits = opened.limits

    def bound(self, way: Way, *, worst: bool = False) -> Bound:
        """All calls of a way; at worst each is made as often as the limits allow."""
        calls, tokens = 0, 0
        cost: float | None = 0.0
        for each in way.planned:
            agent = self._agents[each.turn.speaker]
            made = each.most_calls
            if worst:
                made += calls_per_turn(self._limits, len(agent.route)) - 1
            prompt, answers = self._prompt(each, agent, made), made * self._answer
            calls, tokens = calls + made, tokens + prompt + answers
            price = _dearest(agent.route if worst else agent.route[:1])
            if price is None or cost is None:
                cost = None
            else:
                cost += (prompt * price.input + answers * price.output) / 1_000_000
        return Bound(calls, len(way.path), tokens, cost)

    def _prompt(self, planned: Planned, agent: Agent, calls: int) -> int:
        """What the prompts of a turn hold; each further call may be shown the answers before it."""
        template = "merge" if self._merges(planned) else planned.turn.kind
        fixed = (
            self.problem_tokens
            + self._sources.get("prompt/system", 0)
            + self._sources.get(f"prompt/{template}", 0)
            + sum(self._sources.get(name, 0) for name in (agent.source, *agent.tools))
        )
        shown = sum(planned.shown.values()) * self._answer
        return calls * (fixed + shown) + self._answer * calls * (calls - 1) // 2

    def _merges(self, planned: Planned) -> bool:
        return planned.turn.kind == "synthesis" and "prompt/merge" in self._sources


def _tokens(text: str) -> int:
    return -(-len(text.encode(errors="surrogatepass")) // BYTES_PER_TOKEN)


def _cast(agent: Agent) -> Cast:
    models = tuple(_name(model) for model in agent.route)
    return Cast(agent.id, agent.role, models, tuple(model.reason for model in agent.route))


def _name(model: Model) -> str:
    return f"{model.provider}/{model.name}"


def _dearest(models: Iterable[Model]) -> Price | None:
    """The highest price of some models; None when one is not known."""
    prices = [_price(model) for model in models]
    if any(price is None for price in prices):
        return None
    known = [price for price in prices if price is not None]
    return Price(
        max((price.input for price in known), default=0.0),
        max((price.output for price in known), default=0.0),
    )


def _price(model: Model) -> Price | None:
    priced = has_prices(model.provider)
    if priced is None:
        return _FREE
    return load_prices().find(model.name) if priced else None
