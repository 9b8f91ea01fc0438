"""The provider for every endpoint that speaks the OpenAI dialect: one client, one connection pool,
one attempt per call.

It sends bytes and reads bytes; shapes are read in `wire`, refusals in `failures`. Nothing here asks
again: retries, fallback and budgets are decisions of the core. Importing this module imports
openai, so import it late.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping
from typing import Any, Literal

import anyio
import httpx2
import msgspec
import openai
from msgspec import Struct

from dialectic_actors.actors.ports import Ask
from dialectic_actors.llm import wire
from dialectic_actors.llm.failures import decode, describe, error_class, retry_after_s
from dialectic_events.calls import CallFailed, Ending, Usage

__all__ = ["Endpoint", "OpenAIDialect"]

BODY_BYTES_MAX = 16 * 1024 * 1024
# A compressed body may grow a thousandfold, and none was asked for.
COMPRESSED_BYTES_MAX = BODY_BYTES_MAX // 64
CONNECT_S = 30.0
KEEPALIVE_S = 30.0
PATIENCE_S = 1.0
"""How long calls wait for the first one to find the dialect. A server without Responses says so at
once; one that takes longer is thinking, and the others may speak to it too.
"""

_FOUND: dict[str, wire.Dialect] = {}
"""What was found in this process, by base URL."""

_Evidence = wire.Dialect | Literal["absent", "doubtful"] | None
"""What an exchange showed: a dialect, that the path is missing, that it may be, or nothing."""

Price = Callable[[str, Usage], float | None]


class Endpoint(Struct, frozen=True):
    """Where to send calls. `body` are fields added to every request; `dialect` is set when it need
    not be found.
    """

    base_url: str
    key: str
    headers: Mapping[str, str] = {}
    body: Mapping[str, Any] = {}
    concurrency: int = 400
    dialect: wire.Dialect | None = None

    def __repr__(self) -> str:
        """Without the key."""
        return f"Endpoint({self.base_url!r})"


class _OversizedError(Exception):
    """A body that is larger than any answer."""


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, limit: int) -> None:
        self._stream = stream
        self._left = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._left -= len(chunk)
            if self._left < 0:
                raise _OversizedError
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _bound(response: httpx2.Response) -> None:
    encoding = response.headers.get("content-encoding", "identity")
    limit = BODY_BYTES_MAX if encoding == "identity" else COMPRESSED_BYTES_MAX
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Bounded(response.stream, limit)


def _client(endpoint: Endpoint) -> openai.AsyncOpenAI:
    pool = endpoint.concurrency
    limits = httpx2.Limits(
        max_connections=pool, max_keepalive_connections=pool, keepalive_expiry=KEEPALIVE_S
    )
    http = openai.DefaultAioHttpClient(
        limits=limits,
        # A redirect would carry the prompts, and on the same host the key, where nobody sent them.
        follow_redirects=False,
        event_hooks={"response": [_bound]},
    )
    client = openai.AsyncOpenAI(
        api_key=endpoint.key,
        base_url=endpoint.base_url,
        max_retries=0,
        # The call's deadline is the gateway's; only a host that never picks up is given up earlier.
        timeout=openai.Timeout(None, connect=CONNECT_S),
        default_headers={"accept-encoding": "identity", **endpoint.headers},
        http_client=http,
    )
    # The SDK reads these from the environment for every server; only the provider's file may.
    client.organization = client.project = client.admin_api_key = None
    return client


class OpenAIDialect:
    """One endpoint. Responses is tried first; a server without it is found out once per process and
    base URL.

    Finding out is part of the call that comes first: while it is out, the others wait for what it
    finds.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        price: Price | None = None,
        found: MutableMapping[str, wire.Dialect] = _FOUND,
    ) -> None:
        """`price` values the usage of a model when the provider states no cost; `found` is shared
        between providers.
        """
        self.concurrency: int | None = endpoint.concurrency
        self._endpoint = endpoint
        self._price = price
        self._found = found
        self._client = _client(endpoint)
        # Whole addresses: joining them anew costs a tenth of a request.
        self._urls = {name: endpoint.base_url + path for name, path in wire.PATHS.items()}
        self._gate: anyio.Event | None = None

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def complete(self, ask: Ask) -> Ending:
        """Make the call once and say how it ended. Raises nothing but cancellation."""
        ending = await self._spoken(ask)
        if self._price is None or ending.usage is None or ending.cost_usd is not None:
            return ending
        model = ask.model if isinstance(ending, CallFailed) else ending.model
        cost_usd = self._price(model, ending.usage)
        return ending if cost_usd is None else msgspec.structs.replace(ending, cost_usd=cost_usd)

    async def _spoken(self, ask: Ask) -> Ending:
        while True:
            dialect = self._endpoint.dialect or self._found.get(self._endpoint.base_url)
            if dialect is not None:
                return (await self._exchange(dialect, ask))[0]
            gate = self._gate
            if gate is None:
                return await self._probe(ask)
            if gate.is_set():
                return await self._find(ask)
            await gate.wait()

    async def _probe(self, ask: Ask) -> Ending:
        gate = self._gate = anyio.Event()
        timer = asyncio.get_running_loop().call_later(PATIENCE_S, gate.set)
        try:
            return await self._find(ask)
        finally:
            timer.cancel()
            self._gate = None
            gate.set()

    async def _find(self, ask: Ask) -> Ending:
        """Speak Responses, and Chat Completions when the answer to that is no answer."""
        ending, evidence = await self._exchange("responses", ask)
        match evidence:
            case "absent":
                self._learn("chat")
                return (await self._exchange("chat", ask))[0]
            case "doubtful":
                other, proof = await self._exchange("chat", ask)
                if proof == "chat":
                    self._learn("chat")
                return ending if proof == "absent" else other
            case "chat" | "responses":
                self._learn(evidence)
        return ending

    def _learn(self, dialect: wire.Dialect) -> None:
        self._found[self._endpoint.base_url] = dialect
        if self._gate is not None:
            self._gate.set()

    async def _exchange(self, dialect: wire.Dialect, ask: Ask) -> tuple[Ending, _Evidence]:
        content = wire.write(dialect, ask, self._endpoint.body)
        try:
            response = await self._client.post(
                self._urls[dialect], cast_to=httpx2.Response, content=content
            )
        except openai.APIStatusError as error:
            return self._refused(ask, error.response)
        except openai.APIConnectionError as error:
            return self._unreached(ask, error), None
        except _OversizedError:
            detail = f"the answer is larger than {BODY_BYTES_MAX >> 20} MB"
            return CallFailed(call=ask.call, error="malformed", detail=detail), None
        try:
            body = decode(response.content)
        except ValueError:
            is_json = "json" in response.headers.get("content-type", "")
            detail = "the answer is not JSON"
            failed = CallFailed(call=ask.call, error="malformed", detail=detail, status=200)
            return failed, None if is_json else "absent"
        ending = wire.read(ask, body, response.headers, self._endpoint.key)
        is_error = isinstance(body, dict) and bool(body.get("error"))
        return ending, None if is_error else wire.spoken(body) or "absent"

    def _refused(self, ask: Ask, response: httpx2.Response) -> tuple[CallFailed, _Evidence]:
        status, key = response.status_code, self._endpoint.key
        if 300 <= status < 400:
            where = describe(response.headers.get("location", "elsewhere"), key)
            detail = f"the server redirects to {where}, which is not followed: set the base URL"
            failed = CallFailed(call=ask.call, error="bad-request", detail=detail, status=status)
            return failed, None
        try:
            body = decode(response.content)
        except ValueError:
            body = response.text
        error = body.get("error", body) if isinstance(body, dict) else body
        fields = error if isinstance(error, dict) else {}
        found = error_class(status, error)
        failed = CallFailed(
            call=ask.call,
            error=found,
            detail=describe(fields.get("message") or error, key) or f"HTTP {status}",
            status=status,
            retry_after_s=retry_after_s(response.headers, error),
        )
        if status in (404, 405, 501):
            return failed, None if fields.get("code") == "model_not_found" else "absent"
        return failed, "doubtful" if status in (400, 422) and found == "bad-request" else None

    def _unreached(self, ask: Ask, error: openai.APIConnectionError) -> CallFailed:
        """Say what broke: the transport calls a reset a timeout; only a `TimeoutError` is one."""
        cause, is_timeout = error.__cause__, False
        detail = describe(str(cause) if cause else str(error), self._endpoint.key)
        while cause is not None:
            is_timeout = is_timeout or isinstance(cause, TimeoutError)
            cause = cause.__cause__
        kind: Literal["timeout", "connection"] = "timeout" if is_timeout else "connection"
        return CallFailed(call=ask.call, error=kind, detail=detail or "the connection was lost")
