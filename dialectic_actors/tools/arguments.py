"""What a model wrote for a tool, read strictly: JSON, and what the tool's parameters allow.

The parameters are a JSON Schema of a few words, each of which acts; a schema with any other word is
refused when the tool is found, so that nothing is stated to a model and then not checked. What the
arguments mean belongs to the tool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Literal

import msgspec
from msgspec import Struct

from dialectic_events.contents import ToolSpec

__all__ = ["ARGUMENTS_LIMIT", "Refused", "quoted", "read_arguments", "refuse_parameters"]

ARGUMENTS_LIMIT = 100_000
"""Characters that the arguments of one call may have."""

_FAULTS = 5

_Kind = Literal["string", "integer", "number", "boolean", "object", "array", "null"]
_KINDS: Mapping[_Kind, Callable[[object], bool]] = MappingProxyType(
    {
        "string": lambda value: isinstance(value, str),
        "boolean": lambda value: isinstance(value, bool),
        "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
        "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
        "array": lambda value: isinstance(value, list),
        "object": lambda value: isinstance(value, dict),
        "null": lambda value: value is None,
    }
)


class Refused(Exception):
    """A tool cannot do what it was asked; the message is for the model that asked."""


class _Schema(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The part of JSON Schema that parameters may use. What an object does not name is refused,
    unless `additionalProperties` says otherwise.
    """

    type: _Kind | tuple[_Kind, ...] = ()
    title: str = ""
    description: str = ""
    default: object = None
    examples: tuple[object, ...] = ()
    enum: tuple[object, ...] = ()
    min_length: int = 0
    max_length: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    min_items: int = 0
    max_items: int | None = None
    items: _Schema | None = None
    properties: dict[str, _Schema] = {}
    required: tuple[str, ...] = ()
    additional_properties: bool | _Schema = False


def quoted(text: str) -> str:
    """Words of a model as a message may repeat them: short, on one line, nothing invisible."""
    return repr(text) if len(text) <= 80 else f"{text[:80]!r}…"


def refuse_parameters(spec: ToolSpec) -> str:
    """What is wrong with the parameters of a tool; empty when arguments can be checked by them."""
    try:
        schema = msgspec.convert(spec.parameters, _Schema)
    except (msgspec.ValidationError, RecursionError) as failed:
        return str(failed)
    return "" if schema.type == "object" else 'its `type` is not "object"'


def read_arguments(spec: ToolSpec, written: str) -> dict[str, object]:
    """The arguments of a call. Blank is none at all, as some servers send it.

    Raises Refused for what is no JSON object, and for what the parameters do not allow.
    """
    if len(written) > ARGUMENTS_LIMIT:
        raise Refused(f"the arguments are longer than {ARGUMENTS_LIMIT:,} characters")
    try:
        arguments = msgspec.json.decode(written if written.strip() else "{}")
    except (msgspec.DecodeError, UnicodeError) as failed:
        raise Refused(f"the arguments are not JSON: {failed}") from None
    except RecursionError:
        raise Refused("the arguments are nested too deeply") from None
    if not isinstance(arguments, dict):
        raise Refused(f"the arguments must be a JSON object, not {_kind_of(arguments)}")
    schema = msgspec.convert(spec.parameters, _Schema)
    faults = list(islice(_faults(arguments, schema, ""), _FAULTS))
    if faults:
        raise Refused("; ".join(faults))
    return arguments


def _faults(value: object, schema: _Schema, at: str) -> Iterator[str]:
    """What `schema` does not allow in a value; `at` is the way to it, empty for the whole."""
    kinds = (schema.type,) if isinstance(schema.type, str) else schema.type
    if kinds and not any(_KINDS[kind](value) for kind in kinds):
        yield f"`{at}` must be {' or '.join(map(_named, kinds))}, not {_kind_of(value)}"
        return
    if schema.enum and value not in schema.enum:
        allowed = ", ".join(msgspec.json.encode(each).decode() for each in schema.enum)
        yield f"`{at}` must be one of {allowed}"
    match value:
        case str():
            yield from _bounded(
                len(value), schema.min_length, schema.max_length, at, "have a length of"
            )
        case bool():
            pass
        case int() | float():
            yield from _bounded(value, schema.minimum, schema.maximum, at, "be")
        case list():
            yield from _bounded(
                len(value), schema.min_items, schema.max_items, at, "have a length of"
            )
            if schema.items is not None:
                for index, each in enumerate(value):
                    yield from _faults(each, schema.items, f"{at}[{index}]")
        case dict():
            yield from _faults_within(value, schema, at)


def _faults_within(value: Mapping[str, object], schema: _Schema, at: str) -> Iterator[str]:
    prefix = f"{at}." if at else ""
    for name in schema.required:
        if name not in value:
            yield f"`{prefix}{name}` is missing"
    for name, each in value.items():
        if name in schema.properties:
            yield from _faults(each, schema.properties[name], f"{prefix}{name}")
        elif isinstance(schema.additional_properties, _Schema):
            yield from _faults(each, schema.additional_properties, prefix + quoted(name))
        elif not schema.additional_properties:
            known = ", ".join(f"`{each}`" for each in schema.properties) or "none"
            yield f"there is no argument {prefix}{quoted(name)}; the arguments are: {known}"


def _bounded(
    size: float, least: float | None, most: float | None, at: str, verb: str
) -> Iterator[str]:
    if least is not None and size < least:
        yield f"`{at}` must {verb} at least {least:g}"
    if most is not None and size > most:
        yield f"`{at}` must {verb} at most {most:g}"


def _kind_of(value: object) -> str:
    return next(_named(kind) for kind, fits in _KINDS.items() if fits(value))


def _named(kind: _Kind) -> str:
    match kind:
        case "null":
            return kind
        case "integer" | "array" | "object":
            return f"an {kind}"
        case _:
            return f"a {kind}"
