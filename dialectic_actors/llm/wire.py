"""The two dialects of the OpenAI API as bytes: requests out, answers in. Pure; nothing here sends
or waits.

An answer is read by its shape, whichever path it came from, and tolerantly: servers that speak the
dialect differ in all but its core, and an answer that was paid for must not be lost over a field
that nobody reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from dialectic_actors.actors.ports import Ask
from dialectic_actors.llm.failures import clean, describe, error_class, number, retry_after_s
from dialectic_events.calls import CallAnswered, CallFailed, Ending, ErrorClass, Usage

__all__ = ["PATHS", "Dialect", "read", "spoken", "write"]

Dialect = Literal["responses", "chat"]

PATHS: Mapping[Dialect, str] = {"responses": "/responses", "chat": "/chat/completions"}

_encode = msgspec.json.Encoder().encode


def write(dialect: Dialect, ask: Ask, extra: Mapping[str, Any]) -> bytes:
    """The request's body. `extra` are fields that the provider's file adds."""
    messages = [{"role": prompt.role, "content": prompt.text} for prompt in ask.messages]
    body: dict[str, Any] = {"model": ask.model, **extra}
    if dialect == "responses":
        body |= {"input": messages, "store": False}
    else:
        body["messages"] = messages
    if ask.temperature is not None:
        body["temperature"] = ask.temperature
    return _encode(body)


def spoken(body: object) -> Dialect | None:
    """Which dialect the body of an answer is in; None for a foreign shape."""
    match body:
        case {"choices": list()}:
            return "chat"
        case {"object": "response"} | {"output": list()} | {"output_text": str()}:
            return "responses"
        case _:
            return None


def read(ask: Ask, body: object, headers: Mapping[str, str], key: str) -> Ending:
    """The ending that the body of a 200 states: an answer, or the failure that it hides."""
    if not isinstance(body, dict):
        return CallFailed(call=ask.call, error="malformed", detail="no JSON object", status=200)
    usage, cost_usd = _usage(body.get("usage"))
    error, text, finish = body.get("error"), "", None
    failed: tuple[ErrorClass, object] | None = None
    if error:
        failed = error_class(200, error), _message(error)
    else:
        match spoken(body):
            case "chat":
                text, finish, failed = _chat(body["choices"])
            case "responses":
                text, finish, failed = _response(body)
            case _:
                failed = "malformed", "the answer has neither `output` nor `choices`"
        if failed is None and not text.strip():
            failed = "empty", f"no text (finish: {finish or 'not stated'})"
    if failed is not None:
        return CallFailed(
            call=ask.call,
            error=failed[0],
            detail=describe(failed[1], key),
            status=200,
            retry_after_s=retry_after_s(headers, error),
            usage=usage,
            cost_usd=cost_usd,
        )
    return CallAnswered(
        call=ask.call,
        text=clean(text),
        model=_word(body.get("model")) or ask.model,
        usage=usage,
        cost_usd=cost_usd,
        response_id=_word(body.get("id")),
        finish=finish,
    )


_Reading = tuple[str, str | None, tuple[ErrorClass, object] | None]


def _chat(choices: Sequence[Any]) -> _Reading:
    choice = choices[0] if choices and isinstance(choices[0], dict) else {}
    message = choice.get("message")
    message = message if isinstance(message, dict) else {}
    finish = _word(choice.get("finish_reason"))
    text = _joined(message.get("content"))
    if finish == "content_filter":
        return (
            "",
            finish,
            ("filtered", message.get("refusal") or "the content filter stopped the answer"),
        )
    if finish == "error" or choice.get("error"):
        error = choice.get("error")
        found = error_class(200, error) if error else "server"
        return "", finish, (found, _message(error) or "the model failed while it answered")
    if message.get("refusal") and not text.strip():
        return "", finish, ("filtered", message["refusal"])
    return text, finish, None


def _response(body: Mapping[str, Any]) -> _Reading:
    status = _word(body.get("status"))
    details = body.get("incomplete_details")
    reason = _word(details.get("reason")) if isinstance(details, dict) else None
    if status in ("failed", "cancelled", "queued", "in_progress"):
        return "", status, ("server", f"the response is {status}")
    if reason == "content_filter":
        return "", reason, ("filtered", "the content filter stopped the answer")
    text, refusal = _spoken_output(body)
    if refusal and not text.strip():
        return "", status, ("filtered", refusal)
    return text, reason or status, None


def _spoken_output(body: Mapping[str, Any]) -> tuple[str, str]:
    """The text of a response, and its refusal."""
    whole = body.get("output_text")
    if isinstance(whole, str) and whole:
        return whole, ""
    items = body.get("output")
    messages = [
        item
        for item in (items if isinstance(items, list) else ())
        if isinstance(item, dict) and item.get("type", "message") == "message"
    ]
    parts = [
        part
        for item in messages
        for part in (item["content"] if isinstance(item.get("content"), list) else ())
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
