"""The tools that an agent asked for on its way to a contribution.

Tolerant: what cannot be read of an imported log is left out.
"""

from __future__ import annotations

from msgspec import Struct

from dialectic_events.calls import CallAnswered
from dialectic_events.contents import ToolCall, ToolResult, read_content
from dialectic_replay.run import Call, Run

__all__ = ["ToolRound", "tool_rounds"]


class ToolRound(Struct, frozen=True):
    """One answer that asked for tools (`call`), what it asked for, and what the tools said."""

    call: Call
    calls: tuple[ToolCall, ...]
    results: tuple[ToolResult, ...]


def tool_rounds(run: Run, turn: str) -> tuple[ToolRound, ...]:
    """The answers of a turn that asked for tools, in order."""
    calls = [run.calls[call] for call in run.attempts.get(turn, ())]
    return tuple(
        ToolRound(
            call,
            read_content(call.ended.tools, tuple[ToolCall, ...]) or (),
            read_content(call.used.results, tuple[ToolResult, ...]) or () if call.used else (),
        )
        for call in calls
        if isinstance(call.ended, CallAnswered) and call.ended.tools
    )
