"""For every law, logs that were broken by hand.

No assertions in here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest
from msgspec.structs import replace

from dialectic_actors.testing.laws import Log
from dialectic_events.calls import (
    CallAnswered,
    CallFailed,
    CallLost,
    CallRequested,
    Message,
    ToolsUsed,
)
from dialectic_events.contents import (
    Answered,
    Dissent,
    Verdict,
    read_content,
    write_content,
)
from dialectic_events.parts import refer
from dialectic_events.runs import (
    DeadlinePassed,
    FailurePolicy,
    RunConcluded,
    RunFailed,
    RunOpened,
    RunResumed,
    RunSuspended,
)
from dialectic_events.turns import (
    AnswerGiven,
    CritiqueMade,
    ProposalMade,
    QuestionAsked,
    StopDecided,
    SynthesisMade,
    TurnFailed,
    TurnSkipped,
)
from support.drive import opened
from support.edited_logs import (
    BARE,
    CRASHED,
    CRITIQUE,
    FIRST,
    FRAME,
    FRAMED,
    GIVEN_UP,
    JUDGE,
    LIMITS,
    LOG,
    MENDED,
    OPENED,
    PATIENT,
    RESTED,
    RETRIED,
    SEEN,
    SHORT,
    SKIPPED,
    UNSEEN,
    VOTED,
    WAITED,
    A,
    B,
    about,
    asked,
    at,
    concluded,
    envelopes_of,
    forgetting,
    forgotten,
    hurried,
    insistent,
    late,
    moved,
    plan_of,
    policed,
    reheaded,
    shared,
    stuck,
    swapped,
    twice,
    with_,
    without,
)

__all__ = ["BROKEN", "Breaking"]

Breaking = Callable[[pytest.MonkeyPatch], Log]


def _(log: Log) -> Breaking:
    """A log that is broken as it is."""
    return lambda _: log


CRITIQUED = at(SHORT, CallRequested, "critique/b>a")
REST = at(RESTED, RunSuspended)
FAILED = at(SKIPPED, TurnFailed)
GIVEN = next(event for event in FRAMED if isinstance(event, AnswerGiven))
REPLIES = read_content(GIVEN.text, list[Answered]) or []
STANDINGS = next(event.standings for event in VOTED if isinstance(event, SynthesisMade))
PUT = (GIVEN.plan and GIVEN.plan.target) or ""
STAGE = OPENED.stages[0]
FRAME_OF_MORE = replace(FRAME, tool_call_limit=2).opening()[0].agents
NOBODY = "a person is asked, and nobody is there to answer"

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
    "rests-instead": [
        _(policed(GIVEN_UP, PATIENT)),
        _(policed(WAITED, FailurePolicy())),
    ],
    "fails-with-its-call": [
        _(without(SKIPPED, FAILED - 1)),
        _(about(SKIPPED, TurnFailed, reason="server: plan 0")),
        _(about(SKIPPED, TurnFailed, reason="the answer missed its contract: it says nothing")),
    ],
    "tools-as-allowed": [
        _(about(FRAMED, CallRequested, "proposal/a", tools=())),
        _(twice(FRAMED, ToolsUsed)),
        _(about(FRAMED, RunOpened, agents=FRAME_OF_MORE)),
        _(with_(SHORT, at(SHORT, CallAnswered) + 1, ToolsUsed(call=f"{A}#1", results="[]"))),
    ],
    "decided-by-measure": [
        _(about(FRAMED, StopDecided, value=0.01)),
        _(about(FRAMED, StopDecided, stop=False)),
        _(about(FRAMED, StopDecided, threshold=0.5)),
        _(about(FRAMED, StopDecided, rule="convergence")),
        _(about(FRAMED, RunOpened, stages=(replace(STAGE, rounds=1),))),
    ],
    "elected-by-ballots": [
        _(about(VOTED, SynthesisMade, standings=STANDINGS[::-1])),
        _(about(VOTED, SynthesisMade, tied=tuple(each.turn for each in STANDINGS))),
        _(about(VOTED, SynthesisMade, text=write_content(Verdict(solution="A queue.")))),
        _(about(SHORT, SynthesisMade, standings=STANDINGS)),
    ],
    "dissent-has-its-author": [
        _(concluded(Dissent("It is slow.", "judge", A))),
        _(concluded(Dissent("It is slow.", "", A))),
        _(concluded(Dissent("It is slow.", "a", "debate/nobody"))),
        _(about(SHORT, SynthesisMade, text="no verdict")),
    ],
    "answers-what-was-asked": [
        _(about(FRAMED, AnswerGiven, text="[]")),
        _(about(FRAMED, AnswerGiven, text=write_content([*REPLIES, *REPLIES]))),
        _(about(FRAMED, AnswerGiven, text=write_content([replace(REPLIES[0], answer=" ")]))),
        _(about(FRAMED, AnswerGiven, text=write_content([replace(REPLIES[0], id="c9-a-1")]))),
        _(about(FRAMED, QuestionAsked, PUT, questions=0)),
    ],
    "asked-for-cause": [insistent],
    "fails-at-once": [
        _(policed(SKIPPED, FailurePolicy(1, "stop"))),
        _(policed(SKIPPED, FailurePolicy(2))),
    ],
    "deadlines-hold": [
        _(late(SHORT, 3)),
        _(late(SHORT, len(SHORT) - 1, DeadlinePassed(round=1, after_s=6.0))),
        _(with_(SHORT, 3, DeadlinePassed(round=1, after_s=6.0))),
        _(with_(FRAMED, 2, hurried(plan_of(FRAMED, "question/b")))),
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
        _(about(RESTED, RunSuspended, reason=NOBODY)),
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
