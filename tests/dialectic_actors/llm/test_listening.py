"""Listeners: what is said is heard while it is said, and costs no answer."""

import asyncio
from collections.abc import Callable

import anyio
import pytest

from dialectic_actors.actors.ports import Ask
from dialectic_actors.llm.gateway import LoopGateway
from dialectic_events.calls import CallAnswered, Ending
from support.asks import an_ask, endings_of, settled
from support.puppets import Puppet, drive


class Talker(Puppet):
    """A provider that streams."""

    async def stream(self, ask: Ask, hear: Callable[[str], None]) -> Ending:
        """Say two words, then wait for the gate."""
        hear("one ")
        hear("two")
        return await self.complete(ask)


def test_a_listener_hears_what_is_said_before_the_ending() -> None:
    """By run and call; without a listener nothing is streamed."""
    heard: list[tuple[str, str, str]] = []

    async def scene(gateway: LoopGateway, puppet: Puppet) -> None:
        gateway.start(an_ask(), lambda ending: None)
        await anyio.wait_all_tasks_blocked()
        assert [("deb-1", an_ask().call, word) for word in ("one ", "two")] == heard
        assert not gateway.holding("deb-1")

    drive(scene, Talker(), lambda *said: heard.append(said))
    heard.clear()
    (ending,) = endings_of(Talker(is_free=True), [an_ask()])
    assert isinstance(ending, CallAnswered)
    assert not heard


def test_a_listener_that_fails_costs_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    """It is told no more, and the log says why."""
    heard: list[str] = []

    def fail(run: str, call: str, delta: str) -> None:
        heard.append(delta)
        raise RuntimeError(run)

    async def scene(gateway: LoopGateway, puppet: Puppet) -> None:
        endings = await settled(gateway, [an_ask(0), an_ask(1)])
        assert [CallAnswered] * 2 == [type(ending) for ending in endings]

    drive(scene, Talker(is_free=True), fail)
    assert ["one "] == heard
    assert "was not heard" in caplog.text


def test_what_an_abandoned_call_says_is_not_heard() -> None:
    """Whoever left is told nothing, not even by a provider that cannot be broken off."""
    heard: list[str] = []

    class Deaf(Puppet):
        async def stream(self, ask: Ask, hear: Callable[[str], None]) -> Ending:
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                hear("too late")
                raise
            return await self.complete(ask)

    async def scene(gateway: LoopGateway, puppet: Puppet) -> None:
        gateway.start(an_ask(), lambda ending: pytest.fail(ending.call))
        await anyio.wait_all_tasks_blocked()
        gateway.release("deb-1", an_ask().call)
        await anyio.wait_all_tasks_blocked()
        assert not heard

    drive(scene, Deaf(), lambda run, call, delta: heard.append(delta))
