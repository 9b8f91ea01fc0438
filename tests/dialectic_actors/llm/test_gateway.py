"""The gateway: every start is answered once, whatever the provider does."""

import asyncio
import logging

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.actors.ports import Ask, Gateway
from dialectic_actors.llm.gateway import LoopGateway
from dialectic_events.calls import CallAnswered, CallFailed, Ending
from support.asks import PROVIDER, an_ask, endings_of, settled
from support.puppets import Puppet, drive


def as_port(gateway: LoopGateway) -> Gateway:
    """Accepted by the type checker only while the gateway is one."""
    return gateway


@given(
    st.lists(st.tuples(st.sampled_from("xyz"), st.integers(0, 3)), max_size=30),
    st.one_of(st.none(), st.integers(1, 3)),
)
def test_each_call_is_made_once_and_the_last_start_is_told_once(
    starts: list[tuple[str, int]], concurrency: int | None
) -> None:
    """However often a running call is started, one request is made and the newest reply is told."""

    async def scene(gateway: LoopGateway, puppet: Puppet) -> None:
        told: list[tuple[int, str, str]] = []
        newest: dict[tuple[str, str], int] = {}
        for number, (run, index) in enumerate(starts):
            ask = an_ask(index, run=run)
            newest[run, ask.call] = number

            def take(ending: Ending, number: int = number, run: str = run) -> None:
                told.append((number, run, ending.call))

            gateway.start(ask, take)
        puppet.gate.set()
        await anyio.wait_all_tasks_blocked()
        assert sorted((n, run, call) for (run, call), n in newest.items()) == sorted(told)
        assert sorted(newest) == sorted((ask.run, ask.call) for ask in puppet.asked)

    drive(scene, Puppet(concurrency))


def test_a_start_of_an_ended_call_is_answered_again_without_asking_again() -> None:
    """Until it is released, an ending is held for whoever starts the call anew."""

    async def scene(gateway: LoopGateway, puppet: Puppet) -> None:
        first = await settled(gateway, [an_ask()])
        assert first == await settled(gateway, [an_ask()])
        assert {an_ask().call: first[0]} == gateway.holding("deb-1")
        assert len(puppet.asked) == 1

    drive(scene, Puppet(is_free=True))


def test_a_released_ending_is_forgotten() -> None:
    """After its release nothing is held, and a start is a new call."""

    async def scene(gateway: LoopGateway, puppet: Puppet) -> None:
        ask = an_ask()
        await settled(gateway, [ask])
        gateway.release(ask.run, ask.call)
        assert gateway.holding(ask.run) == {}
        await settled(gateway, [ask])
        assert len(puppet.asked) == 2

    drive(scene, Puppet(is_free=True))


def test_a_running_call_that_is_released_is_abandoned() -> None:
    """It is broken off, gives its slot to the next, tells nobody, and may be started anew."""

    async def scene(gateway: LoopGateway, puppet: Puppet) -> None:
        told: list[Ending] = []
        for index in range(2):
            gateway.start(an_ask(index), lambda ending: pytest.fail(ending.call))
        gateway.start(an_ask(2), told.append)
        await anyio.wait_all_tasks_blocked()
        gateway.release("deb-1", an_ask(1).call)
        gateway.release("deb-1", an_ask(0).call)
        puppet.gate.set()
        await anyio.wait_all_tasks_blocked()
        assert [an_ask(0), an_ask(2)] == puppet.asked
        assert [an_ask(2).call] == [ending.call for ending in told]
        assert puppet.broken_off == 1
        await settled(gateway, [an_ask(0)])
        assert len(puppet.asked) == 3

    drive(scene, Puppet(1))


def test_releasing_what_never_was_changes_nothing() -> None:
    """Neither a run nor a call that is not there."""

    async def scene(gateway: LoopGateway, puppet: Puppet) -> None:
        await settled(gateway, [an_ask()])
        gateway.release("deb-1", "other#1")
        gateway.release("deb-2", an_ask().call)
        assert [an_ask().call] == [*gateway.holding("deb-1")]

    drive(scene, Puppet(is_free=True))


def test_a_canceled_run_is_told_nothing_and_frees_its_slots() -> None:
    """Sent calls are broken off, waiting ones never sent, and the next run gets the slots."""

    async def scene(gateway: LoopGateway, puppet: Puppet) -> None:
        told: list[Ending] = []
        for index in range(4):
            gateway.start(an_ask(index, run="big"), told.append)
        await anyio.wait_all_tasks_blocked()
        waiting = {an_ask(index).call: f"a free slot at {PROVIDER}" for index in (2, 3)}
        assert waiting == gateway.waiting("big")
        gateway.cancel("big")
        puppet.gate.set()
        (ending,) = await settled(gateway, [an_ask(run="small")])
        assert {ending.call: ending} == gateway.holding("small")
        assert gateway.holding("big") == {}
        assert not told
        assert puppet.broken_off == 2
        assert len(puppet.asked) == 3

    drive(scene, Puppet(2))


def test_calls_that_were_not_sent_are_recalled_and_cost_nothing() -> None:
    """Of a run that rests: those that were sent are answered, and the slots go to others."""

    async def scene(gateway: LoopGateway, puppet: Puppet) -> None:
        told: dict[str, Ending] = {}
        for index in range(3):
            gateway.start(an_ask(index, run="big"), lambda e: told.__setitem__(e.call, e))
        await anyio.wait_all_tasks_blocked()
        gateway.start(an_ask(run="small"), lambda e: told.__setitem__("small", e))
        gateway.recall("big")
        gateway.recall("big")
        recalled = {"error": "cancelled", "cost_usd": 0.0, "status": None, "latency_ms": 0}
        unsent = [an_ask(index).call for index in (1, 2)]
        assert unsent == list(told)
        for ending in told.values():
            assert recalled == {name: getattr(ending, name) for name in recalled}
        puppet.gate.set()
        await anyio.wait_all_tasks_blocked()
        assert [*unsent, an_ask().call, "small"] == list(told)
        assert ["big", "small"] == [ask.run for ask in puppet.asked]
        assert {} == gateway.waiting("big")

    drive(scene, Puppet(1))


def test_calls_that_are_canceled_before_they_were_sent_leave_their_slots() -> None:
    """Not even a task that never took its first step keeps one."""

    async def scene(gateway: LoopGateway, puppet: Puppet) -> None:
        gateway.start(an_ask(run="gone"), lambda ending: pytest.fail(ending.call))
        gateway.cancel("gone")
        await settled(gateway, [an_ask(index) for index in range(3)])
        assert ["deb-1"] * 3 == [ask.run for ask in puppet.asked]

    drive(scene, Puppet(1, is_free=True))


def test_a_call_can_be_started_again_right_after_its_run_was_canceled() -> None:
    """The old request's end cannot be taken for the new one's."""

    async def scene(gateway: LoopGateway, puppet: Puppet) -> None:
        told: list[Ending] = []
        gateway.start(an_ask(), told.append)
        await anyio.wait_all_tasks_blocked()
        gateway.cancel("deb-1")
        puppet.gate.set()
        await settled(gateway, [an_ask()])
        assert not told
        assert len(puppet.asked) == 2

    drive(scene, Puppet())


def test_the_deadline_counts_from_sending_not_from_waiting() -> None:
    """A call that waits longer than its deadline for a slot is still made."""

    class Slow(Puppet):
        async def complete(self, ask: Ask) -> Ending:
            await asyncio.sleep(0.3)
            return CallAnswered(call=ask.call, text="late", model=ask.model)

    endings = endings_of(Slow(1), [an_ask(index, deadline_s=0.5) for index in range(3)])
    assert [CallAnswered] * 3 == [type(ending) for ending in endings]


def test_a_call_over_its_deadline_fails_as_a_timeout() -> None:
    """The request is broken off and the ending says so."""
    puppet = Puppet()
    (ending,) = endings_of(puppet, [an_ask(deadline_s=0.02)])
    assert isinstance(ending, CallFailed)
    assert (ending.error, ending.detail) == ("timeout", "no answer within 0.02 s")
    assert ending.latency_ms >= 20
    assert puppet.broken_off == 1


def test_a_provider_that_raises_fails_the_call_and_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A defect is a value like any other ending; the next call goes through."""

    class Broken(Puppet):
        async def complete(self, ask: Ask) -> Ending:
            if ask.call == an_ask(0).call:
                raise RuntimeError("a secret")
            return await super().complete(ask)

    with caplog.at_level(logging.ERROR):
        broken, fine = endings_of(Broken(is_free=True), [an_ask(0), an_ask(1)])
    assert isinstance(broken, CallFailed)
    assert (broken.error, broken.detail) == ("bad-request", "RuntimeError in provider tested")
    assert isinstance(fine, CallAnswered)


def test_a_reply_that_raises_harms_no_other_call(caplog: pytest.LogCaptureFixture) -> None:
    """The gateway outlives the actors that it tells."""

    async def scene(gateway: LoopGateway, puppet: Puppet) -> None:
        def refuse(ending: Ending) -> None:
            raise RuntimeError(ending.call)

        gateway.start(an_ask(0), refuse)
        (ending,) = await settled(gateway, [an_ask(1)])
        assert isinstance(ending, CallAnswered)
        assert an_ask(0).call in gateway.holding("deb-1")

    with caplog.at_level(logging.ERROR):
        drive(scene, Puppet(is_free=True))
    assert "was not taken" in caplog.text


def test_an_unknown_provider_fails_the_call() -> None:
    """Nobody waits for ever for a provider that was not opened."""
    (ending,) = endings_of(Puppet(), [an_ask(provider="nobody")])
    assert isinstance(ending, CallFailed)
    assert (ending.error, ending.detail) == (
        "bad-request",
        "no provider named 'nobody' was opened",
    )


def test_leaving_the_gateway_breaks_everything_off_and_closes_the_providers() -> None:
    """Nobody is told, an error inside passes unwrapped, and a later start is ignored."""
    puppet, told = Puppet(1), list[Ending]()

    async def go() -> None:
        async with LoopGateway({PROVIDER: puppet}) as gateway:
            for index in range(3):
                gateway.start(an_ask(index), told.append)
            await anyio.wait_all_tasks_blocked()
            gateway.close()
            gateway.start(an_ask(9), told.append)
            raise KeyError("left")

    with pytest.raises(KeyError, match="left"):
        asyncio.run(go())
    assert (puppet.broken_off, puppet.closed, len(puppet.asked)) == (1, 1, 1)
    assert not told


def test_a_big_run_does_not_starve_a_small_one() -> None:
    """With one slot, the small run's call is the second to be made."""

    async def scene(gateway: LoopGateway, puppet: Puppet) -> None:
        asks = [an_ask(index, run="big") for index in range(20)] + [an_ask(run="small")]
        await settled(gateway, asks)
        assert [ask.run for ask in puppet.asked].index("small") <= 2

    drive(scene, Puppet(1, is_free=True))
