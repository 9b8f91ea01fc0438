"""Law 6: every prefix of a log can be resumed to a finished run.

The whole run is decided again from each prefix, so this is slow (quadratic in the log); what one
pass can show is judged elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, assert_never

from dialectic_actors.core.commands import (
    AskAgain,
    Command,
    Contribute,
    FailCall,
    PlaceCall,
    TakeUp,
)
from dialectic_actors.core.decide import decide, fold, react
from dialectic_actors.core.effects import Effect, MakeCall, ReadAnswer, TakeTurn
from dialectic_actors.testing.laws.checking import broken
from dialectic_actors.testing.laws.facts import compare
from dialectic_actors.testing.laws.stating import Breach, Law
from dialectic_actors.testing.laws.telling import LawBroken, tell
from dialectic_events.calls import (
    CallAnswered,
    CallFailed,
    CallRequested,
    Ending,
    Message,
    Usage,
)
from dialectic_events.envelope import Envelope
from dialectic_events.parts import refer
from dialectic_events.turns import Contribution, TurnFailed
from dialectic_events.union import Event
from dialectic_replay.read import known_event

__all__ = ["EVERY_PREFIX", "Answer", "calm", "prefixes"]

EVERY_PREFIX = Law(
    "every-prefix-resumes",
    6,
    "Every prefix of a log, at every event, can be resumed to a finished run that keeps all laws "
    "and, given the same answers, comes to the same facts.",
    lambda seen, event: None,
    (),
)
"""Law 6: of what comes after a log, so no check of it alone shows it."""

Answer: TypeAlias = Callable[[CallRequested], Ending]
"""How a call ends that the log says nothing of."""

_MISSED = "the answer missed its contract: "


def calm(request: CallRequested) -> CallAnswered:
    """A model that answers every call: what it says follows from the call's id."""
    text = f"the answer to {request.call}"
    return CallAnswered(call=request.call, text=text, model=request.model, usage=Usage(10, 5))


def prefixes(
    log: Sequence[Envelope | Event],
    *,
    answer: Answer = calm,
    lengths: Sequence[int] | None = None,
    most_steps: int = 10_000,
) -> int:
    """Take up prefixes of a log (of these `lengths`; all by default) and carry each on to its end;
    returns how many.

    What the log says of a call is what comes of it again; beyond that, `answer` says how calls end.
    When the log has ended and nobody was given up in it, each must come to the log's own facts.

    Raises LawBroken for the first prefix (its `version`) that does not end within `most_steps`
    steps, breaks a law on the way, or comes to other facts.
    """
    events = [known_event(each) if isinstance(each, Envelope) else each for each in log]
    script = _Script(events, answer)
    lengths = range(1, len(events) + 1) if lengths is None else lengths
    for length in lengths:
        finished = _finish(events[:length], script, most_steps)
        if finished is None:
            _refuse(events, length, f"the run goes on after {most_steps} steps")
            continue
        breaches = broken(finished, deep=False)
        if breaches:
            _refuse(events, length, f"taken up there, it breaks a law:\n{tell(breaches[0])}")
        if script.is_whole and (difference := compare(events, finished)):
            _refuse(events, length, f"taken up there, it comes to other facts:\n{difference}")
    return len(lengths)


def _refuse(events: Sequence[Event], length: int, detail: str) -> None:
    story = ((length, events[length - 1]),)
    raise LawBroken(Breach(EVERY_PREFIX, length, detail, story))


def _finish(prefix: Sequence[Event], script: _Script, most_steps: int) -> list[Event] | None:
    """The whole log of a run taken up at the end of a prefix; None if it does not end."""
    events, state = list(prefix), fold(prefix)
    command: Command = TakeUp(f"prefix {len(prefix)}")
    for step in range(most_steps):
        for event in decide(state, command):
            events.append(event)
            state.advance(event)
        if state.run.ended:
            return events
        effects = react(state)
        if effects:
            command = script.perform(next(iter(effects.values())))
        else:
            command = TakeUp(f"prefix {len(prefix)}, step {step}")
    return None


class _Script:
    """What a log says that agents and models did, as commands, and what `answer` says beyond."""

    def __init__(self, log: Sequence[Event], answer: Answer) -> None:
        self._answer = answer
        self._requests: dict[str, CallRequested] = {}
        self._endings: dict[str, Ending] = {}
        self._texts: dict[str, str] = {}
        self._missed: dict[str, str] = {}
        for event in log:
            match event:
                case CallRequested():
                    self._requests[event.call] = event
                case CallAnswered() | CallFailed():
                    self._endings[event.call] = event
                case Contribution():
                    self._texts[event.call or ""] = event.text
                case TurnFailed():
                    self._missed[event.turn] = event.reason
                case _:
                    pass
        self.is_whole = fold(log).run.ended and not any(map(self._given_up, self._missed))

    def perform(self, effect: Effect) -> Command:
        """What comes back when an effect is performed."""
        match effect:
            case TakeTurn(turn):
                return PlaceCall(turn.id, self._messages(f"{turn.id}#1", turn.id))
            case MakeCall(_, request, _):
                ending = self._endings.get(request.call) or self._answer(request)
            case ReadAnswer(_, answer):
                ending = answer
            case _:
                assert_never(effect)
        if isinstance(ending, CallFailed):
            return FailCall(ending.call, ending)
        return self._read(effect.turn.id, ending)

    def _read(self, turn: str, ending: CallAnswered) -> Command:
        number = int(ending.call.rpartition("#")[2]) + 1
        following = self._requests.get(f"{turn}#{number}")
        if following is not None and following.why == "contract":
            return AskAgain(ending.call, ending, ("as before",), following.messages)
        reason = self._missed.get(turn, "")
        if following is None and reason.startswith(_MISSED):
            findings = tuple(reason.removeprefix(_MISSED).split("; "))
            return AskAgain(ending.call, ending, findings, ())
        return Contribute(ending.call, ending, self._texts.get(ending.call, ending.text))

    def _messages(self, call: str, turn: str) -> tuple[Message, ...]:
        known = self._requests.get(call)
        return known.messages if known is not None else (Message("user", (refer(turn),)),)

    def _given_up(self, turn: str) -> bool:
        """Whether a turn failed because somebody said so, not for how its last call ended."""
        number = 1
        while f"{turn}#{number + 1}" in self._requests:
            number += 1
        ending = self._endings.get(f"{turn}#{number}")
        if isinstance(ending, CallFailed):
            return not self._missed[turn].startswith(ending.error)
        return ending is None or not self._missed[turn].startswith(_MISSED)
