"""What becomes of broken actors: rebuilt from the log a bounded number of times, then given up
with a reason.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, cast

import pytest

from dialectic_actors.actors.agent import AgentBehavior
from dialectic_actors.actors.debate import DebateBehavior
from dialectic_actors.actors.messages import DEBATE
from dialectic_actors.actors.ports import Ask
from dialectic_actors.runtime.live import LiveRun
from dialectic_actors.runtime.supervisor import RESTARTS
from dialectic_events.calls import CallAnswered, CallFailed, Ending
from dialectic_events.envelope import Envelope
from dialectic_events.errors import DialecticError
from dialectic_events.runs import Limits
from dialectic_events.stores.memory import MemoryStore
from dialectic_events.turns import TurnFailed
from dialectic_replay.run import Run
from support.casts import opening_with_sources
from support.stub_gateway import StubGateway
from support.systems import (
    PATIENCE_S,
    answer_to,
    events_in,
    facts,
    hosting,
    log_of,
    plain_run,
)

SMALL = opening_with_sources(("architect", "security"), 2, limits=Limits(backoff_s=0.001))
PLAIN = plain_run(*SMALL)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Actors that break on purpose need not be reported."""
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


class Fault:
    """Makes a behavior break at some of its messages, before or after it has taken them in."""

    def __init__(self, kind: type[Any], breaks: Callable[[int, Any], bool], *, late: bool) -> None:
        self.count = 0
        self._kind, self._breaks, self._late = kind, breaks, late
        self._receive = kind.receive

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Take the place of the behavior's own method."""
        fault = self

        def receive(behavior: Any, message: Any, **more: bool) -> Iterable[Any]:
            fault.count += 1
            broken = fault._breaks(fault.count, behavior)
            if broken and not fault._late:
                raise RuntimeError("broken as told")
            deeds: Iterable[Any] = fault._receive(behavior, message, **more)
            if broken:
                raise RuntimeError("broken as told")
            return deeds

        patch.setattr(self._kind, "receive", receive)


def run_with(
    store: MemoryStore, fault: Fault, gateway: StubGateway, heard: list[Envelope], *, again: bool
) -> Run:
    """Run the small debate (or take it up again) with a fault."""
    with pytest.MonkeyPatch.context() as patch, hosting(store, gateway) as system:
        fault.install(patch)
        live = (
            system.resume("run", heard.append)
            if again
            else system.start("run", *SMALL, heard.append)
        )
        return live.result.result(PATIENCE_S)


def is_at(at: int, count: int, _: object) -> bool:
    """Whether this is the message at which to break."""
    return count == at


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("kind", [DebateBehavior, AgentBehavior])
def test_an_actor_may_break_at_any_message_and_nothing_is_lost(
    kind: type[Any], *, late: bool
) -> None:
    """Same facts, no call asked twice, every event heard once, whichever message it was."""
    at, fault = 0, Fault(kind, lambda count, _: False, late=late)
    while at <= fault.count:
        at += 1
        store, gateway, heard = MemoryStore(), StubGateway(answer_to), list[Envelope]()
        fault = Fault(kind, partial(is_at, at), late=late)
        run_with(store, fault, gateway, heard, again=False)

        assert facts(PLAIN) == facts(events_in(store, "run")), at
        assert log_of(store, "run") == heard, at
        assert {1} == set(gateway.asked.values()), at
    assert at > 10


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
def test_a_debate_that_breaks_while_it_is_taken_up_takes_up_all_the_same(*, late: bool) -> None:
    """What was sent by the process before is recorded as lost before it is sent again, once."""
    whole = MemoryStore()
    with hosting(whole, StubGateway(answer_to, hold=lambda ask: "critique" in ask.call)) as system:
        live = system.start("run", *SMALL)
        live.suspend("enough")
        rested = live.result.result(PATIENCE_S)
    assert "suspended" == rested.status
    heard: list[Envelope] = []
    fault = Fault(DebateBehavior, lambda count, _: count == 1, late=late)
    run = run_with(whole, fault, StubGateway(answer_to), heard, again=True)

    assert "concluded" == run.status
    assert {0, 1} >= {call.lost for call in run.calls.values()}
    assert log_of(whole, "run")[rested.version :] == heard


def test_a_debate_that_breaks_after_another_process_took_over_lets_go() -> None:
    """Folded anew it would send the new owner's calls as well, which are in the log by then."""
    store, gateway = MemoryStore(), StubGateway(answer_to, hold=lambda ask: True)
    with hosting(store, gateway) as system:
        live = system.start("run", *SMALL)
        context = live._context
        store.acquire("run", "another", 60.0, displace=context.lease.owner)
        system.call(lambda: context.tell(DEBATE, cast("Any", "nonsense")))
        with pytest.raises(DialecticError, match="another process owns this run now"):
            live.result.result(PATIENCE_S)

    assert {1} >= set(gateway.asked.values())


def test_a_debate_that_always_breaks_is_given_up_and_can_be_resumed() -> None:
    """The run ends here, bounded, with the way on; its log is intact and the lease is free."""
    store = MemoryStore()
    fault = Fault(DebateBehavior, lambda count, _: count > 6, late=False)
    with pytest.raises(DialecticError, match="dialectic resume run"):
        run_with(store, fault, StubGateway(answer_to), [], again=False)
    run = run_with(
        store,
        Fault(DebateBehavior, lambda c, _: False, late=False),
        StubGateway(answer_to),
        [],
        again=True,
    )

    assert 6 + RESTARTS + 1 == fault.count
    assert "concluded" == run.status
    assert facts(PLAIN) == facts(events_in(store, "run"))


def test_a_run_that_broke_starts_with_a_clean_record_when_it_is_resumed_here() -> None:
    """What its predecessor suffered does not count against it, in the same system either."""
    store = MemoryStore()
    with pytest.MonkeyPatch.context() as patch, hosting(store, StubGateway(answer_to)) as system:
        Fault(DebateBehavior, lambda count, _: 6 < count <= 12, late=False).install(patch)
        broken = system.start("run", *SMALL)
        assert isinstance(broken.result.exception(PATIENCE_S), DialecticError)

        assert "concluded" == system.resume("run").result.result(PATIENCE_S).status


def is_agent(behavior: Any, name: str) -> bool:
    """Whether a behavior is that of an agent."""
    return bool(behavior._renderer._role.name == name.title())


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
def test_the_turns_of_an_agent_that_always_breaks_are_failed(*, late: bool) -> None:
    """The others go on without it; no call is made for it, and the run says that it is partial."""
    store, gateway = MemoryStore(), StubGateway(answer_to)
    fault = Fault(AgentBehavior, lambda _, behavior: is_agent(behavior, "security"), late=late)
    run = run_with(store, fault, gateway, [], again=False)
    events = events_in(store, "run")
    failed = [event for event in events if isinstance(event, TurnFailed)]

    assert "partial" == run.status
    assert [] == [call for call in gateway.asked if call.endswith("/security#1")]
    assert {"debate/r1/proposal/security"} <= {event.turn for event in failed}
    assert all("broken as told" in event.reason for event in failed)


def test_a_run_whose_judge_always_breaks_fails_with_the_reason() -> None:
    """Without a synthesis there is no conclusion; the run ends all the same."""
    store = MemoryStore()
    fault = Fault(AgentBehavior, lambda _, behavior: is_agent(behavior, "judge"), late=False)
    run = run_with(store, fault, StubGateway(answer_to), [], again=False)

    assert "failed" == run.status
    assert "broken as told" in run.reason


def test_an_answer_that_nobody_could_read_is_recorded_and_not_paid_for_again() -> None:
    """An agent that breaks at its answer: what the gateway holds is kept, with the failure."""
    store, answered = MemoryStore(), set[str]()
    first = "debate/r1/proposal/security#1"

    def answer(ask: Ask) -> Ending:
        answered.add(ask.call)
        return answer_to(ask)

    gateway = StubGateway(answer)
    fault = Fault(
        AgentBehavior, lambda _, b: is_agent(b, "security") and first in answered, late=False
    )
    run = run_with(store, fault, gateway, [], again=False)

    assert isinstance(run.calls[first].ended, CallAnswered)
    assert "failed" == run.results["debate/r1/proposal/security"].outcome
    assert {1} == set(gateway.asked.values())
    assert "partial" == run.status


@pytest.mark.parametrize("at", range(1, 10))
def test_no_call_is_made_for_an_agent_that_was_given_up(
    at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even one that was decided just before: a retry that is due is failed, not sent."""
    store, begun, asked = MemoryStore(), list[int](), list[set[str]]()
    gateway = StubGateway(lambda ask: CallFailed(call=ask.call, error="filtered"))
    abandon = LiveRun.abandon

    def watched(run: LiveRun, address: str, reason: str) -> None:
        asked.append(set(gateway.asked))
        abandon(run, address, reason)

    def breaks(_: int, behavior: Any) -> bool:
        begun.extend([1] * is_agent(behavior, "security"))
        return is_agent(behavior, "security") and len(begun) >= at

    monkeypatch.setattr(LiveRun, "abandon", watched)
    routed = opening_with_sources(("architect", "security"), 1, route=[f"m{i}" for i in range(9)])
    with hosting(store, gateway) as system:
        Fault(AgentBehavior, breaks, late=False).install(monkeypatch)
        run = system.start("run", *routed).result.result(PATIENCE_S)

    assert [] == [call for call in gateway.asked.keys() - asked[0] if "/security#" in call]
    assert run.ended
