"""The debates that the benchmarks hold, and the same turns in plain asyncio.

Must not go in here: clocks and results.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import groupby

from msgspec.structs import replace

from dialectic_actors.actors.ports import Person
from dialectic_actors.bootstrap import compose
from dialectic_actors.core.protocols import known_turns, protocol_of
from dialectic_actors.runtime.system import OpenGateway, System
from dialectic_actors.settings import Settings
from dialectic_actors.settings.debate import AgentSettings, built_in_agent, furnished, judge_role
from dialectic_actors.settings.roles import DEBATING_ROLES
from dialectic_events.runs import Condensing, Model, RunOpened, Summarization
from dialectic_events.store import Store
from dialectic_events.turns import Turn
from dialectic_replay.run import Run

__all__ = [
    "PROVIDER",
    "Opening",
    "barriers",
    "composed",
    "condensed",
    "dataflow",
    "hold",
    "opening",
    "settings_of",
    "turns",
]

PROVIDER = "measured"
MODEL = Model(PROVIDER, "gpt-4o")
PROBLEM = (
    "Design the write path of a shopping cart that must survive the loss of a data center: at most "
    "200 ms at the 99th percentile, 50,000 requests per second in the evening, no lost order."
)

Opening = tuple[RunOpened, dict[str, str]]
Call = Callable[[Turn], Awaitable[object]]


def settings_of(agents: int, rounds: int) -> Settings:
    """A debate with the shipped roles and prompts, and nothing switched on."""
    names = list(DEBATING_ROLES)
    cast = tuple(
        replace(built_in_agent(names[index % len(names)], MODEL), id=f"agent-{index}")
        for index in range(agents)
    )
    judge = AgentSettings(id="judge", name="Judge", role=judge_role("generalist"), route=(MODEL,))
    return Settings(agents=cast, judge=judge, rounds=rounds)


def condensed(settings: Settings, how: Condensing, terms: Summarization) -> Settings:
    """The same debate with summaries for everybody."""
    return replace(
        settings,
        agents=tuple(furnished(agent, terms, None) for agent in settings.agents),
        judge=furnished(settings.judge, terms, None),
        condensing=how,
    )


def composed(settings: Settings, number: int = 0) -> Opening:
    """A debate that is held by these settings; `number` makes its texts its own."""
    return compose(settings, f"{PROBLEM} This is cart {number}.", seed=number)


def opening(agents: int, rounds: int, number: int = 0) -> Opening:
    """The opening of a debate of this shape."""
    return composed(settings_of(agents, rounds), number)


def turns(agents: int, rounds: int) -> Sequence[Turn]:
    """All turns of such a debate, in the protocol's order."""
    (stage,) = opening(agents, rounds)[0].stages
    listed, _ = known_turns(protocol_of(stage), stage, {})
    return listed


def hold(
    store: Store,
    open_gateway: OpenGateway,
    openings: Mapping[str, Opening],
    watch: Callable[[], float],
    person: Person | None = None,
) -> tuple[float, list[Run]]:
    """Hold debates at once, as the product does: what `watch` counted meanwhile, and the runs."""
    with System(store, open_gateway, person=person) as system:
        began = watch()
        live = [system.start(name, *opened) for name, opened in openings.items()]
        runs = [each.result.result() for each in live]
        took = watch() - began
    assert all(run.status == "concluded" for run in runs), [run.reason for run in runs]
    return took, runs


async def dataflow(listed: Sequence[Turn], call: Call) -> None:
    """Take each turn as soon as those it waits for are done."""
    tasks: dict[str, asyncio.Task[None]] = {}

    async def take(turn: Turn) -> None:
        for other in turn.after:
            await tasks[other]
        if turn.carries is None:
            await call(turn)

    for turn in listed:
        tasks[turn.id] = asyncio.create_task(take(turn))
    await asyncio.gather(*tasks.values())


async def barriers(listed: Sequence[Turn], call: Call) -> None:
    """Take the turns phase by phase: nobody goes on before all are done."""
    for _, phase in groupby(listed, key=lambda turn: (turn.round, turn.kind)):
        await asyncio.gather(*(call(turn) for turn in phase if turn.carries is None))
