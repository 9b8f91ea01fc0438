"""What failed turns mean for their run: its policy, its outcome, who is missing."""

from __future__ import annotations

from typing import Any

import pytest

from dialectic_actors.core.decide import fold
from dialectic_actors.core.failing import missing_agents
from dialectic_actors.testing.config import Config
from dialectic_actors.testing.driving import CALM, perform, play
from dialectic_events.calls import CallFailed, CallRequested, Ending, ErrorClass
from dialectic_events.runs import (
    FailurePolicy,
    Limits,
    RunConcluded,
    RunFailed,
    RunSuspended,
    Summarization,
)
from dialectic_events.union import Event
from support.drive import failing


def ended(*failures: str, **settings: Any) -> Event:
    """The last event of a debate in which calls whose id contains one of `failures` fail."""
    config = Config(agents=3, limits=Limits(attempts=1), **settings)
    return play([config.opening()[0]], perform(failing(*failures)))[-1]


def test_one_failure_does_not_end_a_debate() -> None:
    """Its outcome is partial, and says so."""
    assert RunConcluded(outcome="partial") == ended("proposal/security")
    assert RunConcluded(outcome="complete") == ended("no such call")


def test_a_policy_may_stop_at_the_first_failure() -> None:
    """The reason names the turn and what was wrong with it."""
    last = ended("critique/security>architect", failure=FailurePolicy(1, "stop"))

    assert isinstance(last, RunFailed)
    assert "debate/r1/critique/security>architect failed: bad-request: as told" == last.reason


@pytest.mark.parametrize("quorum", [1, 2, 3])
def test_a_quorum_is_held(quorum: int) -> None:
    """Two of three are left when one proposal fails."""
    last = ended("proposal/security", failure=FailurePolicy(quorum))

    if quorum <= 2:
        assert RunConcluded(outcome="partial") == last
    else:
        assert isinstance(last, RunFailed)
        assert last.reason == (
            "only 2 of 3 agents are left in round 1, 3 are needed; missing: security"
        )


def test_a_run_may_rest_until_the_provider_is_back() -> None:
    """Nothing that was paid for is lost: taken up, it begins the route anew, and concludes."""
    tried: list[str] = []

    def answer(request: CallRequested) -> Ending:
        tried.append(f"{request.call} {request.model}")
        is_out = "synthesis" in request.call and not request.call.endswith("#9")
        failed = CallFailed(call=request.call, error="connection", detail="refused")
        return failed if is_out else CALM(request)

    config = Config(
        agents=2,
        route=("model-a", "model-b"),
        limits=Limits(attempts=2),
        failure=FailurePolicy(1, "rest"),
    )
    log = play([config.opening()[0]], perform(answer))

    rests = [event for event in log if isinstance(event, RunSuspended)]
    judge = [each.partition("#")[2] for each in tried if "synthesis" in each]
    rest = RunSuspended(reason="connection: refused", waits_for=("debate/synthesis/judge",))
    assert [rest, rest] == rests
    assert [f"{n} model-{'aabb'[(n - 1) % 4]}" for n in range(1, 10)] == judge
    assert RunConcluded(outcome="complete") == log[-1]


@pytest.mark.parametrize("error", ["bad-request", "malformed", "context-length"])
def test_what_does_not_pass_is_no_reason_to_rest(error: ErrorClass) -> None:
    """The turn fails, as it would tomorrow."""
    config = Config(agents=2, limits=Limits(attempts=1), failure=FailurePolicy(1, "rest"))

    def answer(request: CallRequested) -> Ending:
        is_wrong = "proposal" in request.call
        return CallFailed(call=request.call, error=error) if is_wrong else CALM(request)

    log = play([config.opening()[0]], perform(answer))

    assert not any(isinstance(event, RunSuspended) for event in log)


@pytest.mark.parametrize("policy", [FailurePolicy(), FailurePolicy(3), FailurePolicy(1, "stop")])
def test_a_summary_that_fails_costs_nobody_a_voice(policy: FailurePolicy) -> None:
    """The debate goes on with all that was said, and is complete."""
    settings = {
        "rounds": 2,
        "summaries": "hierarchical",
        "summarization": Summarization(1, 50),
        "failure": policy,
    }

    assert RunConcluded(outcome="complete") == ended("/summary/", **settings)


def test_who_is_missing_is_told_by_round() -> None:
    """A carried proposal fails with the refinement that it would carry, and is asked for anew."""
    config = Config(agents=2, rounds=2, limits=Limits(attempts=1))
    run = fold(play([config.opening()[0]], perform(failing("r1/proposal/security")))).run

    assert {1: frozenset({"security"})} == missing_agents(run)
