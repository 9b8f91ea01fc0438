"""Runs that are decided again: alike as long as nothing was changed, and the first change found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dialectic_actors.actors.redecide import TURNS_LIMIT
from dialectic_actors.core import asking, computed, decide, protocols
from dialectic_actors.core.prompts import Renderer
from dialectic_actors.core.protocols import Results, debate
from dialectic_events.calls import CallFailed, CallLost, CallRequested
from dialectic_events.envelope import Envelope
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.parts import refer
from dialectic_events.runs import (
    History,
    Limits,
    RunConcluded,
    RunOpened,
    RunResumed,
    RunSuspended,
    Stage,
)
from dialectic_events.turns import ProposalMade, Turn, TurnFailed, TurnSkipped
from dialectic_events.union import Event, tag_of
from support.casts import TEMPLATES, opening_with_sources
from support.checked import STREAM, Recorded, again, recorded

HISTORIES = st.sampled_from(["current", "own", "everyone"])
SEEDS = st.integers(0, 2**32)
CALM = recorded(opening_with_sources())
SHORT = recorded(opening_with_sources(("kiss",), 1))
TROUBLED = recorded(opening_with_sources(limits=Limits(attempts=2, backoff_s=0.1)), 94, 0.3)


def with_event(run: Recorded, version: int, event: Event) -> Recorded:
    """A run in which somebody wrote another event at a version."""
    log = list(run.log)
    header = replace(log[version - 1].header, type=tag_of(type(event)))
    log[version - 1] = Envelope(version, header, event)
    return replace(run, log=tuple(log))


@given(SEEDS, HISTORIES, st.integers(1, 3), st.sampled_from([0.0, 0.1, 0.4]))
def test_a_run_that_nothing_was_done_to_is_decided_alike(
    seed: int, history: History, agents: int, trouble: float
) -> None:
    """Whatever went wrong: failures, repairs, rests, lost calls, turns that were given up."""
    names = ("architect", "security", "kiss")[:agents]
    opening = opening_with_sources(names, history=history, route=("a", "b"))

    assert again(recorded(opening, seed, trouble)) is None


def test_the_troubled_run_of_these_tests_met_everything() -> None:
    """Else they would prove less than they say."""
    met = {type(event) for event in TROUBLED.events}

    assert met >= {CallFailed, CallLost, RunSuspended, RunResumed, TurnFailed, TurnSkipped}
    assert any(reason.startswith("nobody") for reason in failures(TROUBLED))
    assert any(reason.startswith("the answer missed") for reason in failures(TROUBLED))
    assert read_later(TROUBLED)


def failures(run: Recorded) -> list[str]:
    """Why turns failed."""
    return [event.reason for event in run.events if isinstance(event, TurnFailed)]


def read_later(run: Recorded) -> list[Envelope]:
    """What came of answers that were on record already when they were read."""
    return [each for each in run.log if each.header.causation.endswith("/read")]


@given(st.data())
def test_a_decided_field_that_somebody_changed_is_found_where_it_is(data: st.DataObject) -> None:
    """Every decided event is compared, field by field; the report names version, field, values."""
    version, event = data.draw(
        st.sampled_from([(n, e) for n, e in enumerate(TROUBLED.events, 1) if _changed(e)])
    )
    field, value = next(iter(_changed(event).items()))
    found = again(with_event(TROUBLED, version, replace(event, **{field: value})))

    assert found is not None
    assert (STREAM, version, tag_of(type(event))) == (found.run, found.version, found.type)
    assert found.field.split("[")[0] == field
    assert found.recorded != found.today


def _changed(event: Event) -> dict[str, Any]:
    """A field of a decided event with a value that nobody decided."""
    match event:
        case CallRequested():
            return {"delay_s": 1234.5}
        case ProposalMade():
            return {"text": event.text + " And more."}
        case TurnSkipped():
            return {"reason": "no reason"}
        case RunSuspended():
            return {"waits_for": ("nobody",)}
        case RunConcluded():
            return {"outcome": "complete" if event.outcome == "partial" else "partial"}
        case _:
            return {}


@given(st.integers(2, len(TROUBLED.log)))
def test_an_event_that_is_missing_within_an_append_is_found(version: int) -> None:
    """What was decided together is stored together, so a part of it is no beginning of a run."""
    causations = [envelope.header.causation for envelope in TROUBLED.log]
    shortened = TROUBLED.log[:version]
    together = version < len(causations) and causations[version - 1] == causations[version]

    found = again(replace(TROUBLED, log=shortened))

    assert together == (found is not None)
    if found is not None:
        assert (version + 1, "", None) == (found.version, found.field, found.recorded)


def test_another_limit_is_reported_where_it_first_decides() -> None:
    """More attempts: where a turn had failed, another call would be requested."""
    limits = replace(TROUBLED.opened.limits, attempts=9)
    found = again(TROUBLED, replace(TROUBLED.opened, limits=limits))

    assert found is not None
    version = found.version
    failed = TROUBLED.events[version - 1]
    assert isinstance(failed, TurnFailed)
    assert (f"turn-failed {failed.turn}", "") == (found.recorded, found.field)
    assert found.today is not None
    assert found.today.startswith(f"call-requested {failed.turn}#")


def test_another_template_is_reported_as_the_words_that_changed() -> None:
    """The first request of that kind, the piece of the message, and the words around the change."""
    words = TEMPLATES["critique"].replace("Criticize", "Praise")
    sources = tuple(
        replace(each, part=refer(words)) if each.name == "prompt/critique" else each
        for each in CALM.opened.sources
    )
    run = replace(CALM, texts={**CALM.texts, refer(words): words})
    found = again(run, replace(CALM.opened, sources=sources))

    assert found is not None
    assert CALM.version(CallRequested, "critique") == found.version
    assert found.field.startswith("messages[1].parts[")
    assert (r'" Criticize.\n"', r'" Praise.\n"') == (found.recorded, found.today)


def test_a_word_deep_in_the_history_is_found_within_its_ropes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A rope is followed down to the strand that differs."""
    heading = Renderer._heading

    def other(self: Renderer, shown: Any, turn: Turn, number: int) -> str:
        words = heading(self, shown, turn, number)
        return words.replace("###", "##") if turn.round == 0 else words

    monkeypatch.setattr(Renderer, "_heading", other)
    found = again(CALM)

    assert found is not None
    assert CALM.version(CallRequested, "synthesis") == found.version
    assert found.field.count("[") >= 4
    assert found.recorded is not None
    assert found.today is not None
    assert '"### Proposal by Participant 1 (round 1)' in found.recorded
    assert '"## Proposal by Participant 1 (round 1)' in found.today


def test_another_decision_is_reported_at_the_event_it_would_replace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Today nobody retries: the first retry of the log is a failed turn."""
    monkeypatch.setattr(asking, "next_attempt", lambda *_, **__: None)
    found = again(TROUBLED)

    assert found is not None
    retried = TROUBLED.events[found.version - 1]
    assert isinstance(retried, CallRequested)
    assert retried.why not in ("first", "contract")
    assert f"call-requested {retried.call}" == found.recorded
    assert f"turn-failed {retried.turn}" == found.today


def test_a_run_that_would_not_end_is_reported_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Today nothing concludes: the last event of the log is one too many."""
    monkeypatch.setattr(decide, "_conclusion", lambda *_: None)
    found = again(SHORT)

    assert found is not None
    assert ("run-concluded", None) == (found.recorded, found.today)
    assert found.type == "run-concluded"


def plus_one(stage: Stage, results: Results) -> Iterator[Turn]:
    """The debate, and a turn that nobody waits for."""
    yield from debate.turns(stage, results)
    yield Turn(id="debate/r1/proposal/late", kind="proposal", speaker=stage.judge)


def test_a_turn_that_the_protocol_names_only_today_is_reported_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It changes no event of the log, and yet the run would not be the same."""
    monkeypatch.setattr(protocols, "PROTOCOLS", {"debate@1": plus_one})
    found = again(SHORT)

    assert found is not None
    assert ("turns[debate/r1/proposal/late]", None) == (found.field, found.recorded)
    assert len(SHORT.log) == found.version


def test_a_turn_that_the_protocol_names_no_longer_is_reported_at_its_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody would ask for it, so nobody would request its call."""
    monkeypatch.setattr(
        protocols,
        "PROTOCOLS",
        {"debate@1": lambda stage, results: (t for t in debate.turns(stage, results) if t.round)},
    )
    found = again(SHORT)

    assert found is not None
    assert SHORT.version(CallRequested, "synthesis") == found.version
    assert ("call-requested debate/synthesis/judge#1", None) == (found.recorded, found.today)


def test_another_plan_is_the_explanation_for_another_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When the speaker is shown other turns, that is said, not the words that follow from it."""

    def blind(stage: Stage, results: Results) -> Iterator[Turn]:
        for turn in debate.turns(stage, results):
            yield replace(turn, recalls=()) if turn.kind == "synthesis" else turn

    monkeypatch.setattr(protocols, "PROTOCOLS", {"debate@1": blind})
    found = again(SHORT)

    assert found is not None
    assert "plan.recalls[0]" == found.field
    assert ('"debate/r1/refinement/kiss"', None) == (found.recorded, found.today)


def test_code_that_breaks_is_reported_with_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check goes on to the next run; what broke is named."""

    def broken(*_: object) -> bool:
        raise ValueError("no idea")

    monkeypatch.setattr(computed, "_recalled", broken)
    found = again(CALM)

    assert found is not None
    assert "ValueError: no idea" == found.today


@pytest.mark.parametrize(
    ("version", "causation", "event", "what"),
    [
        (1, "open", RunConcluded(outcome="complete"), "does not open a run"),
        (2, "somebody", None, "no command is known by the id 'somebody'"),
        (2, "nobody#1/end", None, "'nobody#1' ends and was never requested"),
        (3, "debate/r1/proposal/kiss#1/end", RunResumed(claim="c"), "the end of"),
        (1, "open", replace(SHORT.opened, stages=()), "this version runs one stage"),
        (
            1,
            "open",
            replace(SHORT.opened, stages=(replace(SHORT.opened.stages[0], rounds=TURNS_LIMIT),)),
            f"more than {TURNS_LIMIT} turns",
        ),
    ],
)
def test_a_log_that_no_run_can_have_written_is_refused(
    version: int, causation: str, event: Event | None, what: str
) -> None:
    """An imported log may be written by anybody: it is an error with its place, never a crash."""
    log = list(SHORT.log)
    header = replace(log[version - 1].header, causation=causation)
    log[version - 1] = Envelope(version, header, event or SHORT.events[version - 1])
    opened = event if isinstance(event, RunOpened) else SHORT.opened
    with pytest.raises(DialecticError, match=what) as caught:
        again(replace(SHORT, log=tuple(log)), opened)

    assert f"{STREAM}:{version}" == caught.value.where
    assert caught.value.exit_code in (ExitCode.INTEGRITY, ExitCode.CONFIGURATION)


@given(SEEDS)
def test_a_log_in_any_order_is_refused_or_reported(seed: int) -> None:
    """Hostile logs neither pass nor crash."""
    first, *rest = SHORT.log
    shuffled = sorted(rest, key=lambda envelope: hash((seed, envelope.header.version)))
    try:
        found = again(replace(SHORT, log=(first, *shuffled))) is not None
    except DialecticError as refused:
        found = refused.where != ""

    assert found == (shuffled != rest)
