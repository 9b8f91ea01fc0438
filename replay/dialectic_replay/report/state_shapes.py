"""A state document as a report reads it: the keys of every version of `dialectic`, and ours.

Only what a report tells; unknown keys are passed over, and what is missing is empty.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

__all__ = [
    "Assessment",
    "Ballot",
    "Clarifications",
    "Contribution",
    "Decision",
    "Failure",
    "Item",
    "Metadata",
    "Round",
    "Solution",
    "Source",
    "Sources",
    "State",
    "Summary",
    "Tally",
]


_Count = Annotated[int, Meta(ge=-(2**53), le=2**53)]
_Measure = Annotated[float, Meta(ge=-(2.0**53), le=2.0**53)]
"""JSON can spell numbers that no page can show."""


class Metadata(Struct, rename="camel"):
    """What a contribution took, and what it came from."""

    latency_ms: _Measure | None = None
    model: str = ""
    tokens_used: _Count | None = None
    tool_calls: list[dict[str, Any]] = []
    before_chars: _Count | None = None
    after_chars: _Count | None = None
    method: str = ""


class Contribution(Struct, rename="camel"):
    """A proposal, a critique or a refinement."""

    agent_id: str
    type: str
    content: str = ""
    agent_role: str = ""
    target_agent_id: str = ""
    metadata: Metadata = field(default_factory=Metadata)


class Summary(Struct, rename="camel"):
    """What was condensed."""

    agent_id: str = ""
    summary: str = ""
    metadata: Metadata = field(default_factory=Metadata)


class Round(Struct, rename="camel"):
    """All of a round."""

    round_number: _Count
    contributions: list[Contribution] = []
    summaries: dict[str, Summary] = {}


class Item(Struct):
    """A question; an empty answer is still to come."""

    question: str
    id: str = ""
    answer: str = ""


class Clarifications(Struct, rename="camel"):
    """An agent's questions."""

    agent_id: str
    items: list[Item] = []


class Solution(Struct, rename="camel"):
    """What the judge concluded."""

    description: str = ""
    synthesized_by: str = ""
    vote: dict[str, Any] = {}


class Failure(Struct):
    """A turn without a contribution."""

    turn: str = ""
    reason: str = ""
    outcome: str = ""


class Source(Struct, rename="camel"):
    """Where a prompt was read."""

    agent_id: str = ""
    id: str = ""
    source: str = "built-in"
    path: str = ""


class Sources(Struct):
    """Where all prompts were read."""

    agents: list[Source] = []
    judge: Source | None = None


class Tally(Struct, rename="camel"):
    """What was spent, in all or by an agent."""

    calls: _Count = 0
    failed_calls: _Count = 0
    lost_calls: _Count = 0
    input_tokens: _Count = 0
    output_tokens: _Count = 0
    latency_ms: _Count = 0
    cost_usd: _Measure = 0.0
    unpriced_calls: _Count = 0
    by_agent: dict[str, Tally] = {}


class Assessment(Struct, rename="camel"):
    """How far the judge saw the debate."""

    round_number: _Count
    agent_id: str = ""
    score: _Measure = 0.0
    reason: str = ""
    metadata: Metadata = field(default_factory=Metadata)


class Decision(Struct, rename="camel"):
    """Whether the debate was to end."""

    round_number: _Count
    rule: Literal["convergence", "quality"]
    threshold: _Measure
    measure: str = ""
    value: _Measure | None = None
    stop: bool = False
    stability: _Measure | None = None
    agreement: _Measure | None = None


class Ballot(Struct, rename="camel"):
    """How an agent ranked the others' refinements."""

    agent_id: str
    ranking: list[str] = []
    reason: str = ""
    metadata: Metadata = field(default_factory=Metadata)


class State(Struct, rename="camel"):
    """All of a document."""

    id: str
    problem: str
    status: str = ""
    rounds: list[Round] = []
    final_solution: Solution | None = None
    judge_summary: Summary | None = None
    clarifications: list[Clarifications] = []
    created_at: datetime | None = None
    status_reason: str = ""
    prompt_sources: Sources | None = None
    failures: list[Failure] = []
    assessments: list[Assessment] = []
    stop_decisions: list[Decision] = []
    ballots: list[Ballot] = []
    spend: Tally | None = None
