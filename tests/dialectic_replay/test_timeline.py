"""The timeline: every event is told in one line, and its cause lies behind it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from dialectic_actors.testing.strategies import events
from dialectic_events.calls import CallAnswered, CallFailed, CallRequested, ToolsUsed
from dialectic_events.codec import Redacted, Unknown
from dialectic_events.turns import (
    AnswerGiven,
    AssessmentMade,
    BallotCast,
    CritiqueMade,
    Kind,
    ProposalMade,
    QuestionAsked,
    RefinementMade,
    StopDecided,
    SynthesisMade,
    Turn,
    TurnSkipped,
)
from dialectic_events.union import Event
from dialectic_replay.timeline import Moment, timeline
from support.drive import failing, finish
from support.runs import envelopes_of, runs
from support.whole import told_whole


def moments(log: list[Event]) -> tuple[Moment, ...]:
    """The timeline of a log."""
    return timeline(envelopes_of(log))


@given(runs())
def test_a_cause_lies_before_its_effect(log: list[Event]) -> None:
    """Only the opening has no cause, and rests that a person asked for."""
    told = moments(log)

    assert len(log) == len(told)
    for moment in told:
        if moment.cause is None:
            assert moment.type in ("run-opened", "run-suspended")
        else:
            assert 1 <= moment.cause < moment.version


@given(runs())
def test_a_longer_log_tells_its_beginning_alike(log: list[Event]) -> None:
    """What happened later does not change what was told."""
    told = moments(log)

    for length in range(len(log)):
        assert told[:length] == moments(log[:length])


@given(runs(), st.data())
def test_a_title_is_one_line(log: list[Event], data: st.DataObject) -> None:
    """Whatever providers and people write, a listing keeps its shape, from any event on."""
    start = data.draw(st.integers(0, len(log)))

    for moment in timeline(envelopes_of(log)[start:]):
        assert [moment.title] == moment.title.splitlines()
        assert len(moment.title) <= 160


@given(st.lists(events(), max_size=8))
@example([AssessmentMade(turn="t", text="So.", score=1e308)])
def test_events_in_any_order_are_told(log: list[Event]) -> None:
    """A log that makes no sense can still be looked at."""
    assert [place for place, _ in enumerate(log, 1)] == [moment.version for moment in moments(log)]


def test_an_ending_is_caused_by_its_call_and_a_contribution_by_its_answer() -> None:
    """The steps of a turn hang together."""
    log = finish()
    told = moments(log)

    for event, moment in zip(log, told, strict=True):
        if moment.cause is None:
            continue
        cause = log[moment.cause - 1]
        if isinstance(event, CallAnswered):
            assert isinstance(cause, CallRequested)
            assert event.call == cause.call
        if isinstance(event, CritiqueMade | RefinementMade):
            assert isinstance(cause, CallAnswered)
            assert event.call == cause.call


def test_a_call_is_caused_by_the_last_event_that_its_turn_waited_for() -> None:
    """That is what made the turn ready."""
    log = finish()
    settled = {
        event.turn: at
        for at, event in enumerate(log, 1)
        if hasattr(event, "text") and not isinstance(event, CallAnswered) and hasattr(event, "turn")
    }

    for event, moment in zip(log, moments(log), strict=True):
        if isinstance(event, CallRequested) and event.plan is not None:
            assert max((settled[turn] for turn in event.plan.after), default=1) == moment.cause


def test_another_attempt_is_caused_by_the_failure_before_it() -> None:
    """A retry points at what it repairs."""
    log = finish(failing("proposal/kiss#1", error="timeout"))
    told = moments(log)
    again = next(m for m in told if m.title.endswith("again after timeout"))

    assert again.cause is not None
    assert isinstance(log[again.cause - 1], CallFailed)
    assert "model-a is asked for kiss's proposal (round 1), again after timeout" == again.title


def test_a_carried_proposal_is_caused_by_the_refinement() -> None:
    """No call stands between them."""
    log = finish()
    told = moments(log)
    carried = next(
        m
        for e, m in zip(log, told, strict=True)
        if isinstance(e, ProposalMade) and e.plan is not None
    )

    assert carried.cause is not None
    assert isinstance(log[carried.cause - 1], RefinementMade)
    assert (("architect carries its refinement over (round 2)"), "low") == (
        carried.title,
        carried.importance,
    )


def test_titles_say_who_did_what_to_whom() -> None:
    """The list reads as prose."""
    titles = [moment.title for moment in moments(finish())]

    assert "the run begins, with architect, security, kiss, judge" == titles[0]
    assert "security criticizes architect (round 1)" in titles
    assert "judge concludes" in titles
    assert "the run is concluded" == titles[-1]


@pytest.mark.parametrize(("kind", "importance"), [("answer", "low"), ("critique", "normal")])
def test_a_skipped_turn_says_why(kind: Kind, importance: str) -> None:
    """That an agent had no questions needs no second line."""
    turn = Turn(id="debate/it", kind=kind, speaker="kiss", round=1)
    (moment,) = moments([TurnSkipped(turn=turn.id, plan=turn, reason="there is nothing")])

    assert moment.title.endswith(" 1): skipped, there is nothing")
    assert importance == moment.importance


def test_a_fatal_failure_causes_the_rest() -> None:
    """Why a run rests can be looked up."""
    log = finish(failing("proposal/kiss#1", error="auth"))
    rest = moments(log)[-1]

    assert "run-suspended" == rest.type
    assert rest.cause is not None
    assert isinstance(log[rest.cause - 1], CallFailed)


def test_unknown_and_redacted_events_keep_their_place() -> None:
    """They are named, and what follows is told as well as it can be."""
    envelopes = envelopes_of(finish())
    envelopes[1] = replace(envelopes[1], event=Unknown("later-made", 1, b"{}"))
    envelopes[4] = replace(envelopes[4], event=Redacted("call-answered"))
    told = timeline(envelopes)

    assert len(envelopes) == len(told)
    assert "later-made, which this version does not know" == told[1].title
    assert "call-answered, redacted" == told[4].title


def test_tokens_and_time_are_where_a_call_ended() -> None:
    """And nowhere else, so that a sum over the list is the spend."""
    log = finish()
    for event, moment in zip(log, moments(log), strict=True):
        assert (15 if isinstance(event, CallAnswered) else None) == moment.tokens
        assert isinstance(event, CallAnswered) == (moment.latency_ms is not None)


def test_every_kind_of_event_has_words_of_its_own() -> None:
    """Who asked, answered, condensed, assessed, ranked, and what was decided."""
    told = {moment.type: moment.title for moment in moments(told_whole())}

    assert "security asks 1 question (pass 1)" == told["question-asked"]
    assert "person answers security (pass 1)" == told["answer-given"]
    assert told["summary-made"].startswith("security condenses ")
    assert told["assessment-made"].startswith("judge assesses the debate at ")
    assert told["stop-decided"].startswith("The debate goes on: quality 0.")
    assert told["ballot-cast"].startswith("security ranks ")
    assert "judge concludes by vote" == told["synthesis-made"]
    assert "context_search answered for security's proposal (round 1)" == told["tools-used"]


def test_an_answer_that_asks_for_tools_is_followed_up() -> None:
    """The tools by the answer, the next call by the tools."""
    log = told_whole()
    told = moments(log)
    used = next(at for at, event in enumerate(log, 1) if isinstance(event, ToolsUsed))
    asked = log[(told[used - 1].cause or 0) - 1]

    assert isinstance(asked, CallAnswered)
    assert "model-a asks for tools for architect's proposal (round 1)" == next(
        m.title for e, m in zip(log, told, strict=True) if e is asked
    )
    assert [(used, "with what the tools said")] == [
        (moment.cause, moment.title.split(", ")[1])
        for event, moment in zip(log, told, strict=True)
        if isinstance(event, CallRequested) and event.why == "tools" and moment.cause == used
    ]


def test_what_is_computed_is_caused_by_the_last_that_it_waited_for() -> None:
    """A decision by its assessment, a vote by its last ballot."""
    log = told_whole()

    for event, moment in zip(log, moments(log), strict=True):
        if isinstance(event, StopDecided):
            assert isinstance(log[(moment.cause or 0) - 1], AssessmentMade)
        if isinstance(event, SynthesisMade):
            assert isinstance(log[(moment.cause or 0) - 1], BallotCast)
        if isinstance(event, AnswerGiven):
            assert isinstance(log[(moment.cause or 0) - 1], QuestionAsked)
