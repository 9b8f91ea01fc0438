"""What happened: the facts of a run, how they are recorded, chained, stored and exchanged."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dialectic_events.calls import (
        CallAnswered,
        CallFailed,
        CallLost,
        CallRequested,
        Message,
        Usage,
    )
    from dialectic_events.envelope import Envelope, Head, Header
    from dialectic_events.errors import DialecticError, ExitCode, IntegrityError
    from dialectic_events.runs import (
        Agent,
        Limits,
        Model,
        RunConcluded,
        RunFailed,
        RunOpened,
        RunResumed,
        RunSuspended,
        Source,
        Stage,
    )
    from dialectic_events.turns import (
        CritiqueMade,
        ProposalMade,
        RefinementMade,
        SynthesisMade,
        Turn,
        TurnFailed,
        TurnSkipped,
    )
    from dialectic_events.union import Event

_HOMES = {
    "calls": ("CallAnswered", "CallFailed", "CallLost", "CallRequested", "Message", "Usage"),
    "envelope": ("Envelope", "Head", "Header"),
    "errors": ("DialecticError", "ExitCode", "IntegrityError"),
    "runs": (
        "Agent",
        "Limits",
        "Model",
        "RunConcluded",
        "RunFailed",
        "RunOpened",
        "RunResumed",
        "RunSuspended",
        "Source",
        "Stage",
    ),
    "turns": (
        "CritiqueMade",
        "ProposalMade",
        "RefinementMade",
        "SynthesisMade",
        "Turn",
        "TurnFailed",
        "TurnSkipped",
    ),
    "union": ("Event",),
}

__all__ = [
    "Agent",
    "CallAnswered",
    "CallFailed",
    "CallLost",
    "CallRequested",
    "CritiqueMade",
    "DialecticError",
    "Envelope",
    "Event",
    "ExitCode",
    "Head",
    "Header",
    "IntegrityError",
    "Limits",
    "Message",
    "Model",
    "ProposalMade",
    "RefinementMade",
    "RunConcluded",
    "RunFailed",
    "RunOpened",
    "RunResumed",
    "RunSuspended",
    "Source",
    "Stage",
    "SynthesisMade",
    "Turn",
    "TurnFailed",
    "TurnSkipped",
    "Usage",
]


def __getattr__(name: str) -> Any:
    # Listing runs must not pay for the whole vocabulary, so a name is loaded when it is used.
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
