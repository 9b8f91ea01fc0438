"""How a vote is counted: points by rank, then first places, then a lot that the seed draws.

Who may vote, and on what, is the protocol's; what a ballot says, the contracts'.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256

from msgspec import Struct

from dialectic_events.turns import Standing

__all__ = ["Count", "count"]


class Count(Struct, frozen=True):
    """The standings, the winner first. `tied` are those that share its points and first places, so
    that only the lot put it before them; empty when it needed no lot.
    """

    standings: tuple[Standing, ...]
    tied: tuple[str, ...]


def count(ballots: Mapping[str, Sequence[str]], candidates: Sequence[str], seed: int) -> Count:
    """Count `ballots` (by voter, the best first) on `candidates`.

    A ballot that ranks k candidates gives them k, k-1, … 1 points and the others none: Borda's
    count in the form that a voter cannot gain by leaving candidates out (P. Emerson, "The original
    Borda count and partial voting", Social Choice and Welfare 40, 2013). Among equal points the
    more first places decide (plurality), among equal ones a lot. What is no candidate, or was
    ranked already, is passed over. Without ballots the lot decides alone.
    """
    standing = dict.fromkeys(candidates)
    points: Counter[str] = Counter()
    first: Counter[str] = Counter()
    for ballot in ballots.values():
        ranked = [each for each in dict.fromkeys(ballot) if each in standing]
        first.update(ranked[:1])
        points.update({each: len(ranked) - place for place, each in enumerate(ranked)})
    ranking = sorted(standing, key=lambda each: (-points[each], -first[each], _lot(seed, each)))
    standings = tuple(Standing(each, points[each], first[each]) for each in ranking)
    tied = tuple(
        each.turn
        for each in standings
        if (each.points, each.first) == (standings[0].points, standings[0].first)
    )
    return Count(standings, tied if len(tied) > 1 else ())


def _lot(seed: int, candidate: str) -> tuple[bytes, str]:
    """A place that depends on the seed and the candidate alone, not on who else stands."""
    return sha256(f"{seed}\0{candidate}".encode(errors="surrogatepass")).digest(), candidate
