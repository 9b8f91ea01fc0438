"""Who speaks, as a configuration says: agents and the judge with their models, words and tools.

What concerns the debate as a whole belongs to `meaning`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from dialectic_actors.settings.debate import (
    AgentSettings,
    PromptSettings,
    ToolSettings,
    built_in_agent,
    furnished,
    judge_role,
    prompted,
)
from dialectic_actors.settings.documents import Document, Steps
from dialectic_actors.settings.files import read_text
from dialectic_actors.settings.misfits import invalid, one_of, plain_name
from dialectic_actors.settings.models import DEFAULT_MODEL, parse_model
from dialectic_actors.settings.roles import DEBATING_ROLES, load_role, provider_names
from dialectic_actors.settings.shapes import (
    AgentShape,
    DebateShape,
    JudgeShape,
    ModelShape,
    SummarizationShape,
    ToolShape,
    VoiceShape,
)
from dialectic_events.errors import DialecticError
from dialectic_events.runs import Condensing, History, Model, Summarization

__all__ = ["Refuse", "Voices", "method_of"]

Refuse = Callable[[DialecticError], None]
"""What a problem is given to. It may raise it, or note it and go on."""

_TOOL_CALLS = 10
_DEFAULT_ROLES = ("architect", "performance", "kiss")


class Voices:
    """Gives the agents and the judge of one document their meaning. `summarization` and
    `summary_prompt` are for those that have none of their own.
    """

    def __init__(
        self, document: Document, debate: DebateShape, history: History, refuse: Refuse
    ) -> None:
        self._document = document
        self._refuse = refuse
        self._over = debate.summarization
        # Without earlier rounds there is nothing to condense.
        self._condenses = history != "current"
        place = ("debate", "summarization", "promptPath")
        prompt = self._prompt("summary", place, self._over.prompt_path)
        self.summarization = self._condensing()
        self.summary_prompt = prompt if self._condenses else None

    @contextmanager
    def checking(self) -> Iterator[None]:
        """Hand over the problem that ends the block."""
        try:
            yield
        except DialecticError as problem:
            self._refuse(problem)

    def agents(self, shapes: tuple[AgentShape, ...] | UnsetType) -> tuple[AgentSettings, ...]:
        """The agents that take part."""
        if shapes is UNSET or not shapes:
            built_in = (built_in_agent(role) for role in _DEFAULT_ROLES)
            given = self.summarization, self.summary_prompt
            return tuple(furnished(agent, *given) for agent in built_in)
        read = [self._agent(("agents", index), shape) for index, shape in enumerate(shapes)]
        agents = tuple(agent for agent, shape in zip(read, shapes, strict=True) if shape.enabled)
        if not agents:
            fix = "enable or add an agent, or leave `agents` out to use the built-in ones"
            self._refuse(invalid(self._document, ("agents",), "no agent is enabled", fix))
        return agents

    def judge(self, shape: JudgeShape | UnsetType) -> AgentSettings:
        """Who concludes."""
        steps: Steps = ("judge",)
        shape = JudgeShape() if shape is UNSET else shape
        if not shape.enabled:
            what = "a debate is concluded by its judge, who cannot be disabled"
            self._refuse(invalid(self._document, (*steps, "enabled"), what, "remove `enabled`"))
        if shape.clarification_prompt_path is not UNSET:
            place = (*steps, "clarificationPromptPath")
            what = "the judge asks no questions"
            self._refuse(invalid(self._document, place, what, "give it to an agent, or remove it"))
        role = judge_role("generalist")
        with self.checking():
            one_of(self._document, (*steps, "role"), shape.role, (*DEBATING_ROLES, "judge"))
            role = judge_role(shape.role)
        judge = AgentSettings(
            id=self._name((*steps, "id"), shape.id),
            name=self._name((*steps, "name"), shape.name),
            role=role,
            route=self._route(steps, _with_model(shape)),
            temperature=0.3 if shape.temperature is UNSET else shape.temperature,
        )
        return self._equipped(steps, judge, shape)

    def check_ids(
        self,
        shapes: tuple[AgentShape, ...] | UnsetType,
        agents: tuple[AgentSettings, ...],
        judge: AgentSettings,
        person: str | None,
    ) -> None:
        """Refuse an id that is taken; `person` is the id of who answers questions, if they are."""
        taken = set() if person is None else {person}
        if shapes is UNSET:
            taken |= {agent.id for agent in agents}
        ids = [] if shapes is UNSET else [agent.id for agent in shapes]
        places: list[Steps] = [*(("agents", index, "id") for index in range(len(ids)))]
        for place, id in zip([*places, ("judge", "id")], [*ids, judge.id], strict=True):
            if id in taken:
                fix = "give each its own id"
                if id == person:
                    fix = "choose another: it is the person's who answers the questions"
                self._refuse(invalid(self._document, place, f"the id `{id}` is taken", fix))
            taken.add(id)

    def _agent(self, steps: Steps, shape: AgentShape) -> AgentSettings:
        role = load_role("generalist")
        with self.checking():
            role = load_role(one_of(self._document, (*steps, "role"), shape.role, DEBATING_ROLES))
        agent = AgentSettings(
            id=self._name((*steps, "id"), shape.id),
            name=self._name((*steps, "name"), shape.name),
            role=role,
            route=self._route(steps, shape),
            temperature=None if shape.temperature is UNSET else shape.temperature,
        )
        return self._equipped(steps, agent, shape)

    def _name(self, steps: Steps, value: str) -> str:
        with self.checking():
            plain_name(self._document, steps, value)
        return value

    # --- models ---

    def _route(self, steps: Steps, shape: VoiceShape) -> tuple[Model, ...]:
        if shape.models is UNSET:
            for name, value in (("model", shape.model), ("provider", shape.provider)):
                if value is UNSET:
                    fix = f"add `{name}` here, or name `models`"
                    self._refuse(invalid(self._document, steps, f"`{name}` is missing", fix))
            if shape.model is UNSET or shape.provider is UNSET:
                return (DEFAULT_MODEL,)
            return (self._model(steps, ModelShape(shape.provider, shape.model)),)
        place = (*steps, "models")
        if shape.model is not UNSET or shape.provider is not UNSET:
            what = "`models` stands beside `model` or `provider`"
            self._refuse(invalid(self._document, place, what, "write either, not both"))
        route: list[Model] = []
        for index, each in enumerate(shape.models):
            model = self._model((*place, index), each)
            if model in route:
                what = f"{model.provider}/{model.name} stands in the route already"
                self._refuse(invalid(self._document, (*place, index), what, "remove it"))
            route.append(model)
        return tuple(route)

    def _model(self, steps: Steps, given: str | ModelShape) -> Model:
        with self.checking():
            if isinstance(given, ModelShape):
                one_of(self._document, (*steps, "provider"), given.provider, provider_names())
                plain_name(self._document, (*steps, "model"), given.model)
                return Model(given.provider, given.model)
            try:
                return parse_model(given)
            except DialecticError as failed:
                raise invalid(self._document, steps, failed.what, failed.fix) from None
        return DEFAULT_MODEL

    # --- words and tools ---

    def _equipped(self, steps: Steps, agent: AgentSettings, shape: VoiceShape) -> AgentSettings:
        persona = self._text((*steps, "systemPromptPath"), shape.system_prompt_path)
        if persona is not None:
            path, text = persona
            role = msgspec.structs.replace(agent.role, system_prompt=text)
            agent = msgspec.structs.replace(agent, role=role, origin="file", path=path)
        method = shape.summarization.method
        if method is not UNSET and method != method_of(self._over):
            place = (*steps, "summarization", "method")
            what = f"all summaries of this debate are `{method_of(self._over)}`"
            fix = "set `debate.summarization.method` in its place"
            self._refuse(invalid(self._document, place, what, fix))
        summary = self._summary(steps, shape)
        agent = furnished(
            agent, self._condensing(shape.summarization), summary if self._condenses else None
        )
        place = (*steps, "clarificationPromptPath")
        agent = prompted(agent, self._prompt("question", place, shape.clarification_prompt_path))
        tools = self._tools((*steps, "tools"), shape.tools)
        limit = shape.tool_call_limit if tools and shape.tool_call_limit else _TOOL_CALLS
        return msgspec.structs.replace(agent, tools=tools, tool_call_limit=limit)

    def _condensing(self, own: SummarizationShape | None = None) -> Summarization | None:
        """The defaults under what the debate states under an agent's own; None when nothing is to
        be condensed.
        """
        stated = {
            name: value
            for layer in (self._over, own or self._over)
            for name in layer.__struct_fields__
            if (value := getattr(layer, name)) is not UNSET
        }
        for name in ("prompt_path", "method"):
            stated.pop(name, None)
        if not stated.pop("enabled", True) or not self._condenses:
            return None
        return Summarization(**stated)

    def _summary(self, steps: Steps, shape: VoiceShape) -> PromptSettings | None:
        own = (*steps, "summaryPromptPath")
        inner = (*steps, "summarization", "promptPath")
        if shape.summary_prompt_path is UNSET and shape.summarization.prompt_path is UNSET:
            return self.summary_prompt
        if shape.summary_prompt_path is UNSET:
            return self._prompt("summary", inner, shape.summarization.prompt_path)
        if shape.summarization.prompt_path is not UNSET:
            what = "`summaryPromptPath` names another prompt for the same summaries"
            self._refuse(invalid(self._document, inner, what, "write either, not both"))
        return self._prompt("summary", own, shape.summary_prompt_path)

    def _prompt(
        self, kind: Literal["summary", "question"], steps: Steps, path: str | UnsetType
    ) -> PromptSettings | None:
        found = self._text(steps, path)
        return None if found is None else PromptSettings(kind, *found)

    def _text(self, steps: Steps, path: str | UnsetType) -> tuple[str, str] | None:
        """The absolute path and the text of a prompt file."""
        with self.checking():
            return None if path is UNSET else self._read(steps, path)
        return None

    def _read(self, steps: Steps, path: str) -> tuple[str, str]:
        if not path.strip():
            raise invalid(self._document, steps, "the path is blank", "name a file or remove it")
        file = (self._document.folder(steps) / path).absolute()
        fix = "correct the path; it starts at the configuration's directory"
        try:
            text = read_text(file, fix=fix, regular=True)
        except DialecticError as failed:
            what = f"{failed.where}: {failed.what}"
            raise invalid(self._document, steps, what, failed.fix) from None
        if not text.strip():
            raise invalid(self._document, steps, f"{file} is blank", "write a prompt into it")
        return str(file), text

    def _tools(self, steps: Steps, shapes: tuple[ToolShape, ...]) -> tuple[ToolSettings, ...]:
        tools: dict[str, ToolSettings] = {}
        for index, shape in enumerate(shapes):
            place = (*steps, index, "name")
            name = self._name(place, shape.name)
            if name in tools:
                what = f"the tool `{name}` is listed twice"
                self._refuse(invalid(self._document, place, what, "remove it"))
            tools[name] = ToolSettings(name, self._document.where(place))
        return tuple(tools.values())


def method_of(shape: SummarizationShape) -> Condensing:
    """How summaries are made."""
    return "length-based" if shape.method is UNSET else shape.method


def _with_model(shape: JudgeShape) -> JudgeShape:
    """The judge's shape with the default of what it leaves out of its model."""
    if shape.models is not UNSET:
        return shape
    return msgspec.structs.replace(
        shape,
        provider=DEFAULT_MODEL.provider if shape.provider is UNSET else shape.provider,
        model=DEFAULT_MODEL.name if shape.model is UNSET else shape.model,
    )
