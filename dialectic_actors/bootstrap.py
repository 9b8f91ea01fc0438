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
from typing import TYPE_CHECKING, Literal, Protocol, cast

from dialectic_actors._version import __version__
from dialectic_actors.core.protocols import is_known, register
from dialectic_actors.core.roles import write_role
from dialectic_actors.entry_points import brought
from dialectic_actors.llm.providers import endpoint_problem, open_provider
from dialectic_actors.settings.debate import AgentSettings, Settings
from dialectic_actors.settings.roles import load_prompts
from dialectic_events.calls import Ending
from dialectic_events.contents import write_content
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.parts import refer
from dialectic_events.runs import Agent, RunOpened, Source, Stage
from dialectic_events.store import Store
from dialectic_replay.read import envelopes, known_event
from dialectic_replay.run import fold

if TYPE_CHECKING:
    from dialectic_actors.actors.ports import Gateway, Person, Tools
    from dialectic_actors.core import protocols
    from dialectic_actors.runtime.system import System

__all__ = [
    "PROTOCOLS_GROUP",
    "Nearby",
    "compose",
    "find_protocol",
    "new_run_id",
    "open_system",
    "preflight",
    "seed_of",
]

PROTOCOLS_GROUP = "dialectic_actors.protocols"
"""The group of entry points in which installed packages name protocols: `panel@1 = mine:panel`."""


class Nearby(Protocol):
    """Who sits beside a run: hears the words of answers on their way, which are no events, and may
    ask what calls wait for.
    """

    def heard(self, run: str, call: str, delta: str) -> None:
        """Hear more of what a call is being answered; on the loop's thread."""
        ...

    def asks(self, waiting: Callable[[], Mapping[str, str]]) -> None:
        """Ask `waiting` from now on why calls are not sent yet: reasons by call."""
        ...


_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


def new_run_id(now: datetime) -> str:
    """A new debate's id: `deb-YYYYMMDD-HHMMSS-xxxx`, in the time zone of `now`."""
    tail = "".join(secrets.choice(_BASE36) for _ in range(4))
    return f"deb-{now:%Y%m%d-%H%M%S}-{tail}"


def seed_of(problem: str, given: int | None = None) -> int:
    """The seed of a run: as given, or drawn from its problem, so that a rehearsal can be repeated.
    Raises DialecticError for what no log can hold.
    """
    if given is not None:
        if type(given) is not int or not -(2**63) <= given < 2**63:
            raise DialecticError(
                f"the seed is {str(given)[:40]!r}, not a whole number of 64 bits",
                fix="give one, or leave it out",
                exit_code=ExitCode.USAGE,
            )
        return given
    return int.from_bytes(sha256(problem.encode()).digest()[:4])


def compose(
    settings: Settings, problem: str, seed: int, context_dir: Path | None = None
) -> tuple[RunOpened, dict[str, str]]:
    """The opening of a debate and the texts of its sources, by reference. `context_dir` is where
    tools may read files.

    Raises DialecticError (exit 4) for a tool that there is not.
    """
    cast = {agent.id: (agent, _source(agent)) for agent in settings.agents}
    cast[settings.judge.id] = (settings.judge, "judge")
    voices = tuple(agent for agent, _ in cast.values())
    texts = {f"prompt/{kind}": text for kind, text in load_prompts().items()}
    origins: dict[str, tuple[Literal["built-in", "file"], str | None]] = {}
    for agent, source in cast.values():
        texts[source], origins[source] = write_role(agent.role), (agent.origin, agent.path)
        for prompt in agent.prompts:
            own = f"prompt/{prompt.kind}/{agent.id}"
            texts[own], origins[own] = prompt.text, ("file", prompt.path)
    texts |= _tools(voices)
    opened = RunOpened(
        problem=problem,
        stages=(_stage(settings, seed),),
        agents=tuple(_agent(agent, source) for agent, source in cast.values()),
        sources=tuple(
            Source(name, refer(text), *origins.get(name, ("built-in", None)))
            for name, text in texts.items()
        ),
        seed=seed,
        limits=settings.limits,
        program=f"dialectic-actors {__version__}",
        context_dir=None if context_dir is None else str(context_dir),
    )
    return opened, {refer(text): text for text in texts.values()}


def _stage(settings: Settings, seed: int) -> Stage:
    return Stage(
        name="debate",
        protocol="debate@1",
        agents=tuple(agent.id for agent in settings.agents),
        judge=settings.judge.id,
        rounds=settings.rounds,
        history=settings.history,
        clarifications=settings.clarifications if settings.clarify else None,
        summaries=settings.summaries,
        stop=settings.stop,
        synthesis=settings.synthesis,
        shuffle=seed,
        authors=settings.authors,
        failure=settings.failure,
    )


def _agent(agent: AgentSettings, source: str) -> Agent:
    return Agent(
        id=agent.id,
        name=agent.name,
        role=agent.role.name,
        source=source,
        route=agent.route,
        temperature=agent.temperature,
        summarization=agent.summarization,
        tools=tuple(f"tool/{tool.name}" for tool in agent.tools),
        tool_call_limit=agent.tool_call_limit,
    )


def _source(agent: AgentSettings) -> str:
    """Agents that share a role share its source, unless one brought words of its own."""
    shared = agent.origin == "built-in" and not agent.prompts
    return f"role/{agent.role.name}" if shared else f"role/{agent.id}"


def _tools(voices: Iterable[AgentSettings]) -> dict[str, str]:
    """The sources that describe the tools of some agents."""
    wanted = {tool.name: tool for agent in voices for tool in agent.tools}
    if not wanted:
        return {}
    from dialectic_actors.tools.toolbox import specs

    texts: dict[str, str] = {}
    for name, tool in wanted.items():
        try:
            texts[f"tool/{name}"] = write_content(*specs((name,)))
        except DialecticError as error:
            error.where = error.where or tool.where
            raise
    return texts


def find_protocol(name: str) -> None:
    """Register the protocol `name` if this process does not know it and an installed package brings
    it; packages are not looked through otherwise.

    Raises DialecticError (exit 4) when that package is broken, or several bring one of that name.
    """
    if is_known(name):
        return
    found = brought(PROTOCOLS_GROUP, "protocol", name)
    if found is not None:
        register(name, cast("protocols.Protocol", found[0]))


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


def open_system(
    store: Store,
    runs: Mapping[str, RunOpened],
    env: Mapping[str, str],
    person: Person | None = None,
    nearby: Nearby | None = None,
) -> System:
    """A system that hosts `runs`, with the providers that their routes name and the tools that
    their agents have; `person` answers what agents ask, `nearby` hears what models are saying. To
    be entered as a context manager.

    Raises DialecticError (exit 4) for a tool that there is not any more.
    """
    # The loop and the actors cost start-up time that listings and help do not owe.
    from dialectic_actors.runtime.system import System

    models = _providers(runs.values())
    opening = _gateway(models, env, store, tuple(runs), nearby)
    return System(store, opening, tools=_toolboxes(runs), person=person)


def _toolboxes(runs: Mapping[str, RunOpened]) -> Tools | None:
    """The tools of each run whose agents have some, over the directory that the run may read."""
    named = {
        run: {name.removeprefix("tool/") for agent in opened.agents for name in agent.tools}
        for run, opened in runs.items()
    }
    if not any(named.values()):
        return None
    from dialectic_actors.tools import Toolbox, Toolboxes, bring

    boxes: dict[str, Toolbox] = {}
    for run, names in named.items():
        folder = runs[run].context_dir
        boxes[run] = Toolbox(None if folder is None else Path(folder), bring(sorted(names)))
    return Toolboxes(boxes)


def _gateway(
    models: Mapping[str, set[str]],
    env: Mapping[str, str],
    store: Store,
    runs: tuple[str, ...],
    nearby: Nearby | None,
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
        heard = nearby.heard if nearby is not None else None
        async with LoopGateway(providers, heard) as gateway:
            if nearby is not None:
                nearby.asks(
                    lambda: {
                        call: reason
                        for run in runs
                        for call, reason in gateway.waiting(run).items()
                    }
                )
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
