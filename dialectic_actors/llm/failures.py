"""How a refusal becomes a failure: status, headers and error body to an error class, a hint when to
return, a message.

Pure but for the clock that a date in a header is compared with. What to do about a failure is
decided in the core.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import msgspec

from dialectic_events.calls import ErrorClass

__all__ = [
    "clean",
    "decode",
    "describe",
    "error_class",
    "number",
    "refused_feature",
    "retry_after_s",
]

DETAIL_CHARS = 2000
DAY_S = 86_400.0

_CODES: Mapping[str, ErrorClass] = {
    "context_length_exceeded": "context-length",
    "insufficient_quota": "payment",
    "insufficient_credits": "payment",
    "billing_hard_limit_reached": "payment",
    "billing_not_active": "payment",
    "payment_required": "payment",
    "content_policy_violation": "filtered",
    "content_filter": "filtered",
    "invalid_prompt": "filtered",
    "moderation_blocked": "filtered",
    "refusal": "filtered",
    "rate_limit_exceeded": "rate-limited",
    "rate_limit_error": "rate-limited",
    "authentication": "auth",
    "authentication_error": "auth",
    "invalid_api_key": "auth",
    "permission_denied": "auth",
    "timeout": "timeout",
    "server_error": "server",
    "internal_server_error": "server",
    "overloaded_error": "server",
    "provider_overloaded": "server",
    "provider_unavailable": "server",
    "invalid_request_error": "bad-request",
    "model_not_found": "bad-request",
}
# Servers that state no code say in words that a prompt was too long.
_TOO_LONG = re.compile(
    r"maximum context length|context (window|size|length)|prompt is too long", re.IGNORECASE
)
# Nor does every server say by a code what only a person can mend, or what it will not talk about.
_WRONG_KEY = re.compile(
    r"(invalid|incorrect|expired|missing) api[ _]key|api[ _]key (is )?(not valid|invalid|expired)",
    re.IGNORECASE,
)
_MODERATED = re.compile(
    r"moderation|flagged|content[ _](policy|filter)|safety (policy|filter|system)", re.IGNORECASE
)
_ABOUT_THE_CALLER = re.compile(r"account|api[ _]key|organi[sz]ation|billing|region", re.IGNORECASE)
_FEATURES: Mapping[Literal["structured", "streamed"], re.Pattern[str]] = {
    "structured": re.compile(
        r"response_format|json_schema|text\.format|structured[ _]outputs?", re.IGNORECASE
    ),
    "streamed": re.compile(r"\bstream(ing|ed|_options)?\b", re.IGNORECASE),
}
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")


def decode(body: bytes) -> Any:
    """The JSON value in `body`, lone surrogates included. Raises ValueError when there is none."""
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):
        # The strict decoder refuses lone surrogates and stray bytes; an answer that was paid for is
        # worth a second look.
        try:
            return json.loads(body.decode("utf-8", "replace"))
        except RecursionError:
            raise ValueError("nested too deeply") from None


def clean(text: str) -> str:
    """`text` with surrogate pairs joined and lone surrogates replaced: it can be encoded."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def describe(message: object, key: str = "") -> str:
    """A provider's message on one line, without control characters or `key`, of at most 2,000
    characters.
    """
    text = message if isinstance(message, str) else "" if message is None else repr(message)
    # The key goes before anything is cut: a part of it would be found no more.
    if key:
        text = text.replace(key, "[key]")
    return clean(_UNPRINTABLE.sub(" ", text[: 8 * DETAIL_CHARS]).strip())[:DETAIL_CHARS]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def error_class(status: int, error: object) -> ErrorClass:
    """The class of a refusal. `error` is the body's error, of any shape; `status` may be 200."""
    fields = _mapping(error)
    metadata = _mapping(fields.get("metadata"))
    codes = [
        str(word).lower()
        for word in (metadata.get("error_type"), fields.get("code"), fields.get("type"))
    ]
    named = next((_CODES[code] for code in codes if code in _CODES), None)
    if "flagged_input" in metadata or "reasons" in metadata:
        return "filtered"
    if named in ("context-length", "payment", "filtered"):
        return named
    code = fields.get("code")
    if status < 400 and isinstance(code, int) and code >= 400:
        status = code
    if status < 400 and isinstance(code, str) and re.fullmatch("[45][0-9][0-9]", code):
        status = int(code)
    if status < 400:
        return named or "server"
    found = "auth" if status == 400 and named == "auth" else _status_class(status)
    message = fields.get("message", error)
    return _worded(status, found, message) if isinstance(message, str) else found


def _worded(status: int, found: ErrorClass, message: str) -> ErrorClass:
    """The class of a refusal whose words say more than its status."""
    if found == "bad-request" and _TOO_LONG.search(message):
        return "context-length"
    if status == 400 and _WRONG_KEY.search(message):
        return "auth"
    if status in (400, 403) and _MODERATED.search(message):
        return found if _ABOUT_THE_CALLER.search(message) else "filtered"
    return found


def refused_feature(error: object) -> Literal["structured", "streamed"] | None:
    """The feature that a bad request was refused for, when the refusal names its parameter."""
    fields = _mapping(error)
    param = fields.get("param")
    words = f"{param or ''} {describe(fields.get('message') or error)}"
    if isinstance(param, str) and param.partition(".")[0] == "text":
        return "structured"
    return next((name for name, sign in _FEATURES.items() if sign.search(words)), None)


def _status_class(status: int) -> ErrorClass:
    match status:
        case 401 | 403:
            return "auth"
        case 402:
            return "payment"
        case 408:
            return "timeout"
        case 429:
            return "rate-limited"
        case _:
            return "server" if status >= 500 else "bad-request"


def retry_after_s(headers: Mapping[str, str], error: object = None) -> float | None:
    """When the provider says it can be asked again, in seconds from now: 0 to one day, None when it
    does not say.

    `headers` must look names up without regard to case.
    """
    fields = _mapping(error)
    hints = (
        _scaled(headers.get("retry-after-ms"), 0.001),
        _delay(headers.get("retry-after")),
        number(fields.get("retry_after")),
        number(_mapping(fields.get("metadata")).get("retry_after")),
        number(_mapping(fields.get("availability")).get("retry_after")),
        _reset(headers.get("x-ratelimit-reset")),
    )
    hint = next((hint for hint in hints if hint is not None and hint >= 0), None)
    return None if hint is None else min(hint, DAY_S)


def number(value: object) -> float | None:
    """`value` as a finite number when it is one or spells one; None otherwise."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _scaled(value: object, unit_s: float) -> float | None:
    found = number(value)
    return None if found is None else found * unit_s


def _delay(value: str | None) -> float | None:
    """`Retry-After`: seconds, or a date."""
    found = number(value)
    if found is not None or value is None:
        return found
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError, OSError):
        return None


def _reset(value: str | None) -> float | None:
    """`X-RateLimit-Reset`: a moment in milliseconds or seconds, or a number of seconds. A past
    moment says nothing.
    """
    found = number(value)
    if found is None or found < 1e9:
        return found
    delay = found / (1000 if found > 1e12 else 1) - time.time()
    return delay if delay >= 0 else None
