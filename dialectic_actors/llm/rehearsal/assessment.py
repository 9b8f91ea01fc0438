"""Assessments of a rehearsal: how far a debate has come, by what has no mechanism and what still
blocks.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dialectic_actors.actors.ports import Ask
from dialectic_actors.llm.rehearsal.clarifications import task_of
from dialectic_actors.llm.rehearsal.papers import NOTE
from dialectic_actors.llm.rehearsal.positions import (
    Answer,
    Remaining,
    answers_to,
    positions,
    remaining,
)
from dialectic_actors.llm.rehearsal.reading import quote

__all__ = ["assess"]

_UNMET, _BLOCKED, _SOUND = 39, 69, 95
"""The best that can be said while a requirement is unmet, while an objection blocks, and at all:
the bands of the prompt.
"""


def assess(ask: Ask) -> str:
    """The assessment as JSON. The score rises with each requirement that gets a mechanism and each
    objection that is settled.
    """
    held = positions(ask.brief)
    unmet = [each for each in answers_to(task_of(ask.brief), held) if not each.mark]
    left = remaining(ask.brief, held)
    blocking = [each for each in left if each.blocks]
    if not held:
        score = 0
    elif unmet:
        score = _UNMET - min(30, 6 * len(unmet))
    elif blocking:
        score = _BLOCKED - min(25, 6 * len(blocking))
    else:
        score = _SOUND - min(25, 4 * len(left))
    return msgspec.json.encode({"score": score, "reason": _reason(unmet, left)}).decode()


def _reason(unmet: Sequence[Answer], left: Sequence[Remaining]) -> str:
    said = [NOTE]
    if unmet:
        said.append(f"Nothing was shown that meets {quote(unmet[0].requirement, 120)}.")
    if left:
        worst = left[0]
        weight = "it blocks" if worst.blocks else "it does not block"
        said.append(f"{worst.name}, raised in {worst.mark}, was rejected; {weight}.")
    if len(left) > 1:
        said.append(f"{len(left)} objections stand in all.")
    if not (unmet or left):
        said.append("Every requirement has a mechanism, and no objection was rejected.")
    return " ".join(said)
