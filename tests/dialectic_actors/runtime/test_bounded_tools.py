"""Tools with a deadline: what hangs is left behind, what was said stands."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.core.briefs import Shown
from dialectic_actors.runtime.bounded_tools import BoundedTools
from dialectic_events.contents import ToolCall, ToolResult

PATIENCE_S = 30.0
CALLS = st.lists(st.builds(ToolCall, st.text(), st.text(), st.text()), max_size=6)


class Obedient:
    """Tools that say who asked them, but stop before the call number `upto`: they hang, or raise
    `error`.
    """

    def __init__(self, upto: int | None = None, error: Exception | None = None) -> None:
        self.gate = threading.Event()
        self._upto, self._error = upto, error

    def use(
        self, run: str, calls: Sequence[ToolCall], ground: Sequence[Shown], offered: Collection[str]
    ) -> Iterator[ToolResult]:
        """Say something, or not."""
        for number, call in enumerate(calls):
            if number == self._upto:
                if self._error is not None:
                    raise self._error
                self.gate.wait(PATIENCE_S)
            yield ToolResult(call.id, call.name, "success", f"{run} {number} {list(offered)}")


@given(CALLS)
def test_tools_in_time_are_heard_as_they_are(calls: list[ToolCall]) -> None:
    """A bound adds nothing."""
    bounded = list(BoundedTools(Obedient()).use("run", calls, (), ["x"]))

    assert list(Obedient().use("run", calls, (), ["x"])) == bounded


@given(CALLS, st.integers(0, 5))
def test_what_hangs_does_not_take_the_rest_along(calls: list[ToolCall], upto: int) -> None:
    """What was said before stands, the others are told as too late, under their ids."""
    tools = Obedient(upto)
    # Nothing is said in no time at all, so a moment is left for those that do say something.
    bounded = list(BoundedTools(tools, 0.2).use("run", calls, (), ()))
    tools.gate.set()

    assert [(call.id, call.name) for call in calls] == [(each.id, each.name) for each in bounded]
    assert {"no result within 0.2 s"} >= {each.content for each in bounded[upto:]}
    assert {"error"} >= {each.status for each in bounded[upto:]}
    assert {"success"} >= {each.status for each in bounded[:upto]}


def test_tools_that_break_are_told_as_failed(caplog: pytest.LogCaptureFixture) -> None:
    """A defect of ours does not hang the run either."""
    calls = [ToolCall(str(number), "x", "{}") for number in range(3)]

    results = list(BoundedTools(Obedient(1, ValueError("no"))).use("run", calls, (), ()))

    assert ["success", "error", "error"] == [each.status for each in results]
    assert ["the tool failed"] * 2 == [each.content for each in results[1:]]
    assert "tools of run failed" in caplog.text


def test_tools_without_a_thread_are_told_as_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process may have as many threads as it can: the run goes on without tools."""

    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    results = list(BoundedTools(Obedient()).use("run", [ToolCall("1", "x", "{}")], (), ()))

    assert [("1", "error")] == [(each.id, each.status) for each in results]
