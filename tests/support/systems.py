"""Whole runs on real actors: stores that a test can watch and step into, and what is compared
afterwards.

No assertions in here; a test says what it expects.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import msgspec

from dialectic_actors.actors.cast import cast_of
from dialectic_actors.actors.messages import AgentMessage, Ended, Read, Take, Used
from dialectic_actors.actors.ports import Ask, Prompt
from dialectic_actors.core.briefs import Brief, brief_of
from dialectic_actors.core.commands import Open
from dialectic_actors.core.decide import State, decide, react
from dialectic_actors.core.effects import MakeCall, ReadAnswer, TakeTurn, UseTools, Wake
from dialectic_actors.core.roles import Role
from dialectic_actors.runtime.system import System
from dialectic_actors.testing.answers import said
from dialectic_actors.testing.driving import answers, uses
from dialectic_events.calls import CallAnswered, CallLost, CallRequested, Ending, Usage
from dialectic_events.envelope import Envelope
from dialectic_events.parts import resolve
from dialectic_events.runs import RunOpened
from dialectic_events.store import Batch, Outcome, Store
from dialectic_events.stores.memory import MemoryStore
from dialectic_events.union import Event
from dialectic_replay.read import envelopes, known_event
from support.stub_gateway import StubGateway, opening

__all__ = [
    "PATIENCE_S",
    "SpyStore",
    "answer_to",
    "events_in",
    "facts",
    "hosting",
    "log_of",
    "plain_run",
    "timers_of",
]

PATIENCE_S = 10.0
"""How long a test waits for what must come; longer means that it never will."""

_TIMELESS = frozenset({"latency_ms", "response_id"})


class SpyStore:
    """A store before another: `before` sees every append, by number from 1, and may hold or refuse
    it.
    """

    def __init__(
        self,
        inner: Store | None = None,
        before: Callable[[int, Sequence[Batch]], None] = lambda number, batches: None,
    ) -> None:
        self.inner = inner or MemoryStore()
        self.before = before
        self.appends = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def append(self, batches: Sequence[Batch]) -> list[Outcome]:
        """Append to the inner store."""
        self.appends += 1
        self.before(self.appends, batches)
        return self.inner.append(batches)

    @property
    def port(self) -> Store:
        """This store as what it stands for."""
        return cast("Store", self)


@contextmanager
def hosting(store: Store, gateway: StubGateway | None = None) -> Iterator[System]:
    """A system with a stand-in for models."""
    with System(store, cast("Any", opening(gateway or StubGateway()))) as system:
        yield system


def timers_of(system: System) -> list[float]:
    """In how many seconds a system's loop is still going to do something."""
    dues, done = list[float](), threading.Event()

    def look() -> None:
        loop: Any = asyncio.get_running_loop()
        dues.extend(t.when() - loop.time() for t in loop._scheduled if not t.cancelled())
        done.set()

    system.call(look)
    assert done.wait(PATIENCE_S)
    return dues


def answer_to(ask: Ask) -> CallAnswered:
    """What the stand-in says: a function of what it was asked, and of nothing else."""
    words = sum(len(prompt.text) for prompt in ask.messages)
    return CallAnswered(
        call=ask.call,
        text=said(ask, f"{ask.call}: {words}"),
        model=ask.model,
        usage=Usage(words, 5),
    )


def facts(events: Iterable[Event]) -> Counter[bytes]:
    """The facts of a run: payloads without latencies and lost calls, and how often each."""
    return Counter(
        msgspec.json.encode(
            {k: v for k, v in msgspec.to_builtins(event).items() if k not in _TIMELESS}
        )
        for event in events
        if not isinstance(event, CallLost)
    )


def log_of(store: Store, stream: str) -> list[Envelope]:
    """A run's log, its chain verified."""
    return list(envelopes(store, stream))


def events_in(store: Store, stream: str) -> list[Event]:
    """The facts of a run's log, its chain verified."""
    return [known_event(envelope) for envelope in log_of(store, stream)]


def plain_run(
    opened: RunOpened,
    texts: Mapping[str, str],
    answer: Callable[[Ask], Ending] = answer_to,
) -> list[Event]:
    """The same debate without actors: one effect after the other, with real requests."""
    parts = dict(texts)
    agents = cast_of(opened, parts.__getitem__).speakers()
    state, events = State(), list[Event]()
    command: Any = Open(opened)
    while True:
        for event in decide(state, command):
            state.advance(event)
            events.append(event)
        effects = [each for each in react(state).values() if not isinstance(each, Wake)]
        if not effects:
            return events
        effect = effects[0]
        if isinstance(effect, TakeTurn) and effect.turn.kind == "answer":
            command = answers(state, effect.turn)
            continue
        (deed,) = agents[effect.turn.speaker].receive(_message(state, effect, parts, answer))
        order = cast("Any", deed.message)
        parts.update(order.parts)
        command = order.command


def _message(
    state: State,
    effect: TakeTurn | MakeCall | ReadAnswer | UseTools,
    parts: Mapping[str, str],
    answer: Callable[[Ask], Ending],
) -> AgentMessage:
    brief = brief_of(state.run, effect.turn)
    match effect:
        case TakeTurn(turn):
            return Take(turn, brief)
        case MakeCall(turn, request, _):
            return Ended(turn, brief, request, answer(_ask(state, request, brief, parts)))
        case ReadAnswer(turn, recorded):
            return Read(turn, brief, state.run.calls[recorded.call].requested, recorded)
        case UseTools(turn, request, recorded, used):
            said = used if used is not None else uses(recorded)
            return Used(turn, request, recorded, said, used is not None)


def _ask(state: State, request: CallRequested, brief: Brief, parts: Mapping[str, str]) -> Ask:
    assert state.run.opened is not None
    return Ask(
        run="plain",
        call=request.call,
        provider=request.provider,
        model=request.model,
        messages=tuple(
            Prompt(
                message.role,
                "".join(text for ref in message.parts for text in resolve(ref, parts.__getitem__)),
            )
            for message in request.messages
        ),
        deadline_s=request.deadline_s,
        temperature=request.temperature,
        seed=state.run.opened.seed,
        brief=brief,
        role=Role(brief.turn.speaker, "", ""),
    )
