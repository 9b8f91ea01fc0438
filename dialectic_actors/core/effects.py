"""What must be outstanding in a state. Each effect has a stable id; starting one that is under way
changes nothing.
"""

from __future__ import annotations

from msgspec import Struct

from dialectic_events.calls import CallAnswered, CallRequested
from dialectic_events.turns import Turn

__all__ = ["Effect", "MakeCall", "ReadAnswer", "TakeTurn", "effect_id"]


class TakeTurn(Struct, frozen=True, tag=True):
    """Ask the speaker for its request. `turn.sees` names only turns that contributed, and whose
    words are not recalled already.
    """

    turn: Turn


class MakeCall(Struct, frozen=True, tag=True):
    """Send a requested call, not before its delay is over. `lost` tells a call sent again from the
    one that was lost.
    """

    turn: Turn
    request: CallRequested
    lost: int = 0


class ReadAnswer(Struct, frozen=True, tag=True):
    """Let the speaker read an answer that is recorded already; nothing is asked again."""

    turn: Turn
    answer: CallAnswered


Effect = TakeTurn | MakeCall | ReadAnswer


def effect_id(effect: Effect) -> str:
    """The id that makes starting an effect idempotent."""
    match effect:
        case TakeTurn(turn):
            return turn.id
        case MakeCall(_, request, lost):
            return f"{request.call}~{lost}"
        case ReadAnswer(_, answer):
            return f"{answer.call}?"
