"""Requests as bytes and answers as endings, in both dialects."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.actors.ports import Prompt
from dialectic_actors.llm.failures import clean
from dialectic_actors.llm.wire import PATHS, read, spoken, write
from dialectic_events.calls import CallAnswered, CallFailed, Ending, Usage
from dialectic_events.contents import ToolCall, ToolSpec, read_content
from support.asks import an_ask

LOOK = ToolSpec("look", "Looks for a term.", {"type": "object", "properties": {}})
TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)
# Bodies that look enough like answers to reach every corner of the reading.
FIELDS = st.sampled_from(
    [
        "choices", "message", "content", "text", "refusal", "finish_reason", "error", "code",
        "output", "output_text", "type", "status", "incomplete_details", "reason", "usage",
        "input_tokens", "prompt_tokens", "input_tokens_details", "cached_tokens", "cost",
        "model", "id", "object", "metadata", "availability", "retry_after",
        "tool_calls", "function", "name", "arguments", "call_id",
    ]
)  # fmt: skip
WORDS = st.sampled_from(
    [
        "stop",
        "content_filter",
        "error",
        "message",
        "output_text",
        "response",
        "failed",
        "429",
        "function_call",
    ]
)
BODY = st.recursive(
    JSON | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=6),
    max_leaves=25,
)


def read_body(body: object, **headers: str) -> Ending:
    """The ending that a body states."""
    return read(an_ask(tools=(LOOK,)), body, headers, "sk-key")


def chat(message: object, finish: str | None = "stop", **fields: Any) -> dict[str, Any]:
    """A chat completion."""
    return {"choices": [{"message": message, "finish_reason": finish}], **fields}


def response(*parts: object, **fields: Any) -> dict[str, Any]:
    """A response of one message."""
    return {"output": [{"type": "message", "content": list(parts)}], **fields}


@given(st.dictionaries(FIELDS, BODY, max_size=8))
def test_every_body_is_an_ending_that_can_be_stored(body: dict[str, Any]) -> None:
    """No shape raises; whatever comes out can be encoded and says something."""
    ending = read_body(body)
    assert ending == msgspec.json.decode(msgspec.json.encode(ending), type=type(ending))
    if isinstance(ending, CallAnswered):
        assert ending.text.strip() or ending.tools
    else:
        assert len(ending.detail) <= 2000


@given(BODY)
def test_only_objects_are_answers(body: object) -> None:
    """A body that is no object never passes for one."""
    if not isinstance(body, dict):
        assert isinstance(read_body(body), CallFailed)
        assert spoken(body) is None


CUT = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
STOPPED = {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}
THOUGHT = {"type": "reasoning", "content": [{"text": "hm"}]}


@pytest.mark.parametrize(
    ("body", "text", "finish"),
    [
        (chat({"content": "yes"}), "yes", "stop"),
        (chat({"content": "yes"}, "length"), "yes", "length"),
        (chat({"content": [{"type": "text", "text": "y"}, {"text": "es"}]}), "yes", "stop"),
        (response({"type": "output_text", "text": "yes"}, status="completed"), "yes", "completed"),
        (response({"text": "y"}, {"text": "es"}), "yes", None),
        ({"output_text": "yes", "output": []}, "yes", None),
        ({"output": [THOUGHT, *response({"text": "yes"})["output"]]}, "yes", None),
        (response({"text": "yes"}, **CUT), "yes", "max_output_tokens"),
    ],
)
def test_the_text_is_found_in_either_shape(body: object, text: str, finish: str | None) -> None:
    """What the model said, without what it thought."""
    ending = read_body(body)
    assert isinstance(ending, CallAnswered)
    assert (text, finish) == (ending.text, ending.finish)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (chat({"content": None}), "empty"),
        (chat({"content": " \n"}), "empty"),
        (chat({"content": "half"}, "content_filter"), "filtered"),
        (chat({"content": "half"}, "error"), "server"),
        (chat({"content": None, "refusal": "I will not."}), "filtered"),
        ({"choices": []}, "empty"),
        (response({"type": "refusal", "refusal": "I will not."}), "filtered"),
        (response(**STOPPED), "filtered"),
        (response(**CUT), "empty"),
        (response({"text": "half"}, status="failed"), "server"),
        (response(status="failed", error={"code": "rate_limit_exceeded"}), "rate-limited"),
        ({"error": "broken"}, "server"),
        ({"error": {"code": "502"}}, "server"),
        ({"error": {"code": 403, "metadata": {"flagged_input": "x"}}}, "filtered"),
        ({"error": {"metadata": {"error_type": "context_length_exceeded"}}}, "context-length"),
        ({"hello": "world"}, "malformed"),
    ],
)  # fmt: skip
def test_what_is_no_answer_says_why(body: object, error: str) -> None:
    """A 200 can be a failure."""
    ending = read_body(body)
    assert isinstance(ending, CallFailed)
    assert (error, 200) == (ending.error, ending.status)


@pytest.mark.parametrize(
    "usage",
    [
        {
            "input_tokens": 9,
            "output_tokens": 5,
            "input_tokens_details": {"cached_tokens": 4},
            "output_tokens_details": {"reasoning_tokens": 3},
        },
        {
            "prompt_tokens": 9,
            "completion_tokens": 5,
            "prompt_tokens_details": {"cached_tokens": 4},
            "completion_tokens_details": {"reasoning_tokens": 3},
        },
    ],
)
def test_usage_means_the_same_in_both_dialects(usage: dict[str, Any]) -> None:
    """Input, output, cached, reasoning."""
    expected = Usage(input_tokens=9, output_tokens=5, cached_tokens=4, reasoning_tokens=3)
    assert expected == read_body(chat({"content": "yes"}, usage=usage)).usage


def test_a_failure_keeps_what_it_cost() -> None:
    """An answer that was filtered was still paid for."""
    usage = {"prompt_tokens": 9, "completion_tokens": 5, "cost": 0.01}
    ending = read_body(chat({"content": "half"}, "content_filter", usage=usage))
    assert Usage(input_tokens=9, output_tokens=5) == ending.usage
    assert ending.cost_usd == 0.01


def test_a_request_says_the_same_in_both_dialects() -> None:
    """Model, messages, temperature; Responses must not be stored, and a provider's fields are
    added.
    """
    ask = an_ask(temperature=0.25)
    messages = [{"role": prompt.role, "content": prompt.text} for prompt in ask.messages]
    common = {"model": "gpt-4o", "temperature": 0.25, "extra": [1]}
    responses = msgspec.json.decode(write("responses", ask, {"extra": [1]}))
    assert {**common, "input": messages, "store": False} == responses
    completions = msgspec.json.decode(write("chat", ask, {"extra": [1]}))
    assert {**common, "messages": messages} == completions


def test_no_temperature_is_sent_when_none_is_given() -> None:
    """Some models refuse the field."""
    assert "temperature" not in msgspec.json.decode(write("chat", an_ask(temperature=None), {}))


def call(id: str | None, arguments: object, name: str = "look") -> dict[str, Any]:
    """A tool's call as Chat Completions words it."""
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def item(id: str | None, arguments: object, name: str = "look") -> dict[str, Any]:
    """A tool's call as Responses words it."""
    return {"type": "function_call", "call_id": id, "name": name, "arguments": arguments}


@given(st.lists(st.tuples(st.text(max_size=5), TEXT), min_size=1, max_size=4), st.booleans())
def test_tools_are_recognized_in_either_shape(asked: list[tuple[str, str]], has_text: bool) -> None:
    """Arguments as they were written, each call with an id, beside a text or alone."""
    text = "Let me look." if has_text else None
    wordy = [{"type": "message", "content": [{"text": text}]}] if has_text else []
    bodies = (
        chat({"content": text, "tool_calls": [call(*each) for each in asked]}, "tool_calls"),
        {"output": [THOUGHT, *wordy, *(item(*each) for each in asked)], "status": "completed"},
    )
    for body in bodies:
        ending = read_body(body)
        assert isinstance(ending, CallAnswered)
        assert (text or "") == ending.text
        calls = read_content(ending.tools, list[ToolCall])
        assert calls is not None
        expected = [(clean(id) or f"call-1-{n}", clean(a)) for n, (id, a) in enumerate(asked, 1)]
        assert expected == [(each.id, each.arguments) for each in calls]


def test_arguments_that_are_no_text_are_written_as_json() -> None:
    """Some servers parse them, and none need be lost."""
    for body in (
        chat({"tool_calls": [call("a", {"term": "x"}), "junk", {"function": 3}]}),
        {"output": [item("a", {"term": "x"}), 7]},
    ):
        ending = read_body(body)
        assert isinstance(ending, CallAnswered)
        assert [ToolCall("a", "look", '{"term": "x"}')] == read_content(
            ending.tools, list[ToolCall]
        )


def test_tools_that_were_not_offered_are_no_answer() -> None:
    """Nothing could be done with them; a text beside them is an answer."""
    for text, kind in (("", CallFailed), ("yes", CallAnswered)):
        body = chat({"content": text, "tool_calls": [call("a", "{}")]})
        ending = read(an_ask(), body, {}, "sk-key")
        assert isinstance(ending, kind)
        assert getattr(ending, "tools", "") == ""


CONVERSATION = (
    Prompt("system", "You design."),
    Prompt("user", "Design."),
    Prompt("assistant", "", tools=(ToolCall("a", "look", '{"term": '), ToolCall("b", "list", ""))),
    Prompt("tool", "no JSON", answers="a"),
    Prompt("tool", "[]", answers="b"),
    Prompt("assistant", "Once more.", tools=(ToolCall("c", "look", "{}"),)),
    Prompt("tool", "found", answers="c"),
)


def test_a_conversation_with_tools_is_worded_for_chat() -> None:
    """Calls are part of the assistant's message."""
    body = msgspec.json.decode(write("chat", an_ask(messages=CONVERSATION, tools=(LOOK,)), {}))
    assert [
        {"role": "system", "content": "You design."},
        {"role": "user", "content": "Design."},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [call("a", '{"term": '), call("b", "", "list")],
        },
        {"role": "tool", "content": "no JSON", "tool_call_id": "a"},
        {"role": "tool", "content": "[]", "tool_call_id": "b"},
        {"role": "assistant", "content": "Once more.", "tool_calls": [call("c", "{}")]},
        {"role": "tool", "content": "found", "tool_call_id": "c"},
    ] == body["messages"]
    assert [{"type": "function", "function": msgspec.to_builtins(LOOK)}] == body["tools"]


def test_a_conversation_with_tools_is_worded_for_responses() -> None:
    """Calls and results are items of their own."""
    ask = an_ask(messages=CONVERSATION, tools=(LOOK,))
    body = msgspec.json.decode(write("responses", ask, {}))
    assert [
        {"role": "system", "content": "You design."},
        {"role": "user", "content": "Design."},
        item("a", '{"term": '),
        item("b", "", "list"),
        {"type": "function_call_output", "call_id": "a", "output": "no JSON"},
        {"type": "function_call_output", "call_id": "b", "output": "[]"},
        {"role": "assistant", "content": "Once more."},
        item("c", "{}"),
        {"type": "function_call_output", "call_id": "c", "output": "found"},
    ] == body["input"]
    assert [{"type": "function", "strict": False, **msgspec.to_builtins(LOOK)}] == body["tools"]


def test_a_wanted_schema_stands_where_each_dialect_looks_for_it() -> None:
    """Strict, under a name, beside what the provider's file adds; left out when it is refused."""
    ask, schema = an_ask(schema='{"type": "object"}'), {"type": "object"}
    form = {"name": "answer", "schema": schema, "strict": True}
    extra = {"text": {"verbosity": "low"}}
    given = msgspec.json.decode(write("responses", ask, extra, ["structured"]))
    assert {"verbosity": "low", "format": {"type": "json_schema", **form}} == given["text"]
    given = msgspec.json.decode(write("chat", ask, {}, ["structured"]))
    assert {"type": "json_schema", "json_schema": form} == given["response_format"]
    for dialect in PATHS:
        bare = write(dialect, ask, {})
        assert write(dialect, an_ask(), {}) == bare


def test_a_stream_is_asked_for_with_its_tokens() -> None:
    """Responses states them anyway; Chat Completions only if asked."""
    given = msgspec.json.decode(write("chat", an_ask(), {}, ["streamed"]))
    assert (True, {"include_usage": True}) == (given["stream"], given["stream_options"])
    given = msgspec.json.decode(write("responses", an_ask(), {}, ["streamed"]))
    assert given["stream"] is True
    assert "stream_options" not in given
