"""Deciding a stored run again: what today's core and agents make of what was heard then.

A stored event is evidence of the command that led to it. The command is formed anew from the state
before it, decided, and what follows is compared with what is stored, event by event; so the state
is only ever made of events that today's code decides as well. Nothing is read or written here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby, zip_longest

from dialectic_actors.actors.agent import AgentBehavior
from dialectic_actors.actors.messages import AgentMessage, Ended, Order, Take, Used
from dialectic_actors.core.briefs import Links, brief_of
from dialectic_actors.core.commands import (
    AwaitPerson,
    Command,
    GiveAnswer,
    GiveUp,
    Open,
    PassDeadline,
    Suspend,
    TakeUp,
)
from dialectic_actors.core.decide import State, react, take
from dialectic_actors.core.divergence import Difference, Divergence, about, between_events, named
from dialectic_actors.core.effects import TakeTurn
from dialectic_events.calls import CallAnswered, CallFailed, CallLost, ToolsUsed
from dialectic_events.envelope import Envelope
from dialectic_events.errors import DialecticError, IntegrityError
from dialectic_events.runs import RunOpened, RunResumed, RunSuspended
from dialectic_events.turns import AnswerGiven, TurnFailed
from dialectic_events.union import Event, tag_of
from dialectic_replay.read import known_event

__all__ = ["TURNS_LIMIT", "redecide"]

TURNS_LIMIT = 1_000_000
"""Turns that a run may ask for; a log that asks for more was not written by a debate."""


def redecide(
    log: Iterable[Envelope],
    opened: RunOpened,
    agents: Mapping[str, AgentBehavior],
    text: Callable[[str], str],
) -> Divergence | None:
    """The first event of a run, after its opening, that today's code does not decide as it is
    stored; None when there is none.

    `opened` takes the place of the stored opening, so that a run can be decided under another
    configuration; pass the stored one to judge the code alone. `agents` speak for the ids that
    `opened` names, `text` finds the words behind a stored reference. What a command carries from
    outside (endings of calls, reasons of people) is taken from the log. Raises IntegrityError for a
    log that no run can have written, DialecticError for one that this version cannot decide.
    """
    walk = _Walk(opened, agents, text)
    for causation, group in groupby(log, key=lambda envelope: envelope.header.causation):
        found = walk.over(causation, list(group))
        if found is not None:
            return found
    return walk.end()


class _Walk:
    """A run that is decided again, up to some event."""

    def __init__(
        self,
        opened: RunOpened,
        agents: Mapping[str, AgentBehavior],
        text: Callable[[str], str],
    ) -> None:
        self._opened = opened
        self._agents = agents
        self._stored = text
        self._texts: dict[str, str] = {}
        self._links: Links = {}
        self._state = State()
        self._last: Envelope | None = None

    def over(self, causation: str, group: Sequence[Envelope]) -> Divergence | None:
        """Decide the command that led to some events, and compare."""
        events = [known_event(envelope) for envelope in group]
        where = f"{group[0].header.stream}:{group[0].header.version}"
        try:
            command = self._command(causation, events)
            decided = () if command is None else take(self._state, command)
        except DialecticError as error:
            error.where = error.where or where
            raise
        except Exception as error:
            difference = Difference("", named(events[0]), f"{type(error).__name__}: {error}")
            return _divergence(group[0], events[0], difference)
        self._last = group[-1]
        return self._compare(group, events, decided)

    def end(self) -> Divergence | None:
        """What is left when the whole log was decided alike: turns that the protocol does not name
        today, or that it names and nobody settled before the run was concluded.
        """
        run, turns = self._state.run, self._state.agenda.turns
        if self._last is None:
            raise IntegrityError("the run has no events")
        last = known_event(self._last)
        for turn, result in run.results.items():
            if turn not in turns:
                gone = Difference(f"turns[{turn}]", result.outcome, None)
                return _divergence(self._last, last, gone)
        if run.status in ("concluded", "partial"):
            for turn in turns:
                if turn not in run.results:
                    new = Difference(f"turns[{turn}]", None, "named and never settled")
                    return _divergence(self._last, last, new)
        return None

    def _compare(
        self, group: Sequence[Envelope], events: Sequence[Event], decided: Sequence[Event]
    ) -> Divergence | None:
        for envelope, recorded, today in zip_longest(group, events, decided):
            difference: Difference | None
            if recorded is None:
                difference = Difference("", None, named(today))
                return _divergence(group[-1], today, difference, after=1)
            if today is None:
                difference = Difference("", named(recorded), None)
            elif isinstance(recorded, RunOpened) and today is self._opened:
                # Other openings are compared as a whole, by whoever chose this one.
                continue
            else:
                difference = between_events(recorded, today, self._text)
            if difference is not None:
                return _divergence(envelope, recorded, difference)
        return None

    def _command(self, causation: str, events: Sequence[Event]) -> Command | None:
        """The command that is known by this id, formed anew; None when nobody would give it."""
        first, (owner, _, verb) = events[0], causation.rpartition("/")
        if self._state.run.opened is None:
            return self._open(first)
        if verb == "place":
            return self._place(owner)
        if verb in ("end", "read"):
            return self._end(owner, first)
        if verb in ("tools", "go-on"):
            return self._go_on(owner, first, known=verb == "go-on")
        if verb == "answer":
            return GiveAnswer(owner, first) if isinstance(first, AnswerGiven) else None
        if verb == "passed":
            return PassDeadline(owner.rpartition("/")[0])
        if verb == "give-up":
            return _give_up(owner, events)
        if owner == "take-up":
            claims = first.claim if isinstance(first, RunResumed | CallLost) else causation
            return TakeUp(claims)
        if owner == "rest":
            return AwaitPerson(first.waits_for) if isinstance(first, RunSuspended) else None
        if owner == "suspend":
            return Suspend(first.reason if isinstance(first, RunSuspended) else "")
        if causation == "open":
            return Open(self._opened)
        raise IntegrityError(f"no command is known by the id {causation[:80]!r}")

    def _open(self, first: Event) -> Command:
        if not isinstance(first, RunOpened):
            raise IntegrityError("its first event does not open a run")
        for stage in (*first.stages, *self._opened.stages):
            if stage.rounds * len(stage.agents) * (len(stage.agents) + 1) > TURNS_LIMIT:
                raise IntegrityError(f"stage {stage.name!r} asks for more than {TURNS_LIMIT} turns")
        return Open(self._opened)

    def _place(self, turn: str) -> Command | None:
        effect = react(self._state).get(turn)
        if not isinstance(effect, TakeTurn):
            return None
        brief = brief_of(self._state.run, effect.turn, self._links)
        return self._answer(effect.turn.speaker, Take(effect.turn, brief))

    def _end(self, call: str, first: Event) -> Command:
        known = self._state.run.calls.get(call)
        if known is None:
            raise IntegrityError(f"the call {call[:200]!r} ends and was never requested")
        ending = first if isinstance(first, CallAnswered | CallFailed) else known.ended
        if ending is None:
            raise IntegrityError(f"something follows the end of {call}, which has none")
        turn = self._state.run.turns[known.requested.turn]
        brief = brief_of(self._state.run, turn, self._links)
        return self._answer(turn.speaker, Ended(turn, brief, known.requested, ending))

    def _go_on(self, call: str, first: Event, *, known: bool) -> Command:
        """What an agent made of its tools."""
        state = self._state.run.calls.get(call)
        answer = state.ended if state is not None else None
        used = first if isinstance(first, ToolsUsed) else state.used if state is not None else None
        if state is None or used is None or not isinstance(answer, CallAnswered):
            raise IntegrityError(f"the call {call[:200]!r} goes on and never asked for tools")
        turn = self._state.run.turns[state.requested.turn]
        return self._answer(turn.speaker, Used(turn, state.requested, answer, used, known))

    def _answer(self, agent: str, message: AgentMessage) -> Command:
        (tell,) = self._agents[agent].receive(message)
        if not isinstance(tell.message, Order):
            raise TypeError(f"{agent} answers with {tell.message!r}, which is no order")
        self._texts.update(tell.message.parts)
        return tell.message.command

    def _text(self, ref: str) -> str:
        found = self._texts.get(ref)
        return self._stored(ref) if found is None else found


def _give_up(turn: str, events: Sequence[Event]) -> Command:
    """A turn that only a broken actor explains."""
    first = events[0]
    reasons = [e.reason for e in events if isinstance(e, TurnFailed) and e.turn == turn]
    ending = first if isinstance(first, CallAnswered | CallFailed) else None
    return GiveUp(turn, reasons[0] if reasons else "", ending)


def _divergence(
    envelope: Envelope, event: Event, difference: Difference, after: int = 0
) -> Divergence:
    return Divergence(
        run=envelope.header.stream,
        version=envelope.header.version + after,
        type=tag_of(type(event)),
        about=about(event),
        field=difference.field,
        recorded=difference.recorded,
        today=difference.today,
    )
