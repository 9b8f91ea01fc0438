"""Plays a debate for a test: the production system over a store in memory, answered without a
network by a rehearsal, by a script, by a recording, or by a model that is being recorded.

Which of these it is, is decided in `fixture`; what is looked at afterwards is in `played`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from dialectic_actors.api.store import Store
from dialectic_actors.bootstrap import compose, new_run_id, seed_of
from dialectic_actors.settings import load_settings, select, with_model, with_rounds
from dialectic_actors.settings.roles import provider_names
from dialectic_actors.settings.suggestions import did_you_mean
from dialectic_actors.testing.config import Config
from dialectic_events.calls import CallFailed, Ending
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.runs import Model, RunOpened

if TYPE_CHECKING:
    from dialectic_actors.actors.ports import Ask, Gateway
    from dialectic_actors.llm.providers import Provider

__all__ = ["Opening", "Tape", "opening_of", "perform", "providers_of"]

Opening = tuple[RunOpened, dict[str, str]]
"""How a run is opened, and the texts of its prompt sources by reference."""

_REHEARSAL = "rehearsal/rehearsal"


class Tape:
    """A provider that gives the recorded endings, by call. `missing` are the calls that were never
    recorded.
    """

    concurrency: int | None = None

    def __init__(self, endings: Mapping[str, Ending]) -> None:
        self._endings = endings
        self.missing: list[str] = []

    async def complete(self, ask: Ask) -> Ending:
        """The recorded ending, or a failure that says there is none."""
        ending = self._endings.get(ask.call)
        if ending is None:
            self.missing.append(ask.call)
            return CallFailed(call=ask.call, error="bad-request", detail="it was never recorded")
        return ending

    async def aclose(self) -> None:
        """Nothing is open."""


def opening_of(
    problem: str,
    agents: int | Sequence[str] | None,
    rounds: int | None,
    config: Config | str | Path | None,
    model: str | None,
    folder: Path,
) -> Opening:
    """The opening of a debate; every agent is on `model`, or rehearses. A configuration file is
    looked for in `folder`. Raises DialecticError for what no debate can be opened with.
    """
    if not problem.strip():
        raise DialecticError("the problem is blank", fix="say it", exit_code=ExitCode.USAGE)
    if isinstance(config, str | Path):
        return _configured(problem, agents, rounds, folder / config, model)
    cast = replace(config or Config(), problem=problem)
    if agents is not None:
        cast = replace(cast, agents=agents if isinstance(agents, int) else _names(agents))
    if rounds is not None:
        cast = replace(cast, rounds=rounds)
    opened, texts = cast.opening()
    route = (_model(model or _REHEARSAL),)
    return replace(opened, agents=tuple(replace(a, route=route) for a in opened.agents)), texts


def _configured(
    problem: str,
    agents: int | Sequence[str] | None,
    rounds: int | None,
    file: Path,
    model: str | None,
) -> Opening:
    settings = load_settings(file, cwd=file.parent)
    if isinstance(agents, int):
        if not 1 <= agents <= len(settings.agents):
            raise DialecticError(
                f"{agents} agents are wanted, and {len(settings.agents)} are configured",
                where=str(file),
                fix="name the agents, or give a number up to that",
                exit_code=ExitCode.USAGE,
            )
        settings = replace(settings, agents=settings.agents[:agents])
    elif agents is not None:
        settings = select(settings, _names(agents))
    settings = settings if rounds is None else with_rounds(settings, rounds)
    return compose(with_model(settings, model or _REHEARSAL), problem, seed_of(problem))


def _names(agents: Sequence[str]) -> tuple[str, ...]:
    # A lone text is a sequence of letters, and nobody means those.
    return (agents,) if isinstance(agents, str) else tuple(agents)


def _model(written: str) -> Model:
    provider, _, name = written.partition("/")
    if not name.strip() or provider not in provider_names():
        raise DialecticError(
            f"`{written}` names no model",
            fix=f"write provider/model; {did_you_mean(provider, provider_names())}",
            exit_code=ExitCode.USAGE,
        )
    return Model(provider, name)


def providers_of(opened: RunOpened, provide: Callable[[str], Provider]) -> dict[str, Provider]:
    """A provider for each name in the routes of a run."""
    return {model.provider: provide(model.provider) for a in opened.agents for model in a.route}


def perform(
    opening: Opening, provide: Callable[[], Mapping[str, Provider]], *, is_hurried: bool
) -> tuple[Store, str]:
    """Run a debate to where it rests; the store and the run's name. `provide` is called on the
    system's loop. When `is_hurried`, retries are waited for a thousandth of their time.
    """
    from dialectic_actors.runtime.dispatcher import LoopDispatcher
    from dialectic_actors.runtime.system import System
    from dialectic_actors.testing.hurried import HurriedDispatcher

    opened, texts = opening
    store, ref = Store("memory:"), new_run_id(datetime.now().astimezone())
    dispatcher = HurriedDispatcher if is_hurried else LoopDispatcher
    with System(store.port, _gateway(provide, is_hurried), dispatcher=dispatcher) as system:
        system.start(ref, opened, texts).result.result()
    return store, ref


def _gateway(
    provide: Callable[[], Mapping[str, Provider]], is_hurried: bool
) -> Callable[[], AbstractAsyncContextManager[Gateway]]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Gateway]:
        from dialectic_actors.llm.gateway import LoopGateway, paced
        from dialectic_actors.testing.hurried import PACE

        async with LoopGateway(provide(), later=paced(PACE if is_hurried else 1.0)) as gateway:
            yield gateway

    return opened
