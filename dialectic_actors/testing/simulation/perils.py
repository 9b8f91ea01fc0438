"""When a fault strikes: each that is switched on, a few times, until the faults of a run end.

What a fault does to the world is said there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dialectic_actors.testing.simulation.choices import Choices
from dialectic_actors.testing.simulation.faults import SWITCHES, Faults
from dialectic_actors.testing.simulation.schedule import Schedule

__all__ = ["Perils"]

PERIL = 40
"""A fault that may strike at any step does so once in so many steps."""

_MOST = 3
"""How often each fault may strike in one run: after that it is a different experiment."""


class Perils:
    """Draws what strikes. `deeds` are the faults that may strike between any two steps."""

    def __init__(
        self,
        faults: Faults,
        choices: Choices,
        schedule: Schedule,
        deeds: Mapping[str, Callable[[], None]],
    ) -> None:
        self._faults, self._choices, self._schedule = faults, choices, schedule
        self._left = dict.fromkeys(SWITCHES, _MOST)
        self._deeds = [(name, deed) for name, deed in deeds.items() if getattr(faults, name)]

    @property
    def are_on(self) -> bool:
        """Whether faults have not ended yet."""
        return self._schedule.steps < self._faults.steps

    def strike(self) -> None:
        """Between two steps: let a fault strike, or none."""
        if not self._deeds or not self.are_on:
            return
        drawn = PERIL - 1 - self._choices.pick(PERIL)
        if drawn < len(self._deeds):
            name, deed = self._deeds[drawn]
            deed()
            self._left[name] -= 1
            if not self._left[name]:
                del self._deeds[drawn]

    def may(self, fault: str, rarity: int) -> bool:
        """Whether a fault with occasions of its own strikes at this one, once in `rarity` times."""
        if not getattr(self._faults, fault) or not self.are_on:
            return False
        if self._left[fault] > 0 and self._choices.strikes(rarity):
            self._left[fault] -= 1
            return True
        return False
