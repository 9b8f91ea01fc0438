"""Rate limits: a model that asks for it is left in peace, and nobody else waits for it."""

import asyncio

import anyio
import pytest

from dialectic_actors.actors.ports import Ask
from dialectic_actors.llm.gateway import REST_S_MAX, Later, LoopGateway, paced
from dialectic_events.calls import CallAnswered, CallFailed, Ending, ErrorClass
from support.asks import PROVIDER, an_ask, settled
from support.puppets import Clock, Puppet, drive


class Limited(Puppet):
    """A provider that refuses each model so many times, with a hint when to return."""

    def __init__(self, hints: dict[str, list[float]], concurrency: int | None = None) -> None:
        super().__init__(concurrency, is_free=True)
        self.hints = hints

    async def complete(self, ask: Ask) -> Ending:
        """Refuse while there are hints left."""
        ending = await super().complete(ask)
        hints = self.hints.get(ask.model)
        if not hints:
            return ending
        hint = hints.pop(0)
        return CallFailed(call=ask.call, error="rate-limited", retry_after_s=hint, detail="slow")


def of_model(model: str, index: int) -> Ask:
    """An ask of one of two models."""
    return an_ask(index, model=model)


@pytest.mark.parametrize("concurrency", [1, 2, None])
def test_a_rate_limit_holds_back_its_model_and_no_other(concurrency: int | None) -> None:
    """What waits for a slot and what comes later; the slots are for the other model meanwhile."""
    clock = Clock()

    async def scene(gateway: LoopGateway, puppet: Puppet) -> None:
        (failed,) = await settled(gateway, [of_model("a", 0)])
        assert isinstance(failed, CallFailed)
        told: list[str] = []
        asks = [of_model("ab"[index % 2], index) for index in range(1, 9)]
        for ask in asks:
            gateway.start(ask, lambda ending: told.append(ending.call))
        await anyio.wait_all_tasks_blocked()
        calls = {model: [ask.call for ask in asks if ask.model == model] for model in "ab"}
        assert calls["b"] == told
        assert dict.fromkeys(calls["a"], "the rate limit of a") == gateway.waiting("deb-1")

        clock.fire()
        await anyio.wait_all_tasks_blocked()
        assert calls["b"] + calls["a"] == told
        assert gateway.waiting("deb-1") == {}

    drive(scene, Limited({"a": [20.0]}, concurrency), clock=clock)


def test_a_call_that_is_recalled_does_not_wait_for_the_rest_of_its_model() -> None:
    """It ends at once, and is not sent when the rest is over."""
    clock = Clock()

    async def scene(gateway: LoopGateway, puppet: Puppet) -> None:
        await settled(gateway, [of_model("a", 0)])
        told: list[Ending] = []
        gateway.start(of_model("a", 1), told.append)
        gateway.recall("deb-1")
        assert [an_ask(1).call] == [ending.call for ending in told]
        clock.fire()
        await anyio.wait_all_tasks_blocked()
        assert 1 == len(puppet.asked)

    drive(scene, Limited({"a": [20.0]}), clock=clock)


def test_a_call_that_already_waits_for_the_slot_is_held_back_too() -> None:
    """The limit begins before the slot is free."""
    clock = Clock()

    async def scene(gateway: LoopGateway, puppet: Puppet) -> None:
        told: list[str] = []
        for ask in (of_model("a", 0), of_model("a", 1), of_model("b", 2)):
            gateway.start(ask, lambda ending: told.append(ending.call))
        await anyio.wait_all_tasks_blocked()
        assert [an_ask(0).call, an_ask(2).call] == told
        clock.fire()
        await anyio.wait_all_tasks_blocked()
        assert [an_ask(0).call, an_ask(2).call, an_ask(1).call] == told

    drive(scene, Limited({"a": [20.0]}, 1), clock=clock)


def test_of_two_limits_the_longer_one_holds() -> None:
    """Two calls that were under way at once are refused with different hints."""
    clock = Clock()

    async def scene(gateway: LoopGateway, puppet: Puppet) -> None:
        await settled(gateway, [of_model("a", 0), of_model("a", 1)])
        told: list[Ending] = []
        gateway.start(of_model("a", 2), told.append)
        for expected in (0, 1):
            clock.fire()
            await anyio.wait_all_tasks_blocked()
            assert expected == len(told)

    drive(scene, Limited({"a": [30.0, 5.0]}), clock=clock)


def test_a_limit_that_is_too_long_holds_nothing_back_and_says_so() -> None:
    """Nobody sits in silence for a day."""
    clock = Clock()

    async def scene(gateway: LoopGateway, puppet: Puppet) -> None:
        (failed,) = await settled(gateway, [of_model("a", 0)])
        assert isinstance(failed, CallFailed)
        assert failed.detail == "asked to wait 3601 s, for which no call is held back: slow"
        assert failed.retry_after_s == 3601
        (answered,) = await settled(gateway, [of_model("a", 1)])
        assert isinstance(answered, CallAnswered)
        assert not clock.timers

    drive(scene, Limited({"a": [REST_S_MAX + 1]}), clock=clock)


@pytest.mark.parametrize(("error", "is_held"), [("server", True), ("payment", False)])
def test_only_limits_and_overloads_hold_calls_back(error: ErrorClass, is_held: bool) -> None:
    """Waiting mends no account."""
    clock = Clock()

    class Failing(Puppet):
        async def complete(self, ask: Ask) -> Ending:
            return CallFailed(call=ask.call, error=error, retry_after_s=5)

    async def scene(gateway: LoopGateway, puppet: Puppet) -> None:
        await settled(gateway, [an_ask(0)])
        gateway.start(an_ask(1), lambda ending: None)
        assert is_held == (gateway.waiting("deb-1") == {an_ask(1).call: "the rate limit of gpt-4o"})
        assert is_held == bool(clock.timers)

    drive(scene, Failing(), clock=clock)


@pytest.mark.parametrize("leave", ["release", "cancel", "close"])
def test_a_call_that_is_held_back_can_be_abandoned(leave: str) -> None:
    """When the limit is over, it is not made."""
    clock = Clock()

    async def scene(gateway: LoopGateway, puppet: Puppet) -> None:
        await settled(gateway, [of_model("a", 0)])
        gateway.start(of_model("a", 1), lambda ending: pytest.fail(ending.call))
        await anyio.wait_all_tasks_blocked()
        match leave:
            case "release":
                gateway.release("deb-1", an_ask(1).call)
            case "cancel":
                gateway.cancel("deb-1")
            case _:
                gateway.close()
        assert gateway.waiting("deb-1") == {}
        clock.fire()
        await anyio.wait_all_tasks_blocked()
        assert len(puppet.asked) == 1

    drive(scene, Limited({"a": [20.0]}), clock=clock)


@pytest.mark.parametrize(("hint_s", "later"), [(0.01, None), (3600.0, paced(1e-6))])
def test_without_a_clock_of_its_own_a_limit_ends_on_the_loop(
    hint_s: float, later: Later | None
) -> None:
    """The held call is made in the end, and sooner where nobody wants to wait."""

    async def go() -> list[Ending]:
        async with LoopGateway({PROVIDER: Limited({"a": [hint_s]})}, later=later) as gateway:
            return [(await settled(gateway, [of_model("a", index)]))[0] for index in range(2)]

    assert [CallFailed, CallAnswered] == [type(ending) for ending in asyncio.run(go())]
