"""What is compared in a specification: placeholders for what is not of interest, and the two sides
of a difference.

Nothing is decided or performed in here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

import msgspec

__all__ = ["ANY", "difference", "shown", "some"]

T = TypeVar("T")

_WIDTH = 160


class _Some:
    """Equal to every value of a type whose fields are as told."""

    def __init__(self, kind: type[Any], fields: Mapping[str, object]) -> None:
        self.kind = kind
        self.fields = fields

    def __eq__(self, other: object) -> bool:
        return isinstance(other, self.kind) and all(
            hasattr(other, name) and wanted == getattr(other, name)
            for name, wanted in self.fields.items()
        )

    def __hash__(self) -> int:
        raise TypeError(f"{self!r} equals many values, so it cannot be looked up: compare lists")

    def __repr__(self) -> str:
        if self.kind is object:
            return "ANY"
        told = "".join(f", {name}={value!r}" for name, value in self.fields.items())
        return f"some({self.kind.__name__}{told})"


ANY: Any = _Some(object, {})
"""Stands for any value at all: an event, a deed, or a field of one."""


def some(kind: type[T], **fields: object) -> T:
    """Stands for any value of a type; of the fields named, the values must be equal.

    Typed as a `kind`, so that it can be written wherever one is expected, also inside of another
    value. Raises TypeError for a field that `kind` does not have.
    """
    known = _field_names(kind)
    unknown = fields.keys() - known
    if known and unknown:
        raise TypeError(
            f"{kind.__name__} has no field {', '.join(sorted(unknown))}; it has {', '.join(known)}"
        )
    return cast("T", _Some(kind, fields))


def difference(expected: Sequence[object], actual: Sequence[object], verb: str) -> str | None:
    """The two sides of a difference, one line for each value that is the same, field by field where
    two values of a type differ; None when there is no difference.

    `verb` is what happened to the actual values ("decided", "did"). `-` marks what was expected in
    vain, `+` what was not expected, `!` what is not as expected.
    """
    if len(expected) == len(actual) and all(map(_same, expected, actual)):
        return None
    lines: list[str] = []
    for wanted, found in _aligned(expected, actual):
        if not wanted:
            lines.append(f"  + {shown(found[0])}")
        elif not found:
            lines.append(f"  - {shown(wanted[0])}")
        elif _same(wanted[0], found[0]):
            lines.append(f"    {shown(found[0])}")
        else:
            lines.append(f"  ! {type(found[0]).__name__}")
            for path, left, right in _differences(wanted[0], found[0]):
                width = max(len("expected"), len(verb))
                sides = _apart(left, right)
                lines.append(f"      {path or 'it'}")
                lines.append(f"        {'expected':<{width}}  {sides[0]}")
                lines.append(f"        {verb:<{width}}  {sides[1]}")
    return "\n".join(lines) or "    (nothing)"


def _same(expected: object, actual: object) -> bool:
    return bool(expected == actual)


def _aligned(
    expected: Sequence[object], actual: Sequence[object]
) -> Iterator[tuple[Sequence[object], Sequence[object]]]:
    """Both sides in step: what is equal at both ends, and between them values of the same kind
    beside each other.
    """
    first, last = 0, 0
    short = min(len(expected), len(actual))
    while first < short and _same(expected[first], actual[first]):
        first += 1
    while last < short - first and _same(expected[-1 - last], actual[-1 - last]):
        last += 1
    for index in range(first):
        yield [expected[index]], [actual[index]]
    yield from _paired(
        expected[first : len(expected) - last], list(actual[first : len(actual) - last])
    )
    for index in range(last, 0, -1):
        yield [expected[-index]], [actual[-index]]


def _paired(
    expected: Sequence[object], actual: list[object]
) -> Iterator[tuple[Sequence[object], Sequence[object]]]:
    for wanted in expected:
        partner = next((i for i, found in enumerate(actual) if _same(wanted, found)), None)
        if partner is None:
            kind = _kind(wanted)
            partner = next((i for i, found in enumerate(actual) if type(found) is kind), None)
        if partner is None:
            yield [wanted], []
            continue
        yield from (([], [found]) for found in actual[:partner])
        yield [wanted], [actual[partner]]
        del actual[: partner + 1]
    yield from (([], [found]) for found in actual)


def _kind(value: object) -> type[Any]:
    return value.kind if isinstance(value, _Some) else type(value)


def _differences(
    expected: object, actual: object, path: str = ""
) -> Iterator[tuple[str, object, object]]:
    """The places in which two values differ, as deep as both have the same shape."""
    if _same(expected, actual):
        return
    if isinstance(expected, _Some) and isinstance(actual, expected.kind):
        for name, wanted in expected.fields.items():
            yield from _differences(wanted, getattr(actual, name), f"{path}.{name}")
    elif type(expected) is not type(actual) or isinstance(expected, str | bytes):
        yield path, expected, actual
    elif names := _field_names(type(expected)):
        for name in names:
            left, right = getattr(expected, name), getattr(actual, name)
            yield from _differences(left, right, f"{path}.{name}")
    elif isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for key in {**expected, **actual}:
            left, right = expected.get(key, _ABSENT), actual.get(key, _ABSENT)
            yield from _differences(left, right, f"{path}[{key!r}]")
    elif isinstance(expected, list | tuple) and isinstance(actual, list | tuple):
        for index in range(max(len(expected), len(actual))):
            left = expected[index] if index < len(expected) else _ABSENT
            right = actual[index] if index < len(actual) else _ABSENT
            yield from _differences(left, right, f"{path}[{index}]")
    else:
        yield path, expected, actual


class _Absent:
    def __repr__(self) -> str:
        return "(nothing)"


_ABSENT = _Absent()


def _field_names(kind: type[Any]) -> tuple[str, ...]:
    """The fields of a struct or a dataclass; () for any other type."""
    if issubclass(kind, msgspec.Struct):
        return kind.__struct_fields__
    if dataclasses.is_dataclass(kind):
        return tuple(field.name for field in dataclasses.fields(kind))
    return ()


def shown(value: object) -> str:
    """A value on one line: of a struct only what is not its default, long texts cut short."""
    if not isinstance(value, msgspec.Struct):
        return _short(repr(value))
    defaults = {
        field.name: field.default for field in msgspec.structs.fields(value) if not field.required
    }
    told = ", ".join(
        f"{name}={_short(repr(getattr(value, name)), 60)}"
        for name in value.__struct_fields__
        if name not in defaults or not _same(defaults[name], getattr(value, name))
    )
    return _short(f"{type(value).__name__}({told})")


def _short(text: str, width: int = _WIDTH) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _apart(left: object, right: object) -> tuple[str, str]:
    """Both values, long ones from shortly before they part."""
    shown = repr(left), repr(right)
    if max(map(len, shown)) <= _WIDTH:
        return shown
    same = next((i for i, (a, b) in enumerate(zip(*shown, strict=False)) if a != b), 0)
    start = max(0, same - 30)
    cut = [f"{'…' if start else ''}{each[start:]}" for each in shown]
    return _short(cut[0]), _short(cut[1])
