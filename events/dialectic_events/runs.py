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
]

History = Literal["current", "own", "everyone"]
"""Whose earlier rounds an agent is shown: none, its own perspective, or all agents'."""


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


class Agent(Struct, frozen=True, omit_defaults=True):
    """A role at work in one run. `source` names the role among the run's sources; `route` is tried
    in order.
    """

    id: str
    name: str
    role: str
    source: str
    route: tuple[Model, ...]
    temperature: float | None = None


class Stage(Struct, frozen=True, omit_defaults=True):
    """A named use of a protocol (`name@version`) by some of the run's agents."""

    name: str
    protocol: str
    agents: tuple[str, ...]
    judge: str
    rounds: int
    history: History = "own"


class Limits(Struct, frozen=True):
    """Bounds that the core decides by: attempts per model of a route, repairs per turn, waits and
    deadlines in seconds.
    """

    attempts: int = 3
    repairs: int = 1
    backoff_s: float = 1.0
    backoff_max_s: float = 60.0
    call_deadline_s: float = 300.0


class RunOpened(Fact, frozen=True, kw_only=True, tag="run-opened"):
    """A run began: the problem, who works on it, by which protocol, with which words and limits."""

    problem: Text
    stages: tuple[Stage, ...]
    agents: tuple[Agent, ...]
    sources: tuple[Source, ...]
    seed: int
    limits: Limits = Limits()
    program: str = ""


class RunSuspended(Fact, frozen=True, kw_only=True, tag="run-suspended"):
    """The run came to rest before its end; `waits_for` names the turns that are under way."""

    reason: str
    waits_for: tuple[str, ...] = ()


class RunResumed(Fact, frozen=True, kw_only=True, tag="run-resumed"):
    """A suspended run was taken up again. `claim` tells this taking up from every other one."""

    claim: str


class RunConcluded(Fact, frozen=True, kw_only=True, tag="run-concluded"):
    """The run reached its conclusion; `partial` when some turn failed on the way."""

    outcome: Literal["complete", "partial"]


class RunFailed(Fact, frozen=True, kw_only=True, tag="run-failed"):
    """The run ended without a conclusion, and why."""

    reason: Text
