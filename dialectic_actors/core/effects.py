"""What must be outstanding in a state. Each effect has a stable id; starting one that is under way
changes nothing.
"""

from __future__ import annotations

from typing import assert_never

from msgspec import Struct

from dialectic_events.calls import CallAnswered, CallRequested, ToolsUsed
from dialectic_events.turns import Turn

__all__ = ["Effect", "MakeCall", "ReadAnswer", "TakeTurn", "UseTools", "Wake", "effect_id"]


class TakeTurn(Struct, frozen=True, tag=True):
    """Ask the speaker for its request, or a person for an answer. `turn.sees` names only turns that
    contributed, and whose words are not recalled already.
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


class UseTools(Struct, frozen=True, tag=True):
    """Use the tools that an answer asks for, and let the speaker go on with what they say: with
    `used`, if that is recorded already.
    """

    turn: Turn
    request: CallRequested
    answer: CallAnswered
    used: ToolsUsed | None = None


class Wake(Struct, frozen=True, tag=True):
    """Say when so many seconds are over, counted from the taking up of the run. `round` 0 stands
    for the whole run.
    """

    id: str
    round: int
    after_s: float


Effect = TakeTurn | MakeCall | ReadAnswer | UseTools | Wake


def effect_id(effect: Effect) -> str:
    """The id that makes starting an effect idempotent."""
    match effect:
        case TakeTurn(turn):
            return turn.id
        case MakeCall(_, request, lost):
            return f"{request.call}~{lost}"
        case ReadAnswer(_, answer):
            return f"{answer.call}?"
        case UseTools(_, request, _, used):
            return f"{request.call}!" if used is None else f"{request.call}!!"
        case Wake(id):
            return id
        case _:
            assert_never(effect)
