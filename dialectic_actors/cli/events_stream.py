"""A run as JSON lines on stdout, for programs: that it was launched, each event, how it ended.

No last line means that the process died. What is said to people does not belong in here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from dialectic_actors.cli.terminal import json_data
from dialectic_events.codec import Redacted, Unknown
from dialectic_events.envelope import Envelope
from dialectic_events.turns import SynthesisMade

if TYPE_CHECKING:
    from dialectic_actors.api.outcome import Outcome

__all__ = ["SCHEMA", "EventsStream", "both"]

Listener = Callable[[Envelope], None]

SCHEMA = "dialectic.jsonl/1"


class EventsStream:
    """Writes a line at a time, flushed; whoever stops reading does not stop the run."""

    def __init__(self, ref: str, store: str, *, past: Sequence[Envelope] = ()) -> None:
        """`store` names the log; `past` are events of a run that is taken up again: they are not
        written.
        """
        self._ref = ref
        self._solution: int | None = None
        for envelope in past:
            self._note(envelope)
        after = past[-1].header.version if past else 0
        launch = {"schema": SCHEMA, "id": ref, "pid": os.getpid(), "store": store, "after": after}
        _line("launch", launch)

    def __call__(self, envelope: Envelope) -> None:
        """Write an event, its texts in place."""
        self._note(envelope)
        header, event = envelope.header, envelope.event
        payload = None if isinstance(event, Redacted | Unknown) else event
        at = header.recorded_at
        row = {"version": header.version, "type": header.type, "at": at, "payload": payload}
        _line("event", row)

    def _note(self, envelope: Envelope) -> None:
        if isinstance(envelope.event, SynthesisMade):
            self._solution = envelope.header.version

    def done(self, outcome: Outcome) -> None:
        """Write how the run came to rest, and where its solution is."""
        solution = None if self._solution is None else f"{self._ref}:{self._solution}"
        file = outcome.state_file
        row = {
            "id": self._ref,
            "status": outcome.status,
            "exit_code": int(outcome.exit_code),
            "reason": outcome.run.reason or None,
            "solution": solution,
            "state_file": None if file is None else str(file),
        }
        _line("done", row)


def both(watch: Listener, stream: EventsStream | None) -> Listener:
    """Let a program read each event, too, before a person does."""
    if stream is None:
        return watch

    def hear(envelope: Envelope) -> None:
        stream(envelope)
        watch(envelope)

    return hear


def _line(kind: str, row: dict[str, object]) -> None:
    json_data(msgspec.json.encode({"line": kind} | row).decode())
