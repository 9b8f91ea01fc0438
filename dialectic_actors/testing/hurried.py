"""A dispatcher for runs that nobody waits for: its timers fire in the same order, but soon."""

from __future__ import annotations

from collections.abc import Callable

from dialectic_actors.runtime.dispatcher import Cancel, LoopDispatcher

__all__ = ["PACE", "HurriedDispatcher"]

PACE = 0.001
"""How long a timer takes, against the time that it is asked to take."""


class HurriedDispatcher(LoopDispatcher):
    """Waits a thousandth of every delay."""

    def call_later(self, delay_s: float, action: Callable[[], None]) -> Cancel:
        """Run `action` on the loop's thread after a thousandth of `delay_s` seconds."""
        return super().call_later(delay_s * PACE, action)
