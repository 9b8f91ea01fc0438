"""What a debate is run with: the built-in defaults under what a configuration file says.

A setting acts, is answered with a notice that it does not act yet, or is refused; none is ignored
in silence.
Changes made on the command line belong to `overrides`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from dialectic_actors.core.roles import Role
from dialectic_actors.settings.documents import Document, Steps, read_document
from dialectic_actors.settings.files import read_text
from dialectic_actors.settings.notices import notices_of, refuse_unsupported
from dialectic_actors.settings.roles import DEBATING_ROLES, load_role, provider_names
from dialectic_actors.settings.shapes import (
    AgentShape,
    ConfigurationShape,
    DebateShape,
    JudgeShape,
    LimitsShape,
    invalid,
    one_of,
    plain_name,
    read_shape,
)
from dialectic_events.errors import DialecticError
from dialectic_events.runs import History, Limits, Model

__all__ = [
    "CONFIG_NAME",
    "AgentSettings",
    "Settings",
    "built_in_agent",
    "judge_role",
    "load_settings",
]

CONFIG_NAME = "debate-config.json"
"""The configuration that is read from the working directory when none is named."""

T = TypeVar("T")

DEFAULT_MODEL = Model(provider="openai", name="gpt-4")

_DEFAULT_ROLES = ("architect", "performance", "kiss")
_HISTORIES: tuple[History, ...] = ("current", "own", "everyone")


class AgentSettings(Struct, frozen=True, kw_only=True):
    """An agent as configured. `origin` and the absolute `path` say where its persona was read."""

    id: str
    name: str
    role: Role
    route: tuple[Model, ...]
    temperature: float | None = None
    origin: Literal["built-in", "file"] = "built-in"
    path: str | None = None


class Settings(Struct, frozen=True, kw_only=True):
    """All that a debate is run with. `disabled` are the ids and roles of agents switched off in
    the file at `path`.
    """

    agents: tuple[AgentSettings, ...]
    judge: AgentSettings
    rounds: int = 3
    history: History = "own"
    limits: Limits = Limits()
    notices: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    path: str | None = None


def load_settings(path: Path | None, *, cwd: Path) -> Settings:
    """The settings in `path`, or in `debate-config.json` under `cwd`; without that file, the
    defaults.

    Relative paths start at `cwd`, those inside the file at its directory. Raises DialecticError
    (exit 4)
    with file, line and field for anything that is not understood.
    """
    file = cwd / (path or CONFIG_NAME)
    if path is None and not file.exists():
        return Settings(agents=_default_agents(), judge=_default_judge())
    fix = "check the path after --config, or leave it out to use the built-in settings"
    document = read_document(file, fix=fix)
    shape = read_shape(document)
    return _Reader(document, file.resolve().parent).settings(shape, str(file.resolve()))


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


def _default_agents() -> tuple[AgentSettings, ...]:
    return tuple(built_in_agent(role) for role in _DEFAULT_ROLES)


def _default_judge() -> AgentSettings:
    return AgentSettings(
        id="judge-main",
        name="Technical Judge",
        role=judge_role("generalist"),
        route=(DEFAULT_MODEL,),
        temperature=0.3,
    )


class _Reader:
    """Gives the fields of one file their meaning."""

    def __init__(self, document: Document, folder: Path) -> None:
        self._document = document
        self._folder = folder

    def settings(self, shape: ConfigurationShape, path: str) -> Settings:
        refuse_unsupported(self._document, shape)
        agents, disabled = self._agents(shape.agents)
        judge = self._judge(shape.judge)
        self._check_ids(shape, judge, agents)
        return Settings(
            agents=agents,
            judge=judge,
            rounds=_given(shape.debate.rounds, 3),
            history=self._history(shape.debate),
            limits=self._limits(shape.debate.limits),
            notices=notices_of(shape),
            disabled=disabled,
            path=path,
        )

    def _agents(
        self, shapes: tuple[AgentShape, ...] | UnsetType
    ) -> tuple[tuple[AgentSettings, ...], tuple[str, ...]]:
        if shapes is UNSET:
            return _default_agents(), ()
        read = [self._agent(("agents", index), shape) for index, shape in enumerate(shapes)]
        agents = tuple(agent for agent, shape in zip(read, shapes, strict=True) if shape.enabled)
        if not agents:
            what = "no agent is enabled" if shapes else "the list of agents is empty"
            fix = "enable or add an agent, or leave `agents` out to use the built-in ones"
            raise invalid(self._document, ("agents",), what, fix)
        off = (name for shape in shapes if not shape.enabled for name in (shape.id, shape.role))
        return agents, tuple(dict.fromkeys(off))

    def _agent(self, steps: Steps, shape: AgentShape) -> AgentSettings:
        role = one_of(self._document, (*steps, "role"), shape.role, DEBATING_ROLES)
        agent = AgentSettings(
            id=plain_name(self._document, (*steps, "id"), shape.id),
            name=plain_name(self._document, (*steps, "name"), shape.name),
            role=load_role(role),
            route=(self._model(steps, shape.provider, shape.model),),
            temperature=_given(shape.temperature, None),
        )
        return self._with_persona(steps, agent, shape.system_prompt_path)

    def _judge(self, shape: JudgeShape | UnsetType) -> AgentSettings:
        default = _default_judge()
        if shape is UNSET:
            return default
        steps: Steps = ("judge",)
        role = _given(shape.role, default.role.name)
        one_of(self._document, (*steps, "role"), role, (*DEBATING_ROLES, "judge"))
        provider = _given(shape.provider, DEFAULT_MODEL.provider)
        model = _given(shape.model, DEFAULT_MODEL.name)
        judge = AgentSettings(
            id=plain_name(self._document, (*steps, "id"), _given(shape.id, default.id)),
            name=plain_name(self._document, (*steps, "name"), _given(shape.name, default.name)),
            role=judge_role(role),
            route=(self._model(steps, provider, model),),
            temperature=_given(shape.temperature, default.temperature),
        )
        return self._with_persona(steps, judge, shape.system_prompt_path)

    def _model(self, steps: Steps, provider: str, name: str) -> Model:
        one_of(self._document, (*steps, "provider"), provider, provider_names())
        return Model(provider=provider, name=plain_name(self._document, (*steps, "model"), name))

    def _with_persona(
        self, steps: Steps, agent: AgentSettings, path: str | UnsetType
    ) -> AgentSettings:
        if path is UNSET:
            return agent
        place = (*steps, "systemPromptPath")
        if not path.strip():
            raise invalid(self._document, place, "the path is blank", "name a file or remove it")
        file = (self._folder / path).absolute()
        fix = "correct the path; it starts at the configuration's directory"
        try:
            text = read_text(file, fix=fix, regular=True)
        except DialecticError as failed:
            raise invalid(
                self._document, place, f"{failed.where}: {failed.what}", failed.fix
            ) from None
        if not text.strip():
            raise invalid(self._document, place, f"{file} is blank", "write a prompt into it")
        role = msgspec.structs.replace(agent.role, system_prompt=text)
        return msgspec.structs.replace(agent, role=role, origin="file", path=str(file))

    def _check_ids(
        self, shape: ConfigurationShape, judge: AgentSettings, agents: tuple[AgentSettings, ...]
    ) -> None:
        seen: set[str] = set()
        if shape.agents is UNSET:
            seen.update(agent.id for agent in agents)
        else:
            for index, agent in enumerate(shape.agents):
                if agent.id in seen:
                    raise self._taken(("agents", index, "id"), agent.id)
                seen.add(agent.id)
        if judge.id in seen:
            raise self._taken(("judge", "id"), judge.id)

    def _taken(self, steps: Steps, name: str) -> DialecticError:
        return invalid(self._document, steps, f"the id `{name}` is taken", "give each its own id")

    def _history(self, shape: DebateShape) -> History:
        seed: History = "own" if _given(shape.include_full_history, True) else "current"
        if shape.history is UNSET:
            return seed
        steps: Steps = ("debate", "history")
        one_of(self._document, steps, shape.history, _HISTORIES)
        history = next(each for each in _HISTORIES if each == shape.history)
        if shape.include_full_history is not UNSET and (history == "current") != (
            not shape.include_full_history
        ):
            what = f"history `{history}` contradicts includeFullHistory"
            raise invalid(self._document, steps, what, "remove `includeFullHistory`")
        return history

    def _limits(self, shape: LimitsShape) -> Limits:
        stated = {
            name: value
            for name in shape.__struct_fields__
            if (value := getattr(shape, name)) is not UNSET
        }
        limits = msgspec.structs.replace(Limits(), **stated)
        if limits.backoff_max_s < limits.backoff_s:
            name = "backoff_max_s" if "backoff_max_s" in stated else "backoff_s"
            what = (
                f"waits of at least {limits.backoff_s:g} s cannot end at {limits.backoff_max_s:g} s"
            )
            fix = "raise backoff_max_s or lower backoff_s"
            raise invalid(self._document, ("debate", "limits", name), what, fix)
        return limits


def _given(value: T | UnsetType, default: T) -> T:
    return default if value is UNSET else value
