"""The order in which people read a run, whatever the order in which its turns came in.

Clarifications first, then rounds, then the conclusion; in each the kinds in the order of a debate,
in each kind the agents as they were listed.
"""

from __future__ import annotations

from typing import Literal, get_args

from dialectic_events.turns import Kind, Turn
from dialectic_replay.run import Run

__all__ = ["Phase", "in_order", "phase_of", "target_speaker"]

Phase = Literal["clarifications", "rounds", "conclusion"]

_PHASES = get_args(Phase)
_KINDS = get_args(Kind)


def in_order(run: Run) -> tuple[Turn, ...]:
    """All turns that the log has named so far."""
    agents = run.opened.agents if run.opened else ()
    places = {agent.id: place for place, agent in enumerate(agents)}

    def place(turn: Turn) -> tuple[int, int, int, int, int, str]:
        phase = _PHASES.index(phase_of(turn))
        speaker = places.get(turn.speaker, len(places))
        author = places.get(target_speaker(run, turn) or "", len(places))
        return phase, turn.round, _KINDS.index(turn.kind), speaker, author, turn.id

    return tuple(sorted(run.turns.values(), key=place))


def phase_of(turn: Turn) -> Phase:
    """The part of a debate that a turn belongs to; its `round` counts within that part."""
    if turn.kind in ("question", "answer"):
        return "clarifications"
    return "rounds" if turn.round else "conclusion"


def target_speaker(run: Run, turn: Turn) -> str | None:
    """Whose contribution a turn answers; None when it answers none, or one that the log has not
    named.
    """
    target = run.turns.get(turn.target) if turn.target is not None else None
    return target.speaker if target is not None else None
