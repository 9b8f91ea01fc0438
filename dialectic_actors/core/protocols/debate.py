"""The debate: everybody proposes, everybody criticizes everybody, everybody refines; after the
rounds a judge concludes.

The first round is blind. A refinement is carried over as its agent's next proposal. There is no
barrier but what a turn reads: a critique starts when its target exists, a refinement when its own
critiques are in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import permutations

from dialectic_actors.core.turn_ids import turn_id
from dialectic_events.runs import Stage
from dialectic_events.turns import Turn

__all__ = ["turns"]


def turns(stage: Stage, results: object) -> Iterator[Turn]:
    """Version 1: a fixed number of rounds, so nothing is read from `results`."""
    for round in range(1, stage.rounds + 1):
        yield from _proposals(stage, round)
        yield from _critiques(stage, round)
        yield from _refinements(stage, round)
    last = tuple(_id(stage, stage.rounds, "refinement", agent) for agent in stage.agents)
    if stage.history == "everyone":
        recalls, sees = last[:1], _rest(stage, stage.rounds, stage.agents[0])
    else:
        recalls, sees = last, last
    yield Turn(
        id=turn_id(stage.name, 0, "synthesis", stage.judge),
        kind="synthesis",
        speaker=stage.judge,
        after=_union(last, sees),
        sees=sees,
        recalls=recalls,
    )


def _proposals(stage: Stage, round: int) -> Iterator[Turn]:
    for agent in stage.agents:
        own = _refined(stage, round, agent)
        recalls, sees = _history(stage, round, agent, without=own)
        yield Turn(
            id=_id(stage, round, "proposal", agent),
            kind="proposal",
            speaker=agent,
            round=round,
            carries=own,
            after=_union((own,), recalls, sees),
            sees=sees,
            recalls=recalls,
        )


def _critiques(stage: Stage, round: int) -> Iterator[Turn]:
    for critic, author in permutations(stage.agents, 2):
        target = _id(stage, round, "proposal", author)
        recalls, sees = _history(stage, round, critic, without=_refined(stage, round, author))
        own = () if round == 1 or stage.history != "own" else (_refined(stage, round, critic),)
        sees = _union(own, sees, (target,))
        yield Turn(
            id=_id(stage, round, "critique", critic, author),
            kind="critique",
            speaker=critic,
            round=round,
            target=target,
            after=_union(recalls, sees),
            sees=sees,
            recalls=recalls,
        )


def _refinements(stage: Stage, round: int) -> Iterator[Turn]:
    for agent in stage.agents:
        own = _id(stage, round, "proposal", agent)
        critiques = tuple(
            _id(stage, round, "critique", critic, agent)
            for critic in stage.agents
            if critic != agent
        )
        recalls, sees = _history(stage, round, agent, without=_refined(stage, round, agent))
        sees = _union(sees, (own, *critiques))
        yield Turn(
            id=_id(stage, round, "refinement", agent),
            kind="refinement",
            speaker=agent,
            round=round,
            target=own,
            after=_union(recalls, sees),
            sees=sees,
            recalls=recalls,
        )


def _history(
    stage: Stage, round: int, agent: str, *, without: str | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The earlier rounds that an agent is shown: the last link of its own perspective, and what
    that link lacks.

    `without` is a refinement that is shown as the proposal it was carried over to.
    """
    own = _refined(stage, round, agent)
    if own is None or stage.history == "current":
        return (), ()
    if stage.history == "own":
        return (own,), ()
    return (own,), tuple(turn for turn in _rest(stage, round - 1, agent) if turn != without)


def _rest(stage: Stage, round: int, agent: str) -> tuple[str, ...]:
    """All of a round that the agent's own refinement of it was not shown."""
    others = [other for other in stage.agents if other != agent]
    return (
        *(_id(stage, round, "proposal", other) for other in others),
        *(
            _id(stage, round, "critique", critic, author)
            for critic, author in permutations(stage.agents, 2)
            if author != agent
        ),
        *(_id(stage, round, "refinement", each) for each in stage.agents),
    )


def _refined(stage: Stage, round: int, agent: str) -> str | None:
    """An agent's refinement of the round before."""
    return _id(stage, round - 1, "refinement", agent) if round > 1 else None


def _union(*groups: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(turn for group in groups for turn in group if turn is not None))


def _id(stage: Stage, round: int, kind: str, speaker: str, target: str | None = None) -> str:
    return turn_id(stage.name, round, kind, speaker, target)
