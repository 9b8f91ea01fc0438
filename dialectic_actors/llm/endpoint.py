"""Where calls go, and the client that takes them there: one pool of connections, bounded answers,
no redirects, no retries.

Importing this module imports openai, so import it late. What is sent is written elsewhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import httpx2
import openai
from msgspec import Struct

from dialectic_actors.llm import wire

__all__ = ["BODY_BYTES_MAX", "Client", "Endpoint", "OversizedError"]

BODY_BYTES_MAX = 16 * 1024 * 1024
# A compressed body may grow a thousandfold, and none was asked for.
COMPRESSED_BYTES_MAX = BODY_BYTES_MAX // 64
CONNECT_S = 30.0
KEEPALIVE_S = 30.0


class Endpoint(Struct, frozen=True):
    """Where to send calls. `body` are fields added to every request; `dialect` and `takes` are
    stated where they need not be found out.
    """

    base_url: str
    key: str
    headers: Mapping[str, str] = {}
    body: Mapping[str, Any] = {}
    concurrency: int = 400
    dialect: wire.Dialect | None = None
    takes: Mapping[wire.Feature, bool] = {}

    def __repr__(self) -> str:
        """Without the key."""
        return f"Endpoint({self.base_url!r})"


class OversizedError(Exception):
    """A body that is larger than any answer."""


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, limit: int) -> None:
        self._stream = stream
        self._left = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._left -= len(chunk)
            if self._left < 0:
                raise OversizedError
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _bound(response: httpx2.Response) -> None:
    encoding = response.headers.get("content-encoding", "identity")
    limit = BODY_BYTES_MAX if encoding == "identity" else COMPRESSED_BYTES_MAX
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Bounded(response.stream, limit)


class Client:
    """Posts bytes to one endpoint over the SDK's transport: each call once, waited for as long as
    it is let.

    What the SDK's `post` does besides for each request (options, retries, error types) costs more
    than all the rest of a call, and a call here has no use for it: docs/decisions/0022.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        pool = endpoint.concurrency
        self._http = openai.DefaultAioHttpClient(
            limits=httpx2.Limits(
                max_connections=pool, max_keepalive_connections=pool, keepalive_expiry=KEEPALIVE_S
            ),
            # A redirect would carry the prompts, and on the same host the key, where nobody sent
            # them.
            follow_redirects=False,
            event_hooks={"response": [_bound]},
        )
        self._headers = _headers(endpoint, self._http)

    async def post(self, url: httpx2.URL, content: bytes) -> httpx2.Response:
        """The answer, its body still to be read and closed. Raises httpx2.HTTPError or OSError."""
        request = httpx2.Request(
            "POST", url, headers=self._headers, content=content, extensions=_EXTENSIONS
        )
        try:
            return await self._http.send(request, stream=True)
        except aiohttp.ClientError as error:
            # Not all that the transport raises is translated: an answer that is no HTTP is not.
            raise httpx2.RemoteProtocolError(str(error), request=request) from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()


# The call's deadline is the gateway's; only a host that never picks up is given up earlier.
_EXTENSIONS = {"timeout": httpx2.Timeout(None, connect=CONNECT_S).as_dict()}


def _headers(endpoint: Endpoint, http: httpx2.AsyncClient) -> httpx2.Headers:
    """What the SDK says of itself; the provider's file has the last word."""
    sdk = openai.AsyncOpenAI(api_key=endpoint.key, base_url=endpoint.base_url, http_client=http)
    # Its default headers also hold what it reads from the environment, for every server.
    headers = httpx2.Headers(
        {
            "accept": "application/json",
            "accept-encoding": "identity",
            "authorization": f"Bearer {endpoint.key}",
            "content-type": "application/json",
            "user-agent": sdk.user_agent,
            **sdk.platform_headers(),
        }
    )
    for name, said in endpoint.headers.items():
        headers[name] = said
    return headers
