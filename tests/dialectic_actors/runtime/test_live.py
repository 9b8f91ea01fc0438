"""How a run comes to rest: suspended by a person or by a failure, its lease lost, its timers
called off.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from dialectic_actors.actors.cast import cast_of
from dialectic_actors.actors.ports import Ask
from dialectic_actors.runtime import live as live_module
from dialectic_actors.runtime.dispatcher import Cancel
from dialectic_actors.runtime.live import LiveRun
from dialectic_actors.runtime.system import System
from dialectic_events.calls import CallFailed, Ending
from dialectic_events.errors import DialecticError, ExitCode, IntegrityError
from dialectic_events.runs import Limits, RunOpened, RunResumed, RunSuspended
from dialectic_events.store import Lease, Store, StoreFull
from dialectic_events.stores import open_store
from dialectic_events.stores.memory import MemoryStore
from dialectic_events.union import Event
from support.casts import opening_with_sources
from support.stub_gateway import StubGateway
from support.systems import (
    PATIENCE_S,
    SpyStore,
    answer_to,
    events_in,
    facts,
    hosting,
    plain_run,
    timers_of,
)

SMALL = opening_with_sources(("architect", "security"), 2)
PLAIN = plain_run(*SMALL)
OPEN = {"debate/r1/proposal/architect", "debate/r1/proposal/security"}


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Every store."""
    url = "memory:" if request.param == "memory" else f"sqlite:{tmp_path / 'log.db'}"
    with open_store(url) as opened:
        yield opened


class Held(StubGateway):
    """Keeps calls open; `full` is set once there are as many as were waited for."""

    def __init__(self, count: int) -> None:
        super().__init__(answer_to, hold=self.keep)
        self.full = threading.Event()
        self._count = count

    def keep(self, ask: Ask) -> bool:
        """Hold it, and say so when it is the last one."""
        if len(self.asked) == self._count:
            self.full.set()
        return True


@contextmanager
def stuck(store: Store) -> Iterator[tuple[System, LiveRun, Held]]:
    """A run with its first two proposals open at the gateway."""
    gateway = Held(2)
    with hosting(store, gateway) as system:
        live = system.start("run", *SMALL)
        assert gateway.full.wait(PATIENCE_S)
        yield system, live, gateway


def unrested(events: list[Event]) -> list[Event]:
    """Without the marks of coming to rest and being taken up."""
    return [event for event in events if not isinstance(event, RunSuspended | RunResumed)]


def test_a_person_suspends_a_run_and_it_says_what_it_waits_for(store: Store) -> None:
    """From another thread, with calls open: they are abandoned, and the log names their turns."""
    with stuck(store) as (_, live, gateway):
        live.suspend("lunch")
        run = live.result.result(PATIENCE_S)
    last = events_in(store, "run")[-1]

    assert ("suspended", "lunch") == (run.status, run.reason)
    assert isinstance(last, RunSuspended)
    assert OPEN == set(last.waits_for)
    assert {} == gateway.open


def test_a_second_suspension_changes_nothing(store: Store) -> None:
    """Neither while the first is under way, nor when the run is at rest, nor when the system is
    gone.
    """
    with stuck(store) as (_, live, _gateway):
        live.suspend("lunch")
        live.suspend("tea")
        run = live.result.result(PATIENCE_S)
        live.suspend("tea")
    live.suspend("tea")

    assert "lunch" == run.reason
    assert 1 == sum(isinstance(event, RunSuspended) for event in events_in(store, "run"))


def test_a_suspended_run_is_resumed_at_once_and_to_the_same_facts(store: Store) -> None:
    """Its lease is free when its result is there, in the same system too; open calls are asked
    again.
    """
    with stuck(store) as (system, live, gateway):
        live.suspend("lunch")
        live.result.result(PATIENCE_S)
        gateway.hold = lambda ask: False
        run = system.resume("run").result.result(PATIENCE_S)

    assert "concluded" == run.status
    assert facts(PLAIN) == facts(unrested(events_in(store, "run")))
    assert {f"{turn}#1" for turn in OPEN} == {call for call, n in gateway.asked.items() if n == 2}


def test_a_run_may_be_suspended_before_it_has_begun(store: Store) -> None:
    """An order given at once is carried out after the opening, not lost."""
    with hosting(store, StubGateway(answer_to, hold=lambda ask: True)) as system:
        live = system.start("run", *SMALL)
        live.suspend("changed my mind")

        assert "suspended" == live.result.result(PATIENCE_S).status


def test_a_run_that_has_ended_rests_at_once_when_it_is_resumed(store: Store) -> None:
    """There is nothing to do, and nothing is written."""
    with hosting(store, StubGateway(answer_to)) as system:
        ended = system.start("run", *SMALL).result.result(PATIENCE_S)
        head = store.head("run")

        assert ended == system.resume("run").result.result(PATIENCE_S)
    assert head == store.head("run")


def locked(ask: Ask) -> Ending:
    """The architect's key is wrong; the others are answered."""
    if ask.call == "debate/r1/proposal/architect#1":
        return CallFailed(call=ask.call, error="auth", detail="bad key")
    return answer_to(ask)


def test_a_failure_that_only_a_person_can_mend_lets_open_calls_end_first(store: Store) -> None:
    """What was paid for is kept; then the run rests, and a resume asks again what had failed."""
    gateway = Held(2)
    gateway.answer = locked
    suspended = threading.Event()
    with hosting(store, gateway) as system:
        live = system.start(
            "run", *SMALL, lambda e: suspended.set() if isinstance(e.event, RunSuspended) else None
        )
        assert gateway.full.wait(PATIENCE_S)
        system.call(lambda: gateway.let_go("debate/r1/proposal/architect#1"))
        assert suspended.wait(PATIENCE_S)
        assert not live.result.done()
        system.call(lambda: gateway.let_go("debate/r1/proposal/security#1"))
        run = live.result.result(PATIENCE_S)

        assert ("suspended", "auth: bad key") == (run.status, run.reason)
        assert "made" == run.results["debate/r1/proposal/security"].outcome
        gateway.hold = lambda ask: False
        again = system.resume("run").result.result(PATIENCE_S)

    assert "concluded" == again.status
    assert 1 == gateway.asked["debate/r1/proposal/security#1"]


def test_calls_that_were_not_sent_are_not_waited_for_by_a_run_that_cannot_go_on(
    store: Store,
) -> None:
    """They end unsent at no cost, and are asked for when the run goes on."""
    gateway = Held(2)
    gateway.answer = locked
    gateway.unsent = lambda ask: True
    with hosting(store, gateway) as system:
        live = system.start("run", *SMALL)
        assert gateway.full.wait(PATIENCE_S)
        system.call(lambda: gateway.let_go("debate/r1/proposal/architect#1"))
        run = live.result.result(PATIENCE_S)
        unsent = run.calls["debate/r1/proposal/security#1"].ended

        assert isinstance(unsent, CallFailed)
        assert ("cancelled", 0.0) == (unsent.error, unsent.cost_usd)
        gateway.hold, gateway.answer = lambda ask: False, answer_to
        again = system.resume("run").result.result(PATIENCE_S)

    assert ("suspended", "concluded") == (run.status, again.status)
    assert "debate/r1/proposal/security#2" in again.calls


def test_a_person_does_not_wait_for_calls_that_end_after_a_failure(store: Store) -> None:
    """A run that already rests but for its open calls is let go of by a suspension."""
    gateway = Held(2)
    gateway.answer = locked
    suspended = threading.Event()
    with hosting(store, gateway) as system:
        live = system.start(
            "run", *SMALL, lambda e: suspended.set() if isinstance(e.event, RunSuspended) else None
        )
        assert gateway.full.wait(PATIENCE_S)
        system.call(lambda: gateway.let_go("debate/r1/proposal/architect#1"))
        assert suspended.wait(PATIENCE_S)
        live.suspend("now")
        run = live.result.result(PATIENCE_S)

    assert "auth: bad key" == run.reason


def test_a_lost_lease_stops_the_run_and_names_the_way_back() -> None:
    """Another process displaced this one: nothing more is written here, and no call is made."""
    store = MemoryStore()
    with stuck(store) as (system, live, gateway):
        store.acquire("run", "another", 60, displace=store.lease("run").owner)
        head = store.head("run")
        system.call(lambda: gateway.let_go("debate/r1/proposal/architect#1"))
        with pytest.raises(DialecticError, match="another") as raised:
            live.result.result(PATIENCE_S)

    assert ExitCode.RESUMABLE == raised.value.exit_code
    assert "dialectic resume run" in raised.value.fix
    assert head == store.head("run")
    assert "another" == store.lease("run").owner
    assert 2 == len(gateway.asked)


def test_an_idle_run_notices_that_its_lease_was_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even with nothing to write, the next renewal stops it."""
    monkeypatch.setattr(live_module, "LEASE_S", 0.03)
    store = MemoryStore()
    with stuck(store) as (_, live, gateway):
        store.acquire("run", "another", 60, displace=store.lease("run").owner)
        with pytest.raises(DialecticError, match="lease was lost") as raised:
            live.result.result(PATIENCE_S)
        assert {} == gateway.open

    assert ExitCode.RESUMABLE == raised.value.exit_code
    assert "dialectic resume run" in raised.value.fix


def test_a_lease_is_renewed_again_and_again_while_the_run_lives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A call may take longer than a lease lasts; a store that fails once in between is forgiven."""
    monkeypatch.setattr(live_module, "LEASE_S", 0.03)
    renewals, often = list[Lease](), threading.Event()

    class Counting(MemoryStore):
        def renew(self, lease: Lease, ttl_s: float) -> bool:
            renewals.append(lease)
            if len(renewals) == 2:
                raise StoreFull("no space for a moment", where="disk")
            if len(renewals) == 5:
                often.set()
            return super().renew(lease, ttl_s)

    store = Counting()
    with stuck(store) as (system, live, gateway):
        assert often.wait(PATIENCE_S)
        gateway.hold = lambda ask: False
        for turn in OPEN:
            system.call(partial(gateway.let_go, f"{turn}#1"))
        assert "concluded" == live.result.result(PATIENCE_S).status
        count, idle = len(renewals), threading.Event()
        system.dispatcher.call_later(0.05, idle.set)
        assert idle.wait(PATIENCE_S)

        assert count == len(renewals)
    assert 1 == len(set(renewals))


def test_waits_are_called_off_when_a_run_rests() -> None:
    """A retry that is due in an hour does not hold a run that was suspended, nor its memory."""
    patient = opening_with_sources(limits=Limits(backoff_s=3600, backoff_max_s=3600))
    waits = threading.Event()

    def down(ask: Ask) -> Ending:
        if "judge" not in ask.call:
            return CallFailed(call=ask.call, error="server", detail="down")
        return answer_to(ask)

    with hosting(MemoryStore(), StubGateway(down)) as system:
        live = system.start(
            "run", *patient, lambda e: waits.set() if getattr(e.event, "delay_s", 0) else None
        )
        assert waits.wait(PATIENCE_S)
        assert max(timers_of(system)) > 60
        live.suspend("no patience")
        assert "suspended" == live.result.result(PATIENCE_S).status

        assert [] == timers_of(system)


def test_a_retry_waits_as_long_as_it_was_told_and_then_is_made() -> None:
    """The waiting is the dispatcher's, so an hour passes as soon as somebody says so."""
    patient = opening_with_sources(
        ("architect", "security"), 1, limits=Limits(backoff_s=3600, backoff_max_s=3600)
    )
    delays: list[float] = []

    def once(ask: Ask) -> Ending:
        if ask.call.endswith("proposal/architect#1"):
            return CallFailed(call=ask.call, error="server", detail="down")
        return answer_to(ask)

    with pytest.MonkeyPatch.context() as patch, hosting(MemoryStore(), StubGateway(once)) as system:
        later = system.dispatcher.call_later

        def at_once(delay_s: float, action: Callable[[], None]) -> Cancel:
            delays.append(delay_s)
            return later(0 if delay_s > 60 else delay_s, action)

        patch.setattr(system.dispatcher, "call_later", at_once)
        run = system.start("run", *patient).result.result(PATIENCE_S)

    assert "concluded" == run.status
    assert [run.calls["debate/r1/proposal/architect#2"].requested.delay_s] == [
        delay for delay in delays if delay > 60
    ]


def test_whoever_waits_for_a_result_may_be_cancelled_and_the_run_goes_on() -> None:
    """A listener's end is not the run's, and does not harm its neighbors."""
    with stuck(MemoryStore()) as (system, live, gateway):

        async def wait_a_moment() -> None:
            waiting = asyncio.ensure_future(asyncio.wrap_future(live.result))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait([waiting])

        asyncio.run(wait_a_moment())
        gateway.hold = lambda ask: False
        for turn in OPEN:
            system.call(partial(gateway.let_go, f"{turn}#1"))

        assert "concluded" == live.result.result(PATIENCE_S).status
        assert "concluded" == system.start("next", *SMALL).result.result(PATIENCE_S).status


def test_a_store_that_cannot_take_a_lease_back_does_not_stop_the_others() -> None:
    """The result is told all the same, and the run can be taken up here without waiting."""

    class Stubborn(SpyStore):
        def release(self, lease: Lease) -> None:
            raise StoreFull("no space", where="disk")

    with hosting(Stubborn().port, StubGateway(answer_to)) as system:
        for _ in range(2):
            for name in ("one", "two"):
                fresh = not system.store.head(name).version
                live = system.start(name, *SMALL) if fresh else system.resume(name)
                assert "concluded" == live.result.result(PATIENCE_S).status


@pytest.mark.parametrize(
    "spoil",
    [
        lambda opening: replace(opening, sources=()),
        lambda opening: replace(opening, agents=opening.agents[1:]),
        lambda opening: replace(
            opening, sources=tuple(s for s in opening.sources if s.name != "prompt/critique")
        ),
    ],
    ids=["no sources", "a speaker who is nobody", "a kind of turn without words"],
)
def test_an_opening_that_does_not_say_who_speaks_is_refused(
    spoil: Callable[[RunOpened], RunOpened],
) -> None:
    """An imported log may hold anything: it is a fault of the log, not a defect of ours."""
    opening, parts = opening_with_sources()

    assert cast_of(opening, parts.__getitem__).roles
    with pytest.raises(IntegrityError, match="opening"):
        cast_of(spoil(opening), parts.__getitem__)
