"""Who may open a run or take it up, and what is refused before anything is started."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from dialectic_actors.testing.batches import batch_of
from dialectic_events.calls import CallRequested
from dialectic_events.errors import DialecticError, ExitCode, IntegrityError
from dialectic_events.runs import Limits, RunOpened
from dialectic_events.store import Batch, Lease, LeaseHeld, Store
from dialectic_events.stores import open_store
from dialectic_events.stores.memory import MemoryStore
from dialectic_events.turns import Turn
from dialectic_events.union import Event
from support.casts import opening_with_sources
from support.stub_gateway import StubGateway
from support.systems import PATIENCE_S, SpyStore, answer_to, hosting

SMALL = opening_with_sources(("architect", "security"), 2, limits=Limits(backoff_s=0.001))


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Every store."""
    url = "memory:" if request.param == "memory" else f"sqlite:{tmp_path / 'log.db'}"
    with open_store(url) as opened:
        yield opened


def opening_batch(
    stream: str, opened: RunOpened, parts: Mapping[str, str], *further: Event
) -> Batch:
    """The first events of a run, as another process would append them."""
    batch = batch_of(stream, [opened, *further])
    return replace(batch, parts={**batch.parts, **parts})


def test_a_run_is_not_opened_on_top_of_another(store: Store) -> None:
    """An id that is taken is refused, and the run that has it stays as it is."""
    with hosting(store, StubGateway(answer_to)) as system:
        system.start("run", *SMALL).result.result(PATIENCE_S)
        head = store.head("run")
        with pytest.raises(DialecticError, match="run"):
            system.start("run", *SMALL)

        assert head == store.head("run")
        assert "concluded" == system.resume("run").result.result(PATIENCE_S).status


def test_a_run_that_somebody_else_had_meanwhile_is_not_taken_for_ones_own(store: Store) -> None:
    """Between the look at the name and the lease, another process may have used it up."""
    theirs = opening_with_sources(("architect",), 1)

    class Late(SpyStore):
        """Another process has the run first."""

        def acquire(self, stream: str, *terms: Any, **further: Any) -> Lease:
            self.inner.append([opening_batch(stream, *theirs)])
            return self.inner.acquire(stream, *terms, **further)

    with (
        hosting(Late(store).port, StubGateway(answer_to)) as system,
        pytest.raises(DialecticError, match="of this name already"),
    ):
        system.start("run", *SMALL)

    assert 1 == store.head("run").version


def test_a_run_that_is_started_while_the_system_closes_ends_at_once() -> None:
    """Whoever waits for it hears so, and its lease is given back."""
    store = MemoryStore()
    with hosting(store, StubGateway(answer_to)) as system:
        stopped = threading.Event()
        system.call(system.actors.stop)
        system.call(stopped.set)
        assert stopped.wait(PATIENCE_S)
        live = system.start("run", *SMALL)

        with pytest.raises(DialecticError, match="ended before the run") as raised:
            live.result.result(PATIENCE_S)

    assert ExitCode.RESUMABLE == raised.value.exit_code
    assert 0 == store.head("run").version
    assert "another" == store.acquire("run", "another", 60.0).owner


def test_a_log_that_asks_a_stranger_cannot_be_resumed(store: Store) -> None:
    """Nobody would ever answer: it is refused with the turn at fault."""
    opened, parts = SMALL
    ghost = Turn(id="debate/r1/proposal/ghost", kind="proposal", speaker="ghost", round=1)
    asked = CallRequested(
        call=f"{ghost.id}#1",
        turn=ghost.id,
        provider="p",
        model="m",
        messages=(),
        deadline_s=1.0,
        plan=ghost,
    )
    store.append([opening_batch("run", opened, parts, asked)])

    with (
        hosting(store, StubGateway(answer_to)) as system,
        pytest.raises(IntegrityError, match="'ghost', who is no agent"),
    ):
        system.resume("run")


def test_a_run_that_cannot_be_cast_gives_its_lease_back(store: Store) -> None:
    """What fails before the run begins must not block the next attempt."""
    opened, parts = SMALL
    with hosting(store, StubGateway(answer_to)) as system:
        with pytest.raises(Exception, match="missing"):
            system.start("run", opened, {})

        assert "concluded" == system.start("run", opened, parts).result.result(PATIENCE_S).status


def test_a_run_that_nobody_started_cannot_be_resumed(store: Store) -> None:
    """The error names the way to the list of those that can."""
    with hosting(store) as system, pytest.raises(DialecticError, match="dialectic ls") as raised:
        system.resume("nothing")

    assert ExitCode.USAGE == raised.value.exit_code


def test_a_run_that_lives_here_is_not_taken_up_twice(store: Store) -> None:
    """One owner: neither the same system nor another of the same process may resume it."""
    asked = threading.Event()
    gateway = StubGateway(answer_to, hold=lambda ask: True)
    with hosting(store, gateway) as system, hosting(store) as other:
        system.start("run", *SMALL, lambda _: asked.set())
        assert asked.wait(PATIENCE_S)
        for each in (system, other):
            with pytest.raises(LeaseHeld, match="owned by"):
                each.resume("run")
