"""What the environment and the command line change about loaded settings: who debates, on which
model, for how long.

Each is a pure function from settings to settings. A mistake on the command line is one of usage,
hence exit code 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from dialectic_actors.settings.debate import (
    AgentSettings,
    Settings,
    built_in_agent,
    furnished,
)
from dialectic_actors.settings.meaning import VOTERS
from dialectic_actors.settings.models import parse_model
from dialectic_actors.settings.roles import DEBATING_ROLES
from dialectic_actors.settings.suggestions import did_you_mean
from dialectic_events.errors import DialecticError, ExitCode

__all__ = [
    "VARIABLES",
    "select",
    "with_clarifications",
    "with_environment",
    "with_model",
    "with_rounds",
]

VARIABLES = ("DIALECTIC_MODEL", "DIALECTIC_ROUNDS")
"""Variables that stand over the files and under the command line; an empty one says nothing."""

ROUNDS_LIMIT = 1000


def select(settings: Settings, names: Sequence[str]) -> Settings:
    """Keep the agents that `names` ask for, in that order; each name is a role or an agent id, or
    a comma list.

    A role that is not configured is spoken for by its built-in agent, on the first agent's models.
    Without any name the settings stay as they are. Raises DialecticError (exit 2) for a name that
    means nobody, and for fewer agents than the settings need.
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
    _check_size(settings, len(chosen))
    return msgspec.structs.replace(settings, agents=tuple(chosen.values()))


def with_model(settings: Settings, model: str) -> Settings:
    """Put every agent and the judge on `provider/model`; the provider alone will do for
    `rehearsal`.

    Raises DialecticError (exit 2) when there is no such provider or no model is named.
    """
    route = (parse_model(model),)
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


def with_environment(settings: Settings, env: Mapping[str, str]) -> Settings:
    """Let the variables of `VARIABLES` act. Raises DialecticError (exit 4) naming the variable."""
    for name in VARIABLES:
        if not (value := env.get(name, "").strip()):
            continue
        try:
            if name == "DIALECTIC_MODEL":
                settings = with_model(settings, value)
            elif value.isdecimal() and len(value) < 10:
                settings = with_rounds(settings, int(value))
            else:
                raise _usage(
                    f"`{value}` is no number of rounds", "give a whole number, or unset it"
                )
        except DialecticError as failed:
            failed.where, failed.exit_code = f"environment {name}", ExitCode.CONFIGURATION
            raise
    return settings


def with_clarifications(settings: Settings) -> Settings:
    """Let the agents ask questions first.

    Raises DialecticError (exit 2) when a speaker has the id of the person who answers.
    """
    person = settings.clarifications.person
    if person in (settings.judge.id, *(agent.id for agent in settings.agents)):
        what = f"the id `{person}` is taken, and it is who answers the questions"
        raise _usage(what, f"rename it in {settings.path}")
    return msgspec.structs.replace(settings, clarify=True)


def _check_size(settings: Settings, count: int) -> None:
    if settings.synthesis == "voting" and count < VOTERS:
        raise _usage(f"a vote needs {VOTERS} agents, and {count} would debate", "name more")
    if settings.failure.quorum > count:
        what = f"a quorum of {settings.failure.quorum} needs as many agents, not {count}"
        raise _usage(what, "name more")


def _recruit(settings: Settings, name: str, chosen: dict[str, AgentSettings]) -> AgentSettings:
    """The built-in agent of the role `name`, under an id that nobody has."""
    if name in settings.disabled:
        fix = f"enable it in {settings.path}, or name another agent"
        raise _usage(f"`{name}` is disabled", fix)
    if name not in DEBATING_ROLES:
        known = dict.fromkeys([*(agent.id for agent in settings.agents), *DEBATING_ROLES])
        raise _usage(f"no agent and no role is called `{name}`", did_you_mean(name, known))
    agent = furnished(built_in_agent(name), settings.summarization, settings.summary_prompt)
    taken = {settings.judge.id, *(each.id for each in settings.agents), *chosen}
    id = next(each for each in _ids(agent.id) if each not in taken)
    return msgspec.structs.replace(agent, id=id, route=settings.agents[0].route)


def _ids(stem: str) -> Iterator[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem}-{number}"
        number += 1


def _usage(what: str, fix: str) -> DialecticError:
    return DialecticError(what, fix=fix, exit_code=ExitCode.USAGE)
