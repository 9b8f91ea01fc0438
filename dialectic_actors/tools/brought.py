"""Tools that installed packages bring, found by name when an agent has them.

A name is looked for only when it is asked for: looking through the installed packages takes longer
than a listing may. What a tool does, and with whose rights, is the affair of its package.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Protocol

from dialectic_actors.tools.arguments import refuse_parameters
from dialectic_events.contents import ToolSpec
from dialectic_events.errors import DialecticError, ExitCode

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
    from importlib.metadata import entry_points

    found = {each.value: each for each in entry_points(group=TOOLS_GROUP, name=name)}
    if len(found) > 1:
        raise DialecticError(
            f"several installed packages bring the tool {name!r}: {', '.join(sorted(found))}",
            where=f"entry points {TOOLS_GROUP}",
            fix="uninstall all but one",
            exit_code=ExitCode.CONFIGURATION,
        )
    for value, each in found.items():
        place = f"entry point {value}" + (f" of {each.dist.name}" if each.dist else "")
        try:
            tool: Tool = each.load()
            wrong = wrong_with(tool, name)
        except Exception as error:
            raise DialecticError(
                f"the tool {name!r} cannot be loaded: {type(error).__name__}: {error}",
                where=place,
                fix="mend or upgrade the package that brings it",
                exit_code=ExitCode.CONFIGURATION,
            ) from error
        if wrong:
            raise DialecticError(
                f"the tool {name!r} cannot be used: {wrong}",
                where=place,
                fix="mend or upgrade the package that brings it",
                exit_code=ExitCode.CONFIGURATION,
            )
        return tool
    return None


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
