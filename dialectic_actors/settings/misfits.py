"""From a document to its shape, and what is wrong with one that has another shape: each problem
with its place and a remedy.

What values mean together is not judged here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from dialectic_actors.settings import shapes
from dialectic_actors.settings.documents import Document, Steps, field_path
from dialectic_actors.settings.suggestions import did_you_mean
from dialectic_events.errors import DialecticError, ExitCode

__all__ = ["invalid", "one_of", "plain_name", "read_shape"]

PROBLEMS_LIMIT = 100
"""Problems of one file that are looked for."""

_TABLES: dict[str, type[Struct]] = {
    "": shapes.ConfigurationShape,
    "agents": shapes.AgentShape,
    "judge": shapes.JudgeShape,
    "debate": shapes.DebateShape,
    "debate.limits": shapes.LimitsShape,
    "debate.terminationCondition": shapes.TerminationShape,
    "debate.failure": shapes.FailureShape,
    "debate.summarization": shapes.SummarizationShape,
    "agents.summarization": shapes.SummarizationShape,
    "judge.summarization": shapes.SummarizationShape,
    "agents.tools": shapes.ToolShape,
    "judge.tools": shapes.ToolShape,
    "agents.models": shapes.ModelShape,
    "judge.models": shapes.ModelShape,
}

_REPORT = re.compile(r"(.*) - at `\$([^`]*)`", re.DOTALL)
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`")
_NO_CHOICE = re.compile(r"Invalid enum value '(.*)'", re.DOTALL)
_KIND = re.compile(r"`([a-z |]+)`")
_KINDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_BOUNDS = {" >= ": " of at least ", " <= ": " of at most ", " > ": " above "}

_STAND_INS = {"role": "generalist", "provider": "rehearsal", "model": "rehearsal"}
"""What takes the place of a missing value while further problems are looked for."""


def read_shape(
    document: Document, refuse: Callable[[DialecticError, Steps], None]
) -> shapes.ConfigurationShape | None:
    """The configuration that `document` states; None when it is no configuration at all.

    Each misfit is given to `refuse`, which may raise it or go on: what misfits is then left out.
    """
    value = document.value
    reported: list[Steps] = []
    for _ in range(2 * PROBLEMS_LIMIT):
        try:
            return msgspec.convert(value, shapes.ConfigurationShape)
        except msgspec.ValidationError as failed:
            problem, steps = _misfit(document, str(failed))
        if not any(steps[: len(place)] == place for place in reported):
            refuse(problem, steps)
            reported.append(steps)
        if not steps:
            return None
        if value is document.value:
            value = deepcopy(value)
        _mend(value, steps)
    return None


def invalid(document: Document, steps: Steps, what: str, fix: str) -> DialecticError:
    """The error of the value at `steps`."""
    return DialecticError(
        what, where=document.where(steps), fix=fix, exit_code=ExitCode.CONFIGURATION
    )


def one_of(document: Document, steps: Steps, value: str, known: Iterable[str]) -> str:
    """`value`, if it is among `known`; raises DialecticError with a suggestion otherwise."""
    names = tuple(known)
    if value not in names:
        raise _no_choice(document, steps, value, names)
    return value


def plain_name(document: Document, steps: Steps, value: str) -> str:
    """`value`, if it is one line of at most 200 characters that is not blank."""
    if not value.strip() or len(value) > 200 or not value.isprintable():
        what = f"{steps[-1]} must be one line of 1 to 200 printable characters"
        raise invalid(document, steps, what, "write a short plain name")
    return value


def _misfit(document: Document, message: str) -> tuple[DialecticError, Steps]:
    report = _REPORT.fullmatch(message)
    what, path = (report[1], report[2]) if report else (message, "")
    steps: Steps = tuple(name or int(index) for name, index in _STEP.findall(path))
    if unknown := _UNKNOWN.fullmatch(what):
        return _unknown_key(document, steps, unknown[1]), (*steps, unknown[1])
    if missing := _MISSING.fullmatch(what):
        name = missing[1]
        problem = invalid(document, steps, f"`{name}` is missing", f"add `{name}` here")
        return problem, (*steps, name)
    if choice := _NO_CHOICE.fullmatch(what):
        return _no_choice(document, steps, choice[1], _choices(steps)), steps
    what = _KIND.sub(lambda kinds: _in_words(kinds[1]), what)
    for sign, words in _BOUNDS.items():
        what = what.replace(sign, words)
    fix = f"change `{field_path(steps)}`" if steps else "write the keys agents, judge and debate"
    return invalid(document, steps, what[:1].lower() + what[1:], fix), steps


def _in_words(kinds: str) -> str:
    return " or ".join(_KINDS.get(kind, f"`{kind}`") for kind in kinds.split(" | "))


def _no_choice(
    document: Document, steps: Steps, value: str, known: tuple[str, ...]
) -> DialecticError:
    return invalid(document, steps, f"{steps[-1]} cannot be `{value}`", did_you_mean(value, known))


def _unknown_key(document: Document, steps: Steps, key: str) -> DialecticError:
    table = _table(steps)
    known = _keys(table)
    homes = [name for name in _TABLES if name and name != table and key in _keys(name)]
    fix = did_you_mean(key, known)
    if homes and not fix.startswith("did"):
        fix = f"`{key}` belongs under `{homes[0]}`"
    return invalid(document, (*steps, key), f"the key `{key}` is not known here", fix)


def _table(steps: Steps) -> str:
    return ".".join(step for step in steps if isinstance(step, str))


def _keys(table: str) -> tuple[str, ...]:
    return tuple(field.encode_name for field in msgspec.structs.fields(_TABLES[table]))


def _choices(steps: Steps) -> tuple[str, ...]:
    """The values that the field at `steps` may have."""
    shape = _TABLES[_table(steps[:-1])]
    field = next(each for each in msgspec.structs.fields(shape) if each.encode_name == steps[-1])
    return tuple(_literals(get_type_hints(shape)[field.name]))


def _literals(hint: Any) -> Iterator[str]:
    if get_origin(hint) is Literal:
        yield from get_args(hint)
    else:
        for inner in get_args(hint):
            yield from _literals(inner)


def _mend(value: Any, steps: Steps) -> None:
    """Take away what misfits at `steps`, so that nothing more is found to be wrong there."""
    for step in steps[:-1]:
        value = value[step]
    match steps[-1]:
        case int(index):
            value[index] = {"models": ["rehearsal"]} if steps[0] == "agents" == steps[-2] else {}
        case key if key in value and key not in ("provider", "model"):
            del value[key]
        case key:
            value[key] = _STAND_INS.get(key, field_path(steps))
