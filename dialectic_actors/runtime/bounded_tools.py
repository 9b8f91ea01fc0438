"""Tools with a deadline: one that hangs does not hang the run.

Which tools there are is not known here.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from queue import Empty, SimpleQueue

from dialectic_actors.actors.ports import Tools
from dialectic_actors.core.briefs import Shown
from dialectic_events.contents import ToolCall, ToolResult

__all__ = ["USE_S", "BoundedTools"]

logger = logging.getLogger(__name__)

USE_S = 60.0
"""How long the tools of one answer may take together, in seconds."""


class BoundedTools:
    """Uses `tools` on a thread beside, and goes on without it after `deadline_s`. What has been
    said by then stands.
    """

    def __init__(self, tools: Tools, deadline_s: float = USE_S) -> None:
        self._tools = tools
        self._deadline_s = deadline_s

    def use(
        self,
        run: str,
        calls: Sequence[ToolCall],
        ground: Sequence[Shown],
        offered: Collection[str],
    ) -> Iterator[ToolResult]:
        """What each call says; what comes too late is an error, in words for the model."""
        said: SimpleQueue[ToolResult | None] = SimpleQueue()

        def work() -> None:
            try:
                for result in self._tools.use(run, calls, ground, offered):
                    said.put(result)
            except Exception:
                logger.exception("tools of %s failed", run)
            finally:
                said.put(None)

        # Nobody can end a thread, so nobody may have to wait for it either.
        try:
            threading.Thread(target=work, name="dialectic-tools", daemon=True).start()
        except RuntimeError:
            logger.exception("tools of %s found no thread", run)
            said.put(None)
        end_s, lacks = time.monotonic() + self._deadline_s, "the tool failed"
        for number, call in enumerate(calls):
            try:
                result = said.get(timeout=max(0.0, end_s - time.monotonic()))
            except Empty:
                result, lacks = None, f"no result within {self._deadline_s:g} s"
            if result is None:
                for each in (call, *calls[number + 1 :]):
                    yield ToolResult(each.id, each.name, "error", lacks)
                return
            yield result
