#!/usr/bin/env python3
"""The reference pages that are drawn from the code: `python -m docs.generate` writes them again.

Pages that people write are not touched; a test compares these with what this would write.
"""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import click
import msgspec
import yaml
from msgspec import Struct
from msgspec.structs import FieldInfo

from dialectic_actors.cli.program import program
from dialectic_events import calls, runs, turns
from dialectic_events.codec import encode
from dialectic_events.parts import Ref, Text
from dialectic_events.samples import SAMPLES
from dialectic_events.turns import Fact
from dialectic_events.union import EVENT_TYPES, Event, schema_of, tag_of
from docs.settings_page import settings_page

__all__ = ["Parity", "Row", "pages", "parity"]

WIDTH = 96

_NOTICE = "<!-- Written by `make docs` from the code; changes here are overwritten. -->"
_SHAPES: tuple[type[Struct], ...] = (
    turns.Turn,
    turns.Standing,
    runs.Stage,
    runs.Clarifications,
    runs.StopRule,
    runs.FailurePolicy,
    runs.Agent,
    runs.Summarization,
    runs.Model,
    runs.Source,
    runs.Limits,
    calls.Message,
    calls.Usage,
)
_FAMILIES: Mapping[str, types.ModuleType] = {"Runs": runs, "Turns": turns, "Calls": calls}


def pages() -> dict[str, str]:
    """The text of each generated page, by its path under `docs/`."""
    return {
        "reference/cli.md": "\n".join(_command_line()),
        "reference/events.md": "\n".join(_events()),
        "reference/parity.md": "\n".join(_parity()),
        "reference/settings.md": "\n".join(_configuration()),
    }


def _command_line() -> Iterator[str]:
    yield from ("# The command line", "", _NOTICE, "")
    yield from (
        "What `--help` says of each command. How commands end is listed under",
        "[exit codes](exit-codes.md).",
        "",
    )
    yield from _help(program, "dialectic", None)


def _configuration() -> Iterator[str]:
    yield from ("# Settings", "", _NOTICE, "")
    yield from (
        "Every key of a debate configuration (JSON, YAML or TOML). How they are layered is told in",
        "[Configure a debate](../how-to/configure-a-debate.md); `dialectic schema config` prints",
        "the same for editors, `dialectic config check` says what a file means.",
        "",
    )
    yield from settings_page()


def _help(command: click.Command, name: str, above: click.Context | None) -> Iterator[str]:
    """The help of a command, then that of the commands in it."""
    context = click.Context(command, parent=above, info_name=name, **_settings(command))
    yield from (f"## {context.command_path}", "", "```text")
    yield from (line.rstrip() for line in context.get_help().splitlines())
    yield from ("```", "")
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            yield from _help(found, inner, context) if found is not None else ()


def _settings(command: click.Command) -> dict[str, Any]:
    return {**command.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}


def _events() -> Iterator[str]:
    yield from ("# Events", "", _NOTICE, "")
    yield from (
        "Everything that can happen to a run, as it is stored. A *text* is stored as a reference",
        "to a [part](log-format.md#parts-and-ropes); `dialectic show REF:POS --event` puts the",
        "words in its place. A field of an event that has its default is left out. The same as a",
        "JSON Schema: [events.json](../../events/schema/events.json).",
        "",
    )
    for title, module in _FAMILIES.items():
        yield from (f"## {title}", "", _prose(module), "")
        for kind in EVENT_TYPES.values():
            if kind.__module__ == module.__name__:
                yield from _event(kind)
    yield from ("## Shapes within events", "")
    for shape in _SHAPES:
        yield from (f"### {shape.__name__}", "", _prose(shape), "", *_table(shape), "")


def _event(kind: type[Fact]) -> Iterator[str]:
    sample = next(each for each in SAMPLES if type(each) is kind)
    yield from (f"### {tag_of(kind)}", "", _prose(kind), "")
    if msgspec.structs.fields(kind):
        yield from (*_table(kind), "")
    if schema_of(kind) != 1:
        yield from (f"Schema version {schema_of(kind)}.", "")
    yield from ("```json", _stored(sample), "```", "")


def _stored(event: Event) -> str:
    payload = json.loads(encode(event, {}))
    return json.dumps(payload, indent=2, ensure_ascii=False)


def _table(kind: type[Struct]) -> Iterator[str]:
    hints = get_type_hints(kind, include_extras=True)
    yield from ("| Field | Holds | Default |", "|---|---|---|")
    for field in msgspec.structs.fields(kind):
        yield f"| `{field.encode_name}` | {_words(hints[field.name])} | {_default(field)} |"


def _default(field: FieldInfo) -> str:
    if field.required:
        return "required"
    if field.default is None or field.default is msgspec.NODEFAULT:
        return ""
    if isinstance(field.default, Struct):
        return "its defaults"
    return f"`{json.dumps(field.default)}`"


def _words(hint: Any) -> str:
    """A type in words."""
    if hint == Text:
        return "text"
    if hint == Ref:
        return "reference of a part"
    arguments = get_args(hint)
    match get_origin(hint):
        case origin if origin is Literal:
            return " or ".join(f"`{each}`" for each in arguments)
        case origin if origin is Annotated:
            return _words(arguments[0])
        case origin if origin is tuple:
            return f"list of {_words(arguments[0])}"
        case origin if origin in (Union, types.UnionType):
            return " or ".join(_words(each) for each in arguments if each is not type(None))
        case _:
            return _name(hint)


def _name(kind: type) -> str:
    if issubclass(kind, Struct):
        return f"[{kind.__name__}](#{kind.__name__.lower()})"
    return {str: "string", int: "integer", float: "number", bool: "true or false"}[kind]


class Row(Struct, frozen=True, forbid_unknown_fields=True):
    """A feature of the tool before ours, the tests that show it here (`file::name`), and what is to
    be known of it.
    """

    feature: str
    tests: tuple[str, ...] = ()
    note: str = ""


class Parity(Struct, frozen=True, forbid_unknown_fields=True):
    """All features, in the order in which they are counted; files of tests by their short names."""

    files: Mapping[str, str]
    rows: tuple[Row, ...]

    def node(self, test: str) -> tuple[str, str]:
        """The file and the function of a test."""
        file, _, name = test.partition("::")
        return self.files[file], name


@cache
def parity() -> Parity:
    """The table as it is kept in `parity.yaml`."""
    text = (Path(__file__).parent / "parity.yaml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(text), Parity)


def _parity() -> Iterator[str]:
    yield from ("# What `dialectic` does, and ours", "", _NOTICE, "")
    yield from (
        "Each feature of the `dialectic` that came before, by the number under which it is",
        "counted, and the tests that show it here. A row without tests says what it waits for.",
        "",
    )
    yield from ("| # | Feature | Ours | Shown by |", "|---|---|---|---|")
    for number, row in enumerate(parity().rows, 1):
        shown = "; ".join(map(_shown_by, row.tests))
        ours = "yes" if row.tests else "no"
        ours += f": {row.note}" if row.note else ""
        yield f"| {number} | {row.feature} | {ours} | {shown} |"
    yield ""


def _shown_by(test: str) -> str:
    """A test as the sentence that its name is, and where it stands."""
    file, name = parity().node(test)
    return f"[{name.removeprefix('test_').replace('_', ' ')}](../../{file})"


def _prose(documented: object) -> str:
    """A docstring as one paragraph after the other, unwrapped."""
    paragraphs = (documented.__doc__ or "").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def main() -> None:
    """Write the pages."""
    folder = Path(__file__).parent
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
