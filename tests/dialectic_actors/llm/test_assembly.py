"""Answers in pieces: put together, they say what they would have said in one piece."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.llm.assembly import Assembly
from dialectic_actors.llm.wire import read
from dialectic_events.calls import CallAnswered, CallFailed, Ending, Usage
from dialectic_events.contents import ToolSpec
from support.asks import an_ask
from support.dialects import Said, events, shape

PATHS = st.sampled_from(["/responses", "/chat/completions"])
ASK = an_ask(tools=(ToolSpec("look", "Looks.", {"type": "object"}),))
SAID = st.builds(
    Said,
    text=st.text(max_size=40),
    tokens=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    tools=st.lists(
        st.tuples(st.sampled_from(["look", "list"]), st.text(max_size=20)), max_size=3
    ).map(tuple),
)
NAMES = st.sampled_from(
    ["choices", "delta", "content", "tool_calls", "function", "name", "arguments", "index", "id",
     "finish_reason", "error", "type", "response", "usage", "item", "refusal", "model", "output"]
)  # fmt: skip
WORDS = st.sampled_from(
    ["stop", "error", "response.completed", "response.output_item.done", "response.failed",
     "response.output_text.delta", "function_call", "message", "\ud800"]
)  # fmt: skip
EVENTS = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=25,
)


def payloads(path: str, said: Said) -> list[str]:
    """The payloads of an answer's events."""
    lines = b"".join(events(path, shape(path, "gpt-4o", said, "x"))).decode().split("\n")
    return [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]


def read_body(body: object) -> Ending:
    """The ending that a body states."""
    return read(ASK, body, {}, "sk-key")


@given(PATHS, SAID)
def test_an_answer_in_pieces_is_the_answer_in_one_piece(path: str, said: Said) -> None:
    """Text, tools, tokens, finish and id; and what was told on the way is the text."""
    assembly = Assembly()
    told = [assembly.add(payload) for payload in payloads(path, said)]
    assert read_body(shape(path, "gpt-4o", said, "x")) == read_body(assembly.body())
    assert said.text == "".join(told)
    assert assembly.is_over


@given(PATHS, SAID, st.integers(1, 30))
def test_an_answer_that_broke_off_is_not_whole(path: str, said: Said, missing: int) -> None:
    """Unless all that is missing comes after the finish; then only tokens are lost."""
    given = payloads(path, said)
    assembly = Assembly()
    for payload in given[:-missing]:
        assembly.add(payload)
    assert not assembly.is_over
    assert assembly.is_whole == (path == "/chat/completions" and missing <= 2)


@given(st.lists(EVENTS, max_size=6))
def test_whatever_is_streamed_can_be_read_and_stored(streamed: list[object]) -> None:
    """No event raises, and what comes out is an ending."""
    assembly = Assembly()
    told = "".join(assembly.add(json.dumps(event)) for event in streamed)
    told.encode()
    ending = read_body(assembly.body())
    assert ending == msgspec.json.decode(msgspec.json.encode(ending), type=type(ending))


def test_an_error_inside_a_stream_keeps_what_it_cost() -> None:
    """Half an answer is paid for too."""
    assembly = Assembly()
    usage = {"prompt_tokens": 9, "completion_tokens": 5, "cost": 0.25}
    assembly.add(json.dumps({"error": {"code": 502}, "usage": usage}))
    ending = read_body(assembly.body())
    assert (Usage(input_tokens=9, output_tokens=5), 0.25) == (ending.usage, ending.cost_usd)


def test_what_is_no_json_is_a_value_error() -> None:
    """A proxy that writes HTML into a stream."""
    with pytest.raises(ValueError, match=r"."):
        Assembly().add("<html>")


SLOW = {"code": "rate_limit_exceeded", "message": "slow"}


@pytest.mark.parametrize(
    "event",
    [
        {"error": {"code": 429, "message": "slow"}},
        {"type": "error", "code": "rate_limit_exceeded", "message": "slow"},
        {
            "type": "response.failed",
            "response": {"status": "failed", "object": "response", "error": SLOW},
        },
        {"choices": [{"delta": {"content": ""}, "finish_reason": "error", "error": SLOW}]},
    ],
)
def test_an_error_inside_a_stream_has_its_class(event: dict[str, Any]) -> None:
    """As it has it in a body; what was said before it does not count."""
    assembly = Assembly()
    assembly.add(json.dumps({"choices": [{"delta": {"content": "half"}}]}))
    assembly.add(json.dumps(event))
    ending = read_body(assembly.body())
    assert isinstance(ending, CallFailed)
    assert ("rate-limited", "slow") == (ending.error, ending.detail)
    assert assembly.is_whole


@pytest.mark.parametrize("arguments", ['{"term": "x"}', '{"term": ', "", "not JSON"])
def test_tools_that_are_streamed_at_once_are_understood(arguments: str) -> None:
    """Without an index, with whole arguments: some servers do so."""
    assembly = Assembly()
    for id in ("a", "b"):
        call = {"id": id, "function": {"name": "look", "arguments": arguments}}
        assembly.add(json.dumps({"choices": [{"delta": {"tool_calls": [call]}}]}))
    assembly.add(json.dumps({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}))
    ending = read_body(assembly.body())
    assert isinstance(ending, CallAnswered)
    calls = [{"id": id, "name": "look", "arguments": arguments} for id in ("a", "b")]
    assert sorted(calls, key=str) == sorted(json.loads(ending.tools), key=str)


def test_items_stand_in_for_an_output_that_the_last_event_leaves_out() -> None:
    """Some servers end with an empty response."""
    assembly = Assembly()
    item = {"type": "message", "content": [{"type": "output_text", "text": "yes"}]}
    assembly.add(json.dumps({"type": "response.output_item.done", "item": item}))
    assembly.add(json.dumps({"type": "response.completed", "response": {"object": "response"}}))
    ending = read_body(assembly.body())
    assert isinstance(ending, CallAnswered)
    assert ending.text == "yes"
