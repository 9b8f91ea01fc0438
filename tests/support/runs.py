"""Whole runs with all that can go wrong in them: failures, repairs, crashes, rests, giving up.

One seed decides what happens, so that a run is short to describe. No assertions in here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from random import Random
from typing import get_args

from hypothesis import strategies as st
from msgspec.structs import replace

from dialectic_actors.core.commands import (
    AskAgain,
    Command,
    FailCall,
    GiveUp,
    Open,
    PlaceCall,
    Suspend,
    TakeUp,
)
from dialectic_actors.core.decide import State, decide, fold, react
from dialectic_actors.core.effects import Effect, MakeCall, TakeTurn, Wake
from dialectic_actors.testing.batches import AT, batch_of
from dialectic_actors.testing.driving import perform
from dialectic_actors.testing.strategies import words
from dialectic_events.calls import (
    CallAnswered,
    CallFailed,
    CallRequested,
    ErrorClass,
    Message,
    Usage,
)
from dialectic_events.envelope import Envelope, Head, read_header
from dialectic_events.parts import refer, rope
from dialectic_events.runs import History, Limits, RunOpened, Source
from dialectic_events.store import Batch
from dialectic_events.turns import Turn
from dialectic_events.union import Event
from support.drive import opened

__all__ = ["batch_with_parts", "envelopes_of", "prefixes", "run_of", "runs"]

PERSONA = "You are brief."
TEXTS = (
    "",
    "plain",
    "````\nfence\n```",
    "## Solution\nA queue.\n## Trade-offs\n- cost\n\nConfidence: 70/100",
)
AGENTS = ("architect", "security", "kiss")


def runs(*, max_rounds: int = 2) -> st.SearchStrategy[list[Event]]:
    """Logs of whole runs, each from its opening to where it ended or came to rest."""
    return st.builds(
        run_of,
        st.integers(0, 2**32),
        st.lists(words(), max_size=3),
        agents=st.integers(1, 3),
        rounds=st.integers(1, max_rounds),
        history=st.sampled_from(get_args(History)),
    )


def prefixes(log: Sequence[Event]) -> Sequence[Sequence[Event]]:
    """Every beginning of a log that holds its opening."""
    return [log[:length] for length in range(1, len(log) + 1)]


def run_of(
    seed: int,
    texts: Sequence[str] = (),
    *,
    agents: int = 3,
    rounds: int = 2,
    history: History = "own",
    trouble: float = 0.3,
) -> list[Event]:
    """One run; `trouble` is the share of steps at which something out of the ordinary happens."""
    random, pool = Random(seed), (*TEXTS, *texts)
    state = State()
    log = list(decide(state, Open(_opening(random, agents, rounds, history))))
    state = fold(log)
    rests = 0
    while not state.run.ended and rests < 3:
        effects = list(react(state).values())
        command: Command = TakeUp(str(state.run.version))
        if effects and random.random() > trouble / 4:
            command = _command(random, state, random.choice(effects), pool, trouble)
        else:
            rests += 1
            if random.random() < 0.5:
                command = Suspend("a person said so")
        for event in decide(state, command):
            log.append(event)
            state.advance(event)
    return log


def _opening(random: Random, agents: int, rounds: int, history: History) -> RunOpened:
    opening = opened(
        AGENTS[:agents],
        rounds,
        history=history,
        route=("model-a", "model-b")[: random.randint(1, 2)],
        limits=Limits(attempts=random.randint(1, 2), backoff_s=0.0),
    )
    return replace(opening, sources=(Source("role/judge", refer(PERSONA), "file", "judge.yaml"),))


def _command(
    random: Random, state: State, effect: Effect, texts: Sequence[str], trouble: float
) -> Command:
    if isinstance(effect, TakeTurn) and random.random() < trouble / 10:
        return GiveUp(effect.turn.id, "nobody is left\nto take it", None)
    if isinstance(effect, MakeCall) and random.random() < trouble:
        if random.random() < 0.5:
            error = random.choice(get_args(ErrorClass))
            ending = CallFailed(call=effect.request.call, error=error, detail=random.choice(texts))
            return FailCall(ending.call, ending)
        missed = _answer(random, effect.request, texts)
        return AskAgain(missed.call, missed, ("a heading",), (_message(effect.turn),))
    command = perform(lambda request: _answer(random, request, texts))(state, effect)
    if isinstance(command, PlaceCall | AskAgain) and not isinstance(effect, Wake):
        return replace(command, messages=(_message(effect.turn),))
    return command


def _answer(random: Random, request: CallRequested, texts: Sequence[str]) -> CallAnswered:
    return CallAnswered(
        call=request.call,
        text=random.choice(texts),
        model=request.model,
        usage=random.choice((None, Usage(10, 5, 3, 2))),
        cost_usd=random.choice((None, 0.25)),
        latency_ms=random.randint(0, 9),
    )


@cache
def _ropes(turn: str) -> tuple[tuple[str, str], ...]:
    inner = rope((refer(turn),))
    return inner, rope((inner[0], refer(PERSONA)))


def _message(turn: Turn) -> Message:
    return Message("user", (refer(turn.id), _ropes(turn.id)[1][0]))


def batch_with_parts(
    stream: str, log: Sequence[Event], head: Head | None = None, *, parent: str | None = None
) -> Batch:
    """A log, or the tail of one, ready to append, with all the parts that it names."""
    batch = batch_of(stream, list(log), head, parent=parent)
    parts = {**batch.parts, refer(PERSONA): PERSONA}
    for event in log:
        if isinstance(event, CallRequested):
            parts |= {refer(event.turn): event.turn, **dict(_ropes(event.turn))}
    return replace(batch, parts=parts)


def envelopes_of(log: Sequence[Event], stream: str = "deb-1") -> list[Envelope]:
    """A log as readers get it, one second after the other."""
    records = batch_of(stream, list(log)).records
    headers = [
        replace(read_header(record), recorded_at=AT + timedelta(seconds=record.version))
        for record in records
    ]
    return [
        Envelope(header.version, header, event) for header, event in zip(headers, log, strict=True)
    ]
