"""What a model call costs the client's processor: our gateway, stock `AsyncOpenAI.create`, bare
aiohttp.

One server process answers all three at once; rounds alternate, medians are shown. Only the CPU time
of this process is counted. Run it from the repository's root: `python -m benchmarks.client`.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable

import aiohttp
import msgspec
import openai

from benchmarks.server import KEY, serving
from benchmarks.table import Goal, Row, show
from dialectic_actors.actors.ports import Ask, Prompt
from dialectic_actors.core.briefs import Brief
from dialectic_actors.core.roles import Role
from dialectic_actors.llm.gateway import LoopGateway
from dialectic_actors.llm.openai_dialect import Endpoint, OpenAIDialect
from dialectic_events.calls import CallAnswered, Ending
from dialectic_events.turns import Turn

__all__ = ["rows"]

ROUNDS = 3
PROMPT = "The quick design must survive an outage, and nobody may notice. " * 117
MODEL = "gpt-4o"

# Makes a number of calls, so many at a time, and returns when all are answered.
Client = Callable[[str, int, int], Awaitable[None]]


def _ask(index: int) -> Ask:
    turn = Turn(id=f"debate/r1/proposal/a{index}", kind="proposal", speaker=f"a{index}", round=1)
    return Ask(
        run=f"deb-{index % 100}",
        call=f"{turn.id}#1",
        provider="openai",
        model=MODEL,
        messages=(Prompt("system", "You design."), Prompt("user", PROMPT)),
        deadline_s=60.0,
        temperature=0.5,
        seed=0,
        brief=Brief(turn=turn, problem="", history=(), shown=()),
        role=Role(name="architect", description="", system_prompt=""),
    )


async def _ours(url: str, calls: int, at_once: int) -> None:
    endpoint = Endpoint(base_url=url, key=KEY, concurrency=at_once)
    done = asyncio.Event()
    left = calls

    async with LoopGateway({"openai": OpenAIDialect(endpoint)}) as gateway:

        def take(ending: Ending) -> None:
            nonlocal left
            assert isinstance(ending, CallAnswered), ending
            left -= 1
            if not left:
                done.set()

        for index in range(calls):
            gateway.start(_ask(index), take)
        await done.wait()


async def _spread(call: Callable[[], Awaitable[object]], calls: int, at_once: int) -> None:
    """Make the calls from `at_once` tasks, so that no queue is measured."""
    numbers = iter(range(calls))

    async def work() -> None:
        for _ in numbers:
            await call()

    await asyncio.gather(*(work() for _ in range(at_once)))


async def _stock(url: str, calls: int, at_once: int) -> None:
    async with openai.AsyncOpenAI(api_key=KEY, base_url=url) as client:
        await _spread(
            lambda: client.chat.completions.create(
                model=MODEL,
                temperature=0.5,
                messages=[
                    {"role": "system", "content": "You design."},
                    {"role": "user", "content": PROMPT},
                ],
            ),
            calls,
            at_once,
        )


async def _bare(url: str, calls: int, at_once: int) -> None:
    body = {
        "model": MODEL,
        "temperature": 0.5,
        "messages": [
            {"role": "system", "content": "You design."},
            {"role": "user", "content": PROMPT},
        ],
    }
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    connector = aiohttp.TCPConnector(limit=at_once)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def call() -> object:
            content = msgspec.json.encode(body)
            async with session.post(f"{url}/chat/completions", data=content) as response:
                return msgspec.json.decode(await response.read())

        await _spread(call, calls, at_once)


def _cpu_us(client: Client, url: str, calls: int, at_once: int) -> float:
    started = time.process_time()
    asyncio.run(_finish(client(url, calls, at_once)))
    return (time.process_time() - started) / calls * 1e6


async def _finish(work: Awaitable[None]) -> None:
    await work


def rows() -> list[Row]:
    """CPU per call with 50 calls at once, and with as many as 100 debates of three agents have
    under way.
    """
    measured = []
    with serving() as url:
        clients: tuple[Client, ...] = (_ours, _bare, _stock)
        for client in clients:
            _cpu_us(client, url, 100, 50)
        for name, calls, at_once in (("50 calls at once", 1000, 50), ("100 debates", 1300, 300)):
            taken: list[list[float]] = [[] for _ in clients]
            for _ in range(ROUNDS):
                for client, times in zip(clients, taken, strict=True):
                    times.append(_cpu_us(client, url, calls, at_once))
            ours, limit, peer = map(statistics.median, taken)
            measured.append(Row(f"client CPU per call, {name}", ours, limit, peer, Goal(0.5), "us"))
    return measured


if __name__ == "__main__":
    show(rows())
