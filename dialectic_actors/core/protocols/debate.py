"""The debate: everybody proposes, everybody criticizes everybody, everybody refines; after the
rounds it is concluded.

The first round is blind. A refinement is carried over as its agent's next proposal. There is no
barrier but what a turn reads: a critique starts when its target exists, a refinement when its own
critiques are in. What comes before and after the rounds is in `framing`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import TYPE_CHECKING

from dialectic_actors.core.protocols.framing import (
    clarifications,
    conclusion,
    decision,
    rest,
    union,
)
from dialectic_actors.core.turn_ids import turn_id
from dialectic_events.runs import Stage
from dialectic_events.turns import StopDecided, Turn

if TYPE_CHECKING:
    from dialectic_actors.core.protocols import Results

__all__ = ["turns"]


def turns(stage: Stage, results: Results) -> Iterator[Turn]:
    """Version 1. Results are read only where it branches: whether somebody asked, so that there is
    another pass of questions, and whether the debate stops after a round.
    """
    answers = yield from clarifications(stage, results)
    last = stage.rounds
    for round in range(1, stage.rounds + 1):
        yield from _summaries(stage, round)
        yield from _proposals(stage, round, answers)
        yield from _critiques(stage, round, answers)
        yield from _refinements(stage, round, answers)
        if stage.stop is not None and round < stage.rounds:
            decided = yield from decision(stage, round, answers)
            event = results[decided].event
            if isinstance(event, StopDecided) and event.stop:
                last = round
                break
    yield from conclusion(stage, last, answers)


def _summaries(stage: Stage, round: int) -> Iterator[Turn]:
    """From the second round on, what an agent has behind it is condensed if it has grown long."""
    for agent in stage.agents:
        name = _summary(stage, round, agent)
        if name is None:
            continue
        recalls, sees = _perspective(stage, round, agent)
        yield Turn(
            id=name,
            kind="summary",
            speaker=agent,
            round=round,
            after=union(recalls, sees),
            sees=sees,
            recalls=recalls,
        )


def _proposals(stage: Stage, round: int, answers: tuple[str, ...]) -> Iterator[Turn]:
    for agent in stage.agents:
        own = _refined(stage, round, agent)
        recalls, sees = _history(stage, round, agent, without=own)
        sees = union(answers, sees)
        yield Turn(
            id=turn_id(stage.name, round, "proposal", agent),
            kind="proposal",
            speaker=agent,
            round=round,
            carries=own,
            after=union((own,), recalls, sees),
            sees=sees,
            recalls=recalls,
        )


def _critiques(stage: Stage, round: int, answers: tuple[str, ...]) -> Iterator[Turn]:
    for critic, author in permutations(stage.agents, 2):
        target = turn_id(stage.name, round, "proposal", author)
        recalls, sees = _history(stage, round, critic, without=_refined(stage, round, author))
        own = () if round == 1 or stage.history != "own" else (_refined(stage, round, critic),)
        summary = _summary(stage, round, critic)
        sees = union(answers, own, sees, (target,))
        yield Turn(
            id=turn_id(stage.name, round, "critique", critic, author),
            kind="critique",
            speaker=critic,
            round=round,
            target=target,
            after=union(recalls, (summary,), sees),
            sees=sees,
            recalls=recalls,
            summary=summary,
        )


def _refinements(stage: Stage, round: int, answers: tuple[str, ...]) -> Iterator[Turn]:
    for agent in stage.agents:
        own = turn_id(stage.name, round, "proposal", agent)
        critiques = (
            turn_id(stage.name, round, "critique", critic, agent)
            for critic in stage.agents
            if critic != agent
        )
        recalls, sees = _history(stage, round, agent, without=_refined(stage, round, agent))
        summary = _summary(stage, round, agent)
        sees = union(answers, sees, (own, *critiques))
        yield Turn(
            id=turn_id(stage.name, round, "refinement", agent),
            kind="refinement",
            speaker=agent,
            round=round,
            target=own,
            after=union(recalls, (summary,), sees),
            sees=sees,
            recalls=recalls,
            summary=summary,
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
    return (own,), tuple(turn for turn in rest(stage, round - 1, agent) if turn != without)


def _perspective(stage: Stage, round: int, agent: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All that an agent has behind it before a round: recalled, with the last summary in it, or
    from the beginning.
    """
    own = tuple(filter(None, (_refined(stage, round, agent),)))
    if stage.history == "everyone":
        return own, rest(stage, round - 1, agent)
    if stage.summaries == "hierarchical":
        return own, own
    everything: list[str] = [turn_id(stage.name, 1, "proposal", agent)]
    for earlier in range(1, round):
        everything.extend(
            turn_id(stage.name, earlier, "critique", critic, agent)
            for critic in stage.agents
            if critic != agent
        )
        everything.append(turn_id(stage.name, earlier, "refinement", agent))
    return (), tuple(everything)


def _summary(stage: Stage, round: int, agent: str) -> str | None:
    """The turn that condenses what an agent has behind it before a round."""
    if round == 1 or stage.summaries is None or stage.history == "current":
        return None
    return turn_id(stage.name, round, "summary", agent)


def _refined(stage: Stage, round: int, agent: str) -> str | None:
    """An agent's refinement of the round before."""
    return turn_id(stage.name, round - 1, "refinement", agent) if round > 1 else None
