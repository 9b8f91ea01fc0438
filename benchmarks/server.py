"""The loopback server as a process of its own, so that only clients are measured, and what it saw.

Its ledger is the witness: what was asked, when it came in, when it was answered.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from hashlib import sha256
from pathlib import Path
from urllib.request import urlopen

import msgspec
from msgspec import Struct

from benchmarks.cast import PROVIDER
from dialectic_actors.actors.ports import Ask
from dialectic_actors.llm.gateway import LoopGateway, Reply
from dialectic_actors.llm.openai_dialect import Endpoint, OpenAIDialect

__all__ = [
    "KEY",
    "Asked",
    "Entry",
    "Ledger",
    "calling",
    "digest_of",
    "ledger",
    "provider",
    "serving",
]

KEY = "sk-benchmark"

Asked = MutableMapping[tuple[str, str], Ask]
"""Calls by run and turn."""


class Entry(Struct, frozen=True):
    """One request; times are seconds of the server's clock."""

    digest: str
    status: int
    arrived_s: float
    answered_s: float


class Ledger(Struct, frozen=True):
    """All requests since the server began, and how many connections they took."""

    requests: tuple[Entry, ...]
    connections: int


@contextmanager
def serving(**options: object) -> Iterator[str]:
    """The URL of a server with these options, for as long as the block runs."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1] / "tests")}
    given = msgspec.json.encode(options).decode()
    with subprocess.Popen(
        [sys.executable, "-m", "support.loopback", "--options", given],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def ledger(url: str) -> Ledger:
    """What the server has seen."""
    with urlopen(f"{url}/ledger") as answer:
        return msgspec.json.decode(answer.read(), type=Ledger)


def digest_of(ask: Ask) -> str:
    """The name under which the ledger has a call."""
    return sha256("\n".join(prompt.text for prompt in ask.messages).encode()).hexdigest()


def provider(url: str) -> OpenAIDialect:
    """The product's own client."""
    return OpenAIDialect(Endpoint(base_url=url, key=KEY, dialect="chat"))


class _Noting(LoopGateway):
    """A gateway that notes what it is asked."""

    def __init__(self, url: str, asked: Asked) -> None:
        super().__init__({PROVIDER: provider(url)})
        self._asked = asked

    def start(self, ask: Ask, reply: Reply) -> None:
        self._asked[ask.run, ask.brief.turn.id] = ask
        super().start(ask, reply)


def calling(url: str, asked: Asked) -> Callable[[], AbstractAsyncContextManager[LoopGateway]]:
    """What opens a gateway to the server, one that fills `asked`."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[LoopGateway]:
        async with _Noting(url, asked) as gateway:
            yield gateway

    return opened
