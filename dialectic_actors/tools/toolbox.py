"""The toolbox of a run: every call that a model makes of a tool ends as a result, never as an error
of ours.

What each tool does is said in its own module. Who may use which, and how often, is the core's
decision and comes in as what was offered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import msgspec

from dialectic_actors.core.briefs import Shown
from dialectic_actors.tools.arguments import Refused, quoted, read_arguments
from dialectic_actors.tools.brought import Tool, brought_names, find_tool, wrong_with
from dialectic_actors.tools.files import FILE_READ, LIST_FILES, list_files, read_file
from dialectic_actors.tools.search import CONTEXT_SEARCH, search
from dialectic_events.contents import ToolCall, ToolResult, ToolSpec, write_content
from dialectic_events.errors import DialecticError, ExitCode

__all__ = ["CALLS_LIMIT", "NAMES", "RESULT_LIMIT", "Toolbox", "Toolboxes", "bring", "specs"]

CALLS_LIMIT = 32
"""Calls that one answer may make; what is over it is answered with an error."""

RESULT_LIMIT = 500_000
"""Characters that the result of a brought tool may have."""

_BUILT_IN: Mapping[str, ToolSpec] = MappingProxyType(
    {spec.name: spec for spec in (CONTEXT_SEARCH, FILE_READ, LIST_FILES)}
)

NAMES: tuple[str, ...] = tuple(_BUILT_IN)
"""The built-in tools."""


def bring(names: Iterable[str]) -> dict[str, Tool]:
    """Those of `names` that are not built in, from the installed packages that bring them.

    Raises DialecticError (exit 4) for a name that nobody knows and for a broken package.
    """
    tools: dict[str, Tool] = {}
    for name in names:
        if name in _BUILT_IN or name in tools:
            continue
        tool = find_tool(name)
        if tool is None:
            # A leaf of another room, and wanted on the way out only.
            from dialectic_actors.settings.suggestions import did_you_mean

            raise DialecticError(
                f"there is no tool `{name}`",
                fix=did_you_mean(name, (*NAMES, *brought_names())),
                exit_code=ExitCode.CONFIGURATION,
            )
        tools[name] = tool
    return tools


def specs(names: Iterable[str]) -> tuple[ToolSpec, ...]:
    """What models are told of the tools `names`, in that order.

    Raises DialecticError (exit 4) for a name that nobody knows and for a broken package.
    """
    wanted = tuple(names)
    brought = bring(wanted)
    return tuple(_BUILT_IN.get(name) or brought[name].spec for name in wanted)


class Toolbox:
    """Tools over the directory `root` (None: no file is read) and those that were brought, which
    stand in for built-in ones of their name. It remembers nothing: any thread may use it.

    Raises DialecticError (exit 4) for what was brought and is no tool.
    """

    def __init__(self, root: Path | None, brought: Mapping[str, Tool] = {}) -> None:
        for name, tool in brought.items():
            if wrong := wrong_with(tool, name):
                raise DialecticError(
                    f"the tool {name!r} cannot be used: {wrong}", exit_code=ExitCode.CONFIGURATION
                )
        self._root = root
        self._brought = dict(brought)
        self._specs = {**_BUILT_IN, **{name: tool.spec for name, tool in brought.items()}}

    def use(
        self,
        calls: Sequence[ToolCall],
        corpus: Sequence[Shown],
        offered: Collection[str] | None = None,
    ) -> Iterator[ToolResult]:
        """What the tools say to `calls`, one after the other; `corpus` is what may be searched.

        Only tools that were `offered` are used (None: all of them), whatever a model asks for.
        Never raises: what goes wrong is a result with the status "error", in words for the model.
        """
        known = tuple(name for name in self._specs if offered is None or name in offered)
        for number, call in enumerate(calls, 1):
            yield self._result(call, corpus, known, number)

    def _result(
        self, call: ToolCall, corpus: Sequence[Shown], known: tuple[str, ...], number: int
    ) -> ToolResult:
        try:
            if number > CALLS_LIMIT:
                raise Refused(f"not done: an answer may make at most {CALLS_LIMIT} calls of tools")
            if call.name not in known:
                raise Refused(
                    f"there is no tool {quoted(call.name)}; the tools are: {', '.join(known)}"
                    if known
                    else "there are no tools"
                )
            content = self._content(call, corpus)
        except Refused as refused:
            return ToolResult(call.id, call.name, "error", str(refused))
        return ToolResult(call.id, call.name, "success", content)

    def _content(self, call: ToolCall, corpus: Sequence[Shown]) -> str:
        arguments = read_arguments(self._specs[call.name], call.arguments)
        if call.name in self._brought:
            return _use(self._brought[call.name], arguments)
        if call.name == CONTEXT_SEARCH.name:
            return write_content(search(corpus, str(arguments["term"])))
        path = str(arguments["path"])
        if call.name == LIST_FILES.name:
            return write_content(list_files(self._root, path))
        from_line = msgspec.convert(arguments.get("from_line", 1), int)
        return write_content(read_file(self._root, path, from_line))


class Toolboxes:
    """The `Tools` of a system that hosts several runs: each has its own box."""

    def __init__(self, boxes: Mapping[str, Toolbox]) -> None:
        self._boxes = boxes

    def use(
        self,
        run: str,
        calls: Sequence[ToolCall],
        ground: Sequence[Shown],
        offered: Collection[str],
    ) -> Iterator[ToolResult]:
        """What the run's own tools say to each call, one after the other."""
        return self._boxes[run].use(calls, ground, offered)


def _use(tool: Tool, arguments: Mapping[str, object]) -> str:
    """The result of a brought tool as JSON. Raises Refused, whatever the tool does."""
    try:
        content = write_content(tool(arguments))
    # A tool that ends the process ends its own use.
    except (Exception, SystemExit) as error:
        raise Refused(f"the tool failed: {_said(error)}") from None
    if len(content) > RESULT_LIMIT:
        raise Refused(
            f"the result is too long ({len(content):,} characters, at most {RESULT_LIMIT:,});"
            " ask for less"
        )
    return content


def _said(error: BaseException) -> str:
    """The class of an error and its message, as far as it has one that can be shown."""
    name = type(error).__name__
    try:
        message = str(error)[:500].encode(errors="replace").decode()
    except Exception:
        return name
    return f"{name}: {message}" if message else name
