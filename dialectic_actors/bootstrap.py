"""The composition root: from settings to a run's opening, from a run to the system that hosts it.

The only module that knows every other. It decides nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from dialectic_actors._version import __version__
from dialectic_actors.core.protocols import is_known, register
from dialectic_actors.core.roles import write_role
from dialectic_actors.llm.providers import endpoint_problem, open_provider
from dialectic_actors.settings.debate import AgentSettings, Settings
from dialectic_actors.settings.roles import load_prompts
from dialectic_events.calls import Ending
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.parts import refer
from dialectic_events.runs import Agent, RunOpened, Source, Stage
from dialectic_events.store import Store
from dialectic_replay.read import envelopes, known_event
from dialectic_replay.run import fold

if TYPE_CHECKING:
    from dialectic_actors.actors.ports import Gateway
    from dialectic_actors.runtime.system import System

__all__ = [
    "PROTOCOLS_GROUP",
    "compose",
    "find_protocol",
    "new_run_id",
    "open_system",
    "preflight",
    "seed_of",
]

PROTOCOLS_GROUP = "dialectic_actors.protocols"
"""The group of entry points in which installed packages name protocols: `panel@1 = mine:panel`."""

_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_TURNS = ("system", "proposal", "critique", "refinement", "synthesis")


def new_run_id(now: datetime) -> str:
    """A new debate's id: `deb-YYYYMMDD-HHMMSS-xxxx`, in the time zone of `now`."""
    tail = "".join(secrets.choice(_BASE36) for _ in range(4))
    return f"deb-{now:%Y%m%d-%H%M%S}-{tail}"


def seed_of(problem: str) -> int:
    """The seed of a run that was given none: drawn from its problem, so that a rehearsal can be
    repeated.
    """
    return int.from_bytes(sha256(problem.encode()).digest()[:4])


def compose(settings: Settings, problem: str, seed: int) -> tuple[RunOpened, dict[str, str]]:
    """The opening of a debate and the texts of its prompt sources, by reference."""
    prompts = load_prompts()
    cast = {agent.id: (agent, _source(agent)) for agent in settings.agents}
    cast[settings.judge.id] = (settings.judge, "judge")
    texts = {f"prompt/{kind}": prompts[kind] for kind in _TURNS}
    texts |= {source: write_role(agent.role) for agent, source in cast.values()}
    origins = {source: (agent.origin, agent.path) for agent, source in cast.values()}
    sources = tuple(
        Source(name, refer(text), *origins.get(name, ("built-in", None)))
        for name, text in texts.items()
    )
    opened = RunOpened(
        problem=problem,
        stages=(
            Stage(
                name="debate",
                protocol="debate@1",
                agents=tuple(agent.id for agent in settings.agents),
                judge=settings.judge.id,
                rounds=settings.rounds,
                history=settings.history,
            ),
        ),
        agents=tuple(
            Agent(
                id=agent.id,
                name=agent.name,
                role=agent.role.name,
                source=source,
                route=agent.route,
                temperature=agent.temperature,
            )
            for agent, source in cast.values()
        ),
        sources=sources,
        seed=seed,
        limits=settings.limits,
        program=f"dialectic-actors {__version__}",
    )
    return opened, {refer(text): text for text in texts.values()}


def _source(agent: AgentSettings) -> str:
    """Agents that share a role share its source, unless one brought a persona of its own."""
    return f"role/{agent.role.name}" if agent.origin == "built-in" else f"role/{agent.id}"


def find_protocol(name: str) -> None:
    """Register the protocol `name` if this process does not know it and an installed package brings
    it; packages are not looked through otherwise.

    Raises DialecticError (exit 4) when that package is broken, or several bring one of that name.
    """
    if is_known(name):
        return
    from importlib.metadata import entry_points

    found = {each.value: each for each in entry_points(group=PROTOCOLS_GROUP, name=name)}
    if len(found) > 1:
        raise DialecticError(
            f"several installed packages bring the protocol {name!r}: {', '.join(sorted(found))}",
            where=f"entry points {PROTOCOLS_GROUP}",
            fix="uninstall all but one",
            exit_code=ExitCode.CONFIGURATION,
        )
    for value, each in found.items():
        try:
            protocol = each.load()
        except Exception as error:
            raise DialecticError(
                f"the protocol {name!r} cannot be loaded: {type(error).__name__}: {error}",
                where=f"entry point {value}" + (f" of {each.dist.name}" if each.dist else ""),
                fix="mend or upgrade the package that brings it",
                exit_code=ExitCode.CONFIGURATION,
            ) from error
        register(name, protocol)


def preflight(opened: RunOpened, env: Mapping[str, str]) -> None:
    """Find the protocols of a run's stages, and raise DialecticError (exit 4) for a provider that
    cannot be called: before the first call, before anything is paid.
    """
    for stage in opened.stages:
        find_protocol(stage.protocol)
    for provider, models in _providers((opened,)).items():
        problem = endpoint_problem(provider, env, models)
        if problem is not None:
            raise problem


def open_system(store: Store, runs: Iterable[RunOpened], env: Mapping[str, str]) -> System:
    """A system that hosts `runs`, with the providers that their routes name. To be entered as a
    context manager.
    """
    # The loop and the actors cost start-up time that listings and help do not owe.
    from dialectic_actors.runtime.system import System

    models = _providers(runs)
    return System(store, _gateway(models, env, store))


def _gateway(
    models: Mapping[str, set[str]], env: Mapping[str, str], store: Store
) -> Callable[[], AbstractAsyncContextManager[Gateway]]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Gateway]:
        from dialectic_actors.llm.gateway import LoopGateway

        providers = {
            name: open_provider(
                name,
                env,
                models=named,
                endings=_recorded(store, named) if name == "recorded" else None,
            )
            for name, named in models.items()
        }
        async with LoopGateway(providers) as gateway:
            yield gateway

    return opened


def _providers(runs: Iterable[RunOpened]) -> dict[str, set[str]]:
    """Which models of which providers the routes of some runs name."""
    models: dict[str, set[str]] = {}
    for opened in runs:
        for agent in opened.agents:
            for model in agent.route:
                models.setdefault(model.provider, set()).add(model.name)
    return models


def _recorded(store: Store, names: Iterable[str]) -> Mapping[str, Ending]:
    """The endings that `recorded` answers from: a run of this store, or an exported log."""
    endings: dict[str, Ending] = {}
    for name in names:
        source, stream = store, name
        if Path(name).is_file():
            source, stream = _imported(Path(name))
        run = fold(known_event(each) for each in envelopes(source, stream))
        if not run.calls:
            raise DialecticError(
                f"there is no recording {name!r}",
                fix="name a run of this store by its full id, or an exported log",
                exit_code=ExitCode.CONFIGURATION,
            )
        endings |= {id: call.ended for id, call in run.calls.items() if call.ended is not None}
    return endings


def _imported(path: Path) -> tuple[Store, str]:
    from dialectic_events.jsonl import import_log
    from dialectic_events.stores import open_store

    store = open_store("memory:")
    with path.open("rb") as lines:
        import_log(lines, store)
    return store, store.streams()[0].stream
