"""What a system of actors promises about whole runs: the facts, their order, and what a crash
costs.

Must not go in here: how a run rests or fails (`test_live`, `test_supervisor`).
"""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import pykka
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dialectic_actors.actors.ports import Ask
from dialectic_actors.runtime.live import LiveRun
from dialectic_actors.runtime.system import System
from dialectic_events.calls import CallAnswered, CallFailed, CallRequested, Ending
from dialectic_events.envelope import Envelope
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.runs import History, Limits
from dialectic_events.store import Batch, Lease, Store, StoreFull
from dialectic_events.stores import open_store
from dialectic_events.stores.memory import MemoryStore
from dialectic_events.union import refs_beside
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
)

SMALL = opening_with_sources(("architect", "security"), 2, limits=Limits(backoff_s=0.001))


def shaky(ask: Ask) -> Ending:
    """Fail every critique's first attempt; say nothing in every proposal's."""
    if "critique" in ask.call and ask.call.endswith("#1"):
        return CallFailed(call=ask.call, error="server", detail="as told")
    if "proposal" in ask.call and ask.call.endswith("#1"):
        return replace(answer_to(ask), text="-")
    return answer_to(ask)


PLAIN = plain_run(*SMALL, shaky)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Every store."""
    url = "memory:" if request.param == "memory" else f"sqlite:{tmp_path / 'log.db'}"
    with open_store(url) as opened:
        yield opened


def test_a_debate_on_actors_states_the_facts_of_a_plain_loop(store: Store) -> None:
    """Actors, commits and timers change when things happen, never what happens."""
    for index, history in enumerate(get_args(History)):
        opening = opening_with_sources(history=history, limits=Limits(backoff_s=0.001))
        with hosting(store, StubGateway(shaky)) as system:
            run = system.start(f"run-{index}", *opening).result.result(PATIENCE_S)

        assert facts(plain_run(*opening, shaky)) == facts(events_in(store, f"run-{index}"))
        assert "concluded" == run.status


def test_the_listener_the_log_and_the_result_tell_the_same_story(store: Store) -> None:
    """Law 1: what is heard is what is stored, headers included; its fold is the result."""
    heard: list[Envelope] = []
    with hosting(store, StubGateway(shaky)) as system:
        run = system.start("run", *SMALL, heard.append).result.result(PATIENCE_S)

    assert log_of(store, "run") == heard
    assert fold(events_in(store, "run")) == run


def test_no_call_is_made_before_its_request_is_durable(store: Store) -> None:
    """Law 2, judged from within the gateway: at its start, the log has the call and its prompt."""
    missing: list[str] = []

    class Suspicious(StubGateway):
        def start(self, ask: Ask, reply: Any) -> None:
            requested = [e for e in events_in(store, ask.run) if isinstance(e, CallRequested)]
            if ask.call not in {event.call for event in requested}:
                missing.append(ask.call)
            refs = {ref for e in requested for ref in refs_beside(e)}
            missing.extend(refs - store.parts(tuple(refs)).keys())
            super().start(ask, reply)

    gateway = Suspicious(shaky)
    with hosting(store, gateway) as system:
        system.start("run", *SMALL).result.result(PATIENCE_S)

    assert [] == missing
    assert len(gateway.asked) == sum(isinstance(e, CallRequested) for e in PLAIN)


def test_a_hundred_runs_share_their_commits() -> None:
    """What arrives while a commit is under way is one commit, whoever it is from."""
    spy = SpyStore()
    with hosting(spy.port, StubGateway(answer_to)) as system:
        runs = [system.start(f"run-{index}", *SMALL) for index in range(100)]
        for run in runs:
            assert "concluded" == run.result.result(PATIENCE_S).status

    assert spy.appends * 10 < len(list(spy.inner.read_all()))


def test_a_call_that_was_held_open_is_the_only_one_asked_again(store: Store) -> None:
    """Law 5, at the boundary of an effect: end the process with k calls asked, for every k."""
    for k in range(sum(isinstance(event, CallRequested) for event in PLAIN)):
        stream, stuck, first = f"run-{k}", threading.Event(), StubGateway(shaky)

        def hold(
            ask: Ask, first: StubGateway = first, stuck: threading.Event = stuck, k: int = k
        ) -> bool:
            if len(first.asked) > k:
                stuck.set()
            return len(first.asked) > k

        first.hold = hold
        with hosting(store, first) as system:
            live = system.start(stream, *SMALL)
            assert stuck.wait(PATIENCE_S)
        with pytest.raises(DialecticError, match="dialectic resume"):
            live.result.result(PATIENCE_S)
        ended = {
            e.call for e in events_in(store, stream) if isinstance(e, CallAnswered | CallFailed)
        }
        second = StubGateway(shaky)
        with hosting(store, second) as system:
            run = system.resume(stream).result.result(PATIENCE_S)

        assert fold(events_in(store, stream)) == run
        assert facts(PLAIN) == facts(events_in(store, stream))
        assert set() == ended & second.asked.keys()
        assert {1} == set(first.asked.values()) | set(second.asked.values())


class Killed(Exception):
    """What a store raises when the process is to die there."""


def killing(at: int) -> SpyStore:
    """A store that fails for ever from its append number `at` on."""

    def before(number: int, batches: Sequence[Batch]) -> None:
        if number >= at:
            raise Killed

    return SpyStore(before=before)


@pytest.mark.parametrize("lands", [False, True], ids=["before", "after"])
def test_a_process_may_die_at_every_append(*, lands: bool) -> None:
    """Law 5, at the boundary of an append, before and after it is durable; again and again in one
    run.
    """
    at = 0
    finished = False
    while not finished:
        at += 1
        spy = SpyStore()

        def before(
            number: int, batches: Sequence[Batch], spy: SpyStore = spy, at: int = at
        ) -> None:
            if number >= at:
                if lands:
                    spy.inner.append(batches)
                raise Killed

        spy.before = before
        gateway = StubGateway(shaky)
        with hosting(spy.port, gateway) as system:
            live = system.start("run", *SMALL)
            finished = live.result.exception(PATIENCE_S) is None
        spy.before = lambda number, batches: None
        if not spy.inner.head("run").version:
            continue
        again = StubGateway(shaky)
        with hosting(spy.port, again) as system:
            system.resume("run").result.result(PATIENCE_S)

        assert facts(PLAIN) == facts(events_in(spy.port, "run"))
        assert max((gateway.asked + again.asked).values()) <= 2


@settings(max_examples=20)
@given(deaths=st.lists(st.integers(1, 12), min_size=2, max_size=6))
def test_a_run_outlives_many_deaths(deaths: list[int]) -> None:
    """Each process asks a call at most once, and the facts do not show how many processes there
    were.
    """
    store = MemoryStore()
    gateways: list[StubGateway] = []
    for at in [*deaths, 10**6]:
        spy = SpyStore(store, killing(at).before)
        gateways.append(StubGateway(shaky))
        with hosting(spy.port, gateways[-1]) as system:
            begun = store.head("run").version
            live = system.resume("run") if begun else system.start("run", *SMALL)
            live.result.exception(PATIENCE_S)

    assert facts(PLAIN) == facts(events_in(store, "run"))
    assert {1} == {times for gateway in gateways for times in gateway.asked.values()}


def test_a_full_store_ends_the_run_and_nothing_is_half_done() -> None:
    """The error is the store's own; the log stays a prefix that a resume finishes."""
    spy = SpyStore()

    def full(number: int, batches: Sequence[Batch]) -> None:
        if number >= 5:
            raise StoreFull("no space left", where="disk")

    spy.before = full
    with hosting(spy.port, StubGateway(shaky)) as system:
        live = system.start("run", *SMALL)
        with pytest.raises(StoreFull) as raised:
            live.result.result(PATIENCE_S)
        spy.before = lambda number, batches: None
        system.resume("run").result.result(PATIENCE_S)

    assert ExitCode.RESUMABLE == raised.value.exit_code
    assert facts(PLAIN) == facts(events_in(spy.port, "run"))


def test_one_run_that_cannot_be_stored_does_not_harm_its_neighbors() -> None:
    """A commit that fails as a whole is tried run by run."""
    spy = SpyStore()

    def picky(number: int, batches: Sequence[Batch]) -> None:
        if any(batch.stream == "bad" for batch in batches):
            raise StoreFull("no space for this one", where="disk")

    spy.before = picky
    with hosting(spy.port, StubGateway(answer_to)) as system:
        good = [system.start(f"good-{index}", *SMALL) for index in range(5)]
        bad = system.start("bad", *SMALL)

        assert isinstance(bad.result.exception(PATIENCE_S), StoreFull)
        assert {"concluded"} == {run.result.result(PATIENCE_S).status for run in good}


def test_leaving_while_commits_are_queued_waits_for_them_and_writes_nothing_after() -> None:
    """The lease is given back behind the last commit, and every result is told."""
    entered, release, order = threading.Event(), threading.Event(), list[str]()

    class Ordered(SpyStore):
        def release(self, lease: Lease) -> None:
            order.append("release")
            self.inner.release(lease)

    def before(number: int, batches: Sequence[Batch]) -> None:
        if number >= 3:
            entered.set()
            assert release.wait(PATIENCE_S)
        order.append("append")

    inner = MemoryStore()
    spy = Ordered(inner, before)
    lives: list[LiveRun] = []
    leaver = threading.Thread(target=lambda: stack_close(spy.port, lives, entered))
    leaver.start()
    assert entered.wait(PATIENCE_S)
    release.set()
    leaver.join(PATIENCE_S)

    assert not leaver.is_alive()
    assert "release" == order[-1]
    assert all(isinstance(live.result.exception(0), DialecticError) for live in lives)
    assert {""} == {inner.lease(live.stream).owner for live in lives}


def stack_close(store: Store, lives: list[LiveRun], entered: threading.Event) -> None:
    """Start two runs and leave as soon as a commit is under way."""
    with hosting(store, StubGateway(answer_to)) as system:
        lives += [system.start("one", *SMALL), system.start("two", *SMALL)]
        entered.wait(PATIENCE_S)


def test_a_system_that_was_left_leaves_nothing_behind() -> None:
    """No thread, no actor, not even when calls were open and a retry was waited for."""
    before = set(threading.enumerate())

    def server_down(ask: Ask) -> Ending:
        return CallFailed(call=ask.call, error="server", detail="down")

    patient = opening_with_sources(("architect", "security"), 1, limits=Limits(backoff_s=3600))
    asked = threading.Event()
    with hosting(MemoryStore(), StubGateway(hold=lambda ask: True)) as system:
        system.start("open", *SMALL, lambda _: asked.set())
        assert asked.wait(PATIENCE_S)
    waits = threading.Event()
    with hosting(MemoryStore(), StubGateway(server_down)) as system:
        system.start("waiting", *patient, lambda e: waits.set() if is_retry(e) else None)
        assert waits.wait(PATIENCE_S)

    assert before == set(threading.enumerate())
    assert [] == ours()


def is_retry(envelope: Envelope) -> bool:
    """Whether an attempt is to be made later."""
    return isinstance(envelope.event, CallRequested) and envelope.event.delay_s > 0


def ours() -> list[str]:
    """Actors of this project that are still registered."""
    return [
        type(ref).__name__
        for ref in pykka.ActorRegistry.get_all()
        if ref.actor_class.__module__.startswith("dialectic_actors")
    ]


def run_and_forget(system: System, stream: str) -> list[weakref.ref[object]]:
    """Run a debate to its end; all that is left is a look at what should be gone."""
    live = system.start(stream, *SMALL)
    live.result.result(PATIENCE_S)
    return [weakref.ref(live), weakref.ref(live._context)]


def test_many_runs_in_one_system_leave_nothing_but_their_logs() -> None:
    """After a run has come to rest, nothing holds it: no actor, no table, no closure."""
    with hosting(MemoryStore(), StubGateway(answer_to)) as system:
        kept: list[weakref.ref[object]] = []
        for index in range(200):
            kept += run_and_forget(system, f"run-{index}")
        # The writer's and the loop's last jobs may still be in their hands.
        settled = threading.Event()
        system.commit(lambda: system.call(settled.set))
        assert settled.wait(PATIENCE_S)
        gc.collect()

        assert [] == [ref() for ref in kept[:-2] if ref() is not None]
        assert 0 == len(system.actors.runs)
        assert ["LogActor", "SupervisorActor"] == sorted(
            ref.actor_class.__name__
            for ref in pykka.ActorRegistry.get_all()
            if ref.actor_class.__module__.startswith("dialectic_actors")
        )


def test_a_gateway_that_cannot_open_leaves_no_thread() -> None:
    """A system that could not be entered is as if it had never been."""
    before = set(threading.enumerate())

    class Refusing:
        async def __aenter__(self) -> Any:
            raise DialecticError("no key")

        async def __aexit__(self, *exc: object) -> None:
            raise AssertionError("it was never entered")

    with pytest.raises(DialecticError, match="no key"), System(MemoryStore(), Refusing):
        raise AssertionError("it must not get here")

    assert before == set(threading.enumerate())
