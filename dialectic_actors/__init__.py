"""Multi-agent LLM debates as message-driven actors, with an append-only event log as the only
source of truth.

Importing this costs next to nothing: what a name needs is loaded when it is used.
"""

from __future__ import annotations

from dialectic_actors._version import __version__

# Not imported from typing: that alone would cost a third of what `--version` may take.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import dialectic_events as events
    from dialectic_actors.api.answering import answer
    from dialectic_actors.api.checks import Check, check
    from dialectic_actors.api.outcome import Outcome
    from dialectic_actors.api.runs import Debate, debate, debates
    from dialectic_actors.api.store import Store, replay
    from dialectic_events.errors import DialecticError

__all__ = [
    "Check",
    "Debate",
    "DialecticError",
    "Outcome",
    "Store",
    "__version__",
    "answer",
    "check",
    "debate",
    "debates",
    "events",
    "replay",
]

_HOMES = {
    "Check": "dialectic_actors.api.checks",
    "Debate": "dialectic_actors.api.runs",
    "DialecticError": "dialectic_events.errors",
    "Outcome": "dialectic_actors.api.outcome",
    "Store": "dialectic_actors.api.store",
    "answer": "dialectic_actors.api.answering",
    "check": "dialectic_actors.api.checks",
    "debate": "dialectic_actors.api.runs",
    "debates": "dialectic_actors.api.runs",
    "replay": "dialectic_actors.api.store",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "events":
        return import_module("dialectic_events")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
