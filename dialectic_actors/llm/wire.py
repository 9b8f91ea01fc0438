"""The two dialects of the OpenAI API as bytes: requests out, answers in. Pure; nothing here sends
or waits.

An answer is read by its shape, whichever path it came from, and tolerantly: servers that speak the
dialect differ in all but its core, and an answer that was paid for must not be lost over a field
that nobody reads.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from dialectic_actors.actors.ports import Ask, Prompt
from dialectic_actors.llm.failures import clean, describe, error_class, number, retry_after_s
from dialectic_events.calls import CallAnswered, CallFailed, Ending, ErrorClass, Usage
from dialectic_events.contents import ToolCall, write_content

__all__ = ["PATHS", "Dialect", "Feature", "read", "spoken", "write"]

Dialect = Literal["responses", "chat"]

Feature = Literal["structured", "streamed"]
"""What a server may take or refuse: the schema of the wanted answer, an answer in pieces."""

PATHS: Mapping[Dialect, str] = {"responses": "/responses", "chat": "/chat/completions"}

_encode = msgspec.json.Encoder().encode


def write(
    dialect: Dialect, ask: Ask, extra: Mapping[str, Any], features: Collection[Feature] = ()
) -> bytes:
    """The request's body. `extra` are fields that the provider's file adds; without the feature
    "structured" the schema of the wanted answer is left out.
    """
    body: dict[str, Any] = {"model": ask.model, **extra}
    tools = [
        {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
        for tool in ask.tools
    ]
    if dialect == "responses":
        body |= {"input": [item for each in ask.messages for item in _items(each)], "store": False}
        if tools:
            # Left out, it would be taken for true, and few schemas of tools are that strict.
            body["tools"] = [{"type": "function", "strict": False, **tool} for tool in tools]
    else:
        body["messages"] = [_message_of(each) for each in ask.messages]
        if tools:
            body["tools"] = [{"type": "function", "function": tool} for tool in tools]
    if ask.temperature is not None:
        body["temperature"] = ask.temperature
    if "streamed" in features:
        body["stream"] = True
        if dialect == "chat":
            body["stream_options"] = {"include_usage": True}
    if ask.schema is not None and "structured" in features:
        body |= _format(dialect, ask.schema, body)
    return _encode(body)


def _format(dialect: Dialect, schema: str, body: Mapping[str, Any]) -> dict[str, Any]:
    form = {"name": "answer", "schema": msgspec.Raw(schema.encode()), "strict": True}
    if dialect == "responses":
        return {"text": {**body.get("text", {}), "format": {"type": "json_schema", **form}}}
    return {"response_format": {"type": "json_schema", "json_schema": form}}


def _items(prompt: Prompt) -> list[dict[str, Any]]:
    """A message as Responses has it: what was asked of tools, and what they said, are items of
    their own.
    """
    if prompt.role == "tool":
        said = {"call_id": prompt.answers or "", "output": prompt.text}
        return [{"type": "function_call_output", **said}]
    words = (
        [{"role": prompt.role, "content": prompt.text}] if prompt.text or not prompt.tools else []
    )
    return words + [
        {
            "type": "function_call",
            "call_id": call.id,
            "name": call.name,
            "arguments": call.arguments,
        }
        for call in prompt.tools
    ]


def _message_of(prompt: Prompt) -> dict[str, Any]:
    """A message as Chat Completions has it."""
    message: dict[str, Any] = {"role": prompt.role, "content": prompt.text}
    if prompt.role == "tool":
        message["tool_call_id"] = prompt.answers or ""
    if prompt.tools:
        message["content"] = prompt.text or None
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in prompt.tools
        ]
    return message


def spoken(body: object) -> Dialect | None:
    """Which dialect the body of an answer is in; None for a foreign shape."""
    match body:
        case {"choices": list()}:
            return "chat"
        case {"object": "response"} | {"output": list()} | {"output_text": str()}:
            return "responses"
        case _:
            return None


class _Said(Struct, frozen=True):
    """What a body says: words and tools to be used, or why it is no answer."""

    text: str = ""
    finish: str | None = None
    tools: tuple[ToolCall, ...] = ()
    failed: tuple[ErrorClass, object] | None = None


def read(ask: Ask, body: object, headers: Mapping[str, str], key: str) -> Ending:
    """The ending that the body of a 200 states: an answer, or the failure that it hides.

    Tools that were not offered are not heard of.
    """
    if not isinstance(body, dict):
        return CallFailed(call=ask.call, error="malformed", detail="no JSON object", status=200)
    usage, cost_usd = _usage(body.get("usage"))
    said = _said(body)
    tools = _named(said.tools, ask) if ask.tools else ()
    failed = said.failed
    if failed is None and not said.text.strip() and not tools:
        failed = "empty", f"no text (finish: {said.finish or 'not stated'})"
    if failed is not None:
        return CallFailed(
            call=ask.call,
            error=failed[0],
            detail=describe(failed[1], key),
            status=200,
            retry_after_s=retry_after_s(headers, body.get("error")),
            usage=usage,
            cost_usd=cost_usd,
        )
    return CallAnswered(
        call=ask.call,
        text=clean(said.text),
        model=_word(body.get("model")) or ask.model,
        usage=usage,
        cost_usd=cost_usd,
        response_id=_word(body.get("id")),
        finish=said.finish,
        tools=write_content(tools) if tools else "",
    )


def _named(calls: Sequence[ToolCall], ask: Ask) -> list[ToolCall]:
    """The calls, each with an id: some servers give none, and later messages must name it."""
    attempt = ask.call.rpartition("#")[2]
    return [
        call if call.id else msgspec.structs.replace(call, id=f"call-{attempt}-{number}")
        for number, call in enumerate(calls, 1)
    ]


def _said(body: Mapping[str, Any]) -> _Said:
    error = body.get("error")
    if error:
        return _Said(failed=(error_class(200, error), _message(error)))
    match spoken(body):
        case "chat":
            return _chat(body["choices"])
        case "responses":
            return _response(body)
        case None:
            return _Said(failed=("malformed", "the answer has neither `output` nor `choices`"))


def _chat(choices: Sequence[Any]) -> _Said:
    choice = choices[0] if choices and isinstance(choices[0], dict) else {}
    message = choice.get("message")
    message = message if isinstance(message, dict) else {}
    finish = _word(choice.get("finish_reason"))
    text, tools = _joined(message.get("content")), _called(message.get("tool_calls"))
    refusal = message.get("refusal")
    if finish == "content_filter":
        why = refusal or "the content filter stopped the answer"
        return _Said(finish=finish, failed=("filtered", why))
    if finish == "error" or choice.get("error"):
        error = choice.get("error")
        found = error_class(200, error) if error else "server"
        why = _message(error) or "the model failed while it answered"
        return _Said(finish=finish, failed=(found, why))
    if refusal and not text.strip():
        return _Said(finish=finish, failed=("filtered", refusal))
    return _Said(text, finish, tools)


def _response(body: Mapping[str, Any]) -> _Said:
    status = _word(body.get("status"))
    details = body.get("incomplete_details")
    reason = _word(details.get("reason")) if isinstance(details, dict) else None
    if status in ("failed", "cancelled", "queued", "in_progress"):
        return _Said(finish=status, failed=("server", f"the response is {status}"))
    if reason == "content_filter":
        why = "the content filter stopped the answer"
        return _Said(finish=reason, failed=("filtered", why))
    text, refusal = _spoken_output(body)
    if refusal and not text.strip():
        return _Said(finish=status, failed=("filtered", refusal))
    calls = [item for item in _output(body) if item.get("type") == "function_call"]
    return _Said(text, reason or status, _called(calls))


def _called(calls: object) -> tuple[ToolCall, ...]:
    """The tools that an answer asks for, in either dialect; arguments as the model wrote them."""
    found: list[ToolCall] = []
    for call in calls if isinstance(calls, list) else ():
        fields = call.get("function", call) if isinstance(call, dict) else None
        if not isinstance(fields, dict):
            continue
        id = _word(call.get("call_id")) or _word(call.get("id")) or ""
        given = fields.get("arguments", "")
        # The standard encoder writes whatever its decoder reads, lone surrogates too.
        arguments = clean(given) if isinstance(given, str) else json.dumps(given)
        found.append(ToolCall(id, _word(fields.get("name")) or "", arguments))
    return tuple(found)


def _output(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    items = body.get("output")
    return [item for item in (items if isinstance(items, list) else ()) if isinstance(item, dict)]


def _spoken_output(body: Mapping[str, Any]) -> tuple[str, str]:
    """The text of a response, and its refusal."""
    whole = body.get("output_text")
    if isinstance(whole, str) and whole:
        return whole, ""
    parts = [
        part
        for item in _output(body)
        if item.get("type", "message") == "message" and isinstance(item.get("content"), list)
        for part in item["content"]
        if isinstance(part, dict)
    ]
    refusal = "".join(part["refusal"] for part in parts if isinstance(part.get("refusal"), str))
    return _joined(parts), refusal


def _joined(content: object) -> str:
    """The text of a message's content: a string, or parts that hold text."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "".join(
        part["text"]
        for part in content
        if isinstance(part, dict) and isinstance(part.get("text"), str)
    )


def _message(error: object) -> object:
    return error.get("message") or error if isinstance(error, dict) else error


def _word(value: object) -> str | None:
    return clean(value) if isinstance(value, str) and value else None


def _usage(stated: object) -> tuple[Usage | None, float | None]:
    """Tokens and cost as stated, in either dialect's words."""
    if not isinstance(stated, dict):
        return None, None
    given = _details(stated, "input_tokens_details", "prompt_tokens_details")
    made = _details(stated, "output_tokens_details", "completion_tokens_details")
    usage = Usage(
        input_tokens=_count(stated.get("input_tokens", stated.get("prompt_tokens"))),
        output_tokens=_count(stated.get("output_tokens", stated.get("completion_tokens"))),
        cached_tokens=_count(given.get("cached_tokens", stated.get("cached_tokens"))),
        reasoning_tokens=_count(made.get("reasoning_tokens", stated.get("reasoning_tokens"))),
    )
    cost_usd = number(stated.get("cost"))
    return usage, cost_usd if cost_usd is not None and cost_usd >= 0 else None


def _details(stated: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    return next((stated[name] for name in names if isinstance(stated.get(name), dict)), {})


def _count(value: object) -> int:
    found = number(value) or 0.0
    return int(found) if 0 < found < 2**53 else 0
