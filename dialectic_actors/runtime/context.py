"""What the actors of one run share: where the others live, the ports, texts by reference, and what
the listener has heard.

All of it belongs to the loop's thread. No actor goes in here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pykka
from msgspec import Struct

from dialectic_actors.actors.messages import (
    DEBATE,
    Abandoned,
    AgentMessage,
    DebateMessage,
    Ended,
    HumanMessage,
    Order,
)
from dialectic_actors.core.roles import Role
from dialectic_actors.runtime.log import LogActor
from dialectic_actors.runtime.world import World
from dialectic_events.envelope import Envelope, Head
from dialectic_events.errors import IntegrityError
from dialectic_events.parts import OURS, ROPE, resolve
from dialectic_events.store import Lease, Store
from dialectic_replay.read import envelopes
from dialectic_replay.run import Run

__all__ = ["Failed", "Noticed", "RunContext", "tell"]


class Noticed(Struct, frozen=True):
    """The stream has grown to `head`: somebody else appended, or we did."""

    head: Head


class Failed(Struct, frozen=True):
    """An actor broke: which run and address, and what it raised."""

    run: str
    address: str
    reason: str


def tell(ref: pykka.ActorRef[Any], message: object) -> None:
    """Tell an actor something, if it still lives."""
    try:  # noqa: SIM105 - entering `suppress` costs more than telling
        ref.tell(message)
    except pykka.ActorDeadError:
        pass


class RunContext:
    """What the actors of one run share: its name, ports, directory, and texts by reference."""

    def __init__(
        self,
        stream: str,
        lease: Lease,
        store: Store,
        world: World,
        log: pykka.ActorRef[LogActor],
    ) -> None:
        self.stream, self.lease, self.store, self.world = stream, lease, store, world
        self.log = log
        self.directory: dict[str, pykka.ActorRef[Any]] = {}
        self.abandoned: dict[str, str] = {}
        self.roles: Mapping[str, Role] = {}
        self.texts: dict[str, str] = {}
        self.stored: set[str] = set()
        self.asked: set[str] = set()
        self.heard = 0
        self.listener: Callable[[Envelope], None] | None = None
        self.rested: Callable[[Run], None] = lambda run: None
        self.broken: Callable[[Exception], None] = lambda error: None
        self.is_ours: Callable[[], bool] = lambda: True
        self.failed: Callable[[Failed], None] = lambda failed: None

    def tell(self, address: str, message: AgentMessage | DebateMessage | HumanMessage) -> None:
        """Tell the actor at a logical address, whichever incarnation lives there."""
        if isinstance(message, Order):
            # A debate that breaks takes its mail with it, and an agent says a text only once.
            self.texts.update(message.parts)
        if address in self.abandoned:
            # What a call cost is recorded even when nobody is left to read its answer.
            endings = {message.ending.call: message.ending} if isinstance(message, Ended) else {}
            self.tell(DEBATE, Abandoned(address, self.abandoned[address], endings))
        elif (ref := self.directory.get(address)) is not None:
            tell(ref, message)

    @property
    def is_over(self) -> bool:
        """Whether the run has left: what is still in its mailboxes must not start anything."""
        return not self.directory

    def look(self) -> None:
        """See whether somebody else appended, and let the debate know."""
        head = self.store.head(self.stream)
        if head.version > self.heard and (ref := self.directory.get(DEBATE)) is not None:
            tell(ref, Noticed(head))

    def announce(self, tail: Iterable[Envelope]) -> None:
        """Tell the listener what is durable, each event once."""
        for envelope in tail:
            if envelope.header.version > self.heard:
                self.heard = envelope.header.version
                if self.listener is not None:
                    self.listener(envelope)

    def catch_up(self, head: Head) -> None:
        """Announce what became durable up to `head` while no debate was there to say so."""
        if self.heard < head.version:
            first = self.heard + 1
            self.announce(
                envelopes(self.store, self.stream, first=first, last=head.version, verify=False)
            )

    def words(self, pieces: Iterable[str]) -> str:
        """All that the pieces of a prompt stand for, one after the other."""
        said: list[str] = []
        known = self.texts.get
        for piece in pieces:
            mark = piece[:1]
            if mark == OURS:
                said.append(piece[1:])
            elif mark == ROPE:
                said.extend(resolve(piece, self.text))
            else:
                said.append(known(piece) or self.text(piece))
        return "".join(said)

    def text(self, ref: str) -> str:
        """The text behind one reference, from memory or the store."""
        text = self.texts.get(ref)
        if text is None:
            found = self.store.parts((ref,))
            if ref not in found:
                raise IntegrityError(f"part {ref[:13]}… is missing", where=self.stream)
            text = self.texts[ref] = found[ref]
            self.stored.add(ref)
        return text
