"""What a debate is run with.

A setting acts, is answered with a notice that nothing depends on it, or is refused; none is ignored
in silence. Which file says so is decided by `layers`, what it means by `meaning`, and what the
command line changes by `overrides`.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from dialectic_actors.core.roles import Role
from dialectic_actors.settings.models import DEFAULT_MODEL
from dialectic_actors.settings.roles import DEBATING_ROLES, load_role
from dialectic_events.runs import (
    Clarifications,
    Condensing,
    FailurePolicy,
    History,
    Limits,
    Model,
    StopRule,
    Summarization,
    Synthesis,
)

__all__ = [
    "AgentSettings",
    "PromptSettings",
    "Settings",
    "ToolSettings",
    "built_in_agent",
    "furnished",
    "judge_role",
    "prompted",
]


class PromptSettings(Struct, frozen=True):
    """A person's words for a kind of turn, and the absolute path that they were read from."""

    kind: Literal["summary", "question"]
    path: str
    text: str


class ToolSettings(Struct, frozen=True):
    """A tool by its name. `where` says who asked for it, for the error that there is none."""

    name: str
    where: str


class AgentSettings(Struct, frozen=True, kw_only=True):
    """An agent as configured. `origin` and the absolute `path` say where its persona was read;
    `prompts` are already at work in its role.
    """

    id: str
    name: str
    role: Role
    route: tuple[Model, ...]
    temperature: float | None = None
    origin: Literal["built-in", "file"] = "built-in"
    path: str | None = None
    prompts: tuple[PromptSettings, ...] = ()
    summarization: Summarization | None = None
    tools: tuple[ToolSettings, ...] = ()
    tool_call_limit: int = 10


class Settings(Struct, frozen=True, kw_only=True):
    """All that a debate is run with.

    `summarization` and `summary_prompt` are those of agents that have none of their own.
    `clarifications` are asked for if `clarify`. `disabled` are the ids and roles of agents switched
    off in the file at `path`.
    """

    agents: tuple[AgentSettings, ...]
    judge: AgentSettings
    rounds: int = 3
    history: History = "own"
    limits: Limits = Limits()
    stop: StopRule | None = None
    synthesis: Synthesis = "judge"
    authors: Literal["hidden", "named"] = "hidden"
    failure: FailurePolicy = FailurePolicy()
    clarify: bool = False
    clarifications: Clarifications = Clarifications()
    summarization: Summarization | None = None
    condensing: Condensing = "length-based"
    summary_prompt: PromptSettings | None = None
    notices: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    path: str | None = None

    @property
    def summaries(self) -> Condensing | None:
        """How summaries are made; None when nobody's perspective is condensed."""
        voices = (*self.agents, self.judge)
        return self.condensing if any(voice.summarization for voice in voices) else None


def built_in_agent(role: str, model: Model = DEFAULT_MODEL) -> AgentSettings:
    """The agent that speaks for a debating `role` when none is configured."""
    return AgentSettings(
        id=f"agent-{role}",
        name=DEBATING_ROLES[role],
        role=load_role(role),
        route=(model,),
        temperature=0.5,
    )


def judge_role(name: str) -> Role:
    """The judge's persona with the checklist of the role `name`, by which it weighs."""
    judge = load_role("judge")
    if name == judge.name:
        return judge
    return msgspec.structs.replace(judge, name=name, checklist=load_role(name).checklist)


def furnished(
    agent: AgentSettings, summarization: Summarization | None, prompt: PromptSettings | None
) -> AgentSettings:
    """The agent with a summarization, and words for its summaries if there are any."""
    return prompted(msgspec.structs.replace(agent, summarization=summarization), prompt)


def prompted(agent: AgentSettings, prompt: PromptSettings | None) -> AgentSettings:
    """The agent with a person's words at work: in place of what its role asks of a summary, after
    what its role asks questions about.
    """
    if prompt is None:
        return agent
    own = agent.role.focus.get("question") if prompt.kind == "question" else None
    focus = {**agent.role.focus, prompt.kind: f"{own}\n\n{prompt.text}" if own else prompt.text}
    return msgspec.structs.replace(
        agent,
        role=msgspec.structs.replace(agent.role, focus=focus),
        prompts=(*agent.prompts, prompt),
    )
