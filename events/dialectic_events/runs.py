"""A run: how it was opened, came to rest, was taken up again, and ended.

`RunOpened` holds all that a replay needs, so that a run never depends on the files of the day it is
replayed. These names and tags are the storage format: a tag is never renamed, a field never changes
its meaning.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from dialectic_events.parts import Ref, Text
from dialectic_events.turns import Fact

__all__ = [
    "Agent",
    "Clarifications",
    "Condensing",
    "DeadlinePassed",
    "FailurePolicy",
    "History",
    "Limits",
    "Model",
    "RunConcluded",
    "RunFailed",
    "RunOpened",
    "RunResumed",
    "RunSuspended",
    "Source",
    "Stage",
    "StopRule",
    "Summarization",
    "Synthesis",
]

History = Literal["current", "own", "everyone"]
"""Whose earlier rounds an agent is shown: none, its own perspective, or all agents'."""


Synthesis = Literal["judge", "voting", "merge"]
"""Who concludes: the judge, a vote of the agents, or the judge section by section."""


Condensing = Literal["length-based", "hierarchical"]
"""What a summary is made of: all that it stands for anew, or the last summary and what came after.
"""


class Model(Struct, frozen=True, omit_defaults=True):
    """One choice of a route, with its reason."""

    provider: str
    name: str
    reason: str = ""


class Source(Struct, frozen=True, omit_defaults=True):
    """A prompt source: a role (as canonical JSON) or a template, stored as a part; `path` is where
    it was read from.
    """

    name: str
    part: Ref
    origin: Literal["built-in", "file"] = "built-in"
    path: str | None = None


class Summarization(Struct, frozen=True, omit_defaults=True):
    """When an agent's own perspective is condensed, and to what length, both in `unit`s."""

    threshold: int = 5000
    max_length: int = 2500
    unit: Literal["characters", "tokens"] = "characters"


class Clarifications(Struct, frozen=True, omit_defaults=True):
    """Questions before the debate: how many an agent may ask in a pass, how many passes, and the id
    of who answers.
    """

    per_agent: int = 5
    passes: int = 3
    person: str = "person"


class StopRule(Struct, frozen=True):
    """When a debate ends before its last round: at a value (0 to 1) of at least `threshold`."""

    rule: Literal["convergence", "quality"]
    threshold: float = 0.9


class FailurePolicy(Struct, frozen=True):
    """What the failure of a turn means: the run goes on while at least `quorum` agents contribute
    to each round, or stops, or rests before a turn fails for what may pass; its attempts count anew
    when the run is taken up.
    """

    quorum: int = 1
    on_failure: Literal["continue", "stop", "rest"] = "continue"


class Agent(Struct, frozen=True, omit_defaults=True):
    """A role at work in one run. `source` names the role among the run's sources; `route` is tried
    in order. `tools` names the sources that describe its tools, which it may ask for in
    `tool_call_limit` answers of a turn.
    """

    id: str
    name: str
    role: str
    source: str
    route: tuple[Model, ...]
    temperature: float | None = None
    summarization: Summarization | None = None
    tools: tuple[str, ...] = ()
    tool_call_limit: int = 10


class Stage(Struct, frozen=True, omit_defaults=True):
    """A named use of a protocol (`name@version`) by some of the run's agents.

    `rounds` are exactly so many, at most so many with a `stop` rule. `shuffle` draws the order in
    which the judge and voters are shown what others wrote (None: as listed); `authors` says whether
    the judge is told whose it is.
    """

    name: str
    protocol: str
    agents: tuple[str, ...]
    judge: str
    rounds: int
    history: History = "own"
    clarifications: Clarifications | None = None
    summaries: Condensing | None = None
    stop: StopRule | None = None
    synthesis: Synthesis = "judge"
    shuffle: int | None = None
    authors: Literal["hidden", "named"] = "hidden"
    failure: FailurePolicy = FailurePolicy()


class Limits(Struct, frozen=True):
    """Bounds that the core decides by: attempts per model of a route, repairs per turn, waits and
    deadlines in seconds (None: no deadline). Those of a round and the run count anew when the run
    is taken up.
    """

    attempts: int = 3
    repairs: int = 1
    backoff_s: float = 1.0
    backoff_max_s: float = 60.0
    call_deadline_s: float = 300.0
    round_deadline_s: float | None = None
    run_deadline_s: float | None = None


class RunOpened(Fact, frozen=True, kw_only=True, tag="run-opened"):
    """A run began: the problem, who works on it, by which protocol, with which words and limits.
    `context_dir` is the directory whose files tools may read.
    """

    problem: Text
    stages: tuple[Stage, ...]
    agents: tuple[Agent, ...]
    sources: tuple[Source, ...]
    seed: int
    limits: Limits = Limits()
    program: str = ""
    context_dir: str | None = None


class RunSuspended(Fact, frozen=True, kw_only=True, tag="run-suspended"):
    """The run came to rest before its end; `waits_for` names the turns that are under way."""

    reason: str
    waits_for: tuple[str, ...] = ()


class DeadlinePassed(Fact, frozen=True, kw_only=True, tag="deadline-passed"):
    """The time for a round was over: its turns that are not settled fail, their calls are given
    up.
    """

    round: int
    after_s: float


class RunResumed(Fact, frozen=True, kw_only=True, tag="run-resumed"):
    """A suspended run was taken up again. `claim` tells this taking up from every other one."""

    claim: str


class RunConcluded(Fact, frozen=True, kw_only=True, tag="run-concluded"):
    """The run reached its conclusion; `partial` when some turn failed on the way."""

    outcome: Literal["complete", "partial"]


class RunFailed(Fact, frozen=True, kw_only=True, tag="run-failed"):
    """The run ended without a conclusion, and why."""

    reason: Text
