"""A provider that answers from a log: the ending that a call once had, under the call's own id.

Content is never compared: whoever wants the recording of other words wants another call. No model
is reached from here.
"""

from __future__ import annotations

from collections.abc import Mapping

from dialectic_actors.actors.ports import Ask
from dialectic_events.calls import CallFailed, Ending

__all__ = ["Recorded"]


class Recorded:
    """Recorded endings by call id (`turn#attempt`)."""

    concurrency: int | None = None

    def __init__(self, endings: Mapping[str, Ending]) -> None:
        self._endings = endings

    async def complete(self, ask: Ask) -> Ending:
        """The recorded ending, or a failure that says there is none."""
        ending = self._endings.get(ask.call)
        if ending is not None:
            return ending
        detail = f"the recording holds no ending of call {ask.call}"
        return CallFailed(call=ask.call, error="bad-request", detail=detail)

    async def aclose(self) -> None:
        """Nothing is open."""
