"""Which words were sent for a turn, and whose they were: read from the requests in the log and the
parts that they name, not from what was planned.

How a turn is called by people is none of its concern; all ids here are those of the log.
"""

from __future__ import annotations

from collections.abc import Iterable

from dialectic_actors.core.briefs import brief_of
from dialectic_events.errors import IntegrityError
from dialectic_events.parts import refer, references, resolve, strands
from dialectic_events.store import Store
from dialectic_replay.order import in_order
from dialectic_replay.run import Run

__all__ = ["Sent"]


class Sent:
    """What the calls of a run were sent."""

    def __init__(self, store: Store, run: Run) -> None:
        self._store = store
        self._run = run
        self._texts: dict[str, str] = {}

    def words(self, pieces: Iterable[str]) -> str:
        """What the pieces of a prompt stand for."""
        return "".join(text for piece in pieces for text in resolve(piece, self._text))

    def saw(self, turn: str) -> tuple[str, ...]:
        """The turns whose contributions were sent when `turn` was asked for, in reading order.

        Of turns that said the very same, those count that `turn` was meant to be shown.
        """
        sent = self._parts(turn)
        if not sent:
            return ()
        run = self._run
        brief = brief_of(run, run.turns[turn])
        meant = {shown.turn: refer(shown.text) for shown in (*brief.earlier(), *brief.shown)}
        # The problem is sent to everybody, whoever repeats it.
        told = {*meant.values(), refer(brief.problem)}
        said = ((each.id, run.made(each.id)) for each in in_order(run))
        refs = ((id, refer(text)) for id, text in said if text is not None)
        return tuple(id for id, ref in refs if ref in sent and (id in meant or ref not in told))

    def _parts(self, turn: str) -> set[str]:
        """The references of all that was sent for a turn, in any attempt; those in ropes too."""
        run = self._run
        requests = (run.calls[call].requested for call in run.attempts.get(turn, ()))
        messages = (message for request in requests for message in request.messages)
        pending = [ref for message in messages for ref in references(message.parts)]
        found: set[str] = set()
        while pending:
            ref = pending.pop()
            if ref not in found:
                found.add(ref)
                pending.extend(strands(ref, self._text(ref)))
        return found

    def _text(self, ref: str) -> str:
        if ref not in self._texts:
            found = self._store.parts((ref,))
            if ref not in found:
                raise IntegrityError(f"part {ref[:13]}… of a prompt is missing")
            self._texts[ref] = found[ref]
        return self._texts[ref]
