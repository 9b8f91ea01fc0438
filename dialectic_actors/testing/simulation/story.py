"""A simulated run as a story: who heard what, what became durable, what was sent, what struck."""

from __future__ import annotations

from collections.abc import Sequence

from dialectic_actors.actors.messages import (
    Abandoned,
    Committed,
    Due,
    Ended,
    Order,
    Overtaken,
    Read,
    Restarted,
    Take,
)
from dialectic_actors.actors.ports import Ask
from dialectic_actors.runtime.log import Stored
from dialectic_actors.runtime.shells import AgentActor, DebateActor
from dialectic_events.envelope import read_header
from dialectic_events.store import Appended, Batch, Outcome

__all__ = ["Story"]


class Story:
    """Lines of what happened, each with its time in seconds."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def hears(self, now_s: float, process: str, actor: object, message: object) -> None:
        """An actor is about to handle a message."""
        if isinstance(actor, AgentActor | DebateActor):
            self.note(now_s, f"{process} {actor.address}", f"hears {_words(message)}")

    def stored(self, now_s: float, batches: Sequence[Batch], outcomes: Sequence[Outcome]) -> None:
        """Something became durable, or was refused."""
        for batch, outcome in zip(batches, outcomes, strict=True):
            if not isinstance(outcome, Appended):
                self.note(now_s, "the store", f"refuses: {type(outcome).__name__}")
            elif outcome.repeated:
                self.note(now_s, "the store", "has that already")
            else:
                for record in batch.records:
                    header = read_header(record)
                    self.note(
                        now_s,
                        "the store",
                        f"keeps {header.version} {header.type} of {header.causation}",
                    )

    def sent(self, now_s: float, ask: Ask) -> None:
        """A call leaves the process."""
        self.note(now_s, "the provider", f"is asked {ask.call}")

    def note(self, now_s: float, who: str, what: str) -> None:
        """Whatever else there is to tell."""
        self.lines.append(f"{now_s:9.3f} s  {who:24} {what}")

    def __str__(self) -> str:
        return "\n".join(self.lines)


def _words(message: object) -> str:
    """A message in a few words, without the texts that it carries."""
    match message:
        case Order(id, command):
            return f"{type(command).__name__} ({id})"
        case Take(turn) | Read(turn):
            return f"{type(message).__name__} {turn.id}"
        case Ended(_, _, _, ending):
            error = getattr(ending, "error", None)
            return f"Ended {ending.call}" + (f" with {error}" if error else "")
        case Committed(head) | Overtaken(_, head):
            return f"{type(message).__name__} up to {head.version}"
        case Due(effect):
            return f"Due {effect}"
        case Restarted(address) | Abandoned(address):
            return f"{type(message).__name__} {address}"
        case Stored(outcome):
            return f"Stored ({type(outcome).__name__})"
        case _:
            return type(message).__name__.lstrip("_")
