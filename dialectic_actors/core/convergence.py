"""How far a debate has converged, measured on its texts alone: whether positions still move, and
how far agents stand for the same.

What follows from a figure (stop or go on) is the core's decision; it does not belong in here.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import fsum

from msgspec import Struct

__all__ = ["MEASURE", "Convergence", "measure"]

MEASURE = "words-and-pairs@1"
"""The measure that figures were taken with. Another way to measure is another name."""

_SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""Thai, Lao, Burmese, Khmer, Kana, Han: where words are not set apart, each sign is one."""

_WORD = re.compile(rf"[{_SPACELESS}]|[^\W_{_SPACELESS}]+")
_ACCOUNT = re.compile(
    r"^#{1,6}[ \t]+what changed[^\n]*\n.*?(?=^#{1,6}[ \t]|\Z)",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)

_Terms = frozenset[str | tuple[str, str]]


class Convergence(Struct, frozen=True):
    """Shares from 0 to 1. `stability` is how much of a position outlived the round, `agreement` how
    much of it another agent holds too, `value` how much is settled by one or the other.
    """

    value: float
    stability: float
    agreement: float


def measure(before: Mapping[str, str], after: Mapping[str, str]) -> Convergence | None:
    """How settled the positions `after` a round are, by agent, given those `before` it.

    Texts are compared by the words and pairs of neighboring words that they share: small
    corrections keep about 0.95, a text half of whose sentences are revised 0.75, one said anew in
    other words 0.15, another subject less than 0.1. `value` is `stability + (1 - stability) *
    agreement`: what still moves is settled as far as the others hold it. It is 1 when nobody moves
    any more, be they of one opinion or not, and when all say the same; at 0.9, a sensible
    threshold, a tenth of what is said is open. An agent alone agrees with itself, which settles
    nothing: its `value` is its `stability`. None when no agent is in both.
    """
    held = {agent: _terms(text) for agent, text in after.items()}
    kept = [_kept(_terms(text), held[agent]) for agent, text in before.items() if agent in held]
    if not kept:
        return None
    stability = _mean(kept)
    if len(held) == 1:
        return Convergence(stability, stability, 1.0)
    agreement = _agreement(tuple(held.values()))
    return Convergence(stability + (1 - stability) * agreement, stability, agreement)


def _terms(text: str) -> _Terms:
    """The words and pairs of neighboring words, whatever their case, form and markup.

    A refinement's account of its changes is new each time and no part of its position.
    """
    position = _ACCOUNT.sub("", text)
    words = _WORD.findall(unicodedata.normalize("NFKC", position).casefold())
    return frozenset((*words, *pairwise(words)))


def _kept(old: _Terms, new: _Terms) -> float:
    """The mean of how much of the old is still said and how much of the new was said before."""
    if not old or not new:
        return float(old == new)
    common = len(old & new)
    return _mean((common / len(old), common / len(new)))


def _agreement(positions: Sequence[_Terms]) -> float:
    """The mean share of one position in another, over all ordered couples.

    Counting the holders of each term gives it without comparing each position with each other.
    """
    holders = Counter(term for position in positions for term in position)
    others = len(positions) - 1
    silent = sum(not position for position in positions) - 1
    return _mean(
        [
            sum(holders[term] - 1 for term in position) / (others * len(position))
            if position
            else silent / others
            for position in positions
        ]
    )


def _mean(shares: Sequence[float]) -> float:
    # An exact sum does not depend on the order of the agents.
    return fsum(shares) / len(shares)
