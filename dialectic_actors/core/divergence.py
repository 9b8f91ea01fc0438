"""Where two events, or two openings of a run, say different things: the first field, and both
values in words.

What is compared and why belongs to whoever decides a run again. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

import msgspec
from msgspec import Struct

from dialectic_actors.core.roles import read_role
from dialectic_events.parts import OURS, ROPE, resolve
from dialectic_events.runs import Model, RunOpened
from dialectic_events.union import Event, tag_of

__all__ = ["Difference", "Divergence", "about", "between_events", "between_openings", "named"]

Lookup = Callable[[str], str]

_BEFORE, _SHOWN = 24, 96
_TEXTS = 64


class Difference(Struct, frozen=True):
    """A field that differs, as a path (`messages[1].parts[3]`), and both values as they are shown;
    None where there is none.
    """

    field: str
    recorded: str | None
    today: str | None


class Divergence(Struct, frozen=True):
    """The first event of a run that would not be decided again as it is stored.

    `version` is its place in the run, `type` its type, `about` the call or turn that it speaks of.
    `field` is the path of what differs, "" when another event would follow, more, or none.
    """

    run: str
    version: int
    type: str
    about: str
    field: str
    recorded: str | None
    today: str | None


class _Absent:
    """There is nothing here on this side."""


class _Speaker(Struct, frozen=True):
    """An agent with its role in place: where the role is kept decides nothing."""

    name: str
    role: object
    route: tuple[Model, ...]
    temperature: float | None


class _Opening(Struct, frozen=True):
    """What an opening decides by, under names, so that what differs has one too."""

    problem: str
    stages: Mapping[str, object]
    agents: Mapping[str, _Speaker]
    sources: Mapping[str, object]
    limits: object
    seed: int


_ABSENT = _Absent()
_Found = tuple[str, object, object]
_Strands = tuple[str, ...]


def about(event: Event) -> str:
    """The call or turn that an event speaks of, "" when it speaks of the whole run."""
    return str(getattr(event, "call", None) or getattr(event, "turn", None) or "")


def between_events(recorded: Event, today: Event, text: Lookup) -> Difference | None:
    """The first difference of two events; `text` finds the words behind a reference, of either."""
    if type(recorded) is not type(today):
        return Difference("", named(recorded), named(today))
    found = _between(recorded, today, "")
    return None if found is None else _in_words(found, text)


def between_openings(recorded: RunOpened, today: RunOpened, text: Lookup) -> Difference | None:
    """The first difference of two openings that decides anything: not the program's version, nor
    where a source was read. Templates are compared as words, roles field by field.
    """
    found = _between(_opening(recorded, text), _opening(today, text), "")
    return None if found is None else _in_words(found, text)


def _opening(opened: RunOpened, text: Lookup) -> _Opening:
    texts = {each.name: text(each.part) for each in opened.sources}
    roles = {each.source for each in opened.agents}
    return _Opening(
        problem=opened.problem,
        stages={each.name: each for each in opened.stages},
        agents={
            each.id: _Speaker(
                each.name, _role(texts.get(each.source, "")), each.route, each.temperature
            )
            for each in opened.agents
        },
        sources={name: words for name, words in texts.items() if name not in roles},
        limits=opened.limits,
        seed=opened.seed,
    )


def _role(text: str) -> object:
    """A role by its fields, if it is one; else the words."""
    try:
        return read_role(text)
    except msgspec.MsgspecError:
        return text


def _between(old: object, new: object, path: str) -> _Found | None:
    """The path of the first difference, and what stands there on both sides."""
    if old == new:
        return None
    for step, one, other in _pairs(old, new):
        found = _between(one, other, f"{path}{step}" if path else step.removeprefix("."))
        if found is not None:
            return found
    return path, old, new


def _pairs(old: object, new: object) -> Iterator[tuple[str, object, object]]:
    """What two values hold, piece by piece; nothing when they are of different kinds, or plain."""
    if isinstance(old, Struct) and type(old) is type(new):
        # The messages of a request follow from its plan, so the plan is the better explanation.
        for name in sorted(old.__struct_fields__, key="messages".__eq__):
            yield f".{name}", getattr(old, name), getattr(new, name)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            yield f"[{key}]", old.get(key, _ABSENT), new.get(key, _ABSENT)
    elif isinstance(old, tuple) and isinstance(new, tuple):
        for index in range(max(len(old), len(new))):
            yield f"[{index}]", _at(old, index), _at(new, index)


def _at(values: Sequence[object], index: int) -> object:
    return values[index] if index < len(values) else _ABSENT


def _in_words(found: _Found, text: Lookup) -> Difference:
    path, old, new = found
    if ".parts[" in path and path.startswith("messages["):
        path, old, new = _strand(path, old, new, text)
        old, new = _words(old, text), _words(new, text)
    return Difference(path, *_shown(old, new))


def _strand(path: str, old: object, new: object, text: Lookup) -> _Found:
    """Down two ropes, to the first strand in which they differ."""
    while _is_rope(old) and _is_rope(new):
        one, other = (msgspec.json.decode(text(str(r)), type=_Strands) for r in (old, new))
        found = _between(one, other, path)
        if found is None:
            break
        path, old, new = found
    return path, old, new


def _is_rope(piece: object) -> bool:
    return isinstance(piece, str) and piece.startswith(ROPE)


def _words(piece: object, text: Lookup) -> object:
    """The words of a piece of a prompt; of a rope, only its beginning: it may bind very much."""
    if not isinstance(piece, str):
        return piece
    if piece.startswith(OURS):
        return piece.removeprefix(OURS)
    return "".join(islice(resolve(piece, text), _TEXTS))


def _shown(old: object, new: object) -> tuple[str | None, str | None]:
    """Both values for people: short, on one line, around the first character that differs."""
    start = 0
    if isinstance(old, str) and isinstance(new, str):
        pairs = enumerate(zip(old, new, strict=False))
        same = next((i for i, (a, b) in pairs if a != b), min(len(old), len(new)))
        start = max(0, same - _BEFORE)
    return _value(old, start), _value(new, start)


def _value(value: object, start: int) -> str | None:
    match value:
        case _Absent():
            return None
        case str():
            head, tail = "…" * (start > 0), "…" * (len(value) > start + _SHOWN)
            return f"{head}{_json(value[start : start + _SHOWN])}{tail}"
        case _:
            whole = _json(value)
            return whole if len(whole) <= _SHOWN else f"{whole[:_SHOWN]}…"


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def named(event: Event) -> str:
    """An event in a word or two: its type, and what it speaks of."""
    return f"{tag_of(type(event))} {about(event)}".rstrip()
