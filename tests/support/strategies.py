"""Hypothesis strategies for events, read off their types: a new event type needs nothing here."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from dialectic_events.turns import Fact
from dialectic_events.union import EVENT_TYPES, Event

__all__ = ["events", "events_of", "words"]

PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    int: st.integers(-(2**63), 2**63 - 1),
    NoneType: st.none(),
}


def words(max_size: int = 40) -> st.SearchStrategy[str]:
    """Any text that can be stored: all of Unicode but lone surrogates."""
    return st.text(st.characters(exclude_categories=["Cs"]), max_size=max_size)


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a field's type."""
    origin, args = get_origin(hint), get_args(hint)
    if hint is str:
        return words()
    if hint in PLAIN:
        return PLAIN[hint]
    if origin is Annotated:
        return values(args[0])
    if origin in (Union, UnionType):
        return st.one_of(*map(values, args))
    if origin is Literal:
        return st.sampled_from(args)
    if origin is tuple:
        return st.lists(values(args[0]), max_size=3).map(tuple)
    return structs(hint)


def structs(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Values of a struct, every field drawn."""
    hints = get_type_hints(kind, include_extras=True)
    return st.builds(kind, **{name: values(hints[name]) for name in kind.__struct_fields__})


def events_of(kind: type[Fact]) -> st.SearchStrategy[Any]:
    """Events of one type."""
    return structs(kind)


def events() -> st.SearchStrategy[Event]:
    """Events of every type."""
    return st.one_of(*map(structs, EVENT_TYPES.values()))
