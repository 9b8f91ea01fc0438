"""What the shells offer the actors: a gateway that asks models. A port is named here and built
elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from dialectic_actors.core.briefs import Brief, Shown
from dialectic_actors.core.roles import Role
from dialectic_events.calls import Ending
from dialectic_events.contents import Question, ToolCall, ToolResult, ToolSpec

__all__ = ["Ask", "Gateway", "Person", "Prompt", "Tools"]


class Prompt(Struct, frozen=True):
    """One message of a request, in words. `tools` are those that an assistant's message asked for,
    `answers` is the id of the one that a tool's message answers.
    """

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    tools: tuple[ToolCall, ...] = ()
    answers: str | None = None


class Ask(Struct, frozen=True):
    """One model call. `brief` and `role` serve providers that answer without a model; the others
    send `messages`. `schema` is the JSON Schema of the answer that is wanted, `tools` are those
    that may be asked for.
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
    schema: str | None = None
    tools: tuple[ToolSpec, ...] = ()


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
        """The ending is durable, or no longer wanted: forget it. A call that is still running is
        abandoned; nobody is told.
        """
        ...

    def recall(self, run: str) -> None:
        """End the run's calls that were not sent yet, as cancelled: nobody needs them any more."""
        ...

    def cancel(self, run: str) -> None:
        """Abandon the run's calls; nobody is told."""
        ...


class Tools(Protocol):
    """Uses tools that models ask for; whatever goes wrong is a result."""

    def use(
        self,
        run: str,
        calls: Sequence[ToolCall],
        ground: Sequence[Shown],
        offered: Collection[str],
    ) -> Iterator[ToolResult]:
        """What each call says, one after the other; `ground` is what may be searched of the debate,
        `offered` are the names of the tools that may be used. From any thread.
        """
        ...


class Person(Protocol):
    """Puts questions to a person: at a terminal, from a file, or to nobody."""

    @property
    def by(self) -> str:
        """How the answers come."""
        ...

    def put(
        self,
        run: str,
        turn: str,
        asker: str,
        questions: Sequence[Question],
        reply: Callable[[Sequence[str] | None], None],
    ) -> None:
        """Put the questions of the agent `asker` and tell `reply` the answers, in their order
        (None: nobody is there to answer). Returns at once; `reply` may be called from any thread.
        """
        ...

    def withdraw(self, run: str, turn: str) -> None:
        """The questions of this turn need no answer any more."""
        ...
