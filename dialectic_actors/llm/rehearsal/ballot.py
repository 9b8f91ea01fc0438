"""Ballots of a rehearsal: the proposals of others, ranked by the problem and by the voter's own
checklist.
"""

from __future__ import annotations

import msgspec

from dialectic_actors.actors.ports import Ask
from dialectic_actors.llm.rehearsal.clarifications import task_of
from dialectic_actors.llm.rehearsal.critique import covers
from dialectic_actors.llm.rehearsal.papers import NOTE
from dialectic_actors.llm.rehearsal.positions import Position, answers_to, positions, remaining
from dialectic_actors.llm.rehearsal.reading import Reading, choose, listed

__all__ = ["vote"]

NAMED = 3


def vote(ask: Ask) -> str:
    """The ranking as JSON: requirements met count most, then one's own concerns, then objections
    left standing.
    """
    task = task_of(ask.brief)
    held = [each for each in positions(ask.brief) if each.speaker != ask.brief.turn.speaker]
    ranked = sorted(held, key=lambda each: _rank(ask, task, each))
    ranking = list(dict.fromkeys(each.mark for each in ranked))
    return msgspec.json.encode({"ranking": ranking, "reason": _reason(ask, task, ranked)}).decode()


def _rank(ask: Ask, task: Reading, position: Position) -> tuple[int, int, int, int]:
    lot = choose(ask.seed, ask.brief.turn.id, position.mark, 1_000_000)
    standing = len(remaining(ask.brief, [position]))
    return -_met(task, position), -len(_covered(ask, position)), standing, lot


def _met(task: Reading, position: Position) -> int:
    return sum(bool(each.mark) for each in answers_to(task, [position]))


def _covered(ask: Ask, position: Position) -> list[str]:
    return [each.name.lower() for each in ask.role.checklist if covers(position.paper, each)]


def _reason(ask: Ask, task: Reading, ranked: list[Position]) -> str:
    if not ranked:
        return f"{NOTE} Nothing was shown that could be ranked."
    best = ranked[0]
    mine = _covered(ask, best)
    count, total = _met(task, best), len(task.requirements)
    reason = f"{NOTE} {best.mark} names a mechanism for {count} of {total} requirements"
    reason += f" and answers {listed(mine[:NAMED])} from my checklist." if mine else "."
    others = [name for other in ranked[1:] for name in _covered(ask, other) if name not in mine]
    if others:
        reason += f" It should take over {listed(list(dict.fromkeys(others))[:NAMED])}."
    return reason
