"""Logs for the laws: whole runs with and without trouble, and for every law logs that were broken
by hand.

No assertions in here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from dialectic_actors.core import protocols
from dialectic_actors.core.agenda import Agenda
from dialectic_actors.testing.driving import CALM, Agents, Plan, Trouble, perform, play
from dialectic_actors.testing.laws import Log
from dialectic_events.calls import (
    CallAnswered,
    CallFailed,
    CallLost,
    CallRequested,
    Ending,
    Message,
)
from dialectic_events.envelope import Envelope, Head, Stamp, read_header, seal
from dialectic_events.parts import refer
from dialectic_events.runs import (
    Limits,
    RunConcluded,
    RunFailed,
    RunOpened,
    RunResumed,
    RunSuspended,
    Stage,
)
from dialectic_events.store import Batch
from dialectic_events.stores.memory import MemoryStore
from dialectic_events.turns import (
    CritiqueMade,
    ProposalMade,
    SynthesisMade,
    Turn,
    TurnFailed,
    TurnSkipped,
)
from dialectic_events.union import Event
from support.casts import opening_with_sources
from support.drive import opened

__all__ = [
    "BROKEN",
    "LOG",
    "SHORT",
    "TEXTS",
    "envelopes_of",
    "spoken",
    "stored",
    "told",
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
    salts = [bytes((number,)) * 16 for number in range(len(log))]
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
CRASHED = play(SHORT[:2], perform(CALM))


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


Breaking = Callable[[pytest.MonkeyPatch], Log]


def _(log: Log) -> Breaking:
    """A log that is broken as it is."""
    return lambda _: log


CRITIQUED = at(SHORT, CallRequested, "critique/b>a")
REST = at(RESTED, RunSuspended)
FAILED = at(SKIPPED, TurnFailed)

BROKEN: Mapping[str, Sequence[Breaking]] = {
    "chained": [_(forgotten())],
    "gapless-versions": [
        _(without(envelopes_of(SHORT), 5)),
        _(swapped(envelopes_of(SHORT), 5)),
        _(reheaded(5, id="command.4")),
        _(reheaded(5, type="run-failed")),
    ],
    "one-opening": [_(SHORT[1:]), _(twice(SHORT, RunOpened)), _([])],
    "named-first": [
        _(without(SHORT, 1)),
        _(about(SHORT, CallRequested, A, plan=None)),
        _(about(SHORT, CallRequested, A, plan=plan_of(SHORT, B))),
        _(about(RETRIED, CallRequested, f"{A}#2", plan=plan_of(SHORT, A))),
    ],
    "one-ending": [
        _(twice(SHORT, CallAnswered)),
        _(with_(SHORT, at(SHORT, CallAnswered, A) + 1, CallLost(call=f"{A}#1", claim="new"))),
    ],
    "taken-up-once": [
        _(twice(CRASHED, CallLost)),
        _(with_(CRASHED, 4, CallLost(call=f"{B}#1", claim="2"))),
        _(twice(RESTED, RunResumed)),
    ],
    "one-result": [
        _(twice(SHORT, ProposalMade)),
        _(moved(RETRIED, at(RETRIED, CallRequested, f"{A}#2"), len(RETRIED) - 1)),
    ],
    "waits-for-all": [
        _(moved(SHORT, CRITIQUED, 2)),
        _(moved(SKIPPED, at(SKIPPED, TurnSkipped, CRITIQUE), 1)),
        _(moved(LOG, at(LOG, ProposalMade, "r2/proposal/a"), 3)),
    ],
    "rests-on-an-answer": [
        _(swapped(SHORT, at(SHORT, CallAnswered, A))),
        _(about(SHORT, ProposalMade, A, text="other words")),
        _(about(SHORT, ProposalMade, A, call=f"{B}#1")),
        _(about(SHORT, ProposalMade, A, call=f"{A}#7")),
        _(about(MENDED, ProposalMade, A, call=f"{A}#1", text="…")),
    ],
    "named-by-protocol": [
        _(about(SHORT, CallRequested, A, plan=plan_of(SHORT, A, speaker="b"))),
        _(about(SHORT, RunOpened, stages=(replace(BARE.stages[0], name="other"),))),
        _(with_(without(SHORT, 5), 5, CritiqueMade(turn=A, call=f"{A}#1", text=SEEN))),
    ],
    "sees-what-was-made": [
        _(about(SHORT, CallRequested, CRITIQUE, plan=plan_of(SHORT, CRITIQUE, sees=()))),
        _(about(SHORT, CallRequested, CRITIQUE, plan=plan_of(SHORT, CRITIQUE, sees=(A, B)))),
        _(
            about(
                SHORT,
                CallRequested,
                "refinement/a",
                plan=plan_of(SHORT, "refinement/a", sees=(CRITIQUE, A)),
            )
        ),
    ],
    "carried-over": [
        _(about(LOG, ProposalMade, "r2/proposal/a", text="other words")),
        _(about(SHORT, ProposalMade, A, call=None, plan=plan_of(SHORT, A))),
        _(moved(LOG, at(LOG, ProposalMade, "r2/proposal/a"), 3)),
    ],
    "skipped-for-cause": [
        _(
            with_(
                SHORT,
                CRITIQUED,
                TurnSkipped(turn=CRITIQUE, plan=plan_of(SHORT, CRITIQUE), reason="no time"),
            )
        ),
        _(with_(SKIPPED, FAILED + 1, SHORT[CRITIQUED])),
    ],
    "asked-as-opened": [
        _(about(SHORT, CallRequested, A, model="elsewhere")),
        _(about(SHORT, CallRequested, A, temperature=0.5)),
        _(about(SHORT, CallRequested, A, deadline_s=1.0)),
        _(about(SHORT, CallRequested, A, call=f"{A}#2")),
    ],
    "within-limits": [
        _(about(RETRIED, RunOpened, limits=replace(LIMITS, attempts=1))),
        _(about(MENDED, RunOpened, limits=replace(LIMITS, repairs=0))),
    ],
    "retries": [
        _(about(SHORT, CallRequested, A, model="model-b")),
        _(about(RETRIED, CallRequested, f"{A}#2", model="model-b")),
        _(about(RETRIED, CallRequested, f"{A}#2", delay_s=0.0)),
        _(about(RETRIED, CallRequested, f"{A}#2", delay_s=0.75)),
        _(about(RETRIED, CallRequested, f"{A}#2", why="timeout")),
        _(about(RETRIED, CallRequested, f"{A}#2", messages=())),
        _(about(MENDED, CallRequested, f"{A}#2", why="server")),
        _(moved(RETRIED, at(RETRIED, CallFailed), at(RETRIED, CallRequested, f"{A}#2"))),
        _(about(SKIPPED, RunOpened, limits=LIMITS, agents=opened(("a", "b"), 1).agents)),
        _(with_(RETRIED, at(RETRIED, CallFailed) + 1, TurnFailed(turn=A, reason="server: plan 0"))),
        _(without(without(RESTED, at(RESTED, RunSuspended)), at(RESTED, RunResumed) - 1)),
    ],
    "fails-with-its-call": [
        _(without(SKIPPED, FAILED - 1)),
        _(about(SKIPPED, TurnFailed, reason="server: plan 0")),
        _(about(SKIPPED, TurnFailed, reason="the answer missed its contract: it says nothing")),
    ],
    "brief-leaks-nothing": [_(asked(*FIRST, Message("user", (refer(UNSEEN),))))],
    "brief-loses-nothing": [_(asked(FIRST[0]))],
    "brief-renders-again": [
        _(asked(*FIRST, Message("user", ("=and be quick",)))),
        _(asked(*reversed(FIRST))),
    ],
    "rests-and-resumes": [
        _(about(RESTED, RunSuspended, waits_for=())),
        _(about(RESTED, RunSuspended, waits_for=("debate/nobody",))),
        _(about(RESTED, RunSuspended, reason="")),
        _(with_(SHORT, len(SHORT) - 1, RunSuspended(reason="late", waits_for=(A,)))),
        _(twice(RESTED, RunSuspended)),
        _(without(RESTED, at(RESTED, RunResumed))),
        _(without(RESTED, REST)),
    ],
    "nothing-after-the-end": [
        _(twice(SHORT, RunConcluded)),
        _([*SHORT, RunSuspended(reason="late", waits_for=(JUDGE,))]),
        _([*SHORT, SHORT[at(SHORT, CallAnswered)]]),
    ],
    "ends-as-its-final-turn": [
        _(about(SHORT, RunConcluded, outcome="partial")),
        _(about(SKIPPED, RunConcluded, outcome="complete")),
        _([*SHORT[:-1], RunFailed(reason="no")]),
        _([*SHORT[:4], RunConcluded(outcome="complete")]),
        _([*without(SHORT, at(SHORT, SynthesisMade))[:-1], RunConcluded(outcome="complete")]),
    ],
    "all-turns-settled": [
        _([event for event in SHORT if CRITIQUE not in getattr(event, "turn", "")]),
        _([*SHORT[:4], RunConcluded(outcome="complete")]),
    ],
    "concluded-at-once": [
        _(SHORT[:-1]),
        _(SKIPPED[: FAILED + 1]),
        _(RETRIED[: at(RETRIED, CallFailed) + 1]),
        _(LOG[: at(LOG, ProposalMade, "r2/proposal/a")]),
    ],
    "waits-for-something": [stuck],
    "spend-adds-up": [_(about(twice(SHORT, CallAnswered), CallAnswered, cost_usd=0.5))],
    "state-is-the-fold": [shared],
    "agenda-follows": [forgetting],
}
"""Logs that break a law, by its name; some break others too."""
