"""Refusals: their class, their hint, their message."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.llm.failures import (
    clean,
    decode,
    describe,
    error_class,
    refused_feature,
    retry_after_s,
)

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=50)
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "retry-after-ms", "x-ratelimit-reset"]),
    st.one_of(ANY_TEXT, st.floats().map(str), st.integers().map(str)),
)


@given(HEADERS, st.one_of(ANY_TEXT, st.dictionaries(ANY_TEXT, st.floats())))
def test_a_hint_is_never_negative_and_at_most_a_day(headers: dict[str, str], error: object) -> None:
    """Whatever a server writes, the core can wait for it."""
    hint = retry_after_s(headers, error)
    assert hint is None or 0 <= hint <= 86400


@given(st.sampled_from([1, 1000]), st.integers(10, 80_000))
def test_a_moment_of_reset_becomes_a_delay(unit: int, delay_s: int) -> None:
    """In seconds or milliseconds since the epoch."""
    hint = retry_after_s({"x-ratelimit-reset": str(int((time.time() + delay_s) * unit))})
    assert hint is not None
    assert delay_s - 5 <= hint <= delay_s


@given(ANY_TEXT)
def test_cleaned_text_can_be_encoded_and_clean_text_is_left_alone(text: str) -> None:
    """Only what cannot be written is replaced."""
    cleaned = clean(text)
    cleaned.encode()
    assert cleaned == clean(cleaned)
    if not any("\ud800" <= sign <= "\udfff" for sign in text):
        assert text == cleaned


@given(ANY_TEXT, st.text("abcdef-", min_size=8, max_size=12))
def test_a_detail_is_one_short_line_without_the_key(text: str, key: str) -> None:
    """Wherever the key stands in the message."""
    detail = describe(f"{text}{key}{text * 60}", key)
    assert key not in detail
    assert len(detail) <= 2000
    assert not any(ord(sign) < 32 for sign in detail)


@given(st.integers(400, 599), st.one_of(ANY_TEXT, st.none(), st.lists(ANY_TEXT)))
def test_every_refusal_has_a_class(status: int, error: object) -> None:
    """5xx are the server's, 4xx are ours or the limits'."""
    found = error_class(status, error)
    assert (found == "server") == (status >= 500)


@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 8192 tokens.",
        "prompt is too long: 210000 tokens > 200000 maximum",
        "the request exceeds the available context size",
    ],
)
def test_a_prompt_that_is_too_long_is_recognized_by_the_words(message: str) -> None:
    """Servers without codes say it in a sentence."""
    assert error_class(400, {"message": message}) == "context-length"


def test_bytes_that_are_no_json_are_a_value_error() -> None:
    """Truncated, or nested beyond reason."""
    for body in (b'{"a": [', b"<html>", b"[" * 200_000, b""):
        with pytest.raises(ValueError, match=r"."):
            decode(body)


def test_stray_bytes_do_not_lose_an_answer() -> None:
    """Invalid UTF-8 inside a text is replaced."""
    assert decode(b'{"a": "x\xffy"}') == {"a": "x\N{REPLACEMENT CHARACTER}y"}


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (403, {"message": "Your input was flagged by moderation."}, "filtered"),
        (403, {"message": "blocked by our content policy"}, "filtered"),
        (403, {"metadata": {"reasons": ["violence"], "flagged_input": "x"}}, "filtered"),
        (403, {"message": "Your account was flagged for moderation."}, "auth"),
        (403, {"message": "This API key may not use the model."}, "auth"),
        (403, {"message": "Country, region, or territory not supported"}, "auth"),
        (403, {"code": "insufficient_quota"}, "payment"),
        (403, None, "auth"),
        (401, {"message": "no moderation without a key"}, "auth"),
        (402, {"message": "Insufficient credits"}, "payment"),
        (400, {"message": "API key not valid. Please pass a valid API key."}, "auth"),
        (400, {"code": "invalid_api_key", "message": "wrong"}, "auth"),
        (400, {"message": "rejected by the safety system"}, "filtered"),
        (200, {"code": 403, "message": "Your input was flagged"}, "filtered"),
        (200, {"code": "403"}, "auth"),
        (200, {"code": 402}, "payment"),
        (200, {"code": 401}, "auth"),
        (500, {"message": "moderation is down"}, "server"),
    ],
)
def test_what_stops_at_once_is_told_from_what_a_model_will_not_say(
    status: int, error: object, expected: str
) -> None:
    """Another model helps against a filter; against a key or an account only a person does."""
    assert expected == error_class(status, error)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"param": "response_format", "message": "not supported with this model"}, "structured"),
        ({"param": "text.format.schema", "message": "no"}, "structured"),
        ({"message": "Unsupported parameter: json_schema"}, "structured"),
        ({"detail": [{"loc": ["body", "response_format"], "msg": "extra"}]}, "structured"),
        ({"param": "stream", "message": "verify your organization"}, "streamed"),
        ({"message": "unknown field stream_options"}, "streamed"),
        ({"message": "streaming is not supported"}, "streamed"),
        ({"param": "temperature", "message": "too hot"}, None),
        ({"message": "upstream is down"}, None),
        ("text", None),
        (None, None),
    ],
)
def test_a_refused_feature_is_known_by_the_parameter_that_is_named(
    error: object, expected: str | None
) -> None:
    """By its field, or in words."""
    assert expected == refused_feature(error)
