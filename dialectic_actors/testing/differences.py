"""The first fact in which two runs differ, field by field.

What two processes never have in common is left out: who recorded what when and in which order, how
long a model took, how often the run was interrupted. Nothing is judged here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from dialectic_actors.core.divergence import about
from dialectic_events.calls import CallLost, CallRequested
from dialectic_events.runs import RunOpened, RunResumed, RunSuspended
from dialectic_events.union import Event, tag_of

if TYPE_CHECKING:
    from dialectic_actors.testing.played import Played

__all__ = ["Difference", "fields_that_differ", "first_difference"]

_LEFT_OUT = frozenset({"type", "latency_ms", "response_id"})
_WIDTH = 100
_LEAD = 30
_ABSENT = "nothing"


class Difference(Struct, frozen=True):
    """Where two runs part: the event, the path of the field in it, and what either has there."""

    event: str
    field: str
    recorded: str
    played: str

    def __str__(self) -> str:
        field = f"  field:    {self.field}\n" if self.field else ""
        return (
            f"  event:    {self.event}\n{field}"
            f"  cassette: {self.recorded}\n  run:      {self.played}"
        )


def first_difference(recorded: Played, played: Played) -> Difference | None:
    """The first fact, in the order of the recorded log, that the other run has not, or has
    otherwise; None when they have the same facts.
    """
    facts, others = _facts(recorded), _facts(played)
    for event, fields in facts.items():
        if event not in others:
            return Difference(event, "", "is there", "is missing")
        for field, one, other in fields_that_differ(fields, others[event]):
            return Difference(event, field, *_excerpts(one, other))
    extra = next((event for event in others if event not in facts), None)
    return None if extra is None else Difference(extra, "", "is missing", "is there")


def fields_that_differ(one: Any, other: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The paths at which two decoded documents differ, with both values; what is absent is None."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in dict.fromkeys((*one, *other)):
            where = f"{path}.{key}" if path else str(key)
            yield from fields_that_differ(one.get(key), other.get(key), where)
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple):
        for index in range(max(len(one), len(other))):
            this, that = (each[index] if index < len(each) else None for each in (one, other))
            yield from fields_that_differ(this, that, f"{path}[{index}]")
    elif one != other:
        yield path, one, other


def _facts(played: Played) -> dict[str, dict[str, Any]]:
    """What happened, by the event's type and what it is about."""
    facts: dict[str, dict[str, Any]] = {}
    seen: Counter[str] = Counter()
    for event in played.events:
        interrupted = isinstance(event, RunSuspended) and event is not played.events[-1]
        if interrupted or isinstance(event, CallLost | RunResumed):
            continue
        subject = about(event)
        if not isinstance(event, CallRequested):
            subject = getattr(event, "turn", subject)
        name = f"{tag_of(type(event))} {played.short(subject)}".strip()
        seen[name] += 1
        # A call ends once; whatever comes again is told apart by its number.
        facts[name if seen[name] == 1 else f"{name} ({seen[name]})"] = _fields(played, event)
    return facts


def _fields(played: Played, event: Event) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(event)
    match event:
        case RunOpened():
            fields.pop("program", None)
            for source in fields["sources"]:
                # Where a checkout lies is no fact; what the file said is compared.
                source.pop("path", None)
        case CallRequested(messages=messages):
            fields["messages"] = [
                {"role": message.role, "text": played.words(message.parts)} for message in messages
            ]
    return {name: value for name, value in fields.items() if name not in _LEFT_OUT}


def _excerpts(one: Any, other: Any) -> tuple[str, str]:
    """Both values, long texts from shortly before the place where they part."""
    if not (isinstance(one, str) and isinstance(other, str)):
        return _brief(one), _brief(other)
    if max(len(one), len(other)) <= _WIDTH:
        return repr(one), repr(other)
    pairs = enumerate(zip(one, other, strict=False))
    at = next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))
    start = max(at - _LEAD, 0)
    return _excerpt(one, start), _excerpt(other, start)


def _excerpt(text: str, start: int) -> str:
    piece = repr(text[start : start + _WIDTH])
    return f"{'…' if start else ''}{piece}{'…' if start + _WIDTH < len(text) else ''}"


def _brief(value: Any) -> str:
    if value is None:
        return _ABSENT
    text = repr(value)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
