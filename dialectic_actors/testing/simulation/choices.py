"""Where every choice of a simulation comes from: a seed, or a list that is repeated and shrunk.

Zero is always the calm choice: the oldest mail first, no fault. A list that has come to its end
goes on with zeros, so that a shorter list is a calmer run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

__all__ = ["Choices", "listed", "seeded"]


class Choices:
    """Draws numbers and keeps those that it drew. `draw(n)` gives one of 0 … n-1, for n above 1."""

    __slots__ = ("_draw", "taken")

    def __init__(self, draw: Callable[[int], int]) -> None:
        self._draw = draw
        self.taken: list[int] = []

    def pick(self, count: int) -> int:
        """One of `count` things; where there is nothing to choose nothing is drawn."""
        if count < 2:
            return 0
        drawn = self._draw(count)
        self.taken.append(drawn)
        return drawn

    def strikes(self, rarity: int) -> bool:
        """Whether something happens that comes once in `rarity` times."""
        return self.pick(rarity) == rarity - 1


def seeded(seed: int) -> Choices:
    """Choices drawn from a seed."""
    random = Random(seed).random
    return Choices(lambda count: int(random() * count))


def listed(choices: Sequence[int]) -> Choices:
    """Choices taken from a list, each brought into range; zeros once it is used up."""
    drawn = iter(choices)
    return Choices(lambda count: next(drawn, 0) % count)
