"""The decisions of a run: each command's effect, repeat and refusal."""

from __future__ import annotations

import pytest

from dialectic_actors.core.commands import (
    AskAgain,
    Command,
    Contribute,
    FailCall,
    GiveUp,
    Open,
    PlaceCall,
    Suspend,
    TakeUp,
)
from dialectic_actors.core.decide import State, decide, evolve, fold, react
from dialectic_actors.core.effects import MakeCall, ReadAnswer, TakeTurn
from dialectic_actors.testing.driving import CALM, perform, play
from dialectic_events.calls import CallAnswered, CallFailed, CallLost, CallRequested, ErrorClass
from dialectic_events.runs import (
    Limits,
    RunConcluded,
    RunFailed,
    RunResumed,
    RunSuspended,
)
from dialectic_events.turns import ProposalMade, TurnFailed
from support.drive import answered, opened

FIRST, SECOND, JUDGE = (
    "debate/r1/proposal/a",
    "debate/r1/refinement/a",
    "debate/synthesis/judge",
)


def begun(limits: Limits | None = None, route: tuple[str, ...] = ("model-a",)) -> State:
    """A debate of one agent and one round: a proposal, a refinement, a synthesis."""
    return fold([opened(("a",), 1, limits=limits, route=route)])


def after(state: State, *commands: Command) -> State:
    """The state once these were decided."""
    for command in commands:
        state = fold(decide(state, command), state)
    return state


def placed(state: State, turn: str = FIRST) -> tuple[State, CallRequested]:
    """A state in which the turn's call is requested, and the call."""
    effect = react(state)[turn]
    state = after(state, perform(CALM)(state, effect))
    return state, state.run.calls[f"{turn}#1"].requested


def said(answer: CallAnswered, text: str) -> Contribute:
    """The agent contributes the first proposal."""
    return Contribute(answer.call, answer, ProposalMade(turn=FIRST, text=text, call=answer.call))


def failed(request: CallRequested, error: ErrorClass = "bad-request") -> FailCall:
    """The call ended without an answer."""
    return FailCall(request.call, CallFailed(call=request.call, error=error, detail="as told"))


def missing(request: CallRequested) -> AskAgain:
    """The call ended with an answer that misses its contract."""
    answer = CallAnswered(call=request.call, text="…", model=request.model)
    return AskAgain(request.call, answer, ("it says nothing",), request.messages)


def test_a_run_is_opened_once() -> None:
    """Opening asks for the first turns; a second opening is refused."""
    state = after(State(), Open(opened(("a", "b"), 1)))

    assert ["debate/r1/proposal/a", "debate/r1/proposal/b"] == list(react(state))
    assert () == decide(state, Open(opened(("c",), 1)))


@pytest.mark.parametrize(
    "command",
    [
        PlaceCall(FIRST, ()),
        said(CallAnswered(call=f"{FIRST}#1", text="x", model="m"), "x"),
        AskAgain(f"{FIRST}#1", CallAnswered(call=f"{FIRST}#1", text="x", model="m"), (), ()),
        FailCall(f"{FIRST}#1", CallFailed(call=f"{FIRST}#1", error="server")),
        GiveUp(FIRST, "gone"),
        TakeUp("one"),
        Suspend("told to"),
    ],
)
def test_nothing_happens_to_a_run_that_is_not_open(command: Command) -> None:
    """Every command but the opening is refused."""
    assert () == decide(State(), command)


def test_a_placed_call_is_requested_with_its_full_turn() -> None:
    """The first request of a turn holds its plan, the model is the first of the route."""
    state = begun()
    effect = react(state)[FIRST]
    assert isinstance(effect, TakeTurn)

    (event,) = decide(state, PlaceCall(FIRST, ()))

    assert isinstance(event, CallRequested)
    assert (f"{FIRST}#1", "model-a", "first", effect.turn) == (
        event.call,
        event.model,
        event.why,
        event.plan,
    )


@pytest.mark.parametrize("turn", [SECOND, JUDGE, "debate/r9/proposal/a"])
def test_a_call_is_refused_for_a_turn_that_is_not_ready(turn: str) -> None:
    """Nobody asked for it yet, or ever."""
    assert () == decide(begun(), PlaceCall(turn, ()))


def test_a_contribution_is_recorded_with_the_ending_of_its_call() -> None:
    """Ending first, so that no contribution rests on an answer that the log does not have."""
    state, request = placed(begun())

    events = decide(state, said(answered(request), "a design"))

    assert (
        answered(request),
        ProposalMade(turn=FIRST, text="a design", call=request.call),
    ) == events


def test_a_recorded_answer_is_read_without_asking_again() -> None:
    """A log that ends with the answer names its reading, and nothing else for that turn."""
    state, request = placed(begun())
    state = evolve(state, answered(request))
    effect = react(state)[f"{request.call}?"]

    assert [f"{request.call}?"] == list(react(state))
    assert isinstance(effect, ReadAnswer)
    assert (ProposalMade(turn=FIRST, text="x", call=request.call),) == decide(
        state, said(effect.answer, "x")
    )


def test_an_answer_that_misses_its_contract_is_asked_for_again_and_then_fails() -> None:
    """As often as the limits allow; the next call follows the answer at once, and is all that is
    outstanding.
    """
    state, request = placed(begun(Limits(repairs=1)))

    _, again = decide(state, missing(request))
    state = after(state, missing(request))

    assert isinstance(again, CallRequested)
    assert ("contract", f"{FIRST}#2", "model-a") == (again.why, again.call, again.model)
    assert [f"{FIRST}#2~0"] == list(react(state))
    state = after(state, missing(again))
    assert "the answer missed its contract: it says nothing" == state.run.results[FIRST].text


def test_nothing_is_requested_while_a_run_is_suspended() -> None:
    """An answer that comes in then is recorded, and read again once the run is taken up."""
    state, request = placed(begun())
    state = after(state, Suspend("told to"))

    assert (missing(request).ending,) == decide(state, missing(request))
    assert () == decide(after(state, missing(request)), PlaceCall(FIRST, ()))
    state = after(state, missing(request), TakeUp("one"))
    assert [f"{request.call}?"] == list(react(state))


def test_a_failed_call_is_followed_by_the_decision_in_the_same_append() -> None:
    """Another attempt, or the failure of the turn when there is none left."""
    state, request = placed(begun(route=("model-a", "model-b")))

    ending, again = decide(state, failed(request))
    state = after(state, failed(request))
    last = decide(state, failed(state.run.calls[f"{FIRST}#2"].requested))

    assert failed(request).ending == ending
    assert isinstance(again, CallRequested)
    assert ("model-b", "bad-request") == (again.model, again.why)
    assert TurnFailed(turn=FIRST, reason="bad-request: as told") == last[1]


def test_a_turn_that_is_given_up_fails_with_its_reason() -> None:
    """Without a call the event holds the plan; with a known ending that comes first."""
    state, request = placed(begun())

    assert (
        TurnFailed(turn=FIRST, reason="gone", plan=begun().agenda.turns[FIRST])
        == (decide(begun(), GiveUp(FIRST, "gone"))[0])
    )
    assert (answered(request), TurnFailed(turn=FIRST, reason="gone")) == (
        decide(state, GiveUp(FIRST, "gone", answered(request)))[:2]
    )


@pytest.mark.parametrize("turn", ["debate/r9/proposal/a", "elsewhere"])
def test_an_unknown_turn_cannot_be_given_up(turn: str) -> None:
    """Only what the protocol names can fail."""
    assert () == decide(begun(), GiveUp(turn, "gone"))


def test_a_late_answer_is_recorded_without_a_contribution() -> None:
    """What was spent is on record even when the turn is settled already."""
    state, request = placed(fold([opened(("a", "b"), 1)]))
    state = after(state, GiveUp(FIRST, "gone"))

    assert (answered(request),) == decide(state, said(answered(request), "late"))
    assert (failed(request, "auth").ending,) == decide(state, failed(request, "auth"))
    assert (missing(request).ending,) == decide(state, missing(request))


def test_an_ending_that_comes_with_giving_up_a_settled_turn_is_recorded() -> None:
    """Giving up twice loses no spend: the second time brings the ending of the call."""
    state, request = placed(fold([opened(("a", "b"), 1)]))
    state = after(state, GiveUp(FIRST, "gone"))

    assert (answered(request),) == decide(state, GiveUp(FIRST, "gone", answered(request)))


def test_a_run_that_ended_stays_as_it_is() -> None:
    """Late answers of its calls are recorded, nothing else ever is."""
    state, request = placed(begun())
    state = after(state, GiveUp(JUDGE, "gone"))

    assert "failed" == state.run.status
    assert {} == react(state)
    assert () == decide(state, TakeUp("one")) == decide(state, Suspend("told to"))
    assert (answered(request),) == decide(state, said(answered(request), "late"))
    assert (missing(request).ending,) == decide(state, missing(request))
    assert (failed(request).ending,) == decide(state, failed(request))


@pytest.mark.parametrize("error", ["auth", "payment"])
def test_what_only_a_person_can_mend_suspends_the_run(error: ErrorClass) -> None:
    """The failure is recorded, the run rests and says why; taken up, the same model is asked
    again, uncounted.
    """
    state, request = placed(begun(Limits(attempts=1)))

    ending, rest = decide(state, failed(request, error))
    state = after(state, failed(request, error))

    assert failed(request, error).ending == ending
    assert RunSuspended(reason=f"{error}: as told", waits_for=(FIRST,)) == rest
    assert {} == react(state)
    resumed, again = decide(state, TakeUp("one"))
    assert RunResumed(claim="one") == resumed
    assert isinstance(again, CallRequested)
    assert ("model-a", 0.0, error) == (again.model, again.delay_s, again.why)


def test_a_suspended_run_still_takes_in_what_is_under_way() -> None:
    """Answers drain into the log, but ask for nothing before the run is taken up."""
    state, request = placed(begun())
    state = after(state, Suspend("told to"))

    assert (
        RunSuspended(reason="told to", waits_for=(FIRST,))
        == (decide(placed(begun())[0], Suspend("told to"))[0])
    )
    state = after(state, said(answered(request), "a design"))
    assert {} == react(state)
    assert [SECOND] == list(react(after(state, TakeUp("one"))))


def test_a_call_without_an_ending_is_lost_when_the_run_is_taken_up() -> None:
    """It is sent again under the same id, once per taking up that found it lost."""
    state, request = placed(begun())

    assert (CallLost(call=request.call, claim="one"),) == decide(state, TakeUp("one"))
    state = after(state, TakeUp("one"), TakeUp("one"), TakeUp("two"))
    (effect,) = react(state).values()
    assert isinstance(effect, MakeCall)
    assert (request, 2) == (effect.request, effect.lost)


def test_a_run_without_a_synthesis_fails_with_the_reason() -> None:
    """Nobody contributed, so there is nothing that the judge could conclude from."""
    state, request = placed(begun())

    *_, end = decide(state, failed(request))

    assert RunFailed(reason=f"{JUDGE} skipped: nobody contributed what it would be shown") == end


def test_a_run_with_a_failed_turn_ends_partial() -> None:
    """The conclusion stands, and says that something is missing."""
    state = after(fold([opened(("a", "b"), 1)]), GiveUp(FIRST, "gone"))
    log = play([opened(("a", "b"), 1)], perform(CALM))

    assert RunConcluded(outcome="complete") == log[-1]
    while react(state):
        state = after(state, perform(CALM)(state, next(iter(react(state).values()))))
    assert "partial" == state.run.status
