"""What the command line changes about loaded settings: who debates, on which model, for how long.

Each is a pure function from settings to settings. A mistake is one of usage, hence exit code 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from dialectic_actors.settings.debate import AgentSettings, Settings, built_in_agent
from dialectic_actors.settings.roles import DEBATING_ROLES, provider_names
from dialectic_actors.settings.suggestions import did_you_mean
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.runs import Model

__all__ = ["select", "with_model", "with_rounds"]

ROUNDS_LIMIT = 1000


def select(settings: Settings, names: Sequence[str]) -> Settings:
    """Keep the agents that `names` ask for, in that order; each name is a role or an agent id, or
    a comma list.

    A role that is not configured is spoken for by its built-in agent, on the first agent's model.
    Without
    any name the settings stay as they are. Raises DialecticError (exit 2) for a name that means
    nobody.
    """
    if not names:
        return settings
    parts = [name.strip() for each in names for name in each.split(",")]
    wanted = dict.fromkeys(name for name in parts if name)
    if not wanted:
        raise _usage("no agent is named", "name roles or agent ids, separated by commas")
    chosen: dict[str, AgentSettings] = {}
    for name in wanted:
        agents = [agent for agent in settings.agents if name in (agent.id, agent.role.name)]
        for agent in agents or [_recruit(settings, name, chosen)]:
            chosen[agent.id] = agent
    return msgspec.structs.replace(settings, agents=tuple(chosen.values()))


def with_model(settings: Settings, model: str) -> Settings:
    """Put every agent and the judge on `provider/model`; the provider alone will do for
    `rehearsal`.

    Raises DialecticError (exit 2) when there is no such provider or no model is named.
    """
    provider, _, name = model.strip().partition("/")
    if provider == "rehearsal" and not name:
        name = provider
    if provider not in provider_names():
        fix = did_you_mean(provider, provider_names())
        if not name:
            fix = f"write provider/model, for example openai/{provider or 'gpt-4'}"
        raise _usage(f"`{provider}` is not a provider", fix)
    if not name.strip() or not name.isprintable():
        raise _usage(f"`{model}` names no model", f"write {provider}/ and the model's name")
    route = (Model(provider=provider, name=name.strip()),)
    return msgspec.structs.replace(
        settings,
        agents=tuple(msgspec.structs.replace(agent, route=route) for agent in settings.agents),
        judge=msgspec.structs.replace(settings.judge, route=route),
    )


def with_rounds(settings: Settings, rounds: int) -> Settings:
    """Debate for `rounds` rounds. Raises DialecticError (exit 2) unless there are 1 to 1000."""
    if not 1 <= rounds <= ROUNDS_LIMIT:
        fix = f"give a whole number from 1 to {ROUNDS_LIMIT}"
        raise _usage(f"a debate cannot have {rounds} rounds", fix)
    return msgspec.structs.replace(settings, rounds=rounds)


def _recruit(settings: Settings, name: str, chosen: dict[str, AgentSettings]) -> AgentSettings:
    """The built-in agent of the role `name`, under an id that nobody has."""
    if name in settings.disabled:
        fix = f"enable it in {settings.path}, or name another agent"
        raise _usage(f"`{name}` is disabled", fix)
    if name not in DEBATING_ROLES:
        known = dict.fromkeys([*(agent.id for agent in settings.agents), *DEBATING_ROLES])
        raise _usage(f"no agent and no role is called `{name}`", did_you_mean(name, known))
    agent = built_in_agent(name, settings.agents[0].route[0])
    taken = {settings.judge.id, *(each.id for each in settings.agents), *chosen}
    return msgspec.structs.replace(agent, id=next(i for i in _ids(agent.id) if i not in taken))


def _ids(stem: str) -> Iterator[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem}-{number}"
        number += 1


def _usage(what: str, fix: str) -> DialecticError:
    return DialecticError(what, fix=fix, exit_code=ExitCode.USAGE)
