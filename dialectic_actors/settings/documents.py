"""JSON, YAML and TOML read into plain values that remember where they stood.

Malformed text, repeated keys, runaway nesting and values that cannot be stored are refused with
line and column.
What the values mean is decided by `shapes`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from dialectic_actors.settings.files import read_text
from dialectic_events.errors import DialecticError, ExitCode

__all__ = [
    "DEPTH_LIMIT",
    "Document",
    "Place",
    "Steps",
    "depth_exceeded",
    "field_path",
    "read_document",
    "refuse",
    "repeated",
]

DEPTH_LIMIT = 32

Steps = tuple[str | int, ...]
"""The way from the root of a document to a value."""

Place = tuple[int, int]
"""Line and column, from 1."""


class Document(Struct, frozen=True):
    """A parsed file: its values, and the places of those that are known. It may lie over another,
    whose values it then holds as well.
    """

    source: str
    value: Any
    places: Mapping[Steps, Place]
    under: Document | None = None

    def where(self, steps: Steps) -> str:
        """File, line and field of the value at `steps`, or of what surrounds it."""
        field = f": {field_path(steps)}" if steps else ""
        return f"{self.line(steps)}{field}"

    def line(self, steps: Steps) -> str:
        """File and line of the value at `steps`, or of what surrounds it."""
        home = self._home(steps)
        known = home.places.get(steps[: _depth(home, steps)])
        return f"{home.source}:{known[0]}" if known else home.source

    def folder(self, steps: Steps) -> Path:
        """The directory of the file that states the value at `steps`."""
        return Path(self._home(steps).source).resolve().parent

    @property
    def layers(self) -> tuple[Document, ...]:
        """This document and those under it, the uppermost first."""
        return (self, *(() if self.under is None else self.under.layers))

    def _home(self, steps: Steps) -> Document:
        """The layer that states the value at `steps`, or most of the way to it."""
        return max(self.layers, key=lambda layer: _depth(layer, steps))


def _depth(layer: Document, steps: Steps) -> int:
    """How much of the way to a value has a place in a layer; -1 for nothing."""
    return next((n for n in range(len(steps), -1, -1) if steps[:n] in layer.places), -1)


def field_path(steps: Steps) -> str:
    """`agents[1].model` for ("agents", 1, "model")."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".")


def refuse(source: str, what: str, fix: str, place: Place | None = None) -> DialecticError:
    """The error of a file that cannot be understood."""
    where = source if place is None else f"{source}:{place[0]}:{place[1]}"
    return DialecticError(what, where=where, fix=fix, exit_code=ExitCode.CONFIGURATION)


def depth_exceeded(source: str, place: Place | None = None) -> DialecticError:
    """The error of a file that nests deeper than any settings do."""
    return refuse(source, f"nests deeper than {DEPTH_LIMIT} levels", "flatten it", place)


def read_document(path: Path, *, fix: str) -> Document:
    """Read a file by its suffix, or by its content when the suffix says nothing.

    `fix` is the advice for a path that leads to no file. Raises DialecticError (exit 4).
    """
    text = read_text(path, fix=fix)
    source = str(path)
    if not text.strip():
        raise refuse(source, "is empty", "write a configuration into it or remove it")
    match path.suffix.lower():
        case ".json":
            document = _parse_json(text, source)
        case ".yaml" | ".yml":
            document = _parse_yaml(text, source)
        case ".toml":
            document = _parse_toml(text, source)
        case _ if text.lstrip().startswith("{"):
            document = _parse_json(text, source)
        case _ if _TOML_START.match(text):
            document = _parse_toml(text, source)
        case _:
            document = _parse_yaml(text, source)
    _check_values(document, document.value, ())
    return document


def _check_values(document: Document, value: object, steps: Steps) -> None:
    """Refuse what no log can hold: lone surrogates and numbers that are none."""
    if len(steps) > DEPTH_LIMIT:
        raise depth_exceeded(document.source)
    match value:
        case dict():
            for key, inner in value.items():
                _check_values(document, key, steps)
                _check_values(document, inner, (*steps, key))
        case list():
            for index, inner in enumerate(value):
                _check_values(document, inner, (*steps, index))
        case float() if not math.isfinite(value):
            raise _unstorable(document, steps, f"{value} is not a number", "write a finite number")
        case str() if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                what = "holds half of a surrogate pair, which is no character"
                raise _unstorable(document, steps, what, "write the whole character") from None
        case _:
            pass


def _unstorable(document: Document, steps: Steps, what: str, fix: str) -> DialecticError:
    # The path itself may hold the surrogate, and a message has to be printable.
    where = document.where(steps).encode(errors="replace").decode()
    return DialecticError(what, where=where, fix=fix, exit_code=ExitCode.CONFIGURATION)


def _parse_yaml(text: str, source: str) -> Document:
    from dialectic_actors.settings.yaml_text import parse_yaml

    value, places = parse_yaml(text, source)
    return Document(source=source, value=value, places=places)


# --- JSON ---

_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def _parse_json(text: str, source: str) -> Document:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as failed:
        place = (failed.lineno, failed.colno)
        raise refuse(source, f"is not JSON: {failed.msg}", "correct the JSON", place) from None
    except RecursionError:
        raise depth_exceeded(source) from None
    except ValueError as failed:
        raise refuse(source, f"is not JSON: {failed}", "write a finite number") from None
    return Document(source=source, value=value, places=_json_places(text, source))


def _json_places(text: str, source: str) -> dict[Steps, Place]:
    """Where each value of a well-formed JSON text begins, a member at its key; refuses repeated
    keys.
    """
    places: dict[Steps, Place] = {}
    steps: list[str | int] = []
    kinds: list[str] = []
    at_key = False
    line, line_start, seen = 1, 0, 0
    for token in _JSON_TOKEN.finditer(text):
        breaks = text.count("\n", seen, token.start())
        if breaks:
            line += breaks
            line_start = text.rindex("\n", seen, token.start()) + 1
        seen = token.start()
        place = (line, seen - line_start + 1)
        match token[0]:
            case "{" | "[" as kind:
                if len(steps) > DEPTH_LIMIT:
                    raise depth_exceeded(source, place)
                places.setdefault(tuple(steps), place)
                kinds.append(kind)
                steps.append("" if kind == "{" else 0)
                at_key = kind == "{"
            case "}" | "]":
                kinds.pop()
                steps.pop()
                at_key = False
            case ",":
                at_key = kinds[-1] == "{"
                last = steps[-1]
                if isinstance(last, int):
                    steps[-1] = last + 1
            case key if at_key:
                steps[-1] = json.loads(key)
                if tuple(steps) in places:
                    raise repeated(source, key.strip('"'), place)
                places[tuple(steps)] = place
                at_key = False
            case _:
                places.setdefault(tuple(steps), place)
    return places


def repeated(source: str, key: str, place: Place) -> DialecticError:
    """The error of a key that stands twice in one mapping."""
    return refuse(source, f"the key `{key}` stands here a second time", "keep one of them", place)


# --- TOML ---

# Possessive: what is blank can be divided in too many ways to try them all.
_TOML_START = re.compile(r"(?:\s++|#.*\n)*+(?:\[{1,2}[\w.\- ]+\]|[\w.\-]++[ \t]*=)")
_TOML_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")


def _parse_toml(text: str, source: str) -> Document:
    import tomllib

    from dialectic_actors.settings.toml_text import toml_places

    try:
        value, places = tomllib.loads(text), toml_places(text)
    except tomllib.TOMLDecodeError as failed:
        found = _TOML_PLACE.search(str(failed))
        place = (int(found[1]), int(found[2])) if found else None
        what = f"is not TOML: {_TOML_PLACE.sub('', str(failed))}"
        raise refuse(source, what, "correct the TOML", place) from None
    except RecursionError:
        raise depth_exceeded(source) from None
    except ValueError as failed:
        raise refuse(source, f"is not TOML: {failed}", "write a finite number") from None
    return Document(source=source, value=value, places=places)
