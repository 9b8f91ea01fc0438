"""Tools that installed packages bring, found by name when an agent has them.

What a tool does, and with whose rights, is the affair of its package.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Protocol, cast

from dialectic_actors.entry_points import broken, brought
from dialectic_actors.tools.arguments import refuse_parameters
from dialectic_events.contents import ToolSpec

__all__ = ["TOOLS_GROUP", "Tool", "brought_names", "find_tool", "wrong_with"]

TOOLS_GROUP = "dialectic_actors.tools"
"""The group of entry points in which installed packages name tools: `tickets = mine:tickets`."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Tool(Protocol):
    """A tool of one's own: `spec` is what a model is told of it, a call is one use of it.

    Arguments have been checked against `spec.parameters`. The result must be JSON. An exception is
    told to the model by its class and message.
    """

    @property
    def spec(self) -> ToolSpec:
        """What a model is told."""
        ...

    def __call__(self, arguments: Mapping[str, object]) -> object:
        """Use the tool. It may be called from any thread, and from several at once."""
        ...


def brought_names() -> tuple[str, ...]:
    """The names of all tools that installed packages bring, in alphabetical order."""
    from importlib.metadata import entry_points

    return tuple(sorted(entry_points(group=TOOLS_GROUP).names))


def find_tool(name: str) -> Tool | None:
    """The tool that an installed package brings under `name`; None when there is none.

    Raises DialecticError (exit 4) when that package is broken, when what it brings is no tool, or
    when several bring one of that name.
    """
    found = brought(TOOLS_GROUP, "tool", name)
    if found is None:
        return None
    tool, place = found
    try:
        wrong = wrong_with(tool, name)
    except Exception as error:
        wrong = f"{type(error).__name__}: {error}"
    if wrong:
        raise broken(f"the tool {name!r} cannot be used: {wrong}", place)
    return cast("Tool", tool)


def wrong_with(tool: object, name: str) -> str:
    """Why `tool` cannot be used as the tool `name`; empty when it can."""
    spec = getattr(tool, "spec", None)
    if not callable(tool) or not isinstance(spec, ToolSpec):
        return "it is not a callable with a `spec`"
    if isinstance(tool, type):
        return "it is a class; name an instance of it"
    if inspect.iscoroutinefunction(tool) or inspect.iscoroutinefunction(type(tool).__call__):
        return "it is asynchronous; let it return its result"
    if spec.name != name or _NAME.fullmatch(name) is None:
        return f"its `spec` is of {spec.name!r}; letters, digits, - and _ make a name"
    wrong = refuse_parameters(spec)
    return f"its parameters cannot be checked: {wrong}" if wrong else ""
