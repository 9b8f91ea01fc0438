"""What the shells offer the actors: a gateway that asks models. A port is named here and built
elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from msgspec import Struct

from dialectic_actors.core.briefs import Brief
from dialectic_actors.core.roles import Role
from dialectic_events.calls import Ending

__all__ = ["Ask", "Gateway", "Prompt"]


class Prompt(Struct, frozen=True):
    """One message of a request, in words."""

    role: Literal["system", "user", "assistant"]
    text: str


class Ask(Struct, frozen=True):
    """One model call. `brief` and `role` serve providers that answer without a model; the others
    send `messages`.
    """

    run: str
    call: str
    provider: str
    model: str
    messages: tuple[Prompt, ...]
    deadline_s: float
    temperature: float | None
    seed: int
    brief: Brief
    role: Role


class Gateway(Protocol):
    """Makes calls, each at most once at a time, and holds an ending until it is durable."""

    def start(self, ask: Ask, reply: Callable[[Ending], None]) -> None:
        """Make the call and tell `reply` its ending. A running call only gets the new `reply`; an
        ended one answers again.
        """
        ...

    def holding(self, run: str) -> Mapping[str, Ending]:
        """The endings of a run's calls that are not known to be durable, by call."""
        ...

    def release(self, run: str, call: str) -> None:
        """The ending is durable: forget it."""
        ...

    def cancel(self, run: str) -> None:
        """Abandon the run's calls; nobody is told."""
        ...
