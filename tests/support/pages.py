"""Pages of the documentation as a test reads them: what can be run in them, what they link to.

A fence in `console` holds commands (after `$ `) with what they print; `^C` or `Killed` stands where
a command is interrupted or killed. A fence in `python` is a program, a `text` fence right after it
what that prints. `<!-- file: NAME -->` before a fence says that it is a file,
`<!-- server: {…} -->` that from here on a model server listens. Nothing is run in here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from support.checkout import ROOT
from support.loopback import Options

__all__ = [
    "PAGES",
    "Command",
    "File",
    "Program",
    "Server",
    "Step",
    "anchors",
    "links",
    "shown_commands",
    "steps",
]

PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *(ROOT / "docs").rglob("*.md"))
    if path.parent.name != "tests"
)
"""Every page, whether something in it can be run or not."""

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"<!-- file: (\S+) -->\s*\Z")
_SERVER = re.compile(r"<!-- server(?:: (\{.*\}))? -->\s*\Z")
_LINK = re.compile(r"(?<!!)\[[^\]\n]+\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


class File(Struct, frozen=True):
    """A file that the page tells its reader to write."""

    line: int
    name: str
    text: str


class Program(Struct, frozen=True):
    """Python to run, and the lines that it prints."""

    line: int
    text: str
    shown: tuple[str, ...]


class Command(Struct, frozen=True):
    """A command line, and the lines that it prints; `stop` is the index of `^C` or `Killed`."""

    line: int
    text: str
    shown: tuple[str, ...]

    @property
    def stop(self) -> int | None:
        """Where the reader stops the command."""
        return next((i for i, line in enumerate(self.shown) if line in ("^C", "Killed")), None)


class Server(Struct, frozen=True):
    """A model server that listens from here on, in the place of an earlier one."""

    line: int
    options: Options


Step = File | Program | Command | Server


class _Fence(Struct, frozen=True):
    line: int
    language: str
    text: str
    before: str


def steps(page: str) -> Iterator[Step]:
    """What a reader of a page does, in order."""
    fences = list(_fences(page))
    for index, fence in enumerate(fences):
        if server := _SERVER.search(fence.before):
            yield Server(fence.line, msgspec.json.decode(server[1] or "{}", type=Options))
        if named := _FILE.search(fence.before):
            yield File(fence.line, named[1], fence.text)
        elif fence.language == "python":
            after = fences[index + 1] if index + 1 < len(fences) else None
            shows = after is not None and after.language == "text" and not after.before.strip()
            lines = after.text.splitlines() if after and shows else []
            yield Program(fence.line, fence.text, tuple(lines))
        elif fence.language == "console":
            yield from _commands(fence)


def shown_commands(page: str) -> Iterator[str]:
    """The lines of a page's `sh` fences: those that a reader types and no test runs."""
    for fence in _fences(page):
        if fence.language == "sh":
            yield from fence.text.splitlines()


def links(page: str) -> Iterator[str]:
    """Where a page points to within the repository."""
    for target in _LINK.findall(_FENCE.sub("", page)):
        if "://" not in target:
            yield target


def anchors(page: str) -> set[str]:
    """The places in a page that a link can name."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in _HEADING.findall(_FENCE.sub("", page))
    }


def _fences(page: str) -> Iterator[_Fence]:
    end = 0
    for match in _FENCE.finditer(page):
        line = page.count("\n", 0, match.start()) + 1
        yield _Fence(line, match[1], match[2], page[end : match.start()])
        end = match.end()


def _commands(fence: _Fence) -> Iterator[Command]:
    lines = fence.text.splitlines()
    starts = [index for index, line in enumerate(lines) if line.startswith("$ ")]
    if not starts or starts[0]:
        raise ValueError(f"line {fence.line}: a console block begins with a command")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        text, shown = lines[start][2:], lines[start + 1 : end]
        while text.endswith("\\"):
            text = f"{text[:-1]}{shown.pop(0).strip()}"
        yield Command(fence.line + 1 + start, text, tuple(shown))
