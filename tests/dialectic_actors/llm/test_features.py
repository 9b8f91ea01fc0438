"""What an endpoint may take or refuse, over real connections: schemas, tools, streams."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from dialectic_actors.actors.ports import Ask, Prompt
from dialectic_actors.llm.gateway import LoopGateway
from dialectic_actors.llm.openai_dialect import Endpoint, Found, OpenAIDialect
from dialectic_actors.llm.wire import Feature
from dialectic_events.calls import CallAnswered, CallFailed, Ending
from dialectic_events.contents import ToolCall, ToolSpec
from support.asks import PROVIDER, an_ask, endings_of, settled
from support.loopback import Dialect, Fault, Ledger, serving

KEY = "sk-secret-0123456789"
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"score": {"type": "integer", "minimum": 3}, "why": {"type": "string"}},
        "required": ["score", "why"],
        "additionalProperties": False,
    }
)
LOOK = ToolSpec("look", "Looks for a term.", {"type": "object", "properties": {}})
DIALECTS: list[Dialect] = ["responses", "chat"]


def dialect_of(url: str, **changes: Any) -> OpenAIDialect:
    """A provider that has found nothing out yet."""
    return OpenAIDialect(Endpoint(base_url=url, key=KEY, **changes), found=Found())


def listened(provider: OpenAIDialect, asks: list[Ask]) -> tuple[list[Ending], list[str]]:
    """The endings of calls that somebody listens to, and what was heard."""
    heard: list[str] = []

    async def go() -> list[Ending]:
        listener = LoopGateway({PROVIDER: provider}, lambda run, call, delta: heard.append(delta))
        async with listener as gateway:
            return await settled(gateway, asks)

    return asyncio.run(go()), heard


def wanted(ledger: Ledger) -> Counter[tuple[str, int]]:
    """What was asked for beside words, by status."""
    return Counter((" ".join(entry.wants), entry.status) for entry in ledger.requests)


def same(ending: Ending) -> Ending:
    """An ending without its time."""
    return msgspec.structs.replace(ending, latency_ms=0)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_schema_is_asked_for_and_kept_to(dialect: Dialect) -> None:
    """In each dialect's own place."""
    with serving(dialect=dialect) as server:
        (ending,) = endings_of(dialect_of(server.url, dialect=dialect), [an_ask(schema=SCHEMA)])
        assert {("schema", 200): 1} == wanted(server.ledger)
    assert isinstance(ending, CallAnswered)
    assert {"score": 3, "why": "said"} == json.loads(ending.text)


@pytest.mark.parametrize("dialect", [*DIALECTS, "both"])
def test_a_refused_schema_costs_one_request_however_many_ask(dialect: Dialect) -> None:
    """The first call finds out and is answered all the same; the others wait for it."""
    with serving(dialect=dialect, structured=False, faults=[]) as server:
        stated = None if dialect == "both" else dialect
        asks = [an_ask(index, schema=SCHEMA) for index in range(30)]
        endings = endings_of(dialect_of(server.url, dialect=stated), asks)
        assert {("schema", 400): 1, ("", 200): 30} == wanted(server.ledger)
    assert {CallAnswered} == {type(ending) for ending in endings}


def test_a_refusal_is_remembered_for_its_model_and_process() -> None:
    """Another provider for the same server knows; another model may take it."""
    with serving(structured=False) as server:
        found = Found()
        for model in ("old", "old", "new"):
            provider = OpenAIDialect(Endpoint(base_url=server.url, key=KEY), found=found)
            endings_of(provider, [an_ask(schema=SCHEMA, model=model)])
        asked = [(entry.model, entry.status) for entry in server.ledger.requests]
    assert [("old", 400), ("old", 200), ("old", 200), ("new", 400), ("new", 200)] == asked


def test_what_was_taken_once_is_known_to_be_taken() -> None:
    """Later calls neither look nor wait for one that looks."""
    with serving() as server:
        found = Found()
        provider = OpenAIDialect(Endpoint(base_url=server.url, key=KEY), found=found)
        listened(provider, [an_ask(schema=SCHEMA)])
    features: tuple[Feature, ...] = ("structured", "streamed")
    assert {(server.url, "gpt-4o", feature): True for feature in features} == found.takes


def test_a_provider_file_can_say_that_schemas_are_refused() -> None:
    """Nothing is tried."""
    with serving(structured=False) as server:
        provider = dialect_of(server.url, takes={"structured": False})
        endings_of(provider, [an_ask(schema=SCHEMA)])
        assert {("", 200): 1} == wanted(server.ledger)


def test_a_bad_request_that_names_no_feature_is_not_asked_again() -> None:
    """Only what is understood to be refused is left out."""
    with serving(dialect="chat", faults=[Fault(status=400)]) as server:
        (ending,) = endings_of(dialect_of(server.url, dialect="chat"), [an_ask(schema=SCHEMA)])
        assert {("schema", 400): 1} == wanted(server.ledger)
    assert isinstance(ending, CallFailed)
    assert ending.error == "bad-request"


def answered_by(calls: list[ToolCall]) -> tuple[Prompt, ...]:
    """The messages that follow the answer that asked for tools."""
    said = [Prompt("tool", f"found by {call.name}", answers=call.id) for call in calls]
    return (*an_ask().messages, Prompt("assistant", "", tools=tuple(calls)), *said)


@pytest.mark.parametrize("is_streamed", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_tools_are_asked_for_and_answered_in_either_dialect(
    dialect: Dialect, is_streamed: bool
) -> None:
    """Two calls with tokens of their own; malformed arguments arrive as they were written."""
    uses = (("look", '{"term": "queue"}'), ("look", '{"term": '))
    with serving(dialect=dialect, uses=uses) as server:
        ask = listened if is_streamed else (lambda provider, asks: (endings_of(provider, asks), []))
        (first,), heard = ask(dialect_of(server.url), [an_ask(tools=(LOOK,))])
        assert isinstance(first, CallAnswered)
        calls = msgspec.json.decode(first.tools, type=list[ToolCall])
        assert [*uses] == [(call.name, call.arguments) for call in calls]
        assert ("", []) == (first.text, heard)
        messages = answered_by(calls)
        (second,), _ = ask(dialect_of(server.url), [an_ask(2, tools=(LOOK,), messages=messages)])
        stated = [entry.output_tokens for entry in server.ledger.answered]
    assert isinstance(second, CallAnswered)
    assert second.text
    assert second.tools == ""
    assert stated == [each.usage.output_tokens for each in (first, second) if each.usage]


@pytest.mark.parametrize("fields", [{}, {"schema": SCHEMA}, {"tools": (LOOK,)}])
@pytest.mark.parametrize("dialect", [*DIALECTS, "both"])
def test_a_streamed_answer_ends_like_any_other(dialect: Dialect, fields: dict[str, Any]) -> None:
    """Text, tools, tokens, cost, model, finish, id; and the text is heard on the way."""
    uses = (("look", "{}"),)
    with serving(dialect=dialect, cost_usd=0.25, uses=uses) as server:
        plain = endings_of(dialect_of(server.url), [an_ask(**fields)])
        streamed, heard = listened(dialect_of(server.url), [an_ask(**fields)])
        answers = [entry.wants for entry in server.ledger.answered]
    assert [same(each) for each in plain] == [same(each) for each in streamed]
    assert isinstance(streamed[0], CallAnswered)
    assert streamed[0].text == "".join(heard)
    assert len(heard) > 1 or fields
    assert ["stream" in wants for wants in answers] == [False, True]


@pytest.mark.parametrize("dialect", [*DIALECTS, "both"])
def test_a_server_that_does_not_stream_is_asked_without(dialect: Dialect) -> None:
    """Found out once; nothing is heard, and nothing is lost."""
    with serving(dialect=dialect, streams=False, structured=False) as server:
        provider = dialect_of(server.url, dialect=None if dialect == "both" else dialect)
        endings, heard = listened(provider, [an_ask(i, schema=SCHEMA) for i in range(20)])
        assert {("schema stream", 400): 1, ("schema", 400): 1, ("", 200): 20} == wanted(
            server.ledger
        )
    assert {CallAnswered} == {type(ending) for ending in endings}
    assert not heard


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(kind="cut"), "connection"),
        (Fault(kind="unended"), "connection"),
        (Fault(kind="error-inside"), "server"),
        (Fault(kind="error-inside", body='{"error": {"code": 429}}'), "rate-limited"),
        (Fault(kind="error-inside", body='{"error": {"code": 402}}'), "payment"),
        (Fault(kind="error-inside", body="<html>"), "malformed"),
        (Fault(kind="reset"), "connection"),
        (Fault(kind="empty"), "empty"),
        (Fault(kind="huge"), "malformed"),
        (Fault(status=429, headers={"retry-after": "7"}), "rate-limited"),
        (Fault(status=503), "server"),
        (Fault(status=401), "auth"),
        (Fault(kind="error-200"), "server"),
    ],
    ids=lambda value: f"{value.kind}-{value.status}" if isinstance(value, Fault) else str(value),
)
def test_a_stream_that_fails_has_the_class_of_its_failure(
    fault: Fault, expected: str, dialect: Dialect
) -> None:
    """One request, one ending; the next call goes through."""
    with serving(dialect=dialect, faults=[fault]) as server:
        provider = dialect_of(server.url, dialect=dialect)
        (failed,), _ = listened(provider, [an_ask()])
        assert len(server.ledger.requests) == 1
    assert isinstance(failed, CallFailed)
    assert expected == failed.error
    assert (7.0 if "retry-after" in fault.headers else None) == failed.retry_after_s


def test_a_stream_that_hangs_is_given_up_at_the_deadline() -> None:
    """The deadline is the call's, streamed or not."""
    with serving(faults=[Fault(kind="hang")]) as server:
        (ending,), _ = listened(dialect_of(server.url), [an_ask(deadline_s=0.2)])
    assert isinstance(ending, CallFailed)
    assert ending.error == "timeout"


def test_a_stream_that_stays_open_after_its_end_is_left() -> None:
    """The answer does not wait for the server to hang up, and the next one has a connection."""
    with serving(faults=[Fault(kind="unclosed")]) as server:
        provider = dialect_of(server.url, dialect="chat", concurrency=1)
        endings, _ = listened(provider, [an_ask(index, deadline_s=10.0) for index in range(2)])
    assert [CallAnswered] * 2 == [type(ending) for ending in endings]


def test_streams_give_their_connections_back() -> None:
    """As many connections as calls at once, over several waves."""

    async def go(url: str) -> None:
        provider = dialect_of(url, concurrency=5, dialect="chat")
        async with LoopGateway({PROVIDER: provider}, lambda *said: None) as gateway:
            for wave in range(4):
                await settled(gateway, [an_ask(100 * wave + index) for index in range(20)])

    with serving(latency_ms=2) as server:
        asyncio.run(go(server.url))
        assert len(server.ledger.requests) == 80
        assert server.ledger.connections <= 5


def test_a_refused_call_holds_the_others_back_until_the_hint_is_over() -> None:
    """No request of that model reaches the server meanwhile."""
    timers: list[tuple[float, Callable[[], None]]] = []

    async def go(url: str) -> list[int]:
        provider = dialect_of(url, dialect="chat")
        timed = LoopGateway({PROVIDER: provider}, later=lambda *timer: timers.append(timer))
        async with timed as gateway:
            await settled(gateway, [an_ask(0)])
            held = [asyncio.ensure_future(settled(gateway, [an_ask(i)])) for i in (1, 2)]
            await settled(gateway, [an_ask(3, model="other")])
            seen = [len(server.ledger.requests)]
            timers[0][1]()
            await asyncio.gather(*held)
            return [*seen, len(server.ledger.requests)]

    with serving(faults=[Fault(status=429, headers={"retry-after": "30"})]) as server:
        assert [2, 4] == asyncio.run(go(server.url))
    assert [30.0] == [delay_s for delay_s, _ in timers]
