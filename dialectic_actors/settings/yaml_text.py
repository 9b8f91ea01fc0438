"""YAML read node by node, so that every value keeps its place and nothing is built but plain
values.

Imported only when there is YAML to read: the parser is slow to load. Aliases are expanded within a
bound.
"""

from __future__ import annotations

from typing import Any

import yaml

from dialectic_actors.settings.documents import (
    DEPTH_LIMIT,
    Place,
    Steps,
    depth_exceeded,
    refuse,
    repeated,
)

__all__ = ["parse_yaml"]

VALUE_LIMIT = 20_000
"""Values that one document may hold once its aliases are expanded."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_PLAIN_TAGS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


def parse_yaml(text: str, source: str) -> tuple[Any, dict[Steps, Place]]:
    """The values of a YAML text and their places.

    Raises DialecticError (exit 4) naming `source`, line and column for anything but one plain
    document.
    """
    try:
        _check_depth(text, source)
        loader = _LOADER(text)
        try:
            root = loader.get_single_node()
            if root is None:
                raise refuse(source, "is empty", "write a configuration into it or remove it")
            builder = _Builder(loader, source)
            return builder.build(root, ()), builder.places
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as failed:
        mark = failed.problem_mark or failed.context_mark
        place = _place(mark) if mark else None
        what = f"is not YAML: {failed.problem or failed.context or 'malformed'}"
        raise refuse(source, what, "correct the YAML", place) from None
    except yaml.reader.ReaderError as failed:
        line = text.count("\n", 0, failed.position) + 1
        what = "is not YAML: holds a control character"
        raise refuse(source, what, "remove the character", (line, 1)) from None


def _check_depth(text: str, source: str) -> None:
    """Refuse deep nesting from the flat list of events: composing nodes would recurse."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEPTH_LIMIT:
                raise depth_exceeded(source, _place(event.start_mark))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _place(mark: Any) -> Place:
    return mark.line + 1, mark.column + 1


class _Builder:
    """Turns nodes into values and notes where each stood."""

    def __init__(self, loader: Any, source: str) -> None:
        self.places: dict[Steps, Place] = {}
        self._loader = loader
        self._source = source
        self._left = VALUE_LIMIT

    def build(self, node: Any, steps: Steps) -> Any:
        place = _place(node.start_mark)
        self.places.setdefault(steps, place)
        self._left -= 1
        if self._left < 0:
            what = f"holds more than {VALUE_LIMIT:,} values once its aliases are expanded"
            raise refuse(self._source, what, "write out what is needed, without aliases", place)
        if len(steps) > DEPTH_LIMIT:
            raise depth_exceeded(self._source, place)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, place)
        if node.tag not in _PLAIN_TAGS:
            raise refuse(self._source, f"the tag {node.tag} is not known", "remove the tag", place)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*steps, index)) for index, item in enumerate(node.value)]
        return self._mapping(node, steps)

    def _scalar(self, node: yaml.ScalarNode, place: Place) -> Any:
        try:
            return self._loader.construct_object(node)
        except (ValueError, OverflowError) as failed:
            what = f"is not a value: {failed}"
            raise refuse(self._source, what, "quote it if it is text", place) from None
        except (LookupError, AttributeError):
            # What a tag claims to be and is not, PyYAML stumbles over.
            what = f"is not what its tag {node.tag} says"
            raise refuse(self._source, what, "quote it if it is text", place) from None

    def _mapping(self, node: Any, steps: Steps) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = _place(key_node.start_mark)
            key = self.build(key_node, (*steps, "?")) if key_node.id == "scalar" else None
            if not isinstance(key, str):
                raise refuse(self._source, "a key must be text", "write a plain name", place)
            if key in mapping:
                raise repeated(self._source, key, place)
            self.places[*steps, key] = place
            mapping[key] = self.build(value_node, (*steps, key))
        self.places.pop((*steps, "?"), None)
        return mapping
