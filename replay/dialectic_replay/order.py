"""The order in which people read a run, whatever the order in which its turns came in.

Rounds first, then the conclusion; in a round proposals, critiques, refinements; in each the agents
as they were listed.
"""

from __future__ import annotations

from math import inf

from dialectic_events.turns import Turn
from dialectic_replay.run import Run

__all__ = ["KINDS", "in_order", "target_speaker"]

KINDS = ("proposal", "critique", "refinement", "synthesis")


def in_order(run: Run) -> tuple[Turn, ...]:
    """All turns that the log has named so far."""
    agents = run.opened.agents if run.opened else ()
    places = {agent.id: place for place, agent in enumerate(agents)}

    def place(turn: Turn) -> tuple[float, int, int, int, str]:
        critic = places.get(turn.speaker, len(places))
        author = places.get(target_speaker(run, turn) or "", len(places))
        return turn.round or inf, KINDS.index(turn.kind), critic, author, turn.id

    return tuple(sorted(run.turns.values(), key=place))


def target_speaker(run: Run, turn: Turn) -> str | None:
    """Whose contribution a turn answers; None when it answers none, or one that the log has not
    named.
    """
    target = run.turns.get(turn.target) if turn.target is not None else None
    return target.speaker if target is not None else None
