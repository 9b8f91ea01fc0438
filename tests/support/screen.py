"""A terminal as a person sees it: what is written to it becomes rows of text.

It knows what the live display may use and no more: any other control is an error.
"""

from __future__ import annotations

import re

from rich.cells import cell_len, chop_cells

__all__ = ["Screen"]

_PIECE = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])|([\r\n])|([^\x00-\x1f\x7f-\x9f]+)")
_BEGUN = re.compile(r"\x1b(\[[?0-9;]*)?$")


class Screen:
    """Rows of cells with a cursor; what scrolls out at the top is kept in `gone`."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self.columns, self.rows = columns, rows
        self.lines = [""]
        self.gone: list[str] = []
        self.row = self.column = 0
        self.wraps = True
        self._begun = ""

    @property
    def text(self) -> str:
        """What stands on the screen and above it."""
        return "\n".join(line.rstrip() for line in (*self.gone, *self.lines)).rstrip("\n")

    def feed(self, text: str) -> None:
        """Show what was written. Raises ValueError for a control that is not known."""
        text, self._begun = self._begun + text, ""
        if (begun := _BEGUN.search(text)) is not None:
            text, self._begun = text[: begun.start()], begun[0]
        place = 0
        while place < len(text):
            piece = _PIECE.match(text, place)
            if piece is None:
                raise ValueError(f"a control reached the terminal: {text[place : place + 20]!r}")
            place = piece.end()
            if piece[5] is not None:
                self._print(piece[5])
            elif piece[4] is not None:
                self._move(piece[4])
            else:
                self._control(piece[1] + piece[3], piece[2])

    def resize(self, columns: int, rows: int) -> None:
        """Wrap the rows that became too long, as most terminals do; the cursor stays with its
        text, which must be at the beginning of a row.
        """
        assert self.column == 0
        chopped = [chop_cells(line.rstrip(), columns) or [""] for line in self.lines]
        self.row = sum(map(len, chopped[: self.row]))
        self.lines = [row for rows_of_line in chopped for row in rows_of_line]
        self.columns, self.rows = columns, rows
        self._scroll()

    def _print(self, text: str) -> None:
        for char in text:
            width = cell_len(char)
            if self.column + width > self.columns:
                if self.wraps:
                    self._move("\n")
                    self.column = 0
                else:
                    self.column = self.columns - width
            line = self.lines[self.row]
            before = line[: self._index(line, self.column)]
            padding = " " * (self.column - cell_len(before))
            rest = line[self._index(line, self.column + width) :] if width else ""
            self.lines[self.row] = before + padding + char + rest
            self.column += width

    def _move(self, char: str) -> None:
        if char == "\r":
            self.column = 0
            return
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append("")
        self._scroll()

    def _control(self, kind: str, number: str) -> None:
        line = self.lines[self.row]
        match kind:
            case "m":
                pass
            case "A":
                self.row = max(0, self.row - int(number or 1))
            case "K" | "J" if not number:
                self.lines[self.row] = line[: self._index(line, self.column)]
                if kind == "J":
                    del self.lines[self.row + 1 :]
            case "?h" | "?l" if number == "7":
                self.wraps = kind == "?h"
            case _:
                raise ValueError(f"a control reached the terminal: {number}{kind}")

    def _index(self, line: str, column: int) -> int:
        """Where in a row a column begins; marks belong to what is before them."""
        filled = 0
        for index, char in enumerate(line):
            width = cell_len(char)
            if filled >= column and width:
                return index
            filled += width
        return len(line)

    def _scroll(self) -> None:
        while len(self.lines) > self.rows:
            self.gone.append(self.lines.pop(0))
            self.row = max(0, self.row - 1)
