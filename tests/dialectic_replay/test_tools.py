"""The tools that were asked on the way to a contribution."""

from msgspec.structs import replace

from dialectic_events.calls import CallAnswered, ToolsUsed
from dialectic_events.contents import ToolCall, ToolResult
from dialectic_events.union import Event
from dialectic_replay.run import fold
from dialectic_replay.tools import tool_rounds
from support.whole import told_whole

PROPOSAL = "debate/r1/proposal/architect"


def test_what_was_asked_stands_beside_what_was_said() -> None:
    """Answer by answer; none where no tool was asked."""
    run = fold(told_whole())
    (asked,) = tool_rounds(run, PROPOSAL)

    assert f"{PROPOSAL}#1" == asked.call.requested.call
    assert (ToolCall("use-1", "context_search", '{"term":"queue"}'),) == asked.calls
    assert (
        ToolResult("use-1", "context_search", "success", "context_search says so"),
    ) == asked.results
    assert () == tool_rounds(run, "debate/r1/refinement/architect")
    assert () == tool_rounds(run, "debate/synthesis/judge")


def test_tools_that_did_not_answer_yet_have_no_results() -> None:
    """What was asked is known before."""
    log = told_whole()
    used = next(at for at, event in enumerate(log) if isinstance(event, ToolsUsed))
    (asked,) = tool_rounds(fold(log[:used]), PROPOSAL)

    assert (1, ()) == (len(asked.calls), asked.results)


def test_what_cannot_be_read_is_left_out() -> None:
    """An imported log may say anything."""

    def garbled(event: Event) -> Event:
        if isinstance(event, CallAnswered) and event.tools:
            return replace(event, tools="garbled")
        return replace(event, results="{}") if isinstance(event, ToolsUsed) else event

    (asked,) = tool_rounds(fold(map(garbled, told_whole())), PROPOSAL)

    assert ((), ()) == (asked.calls, asked.results)
