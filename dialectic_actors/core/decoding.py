"""The JSON object in what a model wrote, whatever stands around it.

Work is bounded by the length of the text, depth by `_DEPTH`. What an object must hold, and what
follows from it, is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec import Struct

__all__ = ["find_object"]

_DEPTH = 64
"""Deeper than any answer that is asked for."""

_AGAIN = 200_000
"""How many characters may be read again when quotes in prose hide where an object begins."""

_NUMBER_CHARACTERS = 64
_INTEGER_DIGITS = 18
"""Longer ones are read as floats: a bound for what reading a number may cost."""

_TOKEN = re.compile(r'\s*+(?:("[^"\\]*+(?:\\.[^"\\]*+)*+")|([{}\[\],:])|([-+.\w]++))', re.DOTALL)
_UNENDED = re.compile(r'\s*+"')
_BEGIN = re.compile(r'\{(?=\s*+["}])')
_NOTHING_MORE = re.compile(r"\s*+(?:`{3,}|~{3,})?\s*+\Z")
_NUMBER = re.compile(r"[-+]?[0-9]++(\.[0-9]*+)?([eE][-+]?[0-9]++)?")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS: dict[str, object] = {
    "true": True,
    "True": True,
    "false": False,
    "False": False,
    "null": None,
    "None": None,
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
}

_Object = dict[str, object]
_Container = _Object | list[object]


class _Refused(Exception):
    """What follows is no JSON, not even by the rules of this module."""


def find_object(text: str, wanted: Iterable[str]) -> _Object | None:
    """The object in `text` that holds most of the `wanted` keys, the last one among equals; None
    when no object holds any.

    An object may stand in prose, in a fence or in another object. Trailing commas are forgiven, and
    closing brackets that are missing inside of it or at the end of the text; an object that breaks
    off within a value or after a comma is refused, so nothing is ever read in part. Of a repeated
    key the last value counts, lone surrogates become U+FFFD, NaN and Infinity are floats.
    """
    search = Search(text, wanted)
    search.run()
    return search.found


class Search:
    """One look through a text. `work` counts the characters that were read, as often as they
    were.
    """

    def __init__(self, text: str, wanted: Iterable[str]) -> None:
        self.found: _Object | None = None
        self.work = 0
        self._text = text
        self._wanted = frozenset(wanted)
        self._rank = (1, False)

    def run(self) -> None:
        """Read every object and keep the best.

        An object that cannot be read may be prose with quotes in it that hide the next one, so the
        search goes on right behind its first brace; once that costs too much, behind all that was
        read.
        """
        begin = _BEGIN.search(self._text)
        while begin is not None:
            reader = _Reader(self._text, begin.start())
            for value, closed in reader.objects():
                rank = (len(self._wanted & value.keys()), closed)
                if rank >= self._rank:
                    self.found, self._rank = value, rank
            self.work += reader.looked - begin.start()
            again = not reader.done and self.work <= _AGAIN
            begin = _BEGIN.search(self._text, begin.start() + 1 if again else reader.at)


class _Open(Struct):
    """A container that is being read, and the key whose value comes next."""

    value: _Container
    key: str = ""


class _Reader:
    """Reads one object, iteratively. `at` is behind the last token that fitted, `looked` behind the
    last character that was looked at, `done` says that the object was closed.
    """

    def __init__(self, text: str, start: int) -> None:
        self.at = start + 1
        self.looked = start + 1
        self.done = False
        self._text = text
        self._root: _Object = {}
        self._open = [_Open(self._root)]
        self._expected: Literal["key", "colon", "value", "next"] = "key"

    def objects(self) -> Iterator[tuple[_Object, bool]]:
        """The object and those within it, the inner ones first, each with whether it was closed."""
        try:
            while not self.done:
                string, mark, word = self._token()
                if mark in ("}", "]"):
                    for each in self._close(mark):
                        yield each, True
                else:
                    self._take(string, mark, word)
        except _Refused:
            cut = self._text[self.at - 1] not in '"}]' and self.at == len(self._text)
            if self._expected == "next" and not cut and _NOTHING_MORE.match(self._text, self.at):
                yield self._root, False

    def _token(self) -> tuple[str | None, str | None, str | None]:
        token = _TOKEN.match(self._text, self.at)
        if token is None:
            if _UNENDED.match(self._text, self.at):
                self.looked = len(self._text)
            raise _Refused
        self.looked = token.end()
        return token[1], token[2], token[3]

    def _take(self, string: str | None, mark: str | None, word: str | None) -> None:
        """A token that closes nothing."""
        match self._expected:
            case "key" if string is not None:
                self._open[-1].key = _string(string)
                self._expected = "colon"
            case "colon" if mark == ":":
                self._expected = "value"
            case "next" if mark == ",":
                self._expected = "key" if isinstance(self._open[-1].value, dict) else "value"
            case "value" if string is not None:
                self._put(_string(string))
            case "value" if word is not None:
                self._put(_scalar(word))
            case "value" if mark in ("{", "["):
                self._begin({} if mark == "{" else [])
            case _:
                raise _Refused
        self.at = self.looked

    def _put(self, value: object) -> None:
        top = self._open[-1]
        if isinstance(top.value, dict):
            top.value[top.key] = value
        else:
            top.value.append(value)
        self._expected = "next"

    def _begin(self, value: _Container) -> None:
        if len(self._open) == _DEPTH:
            raise _Refused
        self._put(value)
        self._open.append(_Open(value))
        self._expected = "key" if isinstance(value, dict) else "value"

    def _close(self, mark: str) -> list[_Object]:
        """Close the innermost container of the kind, and those within it that were left open: the
        objects among them.
        """
        kind = dict if mark == "}" else list
        awaits_key = self._expected == "key" and kind is dict
        awaits_item = self._expected == "value" and isinstance(self._open[-1].value, list)
        if not (self._expected == "next" or awaits_key or awaits_item):
            raise _Refused
        place = len(self._open) - 1
        while place >= 0 and not isinstance(self._open[place].value, kind):
            place -= 1
        if place < 0:
            raise _Refused
        closed = [each.value for each in reversed(self._open[place:])]
        del self._open[place:]
        self.at, self.done = self.looked, not self._open
        self._expected = "next"
        return [each for each in closed if isinstance(each, dict)]


def _string(token: str) -> str:
    text = token[1:-1]
    if "\\" in text:
        text = _ESCAPE.sub(_unescaped, text)
    if _SURROGATE.search(text):
        # Two halves that belong together become one character here, a half alone U+FFFD.
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _unescaped(escape: re.Match[str]) -> str:
    """What an escape stands for; one that JSON does not know is left as it is."""
    if escape[1] is not None:
        return chr(int(escape[1], 16))
    return _ESCAPED.get(escape[2], escape[0])


def _scalar(word: str) -> object:
    if word in _WORDS:
        return _WORDS[word]
    number = _NUMBER.fullmatch(word) if len(word) <= _NUMBER_CHARACTERS else None
    if number is None:
        raise _Refused
    whole = number[1] is None and number[2] is None and len(word) <= _INTEGER_DIGITS
    return int(word) if whole else float(word)
