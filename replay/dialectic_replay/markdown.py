"""Words of others inside Markdown of ours: in a fence they cannot close, in a table cell, on one
line, or as Markdown that stays within its section.

How others write and how renderers read is known here; what a page is made of is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

__all__ = ["cell", "fenced", "nested", "plain"]

_BLANK = " \t"
_DEEPEST = 6
_LONG = 5_000
"""Characters of a line up to which code is looked for."""

_ENDS = re.compile(r"\r\n|\r|\n")
_MARKUP = re.compile(r"([\\`*_\[\]<#~&|])")
_CONTAINERS = r"[ \t]*(?:(?:>|(?:[-*+]|[0-9]{1,9}[.)])(?=[ \t]))[ \t]*)*"
_HEADING = re.compile(rf"({_CONTAINERS})(#{{1,6}})(?=[ \t]|$)")
_FENCE = re.compile(rf"({_CONTAINERS})(`{{3,}}(?=[^`]*$)|~{{3,}})")
_UNDERLINE = re.compile(rf"({_CONTAINERS})(=+|-+)[ \t]*$")
_TAG = re.compile(r"(?<!\\)(\\*)<(?=[A-Za-z/!?])")
_CODE = re.compile(r"(?<!`)(`+)(?!`)([^|]*?)(?<!`)\1(?!`)")
_CLOSING = re.compile(r"^ {0,3}")
_INDENT = re.compile(r"[ \t]*(?:>[ \t]*)*")


def fenced(text: str) -> str:
    """`text` in a fence longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    lines = _ENDS.sub("\n", text)
    return f"{fence}text\n{lines}\n{fence}"


def plain(text: str) -> str:
    """`text` on one line, its markup taken literally."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def cell(text: str) -> str:
    """`text` as the cell of a table; a dash where there is none."""
    return plain(text) or "–"


def nested(text: str, level: int) -> str:
    """`text` as Markdown below a heading of `level`: its own headings stand deeper, and whatever it
    opens is closed.

    Raw HTML is shown, not rendered: it could hide all that follows. Where it is not certain how a
    renderer reads a line, the structure is kept rather than the look.
    """
    return "\n".join(_nested(_ENDS.split(text), level)).strip("\n")


class _Fence(Struct, frozen=True):
    """An open fence: its mark, and what stands before it (list marks as blanks)."""

    mark: str
    lead: str

    @property
    def last(self) -> str:
        """A line that closes it for every renderer."""
        return self.lead + self.mark

    def closes(self, line: str) -> bool:
        """Whether a line ends it."""
        if not self.lead:
            bare = _CLOSING.sub("", line).rstrip(_BLANK)
        else:
            bare = line.strip(f">{_BLANK}" if ">" in self.lead else _BLANK)
        return len(bare) >= len(self.mark) and bare == self.mark[0] * len(bare)

    def holds(self, line: str) -> bool:
        """Whether a line is certainly inside: as far in, and in as many quotes."""
        if not self.lead or (not line.strip(_BLANK) and ">" not in self.lead):
            return True
        found = _INDENT.match(line)
        lead = found[0] if found else ""
        return lead.count(">") == self.lead.count(">") and _width(lead) >= _width(self.lead)


def _nested(lines: list[str], level: int) -> Iterator[str]:
    fence: _Fence | None = None
    chunk = list[str]()
    for line in lines:
        if fence is not None and not fence.holds(line):
            yield fence.last
            fence = None
        if fence is not None:
            closed = fence.closes(line)
            yield fence.last if closed else line
            fence = None if closed else fence
            continue
        opened = _FENCE.match(line)
        if opened is None and line.strip(_BLANK):
            chunk.append(_demoted(line, bool(chunk), level))
            continue
        yield from _tagless(chunk)
        if opened is not None:
            # Below a paragraph, what is far in or listed might be read as its next line.
            if chunk and (opened[1].strip() or _width(opened[1]) > 3):
                yield ""
            fence = _Fence(opened[2], re.sub(r"[^>\t]", " ", opened[1]))
            # Some renderers look for a table first, and its head may be any line with a bar.
            yield _tag_shown(line) if "|" not in line else opened[0]
        else:
            yield line
        chunk = []
    yield from _tagless(chunk)
    if fence is not None:
        yield fence.last


def _demoted(line: str, goes_on: bool, level: int) -> str:
    """A line outside of code: a heading stands deeper, and none is made of the line before."""
    heading = _HEADING.match(line)
    if heading is not None:
        marks = "#" * min(_DEEPEST, level + len(heading[2]))
        return heading[1] + marks + line[heading.end() :]
    underline = _UNDERLINE.match(line)
    if underline is not None and goes_on:
        return underline[1] + "\\" + line[underline.end(1) :]
    return line


def _tagless(chunk: list[str]) -> Iterator[str]:
    """The lines of a stretch without raw HTML. Code within a line is left as it is where all
    backticks of the stretch pair off within their lines, so that every renderer sees the same code.
    """
    certain = all(map(_pairs_off, chunk))
    for line in chunk:
        shown, end = "", 0
        for code in _CODE.finditer(line) if certain else ():
            shown += _tag_shown(line[end : code.start()]) + code[0]
            end = code.end()
        yield shown + _tag_shown(line[end:])


def _pairs_off(line: str) -> bool:
    if "`" not in line:
        return True
    return len(line) <= _LONG and "\\`" not in line and "`" not in _CODE.sub("", line)


def _tag_shown(text: str) -> str:
    """`text` with no tag in it: a bracket that opens one is taken literally."""
    return _TAG.sub(lambda tag: tag[0] if len(tag[1]) % 2 else f"{tag[1]}\\<", text)


def _width(lead: str) -> int:
    return len(lead.expandtabs(4))
