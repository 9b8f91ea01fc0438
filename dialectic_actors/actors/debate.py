"""The debate: owns a run's stream. Decide, have it made durable, evolve, react; in this order,
always.

Nothing starts before the event that asks for it is durable. What arrives while events are being
made durable waits in a stash and is decided together. In flight is what was started and has not
come back: the only thing known here that is not in the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from dialectic_actors.actors.messages import (
    DEBATE,
    HUMAN,
    Abandoned,
    Append,
    Committed,
    DebateMessage,
    Deed,
    Due,
    NobodyAnswers,
    Order,
    Overtaken,
    Place,
    Put,
    Read,
    Recall,
    Release,
    Restarted,
    Take,
    Tell,
    Use,
    Used,
    Wait,
    Withdraw,
    address_of,
)
from dialectic_actors.core.briefs import Brief, Links, brief_of, ground_of
from dialectic_actors.core.commands import AwaitPerson, GiveUp, PassDeadline, Suspend
from dialectic_actors.core.computed import questions_of
from dialectic_actors.core.decide import State, react, take
from dialectic_actors.core.effects import (
    Effect,
    MakeCall,
    ReadAnswer,
    TakeTurn,
    UseTools,
    Wake,
)
from dialectic_events.calls import CallAnswered, CallFailed, Ending
from dialectic_events.turns import Turn
from dialectic_events.union import Event

__all__ = ["DebateBehavior"]


class DebateBehavior:
    """One run's part: a message in, deeds out. `state` is the fold of all that is durable, after
    every message.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self.in_flight: dict[str, str] = {}
        self._waiting: set[str] = set()
        self._unanswered: dict[str, None] = {}
        self._asked_at = 0
        self._stash: list[Order] = []
        self._pending: list[Order] = []
        self._decided: list[Event] = []
        self._draft: State | None = None
        self._links: Links = {}
        self._briefs: dict[str, Brief] = {}
        self._halted = False

    @property
    def at_rest(self) -> bool:
        """Whether nothing more will happen by itself: the run has ended, or is suspended with no
        call under way.
        """
        run = self.state.run
        if self._draft is not None or self._stash:
            return False
        rests = run.ended or run.status == "suspended"
        return rests and (self._halted or not self._sent())

    def receive(self, message: DebateMessage, *, more: bool = False) -> Iterable[Deed]:
        """What the debate does about a message. With `more` to come at once, orders wait for it, so
        that a burst is decided together.
        """
        deeds = list(self._heard(message))
        while self._draft is None and not more and self._has_work():
            deeds.extend(self._decide())
        return deeds

    def _has_work(self) -> bool:
        """Whether there is something to decide: orders, or whether only a person who is not there
        can take the run further; that is asked once in each state.
        """
        version = self.state.run.version
        if self._unanswered and not self._stash and self._asked_at != version:
            self._asked_at = version
            self._stash.append(Order(f"rest/{version}", AwaitPerson(tuple(self._unanswered))))
        return bool(self._stash)

    def _heard(self, message: DebateMessage) -> Iterable[Deed]:
        match message:
            case Order():
                self._stash.append(message)
                return ()
            case Committed():
                return self._committed()
            case Overtaken(tail):
                return self._overtaken(tail)
            case Due(effect):
                return self._due(effect)
            case Restarted(address):
                sent = [e for e, at in self.in_flight.items() if at == address and self._is_sent(e)]
                self._forget(address)
                return [*self._start(), *self._placed_again(sent)]
            case NobodyAnswers(turn):
                self._unanswered[turn] = None
                self._asked_at = 0
                return ()
            case Abandoned(address, reason, endings):
                self._give_up(address, reason, endings)
                return ()
            case _:
                assert_never(message)

    def _give_up(self, address: str, reason: str, endings: Mapping[str, Ending]) -> None:
        """Fail the turns that nobody will take at an address, and take in how their calls ended.

        Endings of calls of others are left to those: they are about to read them.
        """
        turns = {call: self.state.run.calls[call].requested.turn for call in endings}
        held = {
            turn: endings[call]
            for call, turn in turns.items()
            if address_of(self.state.run.turns[turn]) == address
        }
        lost = [turn for each in self._forget(address) if (turn := self._turn(each)) is not None]
        self._stash.extend(
            Order(f"{turn}/give-up", GiveUp(turn, reason, held.get(turn)))
            for turn in dict.fromkeys((*lost, *held))
        )

    def _decide(self) -> Iterable[Deed]:
        """Decide all that waits in the stash, on top of each other; one append makes it durable."""
        orders, self._stash = self._stash, []
        draft, groups = self.state.copy(), []
        for order in orders:
            self._halted = self._halted or isinstance(order.command, Suspend)
            events = take(draft, order.command)
            if events:
                groups.append((order.id, events))
        if not groups:
            return self._start()
        self._draft, self._pending = draft, orders
        self._decided = [event for _, events in groups for event in events]
        return (Append(tuple(groups)),)

    def _committed(self) -> Iterable[Deed]:
        if self._draft is None:
            raise RuntimeError("a commit was reported, but nothing was being made durable")
        was_running = self.state.run.status == "running"
        self.state, self._draft = self._draft, None
        orders, self._pending = self._pending, []
        endings = [getattr(order.command, "ending", None) for order in orders]
        # A call may also be ended by a decision, while the gateway still makes it.
        endings += [e for e in self._decided if isinstance(e, CallAnswered | CallFailed)]
        ended = tuple(dict.fromkeys([ending.call for ending in endings if ending is not None]))
        released = (Release(ended),) if ended else ()
        # Whoever suspended the run does not wait for what is under way.
        idle = was_running and self.state.run.status != "running" and not self._halted
        recalled = (Recall(),) if idle and self._sent() else ()
        return (*released, *recalled, *self._start())

    def _overtaken(self, tail: tuple[Event, ...]) -> Iterable[Deed]:
        """Take in what somebody else appended and decide again."""
        state = self.state.copy()
        for event in tail:
            state.advance(event)
        self.state, self._draft = state, None
        self._stash, self._pending = [*self._pending, *self._stash], []
        return () if self._stash else self._start()

    def _start(self) -> Iterable[Deed]:
        """Start what must be outstanding and is not in flight; forget what need not be any more."""
        outstanding = self.state.agenda.outstanding
        withdrawn: list[Deed] = []
        for done in self.in_flight.keys() - outstanding.keys():
            if self.in_flight.pop(done) == HUMAN:
                self._unanswered.pop(done, None)
                withdrawn.append(Tell(HUMAN, Withdraw(done)))
            self._waiting.discard(done)
        wanted = react(self.state)
        missing = wanted.keys() - self.in_flight.keys()
        if not missing:
            return withdrawn
        # A call for a turn that is about to be given up would be paid for nothing.
        given_up = {o.command.turn for o in self._stash if isinstance(o.command, GiveUp)}
        return withdrawn + [
            self._begin(each, effect)
            for each, effect in wanted.items()
            if each in missing and (isinstance(effect, Wake) or effect.turn.id not in given_up)
        ]

    def _begin(self, each: str, effect: Effect) -> Deed:
        if isinstance(effect, Wake):
            self.in_flight[each] = DEBATE
            self._waiting.add(each)
            return Wait(each, effect.after_s)
        address = self.in_flight[each] = address_of(effect.turn)
        match effect:
            case TakeTurn(turn) if address == HUMAN:
                return Tell(HUMAN, self._questions(turn))
            case TakeTurn(turn):
                brief = self._briefs[turn.id] = self._brief(turn)
                return Tell(address, Take(turn, brief))
            case MakeCall(turn, request):
                if request.delay_s > 0:
                    self._waiting.add(each)
                    return Wait(each, request.delay_s)
                return Place(effect, self._brief(turn))
            case ReadAnswer(turn, answer):
                request = self.state.run.calls[answer.call].requested
                return Tell(address, Read(turn, self._brief(turn), request, answer))
            case UseTools(turn, request, answer, used):
                if used is not None:
                    return Tell(address, Used(turn, request, answer, used, known=True))
                return Use(effect, ground_of(self.state.run, turn))
            case _:
                assert_never(effect)

    def _questions(self, turn: Turn) -> Put:
        run = self.state.run
        asker = run.turns[turn.target].speaker if turn.target is not None else ""
        return Put(turn, asker, questions_of(run, turn))

    def _due(self, each: str) -> Iterable[Deed]:
        if each not in self._waiting:
            return ()
        self._waiting.discard(each)
        effect = react(self.state).get(each)
        if isinstance(effect, Wake):
            order = Order(f"{each}/{self.state.run.version}/passed", PassDeadline(each))
            self._stash.append(order)
            return ()
        ends = self._draft is not None and each not in react(self._draft)
        if not isinstance(effect, MakeCall) or ends:
            # Suspended, or about to be ended; if it goes on, the wait is begun anew.
            del self.in_flight[each]
            return ()
        return (Place(effect, self._brief(effect.turn)),)

    def _brief(self, turn: Turn) -> Brief:
        """What a turn is shown: by its call the same as by the asking for it just before."""
        brief = self._briefs.pop(turn.id, None)
        if brief is not None and brief.turn == turn:
            return brief
        return brief_of(self.state.run, turn, self._links)

    def _is_sent(self, each: str) -> bool:
        """Whether an effect is a call that the gateway was given."""
        effect = self.state.agenda.outstanding.get(each)
        return isinstance(effect, MakeCall) and each not in self._waiting

    def _placed_again(self, sent: Iterable[str]) -> Iterable[Deed]:
        """Ask the gateway once more how calls end, in a run that rests or has ended and asks for
        nothing else: what they cost is recorded all the same.
        """
        for each in sent:
            effect = self.state.agenda.outstanding.get(each)
            if isinstance(effect, MakeCall) and each not in self.in_flight:
                self.in_flight[each] = address_of(effect.turn)
                yield Place(effect, self._brief(effect.turn))

    def _forget(self, address: str) -> list[str]:
        """Count nothing as in flight at an address; what was is returned."""
        gone = [each for each, at in self.in_flight.items() if at == address]
        for each in gone:
            del self.in_flight[each]
            self._waiting.discard(each)
        return gone

    def _turn(self, each: str) -> str | None:
        effect = self.state.agenda.outstanding.get(each)
        return effect.turn.id if effect is not None and not isinstance(effect, Wake) else None

    def _sent(self) -> bool:
        """Whether a call is under way at the gateway."""
        outstanding = self.state.agenda.outstanding
        return any(
            isinstance(outstanding.get(each), MakeCall)
            for each in self.in_flight
            if each not in self._waiting
        )
