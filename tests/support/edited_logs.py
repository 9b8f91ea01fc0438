"""Whole runs for the laws, with and without trouble, and the ways to edit a log by hand.

No assertions about them in here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from dialectic_actors.core import protocols
from dialectic_actors.core.agenda import Agenda
from dialectic_actors.core.protocols import framing
from dialectic_actors.testing.config import Config
from dialectic_actors.testing.driving import CALM, Agents, Plan, Trouble, perform, play
from dialectic_events.calls import (
    CallAnswered,
    CallRequested,
    Ending,
    Message,
)
from dialectic_events.contents import (
    Dissent,
    ToolCall,
    Verdict,
    write_content,
)
from dialectic_events.envelope import Envelope, Head, Stamp, read_header, seal
from dialectic_events.runs import (
    Clarifications,
    DeadlinePassed,
    FailurePolicy,
    Limits,
    RunOpened,
    Stage,
    StopRule,
)
from dialectic_events.store import Batch
from dialectic_events.stores.memory import MemoryStore
from dialectic_events.turns import (
    ProposalMade,
    SynthesisMade,
    Turn,
    TurnFailed,
)
from dialectic_events.union import Event
from support.casts import opening_with_sources
from support.drive import opened

__all__ = [
    "ASKED",
    "BARE",
    "CRASHED",
    "CRITIQUE",
    "FIRST",
    "FRAME",
    "FRAMED",
    "JUDGE",
    "LIMITS",
    "LOG",
    "MENDED",
    "NOW",
    "OPENED",
    "OPENING",
    "RESTED",
    "RETRIED",
    "SEEN",
    "SHORT",
    "SKIPPED",
    "SOURCES",
    "TEXTS",
    "UNSEEN",
    "VOTE",
    "VOTED",
    "A",
    "B",
    "Forgetful",
    "Told",
    "about",
    "asked",
    "at",
    "batch_of",
    "concluded",
    "curious",
    "edited",
    "envelopes_of",
    "forgetting",
    "forgotten",
    "hurried",
    "insistent",
    "late",
    "moved",
    "plan_of",
    "policed",
    "reheaded",
    "shared",
    "spoken",
    "stored",
    "stuck",
    "swapped",
    "told",
    "twice",
    "with_",
    "without",
]

LIMITS = Limits(attempts=2, repairs=1, backoff_s=1.0)
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def spoken(opening: RunOpened, texts: dict[str, str], plan: Plan = CALM) -> list[Event]:
    """The log of a run with real requests; `texts` grows by what they name."""
    agents = Agents(opening, texts, plan)
    log = play([opening], agents)
    texts.update(agents.parts)
    return log


def batch_of(log: Sequence[Event], texts: Mapping[str, str]) -> Batch:
    """A log as the run `deb-1`, ready to append."""
    salts = [number.to_bytes(16) for number in range(len(log))]
    records, parts = seal("deb-1", log, Head(), Stamp("command", NOW, NOW), salts)
    return Batch("deb-1", 0, records, {**texts, **parts})


def stored(log: Sequence[Event], texts: Mapping[str, str]) -> MemoryStore:
    """A store that holds a log as the run `deb-1`."""
    store = MemoryStore()
    store.append([batch_of(log, texts)])
    return store


def envelopes_of(log: Sequence[Event]) -> list[Envelope]:
    """A log as readers get it."""
    records = batch_of(log, {}).records
    return [
        Envelope(number, read_header(record), event)
        for number, (record, event) in enumerate(zip(records, log, strict=True), 1)
    ]


TEXTS: dict[str, str]
OPENING, TEXTS = opening_with_sources(("a", "b"), 2, limits=LIMITS)
LOG = spoken(OPENING, TEXTS)
"""Two agents, two rounds, no trouble; real requests, whose texts are in TEXTS."""

BARE = opened(("a", "b"), 1, route=("model-a", "model-b"), limits=LIMITS)


PATIENT = FailurePolicy(1, "rest")


class Told(Plan, frozen=True):
    """A provider that fails the calls that it was told to."""

    troubles: Mapping[str, Trouble] = {}

    def __call__(self, request: CallRequested) -> Ending:
        """How the call ends."""
        kind = self.troubles.get(request.call)
        return Plan(0, 100, (kind,))(request) if kind else CALM(request)


def told(troubles: Mapping[str, Trouble], opening: RunOpened = BARE) -> list[Event]:
    """The log of a short debate in which some calls, by id, end in trouble."""
    return play([opening], perform(Told(troubles=troubles)))


A, B = "debate/r1/proposal/a", "debate/r1/proposal/b"
CRITIQUE = "debate/r1/critique/b>a"
JUDGE = "debate/synthesis/judge"

SHORT = told({})
RETRIED = told({f"{A}#1": "server"})
MENDED = told({f"{A}#1": "says-nothing"})
SKIPPED = told({f"{A}#1": "bad-request", f"{A}#2": "bad-request"})
RESTED = told({f"{A}#1": "auth"})
OUT: Mapping[str, Trouble] = {f"{A}#{number}": "server" for number in range(1, 5)}
"""Every attempt of a turn that there is, on both models."""
GIVEN_UP = told(OUT)
WAITED = told(OUT, replace(BARE, stages=(replace(BARE.stages[0], failure=PATIENT),)))
CRASHED = play(SHORT[:2], perform(CALM))


def curious(request: CallRequested) -> Ending:
    """An answer that asks for a tool first, as long as any is offered, and everybody has a
    question.
    """
    ending = CALM(request)
    if not isinstance(ending, CallAnswered):
        return ending
    if "/question/" in request.turn:
        ending = replace(ending, text='{"questions": ["How many?"]}')
    if not request.tools:
        return ending
    asked = write_content([ToolCall("1", "context_search", "{}")])
    return replace(ending, text="", tools=asked)


FRAME = Config(
    agents=("a", "b"),
    rounds=2,
    clarifications=Clarifications(1, 1),
    stop=StopRule("quality", 0.0),
    tools=("context_search",),
    tool_call_limit=1,
)
OPENED, SOURCES = FRAME.opening()
FRAMED = play([OPENED], perform(curious))
"""A debate with all that can be around its rounds; it stops after the first."""

VOTE = replace(FRAME, agents=("a", "b", "c"), rounds=1, synthesis="voting").opening()
VOTED = play(VOTE[:1], perform(CALM))
TEXTS |= SOURCES | VOTE[1]


def at(log: Sequence[Event], kind: type, text: str = "") -> int:
    """Where the first event of a kind lies that names `text`."""
    return next(
        index
        for index, event in enumerate(log)
        if isinstance(event, kind)
        and text in f"{getattr(event, 'turn', '')} {getattr(event, 'call', '')}"
    )


def without(log: Sequence[Any], index: int) -> list[Any]:
    """A log that lost an event."""
    return [*log[:index], *log[index + 1 :]]


def with_(log: Sequence[Any], index: int, event: Any) -> list[Any]:
    """A log with one event more, before the one at `index`."""
    return [*log[:index], event, *log[index:]]


def edited(log: Sequence[Any], index: int, **changes: Any) -> list[Any]:
    """A log with other words in one event."""
    return [*log[:index], replace(log[index], **changes), *log[index + 1 :]]


def swapped(log: Sequence[Any], index: int) -> list[Any]:
    """A log with two neighbors in another order."""
    return [*log[:index], log[index + 1], log[index], *log[index + 2 :]]


def moved(log: Sequence[Any], index: int, to: int) -> list[Any]:
    """A log with one event at another place."""
    return with_(without(log, index), to, log[index])


def about(log: Sequence[Any], kind: type, text: str = "", /, **changes: Any) -> list[Any]:
    """A log with other words in the first event of a kind that names `text`."""
    return edited(log, at(log, kind, text), **changes)


def twice(log: Sequence[Any], kind: type, text: str = "") -> list[Any]:
    """A log that says the first event of a kind that names `text` again, at once."""
    index = at(log, kind, text)
    return with_(log, index, log[index])


def plan_of(log: Sequence[Any], turn: str, **changes: Any) -> Turn:
    """What a turn's first request says that it is, but for some changes."""
    plan: Turn = replace(log[at(log, CallRequested, turn)].plan, **changes)
    return plan


def reheaded(index: int, **changes: Any) -> list[Envelope]:
    """The short debate with another header for one event."""
    log = envelopes_of(SHORT)
    return edited(log, index, header=replace(log[index].header, **changes))


def asked(*messages: Message) -> list[Event]:
    """The real debate, in which the first critique is asked for in other words."""
    return about(LOG, CallRequested, "critique/b>a", messages=messages)


ASKED = LOG[at(LOG, CallRequested, "critique/b>a")]
FIRST: tuple[Message, ...] = getattr(ASKED, "messages", ())
SEEN: str = getattr(LOG[at(LOG, ProposalMade, A)], "text", "")
UNSEEN: str = getattr(LOG[at(LOG, ProposalMade, B)], "text", "")
"""What the first critique is asked, with what it sees, and a proposal that it does not."""


class Forgetful(MemoryStore):
    """A store that lost every text."""

    def parts(self, refs: Sequence[str]) -> dict[str, str]:
        """No text."""
        return {}


def forgotten() -> MemoryStore:
    """A store whose run has lost its texts."""
    store = Forgetful()
    store.append([batch_of(SHORT, {})])
    return store


def stuck(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """An opening under a protocol whose one turn waits for another that it never names."""

    def turns(stage: Stage, results: object) -> Iterator[Turn]:
        yield Turn(id=JUDGE, kind="synthesis", speaker="judge", after=("debate/nobody",))

    monkeypatch.setattr(protocols, "PROTOCOLS", {"debate@1": turns})
    return [BARE]


def shared(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """A sound log, read by a core whose copies of an agenda share what is outstanding."""
    copy = Agenda.copy

    def shallow(self: Agenda) -> Agenda:
        twin = copy(self)
        twin.outstanding = self.outstanding
        return twin

    monkeypatch.setattr(Agenda, "copy", shallow)
    return SHORT


def forgetting(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """A sound log, read by a core that keeps no account of settled turns."""
    monkeypatch.setattr(Agenda, "_settle", lambda self, run, turn: None)
    return SHORT


def insistent(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """A debate in which everybody is asked for questions again, and nobody ever has one."""
    monkeypatch.setattr(framing, "_asks", lambda results, question: True)

    def quiet(request: CallRequested) -> Ending:
        ending = CALM(request)
        if "/question/" in request.turn and isinstance(ending, CallAnswered):
            return replace(ending, text='{"questions": []}')
        return ending

    config = replace(FRAME, clarifications=Clarifications(1, 2))
    return play([config.opening()[0]], perform(quiet))


def late(log: Sequence[Event], index: int, *more: Event) -> list[Event]:
    """A log in which the deadline of the first round passes before the event at `index`."""
    opening = log[0]
    assert isinstance(opening, RunOpened)
    limits = replace(opening.limits, round_deadline_s=6.0)
    passed = DeadlinePassed(round=1, after_s=6.0)
    return edited([*log[:index], passed, *more, *log[index:]], 0, limits=limits)


def hurried(turn: Turn) -> TurnFailed:
    """A person's turn that fails as if it had a deadline."""
    reason = "the deadline of round 1 (6 s) has passed"
    return TurnFailed(turn=turn.id, plan=turn, reason=reason)


def policed(log: Sequence[Event], policy: FailurePolicy) -> list[Event]:
    """A log whose run was opened with a policy for failures."""
    opening = log[0]
    assert isinstance(opening, RunOpened)
    return edited(log, 0, stages=(replace(opening.stages[0], failure=policy),))


def concluded(*dissent: Dissent) -> list[Event]:
    """The short debate with another verdict."""
    verdict = Verdict(solution="A queue.", dissent=dissent)
    return about(SHORT, SynthesisMade, text=write_content(verdict))
