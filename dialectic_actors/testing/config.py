"""What a generated or simulated debate is run with: small, comparable, cheap to open.

Its opening is a real one: the composition root's own, with the shipped roles and prompts. What a
person configures in files belongs to `settings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from dialectic_actors.core.roles import Role
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.runs import (
    Agent,
    Clarifications,
    Condensing,
    FailurePolicy,
    History,
    Limits,
    Model,
    RunOpened,
    Source,
    Stage,
    StopRule,
    Summarization,
    Synthesis,
)

__all__ = ["Config"]

_JUDGE = "judge"
_PROVIDER = "simulated"


class Config(Struct, frozen=True, repr_omit_defaults=True):
    """A debate to open.

    `agents` are the speakers' ids, or how many there are: the shipped roles in their order, then
    `agent-8` and so on. An id that is a shipped role's name speaks with that role, any other with a
    persona of its own. `rounds` are 1 or more. `route` are the models that every agent tries, in
    order; the judge is the agent `judge`. `summaries` are made of what is as long as
    `summarization` says, `tools` are those of the agents; what else there is means what it means in
    a `Stage`. Raises DialecticError (exit 4) for what no debate can be opened with.
    """

    agents: tuple[str, ...] | int = 3
    rounds: int = 1
    history: History = "own"
    problem: str = "Design a rate limiter that must never lose a request."
    protocol: str = "debate@1"
    route: tuple[str, ...] = ("model-a",)
    limits: Limits = Limits()
    seed: int = 7
    clarifications: Clarifications | None = None
    summaries: Condensing | None = None
    summarization: Summarization = Summarization()
    stop: StopRule | None = None
    synthesis: Synthesis = "judge"
    authors: Literal["hidden", "named"] = "hidden"
    failure: FailurePolicy = FailurePolicy()
    tools: tuple[str, ...] = ()
    tool_call_limit: int = 2

    def __post_init__(self) -> None:
        ids = self.speakers
        if not ids:
            raise _refused("nobody speaks", "name an agent, or give a number of at least 1")
        if len(set(ids)) < len(ids) or _JUDGE in ids:
            raise _refused(
                f"the agents {', '.join(ids)} are not told apart",
                f"give each agent an id of its own; `{_JUDGE}` is the judge's",
            )
        if self.rounds < 1:
            raise _refused(f"{self.rounds} rounds are none", "give `rounds` of at least 1")
        if not self.route:
            raise _refused("the route is empty", "name a model")

    @property
    def speakers(self) -> tuple[str, ...]:
        """The ids of the agents, in their order."""
        return _names(self.agents) if isinstance(self.agents, int) else self.agents

    def opening(self) -> tuple[RunOpened, dict[str, str]]:
        """The event that opens the debate, and the texts of its prompt sources by reference."""
        condensed = self.summarization if self.summaries is not None else None
        cast = _cast(self.speakers, self.route, condensed, self.tools, self.tool_call_limit)
        stage = Stage(
            name="debate",
            protocol=self.protocol,
            agents=self.speakers,
            judge=_JUDGE,
            rounds=self.rounds,
            history=self.history,
            clarifications=self.clarifications,
            summaries=self.summaries,
            stop=self.stop,
            synthesis=self.synthesis,
            shuffle=self.seed,
            authors=self.authors,
            failure=self.failure,
        )
        opened = RunOpened(
            problem=self.problem,
            stages=(stage,),
            agents=cast.agents,
            sources=cast.sources,
            seed=self.seed,
            limits=self.limits,
            program=cast.program,
        )
        return opened, dict(cast.texts)


class _Cast(Struct, frozen=True):
    agents: tuple[Agent, ...]
    sources: tuple[Source, ...]
    texts: Mapping[str, str]
    program: str


# A simulation opens as many runs as it has seeds; their personas are the same ones again.
@lru_cache(maxsize=256)
def _cast(
    ids: tuple[str, ...],
    route: tuple[str, ...],
    condensed: Summarization | None,
    tools: tuple[str, ...],
    tool_call_limit: int,
) -> _Cast:
    from dialectic_actors.bootstrap import compose
    from dialectic_actors.settings.debate import (
        AgentSettings,
        Settings,
        ToolSettings,
        judge_role,
    )

    def settings(id: str, role: Role, temperature: float) -> AgentSettings:
        return AgentSettings(
            id=id,
            name=id.replace("-", " ").title(),
            role=role,
            route=tuple(Model(_PROVIDER, name) for name in route),
            temperature=temperature,
            summarization=condensed,
            tools=tuple(ToolSettings(name, "Config") for name in tools),
            tool_call_limit=tool_call_limit,
        )

    opened, texts = compose(
        Settings(
            agents=tuple(settings(id, _role(id), 0.5) for id in ids),
            judge=settings(_JUDGE, judge_role("generalist"), 0.3),
        ),
        problem="",
        seed=0,
    )
    return _Cast(opened.agents, opened.sources, texts, opened.program)


@lru_cache(maxsize=256)
def _names(count: int) -> tuple[str, ...]:
    from dialectic_actors.settings.roles import DEBATING_ROLES

    shipped = tuple(DEBATING_ROLES)
    return (*shipped[: max(count, 0)], *(f"agent-{n}" for n in range(len(shipped) + 1, count + 1)))


def _role(id: str) -> Role:
    from dialectic_actors.settings.roles import DEBATING_ROLES, load_role

    if id in DEBATING_ROLES:
        return load_role(id)
    return Role(id, f"what concerns {id}", f"You speak for {id}.")


def _refused(what: str, fix: str) -> DialecticError:
    return DialecticError(what, where="Config", fix=fix, exit_code=ExitCode.CONFIGURATION)
