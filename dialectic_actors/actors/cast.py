"""Who speaks in a run, with which words, and by which terms: read from what its opening kept.

A cast is made anew whenever a run is taken up, so it depends on no file of the day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
from msgspec import Struct

from dialectic_actors.actors.agent import AgentBehavior
from dialectic_actors.core.contracts import Terms
from dialectic_actors.core.prompts import PLACEHOLDERS, Renderer
from dialectic_actors.core.protocols.framing import shuffled
from dialectic_actors.core.roles import Role, read_role
from dialectic_events.errors import IntegrityError
from dialectic_events.runs import Agent, RunOpened

__all__ = ["Cast", "cast_of", "terms_of"]


class Cast(Struct, frozen=True):
    """Roles and terms by agent id, templates by name; `names` are those by which the judge knows
    the agents.
    """

    roles: Mapping[str, Role]
    terms: Mapping[str, Terms]
    names: Mapping[str, str]
    templates: Mapping[str, str]

    def speaker(self, agent: str) -> AgentBehavior:
        """A new behavior that speaks for an agent."""
        return AgentBehavior(self.renderer(agent))

    def renderer(self, agent: str) -> Renderer:
        """What writes an agent's requests."""
        return Renderer(self.roles[agent], self.templates, self.names, {}, self.terms[agent])

    def speakers(self) -> dict[str, AgentBehavior]:
        """A new behavior for each agent."""
        return {agent: self.speaker(agent) for agent in self.roles}


def cast_of(opened: RunOpened, text: Callable[[str], str]) -> Cast:
    """The cast that a run was opened with, from the sources that it kept.

    Raises IntegrityError when the opening does not say who speaks, or in which words: an imported
    log may have been written by anybody.
    """
    sources = {source.name: source.part for source in opened.sources}
    try:
        cast = Cast(
            roles={agent.id: read_role(text(sources[agent.source])) for agent in opened.agents},
            terms={agent.id: terms_of(opened, agent) for agent in opened.agents},
            names=_names(opened),
            templates={name: text(sources[f"prompt/{name}"]) for name in PLACEHOLDERS},
        )
        for agent in opened.agents:
            _ = [sources[tool] for tool in agent.tools]
    except (KeyError, msgspec.MsgspecError) as error:
        raise IntegrityError(f"the opening lacks a role, a prompt or a tool: {error}") from error
    for stage in opened.stages:
        for speaker in (*stage.agents, stage.judge):
            if speaker not in cast.roles:
                raise IntegrityError(f"the opening names {speaker!r}, who is none of its agents")
    return cast


def terms_of(opened: RunOpened, agent: Agent) -> Terms:
    """The terms of an agent's contracts."""
    terms = Terms(summarization=agent.summarization)
    for stage in opened.stages:
        terms = msgspec.structs.replace(terms, synthesis=stage.synthesis)
        if stage.summaries is not None:
            terms = msgspec.structs.replace(terms, condensing=stage.summaries)
        if stage.clarifications is not None:
            terms = msgspec.structs.replace(terms, questions=stage.clarifications.per_agent)
    return terms


def _names(opened: RunOpened) -> dict[str, str]:
    """What the judge calls the agents: by names that say nothing, unless authors are named."""
    names = {agent.id: agent.name for agent in opened.agents}
    for stage in opened.stages:
        if stage.authors == "hidden":
            shown = enumerate(shuffled(stage).agents, 1)
            names |= {agent: f"Participant {number}" for number, agent in shown}
    return names
