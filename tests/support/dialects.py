"""What the loopback server says and how it words it: either dialect, in one piece or as a stream.

Nothing of the product may be imported here: the server is the independent witness of what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

__all__ = ["Asked", "Said", "events", "fitting", "read_asked", "shape", "typed"]

PIECES = 4
"""A streamed text comes in so many."""

_MARK = re.compile(r"\[begin ([0-9a-f]{12})\]")
_KEYS = ("questions", "ranking", "score", "solutionMarkdown", "sections")

_encode = msgspec.json.encode


class _Message(Struct):
    role: str = ""
    type: str = ""
    content: str | None = None
    output: str = ""
    tool_calls: list[msgspec.Raw] = []


class _Body(Struct):
    model: str = ""
    input: list[_Message] = []
    messages: list[_Message] = []
    stream: bool = False
    text: dict[str, Any] = {}
    response_format: dict[str, Any] = {}
    tools: list[dict[str, Any]] = []


class Asked(Struct, frozen=True):
    """A request as a model sees it. `tools` are the names of those on offer, `used` says that it is
    shown what a tool said.
    """

    model: str
    prompt: str
    stream: bool
    schema: Mapping[str, Any] | None
    tools: tuple[str, ...]
    used: bool

    @property
    def wants(self) -> tuple[str, ...]:
        """What is asked for beside words."""
        wanted = {"schema": self.schema is not None, "stream": self.stream, "tools": self.tools}
        return tuple(name for name, is_wanted in wanted.items() if is_wanted)


_decode = msgspec.json.Decoder(_Body).decode


def read_asked(body: bytes) -> Asked:
    """The request in a body, in either dialect. Raises msgspec.MsgspecError."""
    asked = _decode(body)
    messages = asked.input or asked.messages
    words = [each.content or each.output for each in messages if each.type != "function_call"]
    form = asked.text.get("format") or asked.response_format.get("json_schema") or {}
    # Chat nests what Responses states flat, and a server understands its own dialect only.
    named = [tool if asked.input else tool.get("function", {}) for tool in asked.tools]
    return Asked(
        model=asked.model,
        prompt="\n".join(words),
        stream=asked.stream,
        schema=form.get("schema"),
        tools=tuple(tool["name"] for tool in named if "name" in tool),
        used=any(m.role == "tool" or m.type == "function_call_output" for m in messages),
    )


class Said(Struct, frozen=True):
    """What a model says: words, tools to be used (name, arguments), and the tokens of both ways."""

    text: str
    tokens: tuple[int, int]
    tools: tuple[tuple[str, str], ...] = ()


def typed(prompt: str, text: str) -> str | None:
    """The JSON object that a prompt wants by its example, as an obedient model gives it; None when
    it wants words. `text` fills the long field.
    """
    places = {key: prompt.rfind(f'\n{{"{key}"') for key in _KEYS}
    wanted = max(places, key=lambda key: places[key])
    if places[wanted] < 0:
        return None
    marks = sorted(set(_MARK.findall(prompt)))
    verdict = {
        "tradeoffs": ["Reads may be stale."],
        "recommendations": ["Measure first."],
        "unfulfilledMajorRequirements": [],
        "openQuestions": ["Who operates it?"],
        "confidence": 70,
        "dissent": [
            {"objection": "One queue.", "restsOn": mark, "blocks": False} for mark in marks[:1]
        ],
    }
    answers: dict[str, dict[str, Any]] = {
        "questions": {"questions": ["How many users are there?", "Which regions?"]},
        "ranking": {"ranking": marks, "reason": "The first meets the most requirements."},
        "score": {"score": 62, "reason": "A blocking objection is unanswered."},
        "solutionMarkdown": {"solutionMarkdown": text, **verdict},
        "sections": {
            "sections": [{"title": "Design", "markdown": text, "from": marks[:2]}],
            **verdict,
        },
    }
    return _encode(answers[wanted]).decode()


def fitting(schema: Mapping[str, Any]) -> Any:
    """A value that a schema allows."""
    match schema.get("type"):
        case "object":
            return {name: fitting(each) for name, each in schema.get("properties", {}).items()}
        case "array":
            return [fitting(schema.get("items", {}))]
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return False
        case _:
            return schema.get("enum", ["said"])[0]


def shape(
    path: str, model: str, said: Said, name: str, cost_usd: float | None = None
) -> dict[str, Any]:
    """An answer as either dialect words it."""
    cost = {} if cost_usd is None else {"cost": cost_usd}
    return (_response if path.endswith("/responses") else _completion)(model, said, name, cost)


def _response(model: str, said: Said, name: str, cost: dict[str, float]) -> dict[str, Any]:
    given, made = said.tokens
    output: list[dict[str, Any]] = [
        {
            "id": f"fc_{name}_{number}",
            "type": "function_call",
            "status": "completed",
            "call_id": f"call_{name}_{number}",
            "name": tool,
            "arguments": arguments,
        }
        for number, (tool, arguments) in enumerate(said.tools)
    ]
    if said.text or not said.tools:
        content = [{"type": "output_text", "text": said.text, "annotations": []}]
        output.insert(
            0,
            {
                "id": f"msg_{name}",
                "type": "message",
                "role": "assistant",
                "status": "completed",
                "content": content,
            },
        )
    usage = {
        "input_tokens": given,
        "output_tokens": made,
        "total_tokens": given + made,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 0},
    }
    return {
        "id": f"resp_{name}",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": "completed",
        "model": model,
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": usage | cost,
    }


def _completion(model: str, said: Said, name: str, cost: dict[str, float]) -> dict[str, Any]:
    given, made = said.tokens
    message: dict[str, Any] = {"role": "assistant", "content": said.text, "refusal": None}
    if said.tools:
        message["content"] = said.text or None
        message["tool_calls"] = [
            {
                "id": f"call_{name}_{number}",
                "type": "function",
                "function": {"name": tool, "arguments": arguments},
            }
            for number, (tool, arguments) in enumerate(said.tools)
        ]
    finish = "tool_calls" if said.tools else "stop"
    usage = {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}
    return {
        "id": f"chatcmpl-{name}",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": usage | cost,
    }


def events(path: str, shaped: Mapping[str, Any]) -> list[bytes]:
    """The same answer as the events of a stream, its end mark last."""
    if path.endswith("/responses"):
        return [
            b"event: " + event["type"].encode() + b"\ndata: " + _encode(event) + b"\n\n"
            for event in _response_events(shaped)
        ]
    written = [b"data: " + _encode(chunk) + b"\n\n" for chunk in _chunks(shaped)]
    return [b": thinking\n\n", *written, b"data: [DONE]\n\n"]


def _cut(text: str) -> list[str]:
    size = max(1, -(-len(text) // PIECES))
    return [text[start : start + size] for start in range(0, len(text), size)]


def _response_events(shaped: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield {
        "type": "response.created",
        "response": {**shaped, "status": "in_progress", "output": []},
    }
    for index, item in enumerate(shaped["output"]):
        if item["type"] == "message":
            for piece in _cut(item["content"][0]["text"]):
                yield {
                    "type": "response.output_text.delta",
                    "output_index": index,
                    "delta": piece,
                }
        else:
            for piece in _cut(item["arguments"]):
                yield {
                    "type": "response.function_call_arguments.delta",
                    "output_index": index,
                    "delta": piece,
                }
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    yield {"type": "response.completed", "response": shaped}


def _chunks(shaped: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    common = {"id": shaped["id"], "object": "chat.completion.chunk", "model": shaped["model"]}

    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {**common, "choices": [choice], "usage": None}

    choice = shaped["choices"][0]
    message = choice["message"]
    yield chunk({"role": "assistant", "content": ""})
    for piece in _cut(message["content"] or ""):
        yield chunk({"content": piece})
    for index, call in enumerate(message.get("tool_calls", ())):
        function = call["function"]
        start = {"name": function["name"], "arguments": ""}
        yield chunk({"tool_calls": [{**call, "index": index, "function": start}]})
        for piece in _cut(function["arguments"]):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield chunk({}, choice["finish_reason"])
    yield {**common, "choices": [], "usage": shaped["usage"]}
