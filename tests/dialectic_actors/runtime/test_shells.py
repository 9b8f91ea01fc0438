"""What the actors of a run promise beyond their behaviors: the chain, the listener, what is
started and what is not.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialectic_actors.actors.messages import DEBATE, agent_address
from dialectic_actors.actors.ports import Ask
from dialectic_actors.runtime.live import LiveRun
from dialectic_actors.runtime.shells import DebateActor
from dialectic_actors.runtime.system import System
from dialectic_actors.testing.batches import batch_of
from dialectic_events.calls import CallFailed, Ending
from dialectic_events.envelope import Envelope
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.parts import refer
from dialectic_events.runs import Limits, RunResumed, RunSuspended
from dialectic_events.store import Appended, Batch, Store
from dialectic_events.stores.memory import MemoryStore
from dialectic_events.union import Event
from dialectic_replay.run import fold
from support.casts import opening_with_sources
from support.stub_gateway import StubGateway
from support.systems import (
    PATIENCE_S,
    SpyStore,
    answer_to,
    events_in,
    facts,
    hosting,
    log_of,
    plain_run,
    timers_of,
)

SMALL = opening_with_sources(("architect", "security"), 2)
PLAIN = plain_run(*SMALL)
PAUSE: list[Event] = [RunSuspended(reason="somebody else"), RunResumed(claim="one")]


def intrude(store: Store, count: int = 1) -> None:
    """Somebody without a lease appends to the run, as people may."""
    for _ in range(count):
        head = store.head("run")
        batch = batch_of("run", PAUSE, head, command=f"person-{head.version}")
        assert isinstance(store.append([batch])[0], Appended)


def without_pauses(events: list[Event]) -> list[Event]:
    """What the run itself recorded."""
    return [event for event in events if not isinstance(event, RunSuspended | RunResumed)]


@settings(max_examples=20)
@given(at=st.sets(st.integers(2, 20), min_size=1, max_size=8), count=st.integers(1, 3))
def test_what_somebody_else_appends_in_between_is_taken_in(at: set[int], count: int) -> None:
    """The tail is read, the decision made again: chain intact, facts the same, each event heard
    once.
    """
    spy, heard = SpyStore(), list[Envelope]()

    def before(number: int, batches: Sequence[Batch]) -> None:
        if number in at:
            intrude(spy.inner, count)

    spy.before = before
    gateway = StubGateway(answer_to)
    with hosting(spy.port, gateway) as system:
        run = system.start("run", *SMALL, heard.append).result.result(PATIENCE_S)

    assert facts(PLAIN) == facts(without_pauses(events_in(spy.port, "run")))
    assert fold(events_in(spy.port, "run")) == run
    assert log_of(spy.port, "run") == heard
    assert {1} == set(gateway.asked.values())


def test_what_is_appended_while_the_tail_is_read_is_not_taken_in_twice() -> None:
    """Somebody writes again just as the run reads what was written before."""
    spy = SpyStore()
    intrusions: list[str] = []

    class Busy(SpyStore):
        def read(self, *args: Any, **options: Any) -> Any:
            if intrusions == ["first"]:
                intrusions.append("second")
                intrude(spy.inner)
            return self.inner.read(*args, **options)

    def before(number: int, batches: Sequence[Batch]) -> None:
        if number == 3:
            intrusions.append("first")
            intrude(spy.inner)

    spy = Busy(before=before)
    with hosting(spy.port, StubGateway(answer_to)) as system:
        run = system.start("run", *SMALL).result.result(PATIENCE_S)

    assert ["first", "second"] == intrusions
    assert spy.inner.head("run").version == run.version
    assert facts(PLAIN) == facts(without_pauses(events_in(spy.port, "run")))


def test_a_run_that_somebody_else_ends_comes_to_rest() -> None:
    """A suspension from outside is as good as one's own."""
    spy, heard = SpyStore(), list[Envelope]()

    def before(number: int, batches: Sequence[Batch]) -> None:
        if number == 4:
            head = spy.inner.head("run")
            spy.inner.append([batch_of("run", PAUSE[:1], head, command="person")])

    spy.before = before
    with hosting(spy.port, StubGateway(answer_to)) as system:
        run = system.start("run", *SMALL, heard.append).result.result(PATIENCE_S)

    assert ("suspended", "somebody else") == (run.status, run.reason)
    assert fold(events_in(spy.port, "run")) == run
    assert log_of(spy.port, "run") == heard


@pytest.mark.parametrize("number", [1, 2, 5])
def test_a_run_whose_lease_went_elsewhere_starts_nothing_more(number: int) -> None:
    """Law 2 to the end: the refused append's calls are not made, and the answer names the new
    owner.
    """
    spy = SpyStore()

    def before(count: int, batches: Sequence[Batch]) -> None:
        if count == number:
            owner = batches[0].lease.owner if batches[0].lease else ""
            spy.inner.acquire("run", "another", 60, displace=owner)

    spy.before = before
    gateway = StubGateway(answer_to)
    with hosting(spy.port, gateway) as system:
        live = system.start("run", *SMALL)
        with pytest.raises(DialecticError, match="another") as raised:
            live.result.result(PATIENCE_S)
    requested = {getattr(event, "call", None) for event in events_in(spy.port, "run")}

    assert ExitCode.RESUMABLE == raised.value.exit_code
    assert gateway.asked.keys() <= requested


def test_mail_that_comes_after_a_run_has_left_starts_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run that is given up between a commit and its outcome makes no call for it: nobody would
    read it.
    """
    gateway, left = StubGateway(answer_to), threading.Event()
    outcome = DebateActor._stored

    with hosting(MemoryStore(), gateway) as system:

        def stored(actor: DebateActor, answer: Any) -> None:
            outcome(actor, answer)
            if "proposal" in str(actor.behavior._draft and actor.behavior._draft.run.calls):
                actor.context.broken(DialecticError("given up"))
                left.set()

        monkeypatch.setattr(DebateActor, "_stored", stored)
        live = system.start("run", *SMALL)
        assert left.wait(PATIENCE_S)
        with pytest.raises(DialecticError, match="given up"):
            live.result.result(PATIENCE_S)

    assert {} == dict(gateway.asked)


def test_a_listener_that_raises_breaks_its_own_run_only() -> None:
    """It is told no event twice, however often its run is rebuilt."""
    heard: list[int] = []

    def fussy(envelope: Envelope) -> None:
        heard.append(envelope.header.version)
        if len(heard) in (3, 7):
            raise ValueError("not this one")

    store = MemoryStore()
    with hosting(store, StubGateway(answer_to)) as system:
        fine = system.start("fine", *SMALL)
        run = system.start("run", *SMALL, fussy).result.result(PATIENCE_S)

        assert "concluded" == fine.result.result(PATIENCE_S).status
    assert "concluded" == run.status
    assert list(range(1, run.version + 1)) == heard


def test_a_part_that_is_missing_breaks_the_run_with_its_name() -> None:
    """What cannot be read cannot be sent: the error says so, after the bounded restarts."""
    store, asked = MemoryStore(), threading.Event()

    def hold(_: Ask) -> bool:
        asked.set()
        return True

    gateway = StubGateway(answer_to, hold)
    with hosting(store, gateway) as system:
        live = system.start("run", *SMALL)
        assert asked.wait(PATIENCE_S)
        live.suspend("for now")
        live.result.result(PATIENCE_S)
        words = refer("You are the architect.")
        del store._parts[words]
        resumed = system.resume("run")
        with pytest.raises(DialecticError, match=words[:13]) as raised:
            resumed.result.result(PATIENCE_S)

    assert "dialectic resume run" in raised.value.fix


def break_actor(system: System, live: LiveRun, address: str) -> None:
    """Tell an actor what it cannot understand, and wait until it has been seen to."""
    done = threading.Event()
    system.call(lambda: live._context.tell(address, cast("Any", "nonsense")))
    # The actors that this wakes are pumped in the callbacks in between.
    system.call(lambda: system.call(lambda: system.call(done.set)))
    assert done.wait(PATIENCE_S)


@pytest.mark.parametrize("address", [DEBATE, agent_address("architect")])
def test_an_actor_that_breaks_during_a_wait_leaves_no_timer_behind(address: str) -> None:
    """Whoever breaks, there is one timer for one wait, and none once the run is at rest."""
    patient = opening_with_sources(
        ("architect", "security"), 1, limits=Limits(backoff_s=3600, backoff_max_s=3600)
    )
    waits, hour = threading.Event(), list[float]()

    def down(ask: Ask) -> Ending:
        return CallFailed(call=ask.call, error="server", detail="down")

    def heard(envelope: Envelope) -> None:
        if getattr(envelope.event, "delay_s", 0):
            waits.set()

    with hosting(MemoryStore(), StubGateway(down)) as system:
        live = system.start("run", *patient, heard)
        assert waits.wait(PATIENCE_S)
        break_actor(system, live, address)
        hour += [due for due in timers_of(system) if due > 60]
        live.suspend("no patience")

        assert "suspended" == live.result.result(PATIENCE_S).status
        assert [] == timers_of(system)
    assert 1 <= len(hour) <= 2


def test_a_retry_that_was_decided_for_an_agent_given_up_meanwhile_is_not_sent() -> None:
    """Its commit was under way when the agent was given up: the request stands, no call is made."""
    busy, free, spy = threading.Event(), threading.Event(), SpyStore()
    gateway = StubGateway(lambda ask: CallFailed(call=ask.call, error="filtered"))
    gateway.hold = lambda ask: ask.call.endswith("architect#1")
    routed = opening_with_sources(("architect", "security"), 1, route=["one", "two"])
    held = threading.Event()

    def before(number: int, batches: Sequence[Batch]) -> None:
        if held.is_set():
            busy.set()
            assert free.wait(PATIENCE_S)

    spy.before = before
    with hosting(spy.port, gateway) as system:
        live = system.start("run", *routed)
        while "debate/r1/proposal/security#2" not in gateway.asked:
            break_actor(system, live, "nobody")
        held.set()
        system.call(lambda: gateway.let_go("debate/r1/proposal/architect#1"))
        assert busy.wait(PATIENCE_S)
        while not live._context.abandoned:
            break_actor(system, live, agent_address("architect"))
        free.set()
        run = live.result.result(PATIENCE_S)

    assert "debate/r1/proposal/architect#2" in run.calls
    assert "debate/r1/proposal/architect#2" not in gateway.asked
    assert run.ended
