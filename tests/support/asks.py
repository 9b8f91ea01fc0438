"""Asks for tests of providers and of the gateway, and the way to their endings.

No assertions in here; a test says what it expects.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from dialectic_actors.actors.ports import Ask, Prompt
from dialectic_actors.core.briefs import Brief
from dialectic_actors.core.roles import Role
from dialectic_actors.llm.gateway import LoopGateway
from dialectic_actors.llm.providers import Provider
from dialectic_events.calls import Ending
from dialectic_events.turns import Kind, Turn

PROVIDER = "tested"


def an_ask(
    index: int = 0,
    *,
    kind: str = "proposal",
    round: int = 1,
    speaker: str = "",
    attempt: int = 1,
    **changes: Any,
) -> Ask:
    """An ask of agent `a<index>`, with `changes` to its fields."""
    who = speaker or f"a{index}"
    turn = Turn(
        id=f"debate/r{round}/{kind}/{who}", kind=cast("Kind", kind), speaker=who, round=round
    )
    fields: dict[str, Any] = {
        "run": "deb-1",
        "call": f"{turn.id}#{attempt}",
        "provider": PROVIDER,
        "model": "gpt-4o",
        "messages": (Prompt("system", "You design."), Prompt("user", f"Design part {index}.")),
        "deadline_s": 20.0,
        "temperature": 0.5,
        "seed": 7,
        "brief": Brief(turn=turn, problem="a cart", history=(), shown=()),
        "role": Role(name="architect", description="", system_prompt=""),
    }
    return Ask(**(fields | changes))


def endings_of(provider: Provider, asks: Sequence[Ask]) -> list[Ending]:
    """Start all asks at once through a gateway; their endings in the order of `asks`."""

    async def go() -> list[Ending]:
        async with LoopGateway({PROVIDER: provider}) as gateway:
            return await settled(gateway, asks)

    return asyncio.run(go())


async def settled(gateway: LoopGateway, asks: Sequence[Ask]) -> list[Ending]:
    """Start all asks now and wait for their endings, in the order of `asks`."""
    loop = asyncio.get_running_loop()
    waits = []
    for ask in asks:
        wait: asyncio.Future[Ending] = loop.create_future()
        gateway.start(ask, wait.set_result)
        waits.append(wait)
    return await asyncio.wait_for(asyncio.gather(*waits), 30)
