"""Answers in pieces, put together: the body that the same answer would have had in one piece.

Pure; what the body says is read in `wire`, like any other. Nothing here receives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dialectic_actors.llm.failures import clean, decode

__all__ = ["Assembly"]

_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})


class Assembly:
    """The pieces of one answer, in either dialect.

    `is_whole` once the answer has its end, `is_over` once nothing more is to come.
    """

    def __init__(self) -> None:
        self.is_whole = False
        self.is_over = False
        self._fields: dict[str, Any] = {}
        self._texts: dict[str, list[str]] = {"content": [], "refusal": []}
        self._tools: dict[int, dict[str, Any]] = {}
        self._items: list[Any] = []
        self._choice: dict[str, Any] | None = None

    def add(self, data: str) -> str:
        """Take the payload of the next event; what it adds to the text. Raises ValueError when it
        is not JSON.
        """
        if self.is_over or not data:
            return ""
        if data.strip() == "[DONE]":
            self._end()
            return ""
        event = decode(data.encode())
        if not isinstance(event, dict):
            return ""
        if event.get("error") or event.get("type") == "error":
            self._fields["error"] = event.get("error") or event
            self._keep(event)
            self._end()
            return ""
        kind = event.get("type")
        if isinstance(kind, str) and kind.startswith("response."):
            return self._responded(kind, event)
        return self._chatted(event)

    def body(self) -> dict[str, Any]:
        """The answer as one body, as far as it has come."""
        body = dict(self._fields)
        if self._choice is not None:
            message: dict[str, Any] = {
                name: "".join(texts) or None for name, texts in self._texts.items()
            }
            message["tool_calls"] = [
                {"id": tool["id"], "function": {"name": tool["name"], "arguments": _whole(tool)}}
                for tool in self._tools.values()
            ]
            body["choices"] = [{**self._choice, "message": message}]
        elif body and self._items and not body.get("output"):
            body["output"] = self._items
        return body

    def _end(self) -> None:
        self.is_whole = self.is_over = True

    def _keep(self, event: Mapping[str, Any]) -> None:
        self._fields |= {name: event[name] for name in ("id", "model", "usage") if event.get(name)}

    def _responded(self, kind: str, event: Mapping[str, Any]) -> str:
        if kind in _ENDS and isinstance(event.get("response"), dict):
            self._fields = dict(event["response"])
            self._end()
        elif kind == "response.output_item.done":
            self._items.append(event.get("item"))
        elif kind == "response.output_text.delta":
            return _text(event.get("delta"))
        return ""

    def _chatted(self, event: Mapping[str, Any]) -> str:
        self._keep(event)
        choices = event.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            return ""
        choice = choices[0]
        kept = {name: choice[name] for name in ("finish_reason", "error") if choice.get(name)}
        self._choice = (self._choice or {}) | kept
        self.is_whole = self.is_whole or bool(kept)
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            return ""
        for name, texts in self._texts.items():
            if isinstance(delta.get(name), str):
                texts.append(delta[name])
        calls = delta.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            if isinstance(call, dict):
                self._call(call)
        return _text(delta.get("content"))

    def _call(self, piece: Mapping[str, Any]) -> None:
        """A piece of a tool's call; some servers leave out which."""
        index = piece.get("index")
        if not isinstance(index, int):
            index = len(self._tools) - (0 if piece.get("id") or not self._tools else 1)
        tool = self._tools.setdefault(index, {"id": None, "name": None, "arguments": []})
        function = piece.get("function")
        function = function if isinstance(function, dict) else {}
        tool["id"] = tool["id"] or piece.get("id")
        tool["name"] = tool["name"] or function.get("name")
        if function.get("arguments") is not None:
            tool["arguments"].append(function["arguments"])


def _whole(tool: Mapping[str, Any]) -> Any:
    """Arguments written in pieces, or stated at once as an object."""
    pieces = tool["arguments"]
    return "".join(pieces) if all(isinstance(each, str) for each in pieces) else pieces[-1]


def _text(delta: object) -> str:
    return clean(delta) if isinstance(delta, str) else ""
