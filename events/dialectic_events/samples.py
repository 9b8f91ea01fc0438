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
    ToolsUsed,
    Usage,
)
from dialectic_events.contents import (
    Answered,
    Dissent,
    Question,
    ToolCall,
    ToolResult,
    ToolSpec,
    Verdict,
    write_content,
)
from dialectic_events.parts import refer
from dialectic_events.runs import (
    Agent,
    Clarifications,
    DeadlinePassed,
    Model,
    RunConcluded,
    RunFailed,
    RunOpened,
    RunResumed,
    RunSuspended,
    Source,
    Stage,
    StopRule,
    Summarization,
)
from dialectic_events.turns import (
    AnswerGiven,
    AssessmentMade,
    BallotCast,
    CritiqueMade,
    ProposalMade,
    QuestionAsked,
    RefinementMade,
    StopDecided,
    SummaryMade,
    SynthesisMade,
    Turn,
    TurnFailed,
    TurnSkipped,
)
from dialectic_events.union import Event

__all__ = ["PART_TEXTS", "SAMPLES"]

_PERSONA = "You look for what an attacker would do."
_REQUEST = "Propose a design for the problem below."

_SEARCH = ToolSpec(
    "context_search",
    "Find a term in what was said before.",
    {"type": "object", "properties": {"term": {"type": "string"}}, "required": ["term"]},
)
_TOOL = write_content(_SEARCH)

PART_TEXTS = (_PERSONA, _REQUEST, _TOOL)
"""The texts that the samples name by reference alone."""

_ROUTE = (
    Model("openrouter", "model-large", "the role prefers it"),
    Model("openrouter", "model-small"),
)
_QUESTION = "debate/c1/question/security"
_ANSWER = "debate/c1/answer/person>security"
_STOP = "debate/r1/stop/judge"
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
_ANSWER_TURN = Turn(
    _ANSWER, "answer", "person", round=1, target=_QUESTION, after=(_QUESTION,), sees=(_QUESTION,)
)
_STOP_TURN = Turn(_STOP, "stop", "judge", round=1, after=(_REFINEMENT,), sees=(_REFINEMENT,))
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
        stages=(
            Stage(
                name="debate",
                protocol="debate@1",
                agents=("architect", "security"),
                judge="judge",
                rounds=2,
                clarifications=Clarifications(per_agent=3),
                summaries="length-based",
                stop=StopRule("convergence", threshold=0.9),
                shuffle=7,
            ),
        ),
        agents=(
            Agent(
                id="architect",
                name="Architect",
                role="architect",
                source="role/architect",
                route=_ROUTE,
                temperature=0.5,
                summarization=Summarization(threshold=5000, max_length=2500),
                tools=("tool/context_search",),
            ),
            Agent("security", "Security", "security", "role/security", _ROUTE, 0.5),
            Agent("judge", "Judge", "judge", "role/judge", _ROUTE[:1], 0.3),
        ),
        sources=(
            Source("role/security", refer(_PERSONA), "file", "roles/security.yaml"),
            Source("tool/context_search", refer(_TOOL)),
        ),
        seed=7,
        program="dialectic-actors",
    ),
    RunSuspended(reason="payment: the account is empty", waits_for=(_PROPOSAL,)),
    RunResumed(claim="5e0c1f0a9d21"),
    RunConcluded(outcome="complete"),
    RunFailed(reason="debate/synthesis/judge failed: timeout"),
    DeadlinePassed(round=1, after_s=300.0),
    QuestionAsked(
        turn=_QUESTION,
        text=write_content([Question("c1-security-1", "Who may change a client's limit?")]),
        call=f"{_QUESTION}#1",
        questions=1,
    ),
    AnswerGiven(
        turn=_ANSWER,
        text=write_content(
            [Answered("c1-security-1", "Who may change a client's limit?", "Operators only.")]
        ),
        plan=_ANSWER_TURN,
        by="terminal",
    ),
    SummaryMade(
        turn="debate/r2/summary/security",
        text="We hold on to a replicated token bucket; lost replicas are open.",
        call="debate/r2/summary/security#1",
        before_chars=6120,
        after_chars=64,
        method="length-based",
    ),
    ProposalMade(
        turn=_CARRIED_TURN.id, text="A token bucket per client, replicated.", plan=_CARRIED_TURN
    ),
    CritiqueMade(turn=_CRITIQUE, text="A lost replica loses its tokens.", call=f"{_CRITIQUE}#1"),
    RefinementMade(
        turn=_REFINEMENT, text="A token bucket per client, replicated.", call=f"{_REFINEMENT}#2"
    ),
    AssessmentMade(
        turn="debate/r1/assessment/judge",
        text="One blocking objection is open.",
        call="debate/r1/assessment/judge#1",
        score=0.6,
    ),
    BallotCast(
        turn="debate/ballot/architect",
        text="It says what happens when a replica is lost.",
        call="debate/ballot/architect#1",
        ranking=(_REFINEMENT,),
    ),
    SynthesisMade(
        turn="debate/synthesis/judge",
        text=write_content(
            Verdict(
                solution="A replicated token bucket.",
                recommendations=("Measure what a lost replica costs.",),
                dissent=(Dissent("A lost replica loses its tokens.", "architect", _CRITIQUE),),
                confidence=80,
            )
        ),
        call="debate/synthesis/judge#1",
    ),
    StopDecided(
        turn=_STOP,
        plan=_STOP_TURN,
        rule="convergence",
        measure="words-and-pairs@1",
        value=0.72,
        threshold=0.9,
        stop=False,
        stability=0.8,
        agreement=0.64,
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
        tools=(refer(_TOOL),),
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
        tools=write_content([ToolCall("use-1", "context_search", '{"term":"replica"}')]),
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
    ToolsUsed(
        call=f"{_PROPOSAL}#1",
        results=write_content([ToolResult("use-1", "context_search", "success", '{"matches":[]}')]),
        latency_ms=3,
    ),
)
"""In the order of the union."""
