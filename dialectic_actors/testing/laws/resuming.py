"""Law 6: every prefix of a log can be resumed to a finished run.

The whole run is decided again from each prefix, so this is slow (quadratic in the log); what one
pass can show is judged elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, assert_never

from dialectic_actors.core.commands import (
    AskAgain,
    AskTools,
    Command,
    Contribute,
    FailCall,
    GiveAnswer,
    GoOn,
    PassDeadline,
    PlaceCall,
    TakeUp,
)
from dialectic_actors.core.computed import answered, questions_of
from dialectic_actors.core.decide import decide, fold, react
from dialectic_actors.core.effects import Effect, MakeCall, ReadAnswer, TakeTurn, UseTools, Wake
from dialectic_actors.testing.answers import heard, marks_in, request_for, spoken
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
    ToolsUsed,
    Usage,
)
from dialectic_events.envelope import Envelope
from dialectic_events.parts import refer
from dialectic_events.runs import FailurePolicy
from dialectic_events.turns import AnswerGiven, Contribution, Turn, TurnFailed
from dialectic_events.union import Event, Made
from dialectic_replay.read import known_event
from dialectic_replay.run import Run

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
    text = spoken(request.turn, f"the answer to {request.call}", marks_in(request))
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
        # Nothing takes its time here, so no deadline passes by itself.
        effects = {id: each for id, each in react(state).items() if not isinstance(each, Wake)}
        if effects:
            command = script.perform(state.run, next(iter(effects.values())))
        else:
            command = TakeUp(f"prefix {len(prefix)}, step {step}")
    return None


def _offers(effect: Effect) -> bool:
    """Whether the answer that an effect is about may ask for tools."""
    return isinstance(effect, MakeCall) and bool(effect.request.tools)


def _next(call: str) -> str:
    turn, _, number = call.rpartition("#")
    return f"{turn}#{int(number) + 1}"


class _Script:
    """What a log says that agents and models did, as commands, and what `answer` says beyond."""

    def __init__(self, log: Sequence[Event], answer: Answer) -> None:
        self._answer = answer
        self._requests: dict[str, CallRequested] = {}
        self._endings: dict[str, Ending] = {}
        self._made: dict[str, Made] = {}
        self._answers: dict[str, AnswerGiven] = {}
        self._used: dict[str, ToolsUsed] = {}
        self._missed: dict[str, str] = {}
        for event in log:
            match event:
                case CallRequested():
                    self._requests[event.call] = event
                case CallAnswered() | CallFailed():
                    self._endings[event.call] = event
                case ToolsUsed():
                    self._used[event.call] = event
                case AnswerGiven():
                    self._answers[event.turn] = event
                case Contribution():
                    self._made[event.call or ""] = event
                case TurnFailed():
                    self._missed[event.turn] = event.reason
                case _:
                    pass
        whole = fold(log).run
        self.is_whole = whole.ended and not any(map(self._given_up, self._missed))
        if whole.opened is not None and whole.status == "failed":
            # What was said before a failure stopped the run is nothing that the answers decide.
            lenient = (stage.failure == FailurePolicy() for stage in whole.opened.stages)
            self.is_whole = self.is_whole and all(lenient)

    def perform(self, run: Run, effect: Effect) -> Command:
        """What comes back when an effect is performed."""
        match effect:
            case TakeTurn(turn) if turn.kind == "answer":
                asked = questions_of(run, turn)
                given = self._answers.get(turn.id) or answered(turn, asked, (), "nobody")
                return GiveAnswer(turn.id, given)
            case TakeTurn(turn):
                if (first := self._first(turn)) is not None:
                    return PlaceCall(turn.id, first.messages, first.schema_part)
                return PlaceCall(turn.id, request_for(run, turn))
            case MakeCall(turn, request, _):
                known = self._endings.get(request.call) if self._first(turn) else None
                ending = known or self._answer(request)
            case ReadAnswer(_, answer):
                ending = answer
            case UseTools(_, request, answer, used):
                return self._go_on(request, answer, used)
            case Wake(id):
                return PassDeadline(id)
            case _:
                assert_never(effect)
        if isinstance(ending, CallFailed):
            return FailCall(ending.call, ending)
        if ending.tools and _offers(effect):
            return AskTools(ending.call, ending)
        return self._read(run, effect.turn, ending)

    def _first(self, turn: Turn) -> CallRequested | None:
        """How the log asks for a turn, if it shows it the same: where a deadline passed, it may
        not.
        """
        first = self._requests.get(f"{turn.id}#1")
        return first if first is not None and first.plan == turn else None

    def _go_on(
        self, request: CallRequested, answer: CallAnswered, used: ToolsUsed | None
    ) -> Command:
        said = used or self._used.get(answer.call) or ToolsUsed(call=answer.call, results="[]")
        following = self._requests.get(_next(answer.call))
        messages = following.messages if following is not None else request.messages
        return GoOn(answer.call, said, messages)

    def _read(self, run: Run, turn: Turn, ending: CallAnswered) -> Command:
        if self._first(turn) is None:
            return heard(run, turn, ending, (Message("user", (refer(f"again {ending.call}"),)),))
        following = self._requests.get(_next(ending.call))
        if following is not None and following.why == "contract":
            return AskAgain(ending.call, ending, ("as before",), following.messages)
        reason = self._missed.get(turn.id, "")
        if following is None and reason.startswith(_MISSED):
            findings = tuple(reason.removeprefix(_MISSED).split("; "))
            return AskAgain(ending.call, ending, findings, ())
        if (made := self._made.get(ending.call)) is not None:
            return Contribute(ending.call, ending, made)
        return heard(run, turn, ending, (Message("user", (refer(f"again {ending.call}"),)),))

    def _given_up(self, turn: str) -> bool:
        """Whether a turn failed because somebody said so, not for how its last call ended."""
        number = 1
        while f"{turn}#{number + 1}" in self._requests:
            number += 1
        ending = self._endings.get(f"{turn}#{number}")
        if isinstance(ending, CallFailed):
            return not self._missed[turn].startswith(ending.error)
        return ending is None or not self._missed[turn].startswith(_MISSED)
