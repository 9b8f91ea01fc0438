"""Whether a server answers, and which models it lists: one cheap question, nothing that costs.

Not the way that calls take: no client is loaded, nothing is retried, and no redirect is followed,
since it would carry the key elsewhere. Headers are never shown.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import IO, Any

from msgspec import Struct

from dialectic_actors.llm.providers import Server

__all__ = ["Probed", "probe"]

_BYTES_MAX = 8 * 1024 * 1024


class Probed(Struct, frozen=True):
    """What came back: a status, or why there is none. `models` are empty where none are listed;
    `at` is the server's time.
    """

    status: int | None
    trouble: str = ""
    models: tuple[str, ...] = ()
    at: datetime | None = None


_HANDLERS = (
    urllib.request.ProxyHandler,
    urllib.request.HTTPHandler,
    urllib.request.HTTPSHandler,
    urllib.request.HTTPErrorProcessor,
    urllib.request.HTTPDefaultErrorHandler,
)
"""What opens an address: no redirects, and nothing but HTTP."""


def probe(server: Server, deadline_s: float) -> Probed:
    """Ask a server for its models; raises nothing."""
    try:
        opener = urllib.request.OpenerDirector()
        for handler in _HANDLERS:
            opener.add_handler(handler())
        opener.addheaders = list(server.headers.items())
        with opener.open(f"{server.base_url}/models", timeout=deadline_s) as response:
            return Probed(response.status, "", _models(response), _date(response.headers))
    except urllib.error.HTTPError as refused:
        with refused:
            return Probed(refused.code, str(refused.reason), (), _date(refused.headers))
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        return Probed(None, str(reason) or type(error).__name__)


def _models(response: IO[bytes]) -> tuple[str, ...]:
    try:
        listed = json.loads(response.read(_BYTES_MAX))["data"]
        return tuple(str(each["id"]) for each in listed)
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()


def _date(headers: Any) -> datetime | None:
    try:
        at = parsedate_to_datetime(headers["Date"])
    except (TypeError, ValueError, OverflowError):
        return None
    # A server may leave its zone open; HTTP knows only one.
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
