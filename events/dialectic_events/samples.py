"""One example of every event type: for tests, documentation, and people who learn what is in a log.

They are examples of shape; together they are not the log of one run.
"""

from __future__ import annotations

from dialectic_events.calls import (
    CallAnswered,
    CallFailed,
    CallLost,
    CallRequested,
    Message,
    Usage,
)
from dialectic_events.parts import refer
from dialectic_events.runs import (
    Agent,
    Model,
    RunConcluded,
    RunFailed,
    RunOpened,
    RunResumed,
    RunSuspended,
    Source,
    Stage,
)
from dialectic_events.turns import (
    CritiqueMade,
    ProposalMade,
    RefinementMade,
    SynthesisMade,
    Turn,
    TurnFailed,
    TurnSkipped,
)
from dialectic_events.union import Event

__all__ = ["PART_TEXTS", "SAMPLES"]

_PERSONA = "You look for what an attacker would do."
_REQUEST = "Propose a design for the problem below."

PART_TEXTS = (_PERSONA, _REQUEST)
"""The texts that the samples name by reference alone."""

_ROUTE = (
    Model("openrouter", "model-large", "the role prefers it"),
    Model("openrouter", "model-small"),
)
_PROPOSAL = "debate/r1/proposal/security"
_CRITIQUE = "debate/r1/critique/architect>security"
_REFINEMENT = "debate/r1/refinement/security"
_PROPOSAL_TURN = Turn(_PROPOSAL, "proposal", "security", round=1)
_CARRIED_TURN = Turn(
    "debate/r2/proposal/security",
    "proposal",
    "security",
    round=2,
    carries=_REFINEMENT,
    after=(_REFINEMENT,),
)
_CRITIQUE_TURN = Turn(
    _CRITIQUE,
    "critique",
    "architect",
    round=1,
    target=_PROPOSAL,
    after=(_PROPOSAL,),
    sees=(_PROPOSAL,),
)

SAMPLES: tuple[Event, ...] = (
    RunOpened(
        problem="Design a rate limiter that must never lose a request.",
        stages=(Stage("debate", "debate@1", ("architect", "security"), "judge", rounds=2),),
        agents=(
            Agent("architect", "Architect", "architect", "role/architect", _ROUTE, 0.5),
            Agent("security", "Security", "security", "role/security", _ROUTE, 0.5),
            Agent("judge", "Judge", "judge", "role/judge", _ROUTE[:1], 0.3),
        ),
        sources=(Source("role/security", refer(_PERSONA), "file", "roles/security.yaml"),),
        seed=7,
        program="dialectic-actors",
    ),
    RunSuspended(reason="payment: the account is empty", waits_for=(_PROPOSAL,)),
    RunResumed(claim="5e0c1f0a9d21"),
    RunConcluded(outcome="complete"),
    RunFailed(reason="debate/synthesis/judge failed: timeout"),
    ProposalMade(
        turn=_CARRIED_TURN.id, text="A token bucket per client, replicated.", plan=_CARRIED_TURN
    ),
    CritiqueMade(turn=_CRITIQUE, text="A lost replica loses its tokens.", call=f"{_CRITIQUE}#1"),
    RefinementMade(
        turn=_REFINEMENT, text="A token bucket per client, replicated.", call=f"{_REFINEMENT}#2"
    ),
    SynthesisMade(
        turn="debate/synthesis/judge",
        text="## Solution\n\nA replicated token bucket.\n\nConfidence: 80/100",
        call="debate/synthesis/judge#1",
    ),
    TurnFailed(turn=_PROPOSAL, reason="timeout: no answer within 300 s", plan=_PROPOSAL_TURN),
    TurnSkipped(turn=_CRITIQUE, plan=_CRITIQUE_TURN, reason=f"{_PROPOSAL} made no contribution"),
    CallRequested(
        call=f"{_PROPOSAL}#1",
        turn=_PROPOSAL,
        provider="openrouter",
        model="model-large",
        messages=(
            Message("system", (refer(_PERSONA),)),
            Message("user", (refer(_REQUEST),)),
        ),
        deadline_s=300.0,
        temperature=0.5,
        plan=_PROPOSAL_TURN,
    ),
    CallAnswered(
        call=f"{_PROPOSAL}#1",
        text="A token bucket per client.",
        model="model-large-2026",
        usage=Usage(input_tokens=812, output_tokens=96, cached_tokens=512),
        cost_usd=0.0021,
        latency_ms=1840,
        response_id="resp-1",
        finish="stop",
    ),
    CallFailed(
        call=f"{_PROPOSAL}#1",
        error="rate-limited",
        detail="Too many requests.",
        status=429,
        retry_after_s=2.0,
        latency_ms=120,
    ),
    CallLost(call=f"{_PROPOSAL}#1", claim="5e0c1f0a9d21"),
)
"""In the order of the union."""
