"""The human: puts an agent's questions to a person and carries the answers back.

While somebody is asked, another process may answer as well: the log is looked at from time to time.
How a person is asked is the port's affair.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from msgspec import Struct

from dialectic_actors.actors.messages import (
    DEBATE,
    HUMAN,
    HumanMessage,
    NobodyAnswers,
    Order,
    Put,
    Withdraw,
)
from dialectic_actors.core.commands import GiveAnswer
from dialectic_actors.core.computed import answered
from dialectic_actors.runtime.context import RunContext, tell
from dialectic_actors.runtime.dispatcher import Cancel, Dispatcher
from dialectic_actors.runtime.shells import Shell

__all__ = ["LOOK_S", "HumanActor"]

LOOK_S = 0.5
"""How often the log is looked at while a person is asked, in seconds."""


class _Replied(Struct, frozen=True):
    """A person's answers to what was put; None when nobody is there."""

    put: Put
    answers: tuple[str, ...] | None


class _Look(Struct, frozen=True):
    """See whether somebody else has answered."""


class HumanActor(Shell):
    """Asks a person on behalf of one run."""

    def __init__(self, dispatcher: Dispatcher, context: RunContext) -> None:
        super().__init__(dispatcher, context, HUMAN)
        self._cancel_look: Cancel | None = None
        self._said: dict[str, _Replied | None] = {}

    def on_receive(self, message: HumanMessage | _Replied | _Look) -> None:
        """Ask, take back, or carry an answer to the debate."""
        if self.context.is_over:
            return
        match message:
            case Put():
                self._put(message)
            case Withdraw(turn):
                _ = self._said.pop(turn, None)
                self.context.asked.discard(turn)
                self.context.world.person.withdraw(self.context.stream, turn)
            case _Replied():
                self._replied(message)
            case _Look():
                self._cancel_look = None
                self.context.look()
                self._plan_look()
            case _:
                assert_never(message)

    def on_stop(self) -> None:
        """Leave no timer behind."""
        if self._cancel_look is not None:
            self._cancel_look()

    def _put(self, put: Put) -> None:
        """Ask, once: a debate that was rebuilt hears what was said to the one before."""
        context, dispatcher, turn = self.context, self.dispatcher, put.turn.id
        if turn in self._said:
            if (said := self._said[turn]) is not None:
                self._replied(said)
            return

        def heard(said: _Replied) -> None:
            if (ref := context.directory.get(HUMAN)) is not None:
                tell(ref, said)

        def reply(answers: Sequence[str] | None) -> None:
            said = _Replied(put, None if answers is None else tuple(answers))
            dispatcher.call(lambda: heard(said))

        self._said[turn] = None
        context.asked.add(turn)
        self._plan_look()
        context.world.person.put(context.stream, turn, put.asker, put.questions, reply)

    def _replied(self, said: _Replied) -> None:
        put, answers, turn = said.put, said.answers, said.put.turn
        if turn.id not in self.context.asked:
            return
        self._said[turn.id] = said
        if answers is None:
            self.context.tell(DEBATE, NobodyAnswers(turn.id))
            return
        given = answered(turn, put.questions, answers, self.context.world.person.by)
        self.context.tell(DEBATE, Order(f"{turn.id}/answer", GiveAnswer(turn.id, given)))

    def _plan_look(self) -> None:
        if self.context.asked and self._cancel_look is None:
            self._cancel_look = self.dispatcher.call_later(
                LOOK_S, lambda: tell(self.actor_ref, _Look())
            )
