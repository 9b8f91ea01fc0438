"""What a report tells, wherever it was read from: shapes only.

How it looks on the page is not decided here.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

__all__ = ["VOTE", "Answer", "Entry", "Paper", "Person", "Round", "Spent"]

VOTE = "a vote of the agents"
"""Who synthesized where nobody did."""


class Person(Struct, frozen=True, kw_only=True):
    """An agent, or the judge. What is not known is empty."""

    id: str
    name: str = ""
    role: str = ""
    models: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    temperature: float | None = None
    prompts: tuple[str, ...] = ()
    summaries: str = ""
    tools: tuple[str, ...] = ()


class Answer(Struct, frozen=True):
    """A question of an agent, and what it was told; None while nobody has answered."""

    agent: str
    id: str
    question: str
    answer: str | None


class Entry(Struct, frozen=True, kw_only=True):
    """What came of a turn. `note` says what became of it instead of (or beside) `text`; `tools` are
    what it asked tools for.
    """

    kind: str
    speaker: str
    text: str = ""
    to: str = ""
    note: str = ""
    latency_ms: int | None = None
    tokens: int | None = None
    tools: tuple[str, ...] = ()


class Round(Struct, frozen=True):
    """All that was said in a round, in the order of reading."""

    number: int
    entries: tuple[Entry, ...]


class Spent(Struct, frozen=True):
    """What an agent spent. `cost_usd` is None where nobody stated one."""

    agent: str
    calls: int
    failed: int
    input_tokens: int
    output_tokens: int
    latency_ms: int
    cost_usd: float | None


class Paper(Struct, frozen=True, kw_only=True):
    """All that a report tells. `conclusion` are the turns after the last round but the synthesis,
    which is `solution`, as Markdown, by `synthesized_by`. The last of `spent` is the total.
    """

    ref: str
    problem: str
    status: str
    began: datetime | None = None
    reason: str = ""
    agents: tuple[Person, ...] = ()
    judges: tuple[Person, ...] = ()
    answers: tuple[Answer, ...] = ()
    rounds: tuple[Round, ...] = ()
    conclusion: tuple[Entry, ...] = ()
    solution: str | None = None
    synthesized_by: str = ""
    failures: tuple[str, ...] = ()
    spent: tuple[Spent, ...] = ()
