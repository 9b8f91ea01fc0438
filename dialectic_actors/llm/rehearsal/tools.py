"""The one look that a rehearsal takes: which files there are before it proposes, what was said
before it refines.
"""

from __future__ import annotations

import msgspec

from dialectic_actors.actors.ports import Ask
from dialectic_actors.llm.rehearsal.critique import objections
from dialectic_events.contents import ToolCall, ToolSpec

__all__ = ["asked_first"]


def asked_first(ask: Ask) -> tuple[ToolCall, ...]:
    """The tool that is asked for before the turn is taken; none once a tool has answered."""
    if any(each.role == "tool" for each in ask.messages):
        return ()
    specs = {each.name: each for each in ask.tools}
    match ask.brief.turn.kind:
        case "proposal" if "list_files" in specs:
            return (_call(ask, specs["list_files"], "."),)
        case "refinement" if "context_search" in specs and (term := _disputed(ask)):
            return (_call(ask, specs["context_search"], term),)
        case _:
            return ()


def _call(ask: Ask, spec: ToolSpec, value: str) -> ToolCall:
    """A call with `value` for what the tool needs first."""
    required = spec.parameters.get("required")
    name = next(iter(required), None) if isinstance(required, list) else None
    arguments = {str(name): value} if name is not None else {}
    return ToolCall(f"{ask.call}/1", spec.name, msgspec.json.encode(arguments).decode())


def _disputed(ask: Ask) -> str:
    """The weightiest word in the name of what the first critique asks for."""
    critiques = [each for each in ask.brief.shown if each.kind == "critique"]
    asked = [each for critique in critiques for each in objections(critique)]
    return max(asked[0].name.split(), key=len, default="").lower() if asked else ""
