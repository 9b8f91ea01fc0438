"""What frames the rounds of a debate: questions before them, decisions between them, and the
conclusion.

Pure listings of turns, as all of a protocol.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from hashlib import sha256
from itertools import permutations
from typing import TYPE_CHECKING

from msgspec.structs import replace

from dialectic_actors.core.turn_ids import turn_id
from dialectic_events.runs import Stage
from dialectic_events.turns import QuestionAsked, Turn

if TYPE_CHECKING:
    from dialectic_actors.core.protocols import Results

__all__ = ["clarifications", "conclusion", "decision", "rest", "shuffled", "union"]


def clarifications(stage: Stage, results: Results) -> Generator[Turn, None, tuple[str, ...]]:
    """Everybody asks and the person answers, again as long as somebody had a question; what comes
    out are the answers of all passes.
    """
    answers: tuple[str, ...] = ()
    passes = stage.clarifications.passes if stage.clarifications is not None else 0
    for number in range(1, passes + 1):
        asked = tuple(turn_id(stage.name, number, "question", agent) for agent in stage.agents)
        for agent, question in zip(stage.agents, asked, strict=True):
            yield Turn(question, "question", agent, number, after=answers, sees=answers)
        answers = (*answers, *(yield from _answers(stage, number, asked)))
        if number < passes and not any(_asks(results, question) for question in asked):
            break
    return answers


def _answers(
    stage: Stage, number: int, asked: tuple[str, ...]
) -> Generator[Turn, None, tuple[str, ...]]:
    """One answer for each agent's questions."""
    person = stage.clarifications.person if stage.clarifications is not None else ""
    answers = []
    for agent, question in zip(stage.agents, asked, strict=True):
        answer = turn_id(stage.name, number, "answer", person, agent)
        yield Turn(
            answer, "answer", person, number, target=question, after=(question,), sees=(question,)
        )
        answers.append(answer)
    return tuple(answers)


def _asks(results: Results, question: str) -> bool:
    event = results[question].event
    return isinstance(event, QuestionAsked) and event.questions > 0


def decision(stage: Stage, round: int, answers: tuple[str, ...]) -> Generator[Turn, None, str]:
    """Whether the debate stops after a round; what comes out is the turn that decides it."""
    judged = shuffled(stage)
    refinements = _each(judged, round, "refinement")
    if stage.stop is not None and stage.stop.rule == "quality":
        assessment = turn_id(stage.name, round, "assessment", stage.judge)
        sees = union(answers, refinements)
        yield Turn(assessment, "assessment", stage.judge, round, after=sees, sees=sees)
        sees = (assessment,)
    else:
        sees = (*_each(stage, round, "proposal"), *_each(stage, round, "refinement"))
    name = turn_id(stage.name, round, "stop", stage.judge)
    yield Turn(name, "stop", stage.judge, round, after=sees, sees=sees)
    return name


def conclusion(stage: Stage, last: int, answers: tuple[str, ...]) -> Iterator[Turn]:
    """A vote, or the judge, who may have the debate condensed before."""
    if stage.synthesis == "voting":
        yield from _vote(stage, last, answers)
        return
    judged = shuffled(stage)
    refinements = _each(judged, last, "refinement")
    if stage.history == "everyone":
        recalls, others = refinements[:1], rest(judged, last, judged.agents[0])
    else:
        recalls, others = refinements, refinements
    summary = None
    if stage.summaries is not None:
        summary = turn_id(stage.name, 0, "summary", stage.judge)
        before = tuple(turn for turn in others if turn not in refinements)
        yield Turn(
            id=summary,
            kind="summary",
            speaker=stage.judge,
            after=union(recalls, before),
            sees=before,
            recalls=recalls,
        )
    sees = union(answers, others)
    yield Turn(
        id=turn_id(stage.name, 0, "synthesis", stage.judge),
        kind="synthesis",
        speaker=stage.judge,
        after=union(refinements, (summary,), sees),
        sees=sees,
        recalls=recalls,
        summary=summary,
    )


def _vote(stage: Stage, last: int, answers: tuple[str, ...]) -> Iterator[Turn]:
    """Every agent ranks the others' refinements; the ballots are counted."""
    judged = shuffled(stage)
    refinements = _each(judged, last, "refinement")
    # Who debates alone has nobody to vote for.
    voters = stage.agents if len(stage.agents) > 1 else ()
    ballots = tuple(turn_id(stage.name, 0, "ballot", agent) for agent in voters)
    for agent, ballot in zip(voters, ballots, strict=True):
        own = turn_id(stage.name, last, "refinement", agent)
        sees = union(answers, (each for each in refinements if each != own))
        yield Turn(ballot, "ballot", agent, after=sees, sees=sees)
    sees = (*_each(stage, last, "refinement"), *ballots)
    name = turn_id(stage.name, 0, "synthesis", stage.judge)
    yield Turn(name, "synthesis", stage.judge, after=sees, sees=sees)


def rest(stage: Stage, round: int, agent: str) -> tuple[str, ...]:
    """All of a round that the agent's own refinement of it was not shown."""
    others = [other for other in stage.agents if other != agent]
    return (
        *(turn_id(stage.name, round, "proposal", other) for other in others),
        *(
            turn_id(stage.name, round, "critique", critic, author)
            for critic, author in permutations(stage.agents, 2)
            if author != agent
        ),
        *_each(stage, round, "refinement"),
    )


def union(*groups: Iterable[str | None]) -> tuple[str, ...]:
    """All ids of some groups, each once, in their order."""
    return tuple(dict.fromkeys(turn for group in groups for turn in group if turn is not None))


def _each(stage: Stage, round: int, kind: str) -> tuple[str, ...]:
    return tuple(turn_id(stage.name, round, kind, agent) for agent in stage.agents)


def shuffled(stage: Stage) -> Stage:
    """The stage as who judges is shown it: no place in the list favors anybody."""
    if stage.shuffle is None:
        return stage

    def lot(agent: str) -> bytes:
        return sha256(f"{stage.shuffle} {agent}".encode()).digest()

    return replace(stage, agents=tuple(sorted(stage.agents, key=lot)))
