"""Model calls: requested before they are sent, ended once.

These names and tags are the storage format: a tag is never renamed, a field never changes its
meaning.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from dialectic_events.parts import Piece, Ref, Text
from dialectic_events.turns import Fact, Turn

__all__ = [
    "PASSING",
    "CallAnswered",
    "CallFailed",
    "CallLost",
    "CallRequested",
    "Ending",
    "ErrorClass",
    "Message",
    "ToolsUsed",
    "Usage",
]

ErrorClass = Literal[
    "rate-limited",
    "server",
    "timeout",
    "connection",
    "auth",
    "payment",
    "bad-request",
    "context-length",
    "filtered",
    "empty",
    "malformed",
    "cancelled",
]
"""Why a call failed. Closed and stored: a new class is a new schema version."""


PASSING: frozenset[ErrorClass] = frozenset(("rate-limited", "server", "timeout", "connection"))
"""Failures that come from outside, and may be over in a minute or in an hour."""


class Message(Struct, frozen=True, omit_defaults=True):
    """One message of a request; its text is that of its pieces, one after the other.

    An assistant's message names the tools that it asked for (`tools`, a JSON list of `ToolCall`), a
    tool's message the call that it answers.
    """

    role: Literal["system", "user", "assistant", "tool"]
    parts: tuple[Piece, ...]
    tools: Ref | None = None
    answers: str | None = None


class Usage(Struct, frozen=True, omit_defaults=True):
    """Tokens as the provider counted them. Cached tokens are part of the input, reasoning tokens of
    the output.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0


class CallRequested(Fact, frozen=True, kw_only=True, tag="call-requested"):
    """A call was decided; durable before it is sent.

    `call` is `turn#attempt`. `plan` is the full turn, in its first request. `why` is what made this
    attempt necessary: "first", an error class, "contract" or "tools". It is held back for `delay_s`
    seconds; its deadline counts from sending. `schema_part` is the JSON Schema of the answer that
    is wanted, `tools` are the tools that may be asked for (each a JSON `ToolSpec`).
    """

    call: str
    turn: str
    provider: str
    model: str
    messages: tuple[Message, ...]
    deadline_s: float
    temperature: float | None = None
    why: str = "first"
    delay_s: float = 0.0
    plan: Turn | None = None
    schema_part: Ref | None = None
    tools: tuple[Ref, ...] = ()


class CallAnswered(Fact, frozen=True, kw_only=True, tag="call-answered"):
    """A model answered. `model` is the one that says it answered; `cost_usd` is unknown when nobody
    stated a price. `tools` is what it asks tools for before it goes on (a JSON list of `ToolCall`).
    """

    call: str
    text: Text
    model: str
    usage: Usage | None = None
    cost_usd: float | None = None
    latency_ms: int = 0
    response_id: str | None = None
    finish: str | None = None
    tools: Text = ""


class CallFailed(Fact, frozen=True, kw_only=True, tag="call-failed"):
    """A call ended without an answer. `detail` is what the provider said, `retry_after_s` its own
    hint.
    """

    call: str
    error: ErrorClass
    detail: Text = ""
    status: int | None = None
    retry_after_s: float | None = None
    usage: Usage | None = None
    cost_usd: float | None = None
    latency_ms: int = 0


class CallLost(Fact, frozen=True, kw_only=True, tag="call-lost"):
    """The process that had sent this call is gone; what it cost is unknown. The same call is sent
    again. `claim` names the taking up of the run that found it lost.
    """

    call: str
    claim: str


class ToolsUsed(Fact, frozen=True, kw_only=True, tag="tools-used"):
    """The tools that an answer asked for were used: `results` is a JSON list of `ToolResult`."""

    call: str
    results: Text
    latency_ms: int = 0


Ending = CallAnswered | CallFailed
