"""Where the values of a TOML text stand: the standard parser gives values without places.

Reads only what that parser has accepted, so nothing is judged here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from dialectic_actors.settings.documents import Place, Steps

__all__ = ["toml_places"]

_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[\n\[\]{}=,.]"
    r"|[^\s\[\]{}=,.#\"']+",
    re.DOTALL,
)

_Token = tuple[str, Place]


def toml_places(text: str) -> dict[Steps, Place]:
    """The places of the values in a sound TOML text: of tables, keys, and items of lists."""
    return _Reader(text).places


class _Reader:
    """Goes through the tokens of a text once."""

    def __init__(self, text: str) -> None:
        self.places: dict[Steps, Place] = {(): (1, 1)}
        self._items: dict[Steps, int] = {}
        self._tokens = _tokens(text)
        self._next = next(self._tokens)
        table: Steps = ()
        while self._next[0]:
            if self._next[0] == "\n":
                self._take()
            elif self._next[0] == "[":
                table = self._head()
            else:
                self._entry(table)

    def _take(self) -> _Token:
        token, self._next = self._next, next(self._tokens, ("", (0, 0)))
        return token

    def _head(self) -> Steps:
        """`[table]` or `[[list of tables]]`; an inner one belongs to the list's latest table."""
        _, place = self._take()
        is_list = self._next[0] == "["
        if is_list:
            self._take()
        steps: Steps = ()
        for part in self._key():
            if steps in self._items:
                steps = (*steps, self._items[steps] - 1)
            steps = (*steps, part)
            self.places.setdefault(steps, place)
        if is_list:
            number = self._items.get(steps, 0)
            self._items[steps] = number + 1
            steps = (*steps, number)
            self._take()
        self._take()
        self.places.setdefault(steps, place)
        return steps

    def _entry(self, table: Steps) -> None:
        """`key = value`, in a table or in braces."""
        place = self._next[1]
        parts = self._key()
        for count in range(1, len(parts) + 1):
            self.places.setdefault((*table, *parts[:count]), place)
        self._take()
        self._value((*table, *parts))

    def _key(self) -> list[str]:
        """The parts of a dotted key."""
        parts: list[str] = []
        while self._next[0] not in ("", "=", "]"):
            part, _ = self._take()
            if part != ".":
                quoted = part[0] in "\"'"
                parts.append(next(iter(tomllib.loads(f"{part} = 0"))) if quoted else part)
        return parts

    def _value(self, steps: Steps) -> None:
        self.places.setdefault(steps, self._next[1])
        match self._next[0]:
            case "[":
                self._take()
                for index, _ in enumerate(self._until("]")):
                    self._value((*steps, index))
            case "{":
                self._take()
                for _ in self._until("}"):
                    self._entry(steps)
            case _:
                # A number or a date is several tokens.
                while self._next[0] not in ("", "\n", ",", "]", "}"):
                    self._take()

    def _until(self, end: str) -> Iterator[None]:
        """Stops before each item of a list or of an inline table."""
        while True:
            while self._next[0] in ("\n", ","):
                self._take()
            if self._next[0] in (end, ""):
                self._take()
                return
            yield


def _tokens(text: str) -> Iterator[_Token]:
    """The tokens and their places, without comments; an empty one ends them."""
    line, start, seen = 1, 0, 0
    for token in _TOKEN.finditer(text):
        breaks = text.count("\n", seen, token.start())
        if breaks:
            line += breaks
            start = text.rindex("\n", seen, token.start()) + 1
        seen = token.start()
        if not token[0].startswith("#"):
            yield token[0], (line, seen - start + 1)
    yield "", (line, 1)
