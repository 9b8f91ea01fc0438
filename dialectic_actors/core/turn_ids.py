"""Names of turns and calls: readable, stable, and safe wherever ids are written.

A turn id begins with its stage; segments are percent-encoded outside `[A-Za-z0-9._-]`. A call id is
`turn#attempt`.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["call_id", "segment", "turn_id"]

_UNSAFE = re.compile(rb"[^A-Za-z0-9._-]")


@lru_cache(maxsize=1024)
def segment(name: str) -> str:
    """`name` as one segment of an id."""
    return _UNSAFE.sub(lambda byte: b"%%%02X" % byte[0][0], name.encode()).decode()


def turn_id(stage: str, round: int, kind: str, speaker: str, target: str | None = None) -> str:
    """`stage/r1/critique/speaker>target`; outside the rounds (`round` 0) `stage/kind/speaker`.
    Questions and their answers come in passes of their own: `stage/c1/question/speaker`.
    """
    who = segment(speaker) if target is None else f"{segment(speaker)}>{segment(target)}"
    letter = "c" if kind in ("question", "answer") else "r"
    where = f"{segment(stage)}/{letter}{round}" if round else segment(stage)
    return f"{where}/{kind}/{who}"


def call_id(turn: str, attempt: int) -> str:
    """The id of a turn's call; attempts count from 1."""
    return f"{turn}#{attempt}"
