"""Where a debate stands: what each speaker holds, what it answers to the problem, which objections
nobody settled.

Texts are named by their marks, because who judges may not know whose they are.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from dialectic_actors.core.briefs import Brief, Shown
from dialectic_actors.core.marks import mark_of, texts_of
from dialectic_actors.llm.rehearsal.critique import Objection, objections
from dialectic_actors.llm.rehearsal.papers import Change, Paper, Row, read_paper
from dialectic_actors.llm.rehearsal.reading import Reading, same_words

__all__ = ["Answer", "Position", "Remaining", "answers_to", "positions", "remaining"]


class Position(Struct, frozen=True):
    """What a speaker holds in the end, and the mark of the text that says so."""

    speaker: str
    mark: str
    paper: Paper


class Answer(Struct, frozen=True):
    """A requirement with the first mechanism that meets it; `mark` is empty where nobody has
    one.
    """

    requirement: str
    mechanism: str
    mark: str


class Remaining(Struct, frozen=True):
    """An objection that was rejected: what it asks for, the answer that it got, and the mark of the
    critique that raised it (of the refinement, when the critique is not shown).
    """

    name: str
    suggestion: str
    answer: str
    mark: str
    blocks: bool


def positions(brief: Brief) -> tuple[Position, ...]:
    """The last refinement of each speaker; proposals where nothing was refined."""
    for kind in ("refinement", "proposal"):
        last = {each.speaker: each for each in texts_of(brief) if each.kind == kind}
        if last:
            return tuple(
                Position(speaker, mark_of(each.text), read_paper(each.text))
                for speaker, each in last.items()
            )
    return ()


def answers_to(task: Reading, held: Sequence[Position]) -> tuple[Answer, ...]:
    """For each requirement who meets it how."""
    return tuple(_answer(each, held) for each in task.requirements)


def remaining(brief: Brief, held: Sequence[Position]) -> tuple[Remaining, ...]:
    """The objections that the positions reject, those that block first."""
    critiques = [each for each in texts_of(brief) if each.kind == "critique"]
    found = [
        _remaining(change, position, critiques)
        for position in held
        for change in position.paper.changes
        if not change.accepted
    ]
    return tuple(sorted(found, key=lambda each: not each.blocks))


def _answer(requirement: str, held: Sequence[Position]) -> Answer:
    for position in held:
        row = _row_for(requirement, position.paper)
        if row is not None and row.met:
            return Answer(requirement, row.mechanism, position.mark)
    return Answer(requirement, "", "")


def _row_for(requirement: str, paper: Paper) -> Row | None:
    near = [row for row in paper.coverage if same_words(row.requirement, requirement) >= 0.8]
    return next((row for row in near if row.met), next(iter(near), None))


def _remaining(change: Change, position: Position, critiques: Sequence[Shown]) -> Remaining:
    raised = _raised(change, position, critiques)
    if raised is None:
        blocks = _says_that_it_blocks(change.answer)
        return Remaining(change.name, "", change.answer, position.mark, blocks)
    critique, objection = raised
    blocks = objection.blocking or _says_that_it_blocks(change.answer)
    mark = mark_of(critique.text)
    return Remaining(change.name, objection.suggestion, change.answer, mark, blocks)


def _raised(
    change: Change, position: Position, critiques: Sequence[Shown]
) -> tuple[Shown, Objection] | None:
    """The last critique of a position that asked for what was rejected."""
    for critique in reversed(critiques):
        if critique.to not in (position.speaker, None):
            continue
        for objection in objections(critique):
            if objection.name.lower() == change.name.lower():
                return critique, objection
    return None


def _says_that_it_blocks(answer: str) -> bool:
    said = answer.lower()
    return "block" in said and "not block" not in said
