"""Runs recorded as the shells record them, command by command, with real requests and all that can
go wrong; for those who decide them again.

No assertions in here; a test says what it expects.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import cast, get_args

from msgspec import Struct

from dialectic_actors.actors.agent import AgentBehavior
from dialectic_actors.actors.cast import cast_of
from dialectic_actors.actors.messages import AgentMessage, Ended, Order, Read, Take, Used
from dialectic_actors.actors.redecide import redecide
from dialectic_actors.core.briefs import brief_of
from dialectic_actors.core.commands import GiveUp, Open, PassDeadline, Suspend, TakeUp
from dialectic_actors.core.decide import State, decide, react
from dialectic_actors.core.divergence import Divergence
from dialectic_actors.core.effects import MakeCall, ReadAnswer, TakeTurn, UseTools, Wake
from dialectic_actors.testing.answers import marks_in, spoken
from dialectic_actors.testing.batches import batch_of, head_after
from dialectic_actors.testing.driving import answers, uses
from dialectic_events.calls import CallAnswered, CallFailed, CallRequested, Ending, ErrorClass
from dialectic_events.envelope import Envelope, Head, read_header
from dialectic_events.runs import RunOpened
from dialectic_events.union import Event

__all__ = ["STREAM", "Recorded", "again", "agents_of", "recorded"]

STREAM = "deb-1"
_ERRORS: tuple[ErrorClass, ...] = get_args(ErrorClass)
_TEXTS = ("A queue.", "…", "  Two queues.\n", "")


class Recorded(Struct, frozen=True):
    """A run as it was stored, and the texts of its parts."""

    log: tuple[Envelope, ...]
    texts: Mapping[str, str]

    @property
    def opened(self) -> RunOpened:
        """Its opening."""
        return cast("RunOpened", self.log[0].event)

    @property
    def events(self) -> list[Event]:
        """Its facts."""
        return [cast("Event", envelope.event) for envelope in self.log]

    def version(self, kind: type[object], part: str = "") -> int:
        """The version of the first event of a kind whose call or turn contains `part`."""
        return next(
            envelope.header.version
            for envelope in self.log
            if isinstance(envelope.event, kind)
            and part in str(getattr(envelope.event, "call", getattr(envelope.event, "turn", "")))
        )


def agents_of(opened: RunOpened, texts: Mapping[str, str]) -> dict[str, AgentBehavior]:
    """The agents of a run, who remember nothing yet."""
    return cast_of(opened, texts.__getitem__).speakers()


def again(run: Recorded, opened: RunOpened | None = None) -> Divergence | None:
    """Decide a run again with the code of now."""
    opening = opened or run.opened
    agents = agents_of(opening, run.texts)
    return redecide(run.log, opening, agents, run.texts.__getitem__)


def recorded(
    opening: tuple[RunOpened, Mapping[str, str]], seed: int = 0, trouble: float = 0.0
) -> Recorded:
    """A run to its end; `trouble` is the share of steps at which something goes wrong."""
    random = Random(seed)
    opened, texts = opening[0], dict(opening[1])
    agents, state, log = agents_of(opened, texts), State(), list[Envelope]()
    order = Order("open", Open(opened))
    head = Head()
    for step in range(3_000):
        texts |= order.parts
        events = decide(state, order.command)
        if events:
            batch = batch_of(STREAM, list(events), head, command=order.id)
            head = head_after(batch)
            for record, event in zip(batch.records, events, strict=True):
                log.append(Envelope(record.version, read_header(record), event))
                state.advance(event)
        if state.run.ended:
            return Recorded(tuple(log), texts)
        order = _next(random, state, agents, trouble, step)
    raise AssertionError("the run does not end")


def _next(
    random: Random, state: State, agents: Mapping[str, AgentBehavior], trouble: float, step: int
) -> Order:
    effects = react(state)
    if state.run.status == "suspended" and random.random() < 0.7:
        # What was sent before the run came to rest is still taken in.
        effects = {id: e for id, e in state.agenda.outstanding.items() if isinstance(e, MakeCall)}
    if not effects or random.random() < trouble / 8:
        return Order(f"take-up/{step}", TakeUp(f"claim-{step}"))
    if random.random() < trouble / 8:
        return Order(f"suspend/{step}", Suspend("a person said so"))
    effect = effects[random.choice(sorted(effects))]
    if isinstance(effect, Wake):
        return Order(f"{effect.id}/{state.run.version}/passed", PassDeadline(effect.id))
    if random.random() < trouble / 16:
        ending = _ending(random, effect.request, 1.0) if isinstance(effect, MakeCall) else None
        chosen = random.choice((None, ending))
        return Order(f"{effect.turn.id}/give-up", GiveUp(effect.turn.id, "nobody", chosen))
    if isinstance(effect, TakeTurn) and effect.turn.kind == "answer":
        return Order(f"{effect.turn.id}/answer", answers(state, effect.turn))
    message = _message(random, state, effect, trouble)
    (tell,) = agents[effect.turn.speaker].receive(message)
    return cast("Order", tell.message)


def _message(
    random: Random,
    state: State,
    effect: TakeTurn | MakeCall | ReadAnswer | UseTools,
    trouble: float,
) -> AgentMessage:
    brief = brief_of(state.run, effect.turn)
    match effect:
        case TakeTurn(turn):
            return Take(turn, brief)
        case MakeCall(turn, request, _):
            return Ended(turn, brief, request, _ending(random, request, trouble))
        case ReadAnswer(turn, answer):
            return Read(turn, brief, state.run.calls[answer.call].requested, answer)
        case UseTools(turn, request, answer, used):
            said = used if used is not None else uses(answer)
            return Used(turn, request, answer, said, used is not None)


def _ending(random: Random, request: CallRequested, trouble: float) -> Ending:
    if random.random() >= trouble:
        text = spoken(request.turn, f"On {request.call}.", marks_in(request))
        return CallAnswered(call=request.call, text=text, model=request.model)
    if random.random() < 0.5:
        return CallFailed(call=request.call, error=random.choice(_ERRORS), detail="as drawn")
    return CallAnswered(call=request.call, text=random.choice(_TEXTS), model=request.model)
