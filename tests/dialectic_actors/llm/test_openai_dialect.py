"""The OpenAI dialect over real connections, against a server that misbehaves on demand."""

import asyncio
import socket
import time
from collections import Counter
from email.utils import formatdate
from typing import Any

import pytest

from dialectic_actors.llm.gateway import LoopGateway
from dialectic_actors.llm.openai_dialect import PATIENCE_S, Endpoint, Found, OpenAIDialect
from dialectic_events.calls import CallAnswered, CallFailed, Usage
from support.asks import PROVIDER, an_ask, endings_of, settled
from support.loopback import Dialect, Fault, Ledger, serving

KEY = "sk-secret-0123456789"


def dialect_of(url: str, **changes: Any) -> OpenAIDialect:
    """A provider that has found nothing out yet."""
    return OpenAIDialect(Endpoint(base_url=url, key=KEY, **changes), found=Found())


def paths(ledger: Ledger) -> Counter[tuple[str, int]]:
    """How often each path was asked, by status."""
    return Counter((entry.path.removeprefix("/v1"), entry.status) for entry in ledger.requests)


def failure(*faults: Fault, dialect: Dialect = "both", **changes: Any) -> CallFailed:
    """How one call fails on a server with `faults`."""
    with serving(faults=faults, dialect=dialect) as server:
        (ending,) = endings_of(dialect_of(server.url), [an_ask(**changes)])
    assert isinstance(ending, CallFailed)
    assert KEY not in ending.detail
    assert len(ending.detail) <= 2000
    return ending


async def until(ledger: Ledger, in_flight: int) -> None:
    """Wait until so many requests are under way at the server."""
    for _ in range(2000):
        if ledger.in_flight == in_flight:
            return
        await asyncio.sleep(0.005)
    pytest.fail(f"still {ledger.in_flight} in flight")


def test_an_answer_states_text_model_usage_and_who_said_so() -> None:
    """Everything that the log keeps of an answer arrives."""
    with serving(cost_usd=0.25) as server:
        (ending,) = endings_of(dialect_of(server.url), [an_ask()])
        (entry,) = server.ledger.requests
    assert isinstance(ending, CallAnswered)
    assert ending.text.startswith("## Answer")
    assert ending.usage == Usage(input_tokens=entry.input_tokens, output_tokens=entry.output_tokens)
    assert (ending.model, ending.cost_usd, ending.finish) == ("gpt-4o", 0.25, "completed")
    assert ending.response_id is not None
    assert f"Bearer {KEY}" in entry.head


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("both", {("/responses", 200): 100}),
        ("responses", {("/responses", 200): 100}),
        ("chat", {("/responses", 404): 1, ("/chat/completions", 200): 100}),
    ],
)
def test_a_hundred_calls_at_once_find_the_dialect_with_one_request(
    dialect: Dialect, expected: dict[tuple[str, int], int]
) -> None:
    """The first call finds out, the others wait for it, and nothing is asked twice."""
    with serving(dialect=dialect) as server:
        endings = endings_of(dialect_of(server.url), [an_ask(index) for index in range(100)])
        assert expected == paths(server.ledger)
    assert {CallAnswered} == {type(ending) for ending in endings}


def test_the_dialect_is_found_once_per_address_and_process() -> None:
    """A second provider for the same server does not probe again."""
    with serving(dialect="chat") as server:
        for index in range(2):
            provider = OpenAIDialect(Endpoint(base_url=server.url, key=KEY))
            endings_of(provider, [an_ask(index)])
        assert {("/responses", 404): 1, ("/chat/completions", 200): 2} == paths(server.ledger)


def test_a_stated_dialect_is_not_looked_for() -> None:
    """A provider file that knows its server saves the probe."""
    with serving(dialect="chat") as server:
        endings_of(dialect_of(server.url, dialect="chat"), [an_ask()])
        assert {("/chat/completions", 200): 1} == paths(server.ledger)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=405, path="/responses"),
        Fault(status=501, path="/responses"),
        Fault(kind="foreign", path="/responses"),
        Fault(status=400, path="/responses"),
        Fault(status=422, path="/responses"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
def test_a_server_that_shows_it_has_no_responses_is_spoken_to_in_chat(fault: Fault) -> None:
    """One call, one answer; from then on only chat."""
    with serving(faults=[fault]) as server:
        first, second = (
            endings_of(provider, [an_ask(index)])[0] for provider, index in _twice(server.url)
        )
        asked = [entry.path for entry in server.ledger.requests]
    assert [CallAnswered, CallAnswered] == [type(first), type(second)]
    assert ["/v1/responses", "/v1/chat/completions", "/v1/chat/completions"] == asked


def _twice(url: str) -> list[tuple[OpenAIDialect, int]]:
    found = Found()
    endpoint = Endpoint(base_url=url, key=KEY)
    return [(OpenAIDialect(endpoint, found=found), index) for index in range(2)]


@pytest.mark.parametrize("status", [401, 402, 403, 408, 429, 500, 503])
def test_a_refusal_is_reported_and_leaves_the_dialect_open(status: int) -> None:
    """No second request for the failed call; the next one looks again and finds Responses."""
    with serving(faults=[Fault(status=status)]) as server:
        (failed,), (answered,) = (
            endings_of(provider, [an_ask(index)]) for provider, index in _twice(server.url)
        )
        assert {("/responses", status): 1, ("/responses", 200): 1} == paths(server.ledger)
    assert isinstance(failed, CallFailed)
    assert isinstance(answered, CallAnswered)


def test_a_bad_request_on_both_paths_is_a_bad_request() -> None:
    """The model may be wrong rather than the path, so nothing is learned."""
    faults = [Fault(status=400, times=None)]
    with serving(faults=faults) as server:
        found = Found()
        provider = OpenAIDialect(Endpoint(base_url=server.url, key=KEY), found=found)
        (ending,) = endings_of(provider, [an_ask()])
    assert isinstance(ending, CallFailed)
    assert ending.error == "bad-request"
    assert Found() == found


def test_an_unknown_model_does_not_pass_for_a_missing_path() -> None:
    """Responses servers answer 404 for a model too, and say so."""
    body = '{"error": {"message": "no such model", "code": "model_not_found"}}'
    with serving(faults=[Fault(status=404, body=body)]) as server:
        (ending,) = endings_of(dialect_of(server.url), [an_ask()])
        assert {("/responses", 404): 1} == paths(server.ledger)
    assert isinstance(ending, CallFailed)
    assert (ending.error, ending.detail, ending.status) == ("bad-request", "no such model", 404)


def test_a_hanging_first_call_holds_the_others_up_only_for_a_moment() -> None:
    """Patience with the probe ends; the others then ask for themselves."""
    with serving(faults=[Fault(kind="hang")]) as server:
        asks = [an_ask(index, deadline_s=PATIENCE_S + 4) for index in range(5)]
        first, *others = endings_of(dialect_of(server.url), asks)
    assert isinstance(first, CallFailed)
    assert first.error == "timeout"
    assert {CallAnswered} == {type(ending) for ending in others}
    assert max(ending.latency_ms for ending in others) < first.latency_ms


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(status=429), "rate-limited"),
        (Fault(status=500), "server"),
        (Fault(status=502), "server"),
        (Fault(status=408), "timeout"),
        (Fault(status=401), "auth"),
        (Fault(status=403), "auth"),
        (Fault(status=402), "payment"),
        (Fault(status=429, body='{"error":{"code":"insufficient_quota"}}'), "payment"),
        (Fault(status=400, body='{"error":{"code":"context_length_exceeded"}}'), "context-length"),
        (Fault(status=400, body='{"error":{"code":"content_policy_violation"}}'), "filtered"),
        (Fault(status=307, headers={"location": "http://127.0.0.2/v1"}), "bad-request"),
        (Fault(kind="error-200"), "server"),
        (Fault(kind="error-200", body='{"error":{"code":429,"message":"slow"}}'), "rate-limited"),
        (Fault(kind="empty"), "empty"),
        (Fault(kind="malformed"), "malformed"),
        (Fault(kind="huge"), "malformed"),
        (Fault(kind="reset"), "connection"),
    ],
    ids=lambda value: f"{value.kind}-{value.status}" if isinstance(value, Fault) else value,
)
def test_each_way_to_fail_has_its_class(fault: Fault, expected: str) -> None:
    """What the server does, and what the log will call it."""
    assert expected == failure(fault).error


def test_a_hanging_server_is_given_up_at_the_deadline() -> None:
    """The class is timeout, whatever the transport thinks."""
    assert failure(Fault(kind="hang"), deadline_s=0.2).error == "timeout"


def test_a_server_that_is_not_there_is_a_lost_connection() -> None:
    """Nobody listens on a port that was just given back."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (ending,) = endings_of(dialect_of(f"http://127.0.0.1:{port}/v1"), [an_ask()])
    assert isinstance(ending, CallFailed)
    assert ending.error == "connection"
    assert str(port) in ending.detail


@pytest.mark.parametrize(
    ("hint", "lowest", "highest"),
    [
        ("7", 7, 7),
        ("0.5", 0.5, 0.5),
        ("-3", None, None),
        ("1e9", 86400, 86400),
        ("soon", None, None),
    ],
)
def test_a_hint_when_to_return_is_kept_within_reason(
    hint: str, lowest: float | None, highest: float | None
) -> None:
    """Seconds, never negative, at most a day, nothing where nothing sensible is said."""
    given = failure(Fault(status=429, headers={"retry-after": hint})).retry_after_s
    if lowest is None or highest is None:
        assert given is None
    else:
        assert given is not None
        assert lowest <= given <= highest


@pytest.mark.parametrize(("delay_s", "lowest", "highest"), [(3600, 3000, 3600), (-100, 0, 0)])
def test_a_date_to_return_at_becomes_a_delay(delay_s: int, lowest: int, highest: int) -> None:
    """Counted from now; a date that has passed is now."""
    headers = {"retry-after": formatdate(time.time() + delay_s, usegmt=True)}
    given = failure(Fault(status=503, headers=headers)).retry_after_s
    assert given is not None
    assert lowest <= given <= highest


def test_an_answer_with_a_lone_surrogate_is_an_answer() -> None:
    """What cannot be encoded is replaced; what was paid for is kept."""
    with serving(faults=[Fault(kind="surrogate")]) as server:
        (ending,) = endings_of(dialect_of(server.url), [an_ask()])
    assert isinstance(ending, CallAnswered)
    assert ending.text == "one \N{REPLACEMENT CHARACTER} two"


def test_a_server_that_repeats_the_key_does_not_get_it_into_the_log() -> None:
    """Not whole, and not cut off at the end of a long message."""
    for filler in ("", "x" * 1990, " " * 15_980):
        body = f'{{"error":{{"message":"{filler} bad key {KEY}"}}}}'
        assert KEY[:6] not in failure(Fault(status=401, body=body)).detail


def test_a_redirect_is_not_followed_and_carries_the_key_nowhere() -> None:
    """The other host is never asked."""
    with serving() as other:
        target = other.url + "/responses"
        ending = failure(Fault(status=308, headers={"location": target}))
        assert not other.ledger.requests
    assert target in ending.detail


def test_connections_are_kept_and_none_is_opened_in_vain() -> None:
    """As many connections as calls at once, over several waves."""

    async def go(url: str) -> None:
        provider = dialect_of(url, concurrency=10)
        async with LoopGateway({PROVIDER: provider}) as gateway:
            for wave in range(4):
                await settled(gateway, [an_ask(100 * wave + index) for index in range(40)])

    with serving(latency_ms=2) as server:
        asyncio.run(go(server.url))
        assert len(server.ledger.requests) == 160
        assert server.ledger.connections <= 10
        assert server.ledger.in_flight_max <= 10


def test_as_many_calls_are_under_way_as_the_endpoint_allows() -> None:
    """The pool of connections is no narrower than the queue before it."""

    async def go(url: str, ledger: Ledger) -> None:
        provider = dialect_of(url, concurrency=10, dialect="responses")
        async with LoopGateway({PROVIDER: provider}) as gateway:
            for index in range(12):
                gateway.start(an_ask(index), lambda ending: pytest.fail(ending.call))
            await until(ledger, 10)
            assert len(gateway.waiting("deb-1")) == 2

    with serving(faults=[Fault(kind="hang", times=None)]) as server:
        asyncio.run(go(server.url, server.ledger))


def test_failures_do_not_multiply_requests() -> None:
    """Fifty failing calls are fifty requests: nothing below the core asks again."""
    with serving(faults=[Fault(status=503, times=None)]) as server:
        endings = endings_of(dialect_of(server.url), [an_ask(index) for index in range(50)])
        assert {("/responses", 503): 50} == paths(server.ledger)
    assert {"server"} == {ending.error for ending in endings if isinstance(ending, CallFailed)}


def test_a_canceled_call_frees_the_server() -> None:
    """The connection is cut, so that nobody generates for nobody."""

    async def go(url: str, ledger: Ledger) -> None:
        async with LoopGateway({PROVIDER: dialect_of(url)}) as gateway:
            gateway.start(an_ask(), lambda ending: pytest.fail(f"told of {ending.call}"))
            await until(ledger, 1)
            gateway.cancel("deb-1")
            await until(ledger, 0)

    with serving(faults=[Fault(kind="hang")]) as server:
        asyncio.run(go(server.url, server.ledger))
        assert (0, 1) == (server.ledger.in_flight, server.ledger.in_flight_max)


def test_the_price_is_asked_only_when_the_provider_states_no_cost() -> None:
    """A stated cost wins over a table."""

    def price(model: str, usage: Usage) -> float:
        return usage.output_tokens / 1000 if model == "gpt-4o" else 0.0

    for stated in (None, 0.5):
        with serving(cost_usd=stated) as server:
            endpoint = Endpoint(base_url=server.url, key=KEY)
            (ending,) = endings_of(OpenAIDialect(endpoint, price, found=Found()), [an_ask()])
            tokens = server.ledger.requests[0].output_tokens
        assert ending.cost_usd == (tokens / 1000 if stated is None else stated)


def test_an_endpoint_does_not_print_its_key() -> None:
    """Not even where someone logs the object."""
    assert KEY not in repr(Endpoint(base_url="http://localhost/v1", key=KEY))
