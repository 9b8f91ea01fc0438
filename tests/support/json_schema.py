"""A judge of JSON Schemas for tests: the keywords that ours use, and no others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
_SILENT = {"$schema", "$defs", "description", "default", "required", "additionalProperties"}


def misfits(value: object, schema: Any, root: dict[str, Any]) -> Iterator[str]:
    """What of `value` a schema does not allow; raises KeyError for a keyword that is not known."""
    if isinstance(schema, bool):
        yield from () if schema else (f"{value!r} may not stand here",)
        return
    for keyword, rule in schema.items():
        if keyword not in _SILENT:
            yield from _RULES[keyword](value, rule, schema, root)


def _ref(value: object, rule: str, schema: Any, root: Any) -> Iterator[str]:
    yield from misfits(value, root["$defs"][rule.removeprefix("#/$defs/")], root)


def _type(value: object, rule: str, schema: Any, root: Any) -> Iterator[str]:
    if not isinstance(value, _KINDS[rule]) or (rule != "boolean" and isinstance(value, bool)):
        yield f"{value!r} is no {rule}"


def _properties(value: object, rule: dict[str, Any], schema: Any, root: Any) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{name} is missing"
    for name, inner in value.items():
        if name in rule:
            yield from misfits(inner, rule[name], root)
        elif schema.get("additionalProperties") is False:
            yield f"{name} is not known"


def _items(value: object, rule: Any, schema: Any, root: Any) -> Iterator[str]:
    for inner in value if isinstance(value, list) else ():
        yield from misfits(inner, rule, root)


def _one_of(value: object, rule: list[Any], schema: Any, root: Any) -> Iterator[str]:
    if 1 != sum(not any(_branch(value, each, root)) for each in rule):
        yield f"{value!r} is not one of its forms"


def _any_of(value: object, rule: list[Any], schema: Any, root: Any) -> Iterator[str]:
    if all(any(misfits(value, each, root)) for each in rule):
        yield f"{value!r} is none of its forms"


def _branch(value: object, schema: Any, root: Any) -> Iterator[str]:
    yield from misfits(value, {"properties": {}, **schema}, root)


def _bound(value: object, rule: float, schema: Any, root: Any) -> Iterator[str]:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        low, over = schema.get("minimum", value), schema.get("exclusiveMinimum")
        if not low <= value <= schema.get("maximum", value) or (over is not None and value <= over):
            yield f"{value!r} is out of bounds"


def _size(value: object, rule: int, schema: Any, root: Any) -> Iterator[str]:
    for kind, few, many in ((str, "minLength", "maxLength"), (list, "minItems", "maxItems")):
        if isinstance(value, kind):
            count = len(value)
            if not schema.get(few, count) <= count <= schema.get(many, count):
                yield f"{value!r} is too short or too long"


def _enum(value: object, rule: list[Any], schema: Any, root: Any) -> Iterator[str]:
    if value not in rule:
        yield f"{value!r} is not among {rule}"


_RULES: dict[str, Callable[[object, Any, Any, Any], Iterator[str]]] = {
    "$ref": _ref,
    "type": _type,
    "properties": _properties,
    "items": _items,
    "oneOf": _one_of,
    "anyOf": _any_of,
    "enum": _enum,
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum"), _bound),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _size),
}
