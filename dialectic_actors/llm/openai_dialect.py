"""The provider for every endpoint that speaks the OpenAI dialect: one attempt per call.

It sends bytes and reads bytes; shapes are read in `wire`, refusals in `failures`. Nothing here asks
again: retries, fallback and budgets are decisions of the core. Importing this module imports
openai, so import it late.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from typing import Literal

import anyio
import httpx2
import msgspec
from msgspec import Struct

from dialectic_actors.actors.ports import Ask
from dialectic_actors.llm import wire
from dialectic_actors.llm.assembly import Assembly
from dialectic_actors.llm.endpoint import BODY_BYTES_MAX, Client, Endpoint, OversizedError
from dialectic_actors.llm.failures import (
    decode,
    describe,
    error_class,
    refused_feature,
    retry_after_s,
)
from dialectic_actors.llm.inquiries import Inquiries
from dialectic_events.calls import CallFailed, Ending, Usage

__all__ = ["Endpoint", "Found", "OpenAIDialect"]

DRAIN_S = 0.25
"""How long a stream that is over may take to close, so that its connection can be used again."""

PATIENCE_S = 1.0
"""How long calls wait for the first one to find something out. A server that lacks it says so at
once; one that takes longer is thinking, and the others may ask it too.
"""


class Found(Struct):
    """What was found out about endpoints: the dialect by base URL, and by base URL and model
    whether it takes a feature.
    """

    dialects: dict[str, wire.Dialect] = {}
    takes: dict[tuple[str, str, wire.Feature], bool] = {}


_FOUND = Found()
"""What was found out in this process."""

_Evidence = wire.Dialect | Literal["absent", "doubtful"] | None
"""What an exchange showed: a dialect, that the path is missing, that it may be, or nothing."""

Price = Callable[[str, Usage], float | None]
Hear = Callable[[str], None]


class _Exchanged(Struct, frozen=True):
    """How a request ended, what that showed of the path, and the feature that was refused."""

    ending: Ending
    evidence: _Evidence = None
    refused: wire.Feature | None = None


class OpenAIDialect:
    """One endpoint. Responses is tried first; a server without it is found out once per process and
    base URL, and so is, for each model, whether it takes the schema of an answer and gives answers
    in pieces.

    Finding out is part of the call that comes first: while it is out, the others wait for what it
    finds.
    """

    def __init__(
        self, endpoint: Endpoint, price: Price | None = None, found: Found = _FOUND
    ) -> None:
        """`price` values the usage of a model when the provider states no cost; `found` is shared
        between providers.
        """
        self.concurrency: int | None = endpoint.concurrency
        self._endpoint = endpoint
        self._price = price
        self._found = found
        self._client = Client(endpoint)
        self._urls = {
            name: httpx2.URL(endpoint.base_url + path) for name, path in wire.PATHS.items()
        }
        self._inquiries = Inquiries(PATIENCE_S)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def complete(self, ask: Ask) -> Ending:
        """Make the call once and say how it ended. Raises nothing but cancellation."""
        return self._priced(ask, await self._spoken(ask, None))

    async def stream(self, ask: Ask, hear: Hear) -> Ending:
        """The same, and `hear` is told the answer's text as it comes, where the server streams."""
        return self._priced(ask, await self._spoken(ask, hear))

    def _priced(self, ask: Ask, ending: Ending) -> Ending:
        if self._price is None or ending.usage is None or ending.cost_usd is not None:
            return ending
        model = ask.model if isinstance(ending, CallFailed) else ending.model
        cost_usd = self._price(model, ending.usage)
        return ending if cost_usd is None else msgspec.structs.replace(ending, cost_usd=cost_usd)

    def _dialect(self) -> wire.Dialect | None:
        return self._endpoint.dialect or self._found.dialects.get(self._endpoint.base_url)

    def _takes(self, feature: wire.Feature, model: str) -> bool | None:
        found = self._found.takes.get((self._endpoint.base_url, model, feature))
        return self._endpoint.takes.get(feature) if found is None else found

    async def _spoken(self, ask: Ask, hear: Hear | None) -> Ending:
        dialect = self._dialect()
        if dialect is None:
            async with self._inquiries.into("dialect", lambda: self._dialect() is not None):
                dialect = self._dialect()
                if dialect is None:
                    return await self._find(ask, hear)
        return (await self._exchange(dialect, ask, hear)).ending

    async def _find(self, ask: Ask, hear: Hear | None) -> Ending:
        """Speak Responses, and Chat Completions when the answer to that is no answer."""
        first = await self._exchange("responses", ask, hear)
        match first.evidence:
            case "absent":
                self._speaks("chat")
                return (await self._exchange("chat", ask, hear)).ending
            case "doubtful":
                other = await self._exchange("chat", ask, hear)
                if other.evidence == "chat":
                    self._speaks("chat")
                return first.ending if other.evidence == "absent" else other.ending
            case "chat" | "responses":
                self._speaks(first.evidence)
        return first.ending

    def _speaks(self, dialect: wire.Dialect) -> None:
        self._found.dialects[self._endpoint.base_url] = dialect
        self._inquiries.answered("dialect")

    def _learn(self, feature: wire.Feature, model: str, takes: bool) -> None:
        self._found.takes[self._endpoint.base_url, model, feature] = takes
        self._inquiries.answered((model, feature))

    async def _exchange(self, dialect: wire.Dialect, ask: Ask, hear: Hear | None) -> _Exchanged:
        """One request, and another one for each feature that turns out to be refused."""
        wanted: list[wire.Feature] = []
        if ask.schema is not None:
            wanted.append("structured")
        if hear is not None:
            wanted.append("streamed")
        async with AsyncExitStack() as stack:
            for feature in wanted:
                await stack.enter_async_context(self._asking(feature, ask.model))
            while True:
                features = [each for each in wanted if self._takes(each, ask.model) is not False]
                done = await self._request(dialect, ask, features, hear)
                if done.refused not in features:
                    return done
                self._learn(done.refused, ask.model, False)

    def _asking(self, feature: wire.Feature, model: str) -> AbstractAsyncContextManager[None]:
        return self._inquiries.into(
            (model, feature), lambda: self._takes(feature, model) is not None
        )

    async def _request(
        self,
        dialect: wire.Dialect,
        ask: Ask,
        features: Collection[wire.Feature],
        hear: Hear | None,
    ) -> _Exchanged:
        content = wire.write(dialect, ask, self._endpoint.body, features)
        try:
            response = await self._client.post(self._urls[dialect], content)
            try:
                if not response.is_success:
                    return self._refused(ask, response, await _as_far_as_it_came(response))
                for feature in features:
                    self._learn(feature, ask.model, True)
                return await self._read(ask, response, hear)
            finally:
                await response.aclose()
        except (httpx2.HTTPError, OSError) as error:
            return _Exchanged(self._unreached(ask, error))
        except OversizedError:
            detail = f"the answer is larger than {BODY_BYTES_MAX >> 20} MB"
            return _Exchanged(CallFailed(call=ask.call, error="malformed", detail=detail))

    async def _read(self, ask: Ask, response: httpx2.Response, hear: Hear | None) -> _Exchanged:
        is_streamed = "event-stream" in response.headers.get("content-type", "")
        try:
            if is_streamed:
                return await self._listen(ask, response, hear or _ignore)
            body = decode(await response.aread())
        except ValueError:
            is_json = is_streamed or "json" in response.headers.get("content-type", "")
            detail = "the answer is not JSON"
            failed = CallFailed(call=ask.call, error="malformed", detail=detail, status=200)
            return _Exchanged(failed, None if is_json else "absent")
        ending = wire.read(ask, body, response.headers, self._endpoint.key)
        is_error = isinstance(body, dict) and bool(body.get("error"))
        return _Exchanged(ending, None if is_error else wire.spoken(body) or "absent")

    async def _listen(self, ask: Ask, response: httpx2.Response, hear: Hear) -> _Exchanged:
        """The answer of a stream: the same as in one piece, or that it broke off."""
        assembly, detail = Assembly(), "the answer broke off before its end"
        try:
            with anyio.CancelScope() as patience:
                async for event in httpx2.EventSource(response, max_event_size=None):
                    delta = assembly.add(event.data)
                    if delta:
                        hear(delta)
                    if assembly.is_over:
                        patience.deadline = min(patience.deadline, anyio.current_time() + DRAIN_S)
        except (httpx2.HTTPError, OSError) as error:
            detail = f"{detail}: {describe(str(error), self._endpoint.key)}"
        body = assembly.body()
        ending = wire.read(ask, body, response.headers, self._endpoint.key)
        if assembly.is_whole:
            return _Exchanged(ending, None if body.get("error") else wire.spoken(body))
        return _Exchanged(
            CallFailed(
                call=ask.call,
                error="connection",
                detail=detail,
                status=200,
                usage=ending.usage,
                cost_usd=ending.cost_usd,
            )
        )

    def _refused(self, ask: Ask, response: httpx2.Response, content: bytes) -> _Exchanged:
        status, key = response.status_code, self._endpoint.key
        if 300 <= status < 400:
            where = describe(response.headers.get("location", "elsewhere"), key)
            detail = f"the server redirects to {where}, which is not followed: set the base URL"
            return _Exchanged(
                CallFailed(call=ask.call, error="bad-request", detail=detail, status=status)
            )
        try:
            body = decode(content)
        except ValueError:
            body = content.decode("utf-8", "replace")
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
            is_model = fields.get("code") == "model_not_found"
            return _Exchanged(failed, None if is_model else "absent")
        if status in (400, 422) and found == "bad-request":
            return _Exchanged(failed, "doubtful", refused_feature(error))
        return _Exchanged(failed)

    def _unreached(self, ask: Ask, error: BaseException) -> CallFailed:
        """Say what broke: the transport calls a reset a timeout; only a `TimeoutError` is one."""
        detail = describe(str(error), self._endpoint.key)
        cause: BaseException | None = error
        is_timeout = False
        while cause is not None:
            is_timeout = is_timeout or isinstance(cause, TimeoutError)
            cause = cause.__cause__
        kind: Literal["timeout", "connection"] = "timeout" if is_timeout else "connection"
        return CallFailed(call=ask.call, error=kind, detail=detail or "the connection was lost")


async def _as_far_as_it_came(response: httpx2.Response) -> bytes:
    """The body of a refusal. Its status and what it asks for count even if the rest is cut off."""
    with suppress(httpx2.HTTPError, OSError, OversizedError):
        return await response.aread()
    return b""


def _ignore(delta: str) -> None:
    """Some servers stream unasked."""
