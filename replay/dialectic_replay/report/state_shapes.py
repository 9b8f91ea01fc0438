"""A state document as a report reads it: the keys of every version of `dialectic`, and ours.

Only what a report tells; unknown keys are passed over, and what is missing is empty.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct, field

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


class Metadata(Struct, rename="camel"):
    """What a contribution took, and what it came from."""

    latency_ms: float | None = None
    model: str = ""
    tokens_used: int | None = None
    tool_calls: list[dict[str, Any]] = []
    before_chars: int | None = None
    after_chars: int | None = None
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

    round_number: int
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

    calls: int = 0
    failed_calls: int = 0
    lost_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    latency_ms: int = 0
    cost_usd: float = 0.0
    unpriced_calls: int = 0
    by_agent: dict[str, Tally] = {}


class Assessment(Struct, rename="camel"):
    """How far the judge saw the debate."""

    round_number: int
    agent_id: str = ""
    score: float = 0.0
    reason: str = ""
    metadata: Metadata = field(default_factory=Metadata)


class Decision(Struct, rename="camel"):
    """Whether the debate was to end."""

    round_number: int
    rule: Literal["convergence", "quality"]
    threshold: float
    measure: str = ""
    value: float | None = None
    stop: bool = False
    stability: float | None = None
    agreement: float | None = None


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
