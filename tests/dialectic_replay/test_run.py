"""The fold of a run: event by event or all at once, at any version, and against hostile logs."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dialectic_events.calls import CallAnswered, CallLost
from dialectic_events.errors import IntegrityError
from dialectic_events.runs import RunSuspended
from dialectic_events.stores import open_store
from dialectic_events.turns import ProposalMade, SynthesisMade, TurnFailed, TurnSkipped
from dialectic_events.union import Event
from dialectic_replay.read import envelopes, events_of
from dialectic_replay.run import Run, evolve, fold
from support.drive import finish, opened
from support.runs import batch_with_parts, prefixes, runs

HOSTILE: list[Event] = [
    ProposalMade(turn="debate/r9/proposal/nobody", text="hello", call="x#1"),
    SynthesisMade(turn="", text=""),
    TurnFailed(turn="unheard", reason="of"),
    CallAnswered(call="unheard#1", text="hello", model="m"),
    CallLost(call="unheard#1", claim="one"),
]


@given(runs())
def test_a_fold_is_repeated_evolving(log: list[Event]) -> None:
    """Whoever folds a log at once sees what one sees who follows it."""
    run = Run()
    for event in log:
        run = evolve(run, event)

    assert run == fold(log)


@given(runs(), st.data())
def test_a_fold_goes_on_from_any_version(log: list[Event], data: st.DataObject) -> None:
    """A state may be kept, and the rest of the log folded onto it."""
    at = data.draw(st.integers(0, len(log)))
    early = fold(log[:at])

    assert fold(log) == fold(log[at:], early)
    assert (at, fold(log[:at])) == (early.version, early)


@given(runs(max_rounds=1))
def test_evolving_leaves_its_argument_alone(log: list[Event]) -> None:
    """A state that somebody holds does not change under them."""
    run = Run()
    for length, event in enumerate(log):
        evolve(run, event)
        assert fold(log[:length]) == run
        run = evolve(run, event)


@given(runs())
def test_the_version_counts_the_events(log: list[Event]) -> None:
    """The state says of which version it is."""
    assert [len(prefix) for prefix in prefixes(log)] == [fold(p).version for p in prefixes(log)]


@pytest.mark.parametrize("event", HOSTILE, ids=lambda event: type(event).__name__)
def test_an_event_that_names_what_nobody_heard_of_is_refused(event: Event) -> None:
    """A log that was tampered with is not guessed at, and the state before it survives."""
    before = fold([opened()])

    with pytest.raises(IntegrityError, match="no earlier event names"):
        evolve(before, event)

    assert fold([opened()]) == before


@given(runs(), st.data())
def test_a_turn_is_settled_once(log: list[Event], data: st.DataObject) -> None:
    """Whatever comes of it a second time, the first stands; counting it twice would let turns begin
    that still wait.
    """
    run = fold(log)
    assume(run.results)
    turn = run.turns[data.draw(st.sampled_from(sorted(run.results)))]
    ends: list[Event] = [
        TurnFailed(turn=turn.id, reason="again"),
        TurnSkipped(turn=turn.id, plan=turn, reason="again"),
        ProposalMade(turn=turn.id, text="again"),
    ]

    with pytest.raises(IntegrityError, match="settled twice"):
        evolve(run, data.draw(st.sampled_from(ends)))


def test_a_run_may_wait_for_a_turn_that_was_never_tried() -> None:
    """Whatever words it rests with: nothing of that turn is spent."""
    rests = RunSuspended(reason="server: as told", waits_for=("debate/r1/proposal/architect",))

    run = fold([opened(), rests])

    assert ("suspended", {"debate/r1/proposal/architect": 0}) == (run.status, run.spent)


@given(runs())
def test_a_verified_log_folds_as_it_was_decided(log: list[Event]) -> None:
    """What comes back from a store means what went in."""
    store = open_store("memory:")
    store.append([batch_with_parts("deb-1", log)])

    assert fold(log) == fold(events_of(store, "deb-1", verify=True))
    assert fold(log) == fold(events_of(store, "deb-1"))


def test_a_stretch_of_a_log_is_read_with_its_texts() -> None:
    """A reader may begin and end anywhere, verified or not."""
    log = finish()
    store = open_store("memory:")
    store.append([batch_with_parts("deb-1", log)])

    for verify in (True, False):
        stretch = list(envelopes(store, "deb-1", first=5, last=9, verify=verify))
        assert log[4:9] == [envelope.event for envelope in stretch]
