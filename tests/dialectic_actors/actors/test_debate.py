"""The debate's behavior: messages in, deeds out, nothing before it is durable."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from dialectic_actors.actors.debate import DebateBehavior
from dialectic_actors.actors.messages import (
    Abandoned,
    Append,
    Due,
    Order,
    Overtaken,
    Place,
    Read,
    Recall,
    Release,
    Restarted,
    Tell,
)
from dialectic_actors.core.briefs import Brief
from dialectic_actors.core.commands import (
    GiveUp,
    Open,
    PlaceCall,
    Suspend,
    TakeUp,
)
from dialectic_actors.core.decide import State, decide
from dialectic_actors.testing.matching import some
from dialectic_actors.testing.playbooks import playbook
from dialectic_events.calls import CallFailed
from dialectic_events.envelope import Head
from dialectic_events.runs import RunResumed, RunSuspended
from dialectic_events.turns import ProposalMade, Turn, TurnFailed
from support.scenes import (
    B_ON_A,
    DONE,
    FOLLOWING,
    OPENED,
    A,
    B,
    Scene,
    answer,
    appends,
    ask,
    begun,
    contribute,
    fail,
    offers,
    places,
    requests,
    two,
    waits,
)


def test_nothing_starts_before_the_event_that_asks_for_it_is_durable() -> None:
    """Law 2: an order leads to an append alone; the effects come with its commit."""
    (
        playbook(Scene())
        .hears(ask(Open(OPENED)))
        .does(Append((("run/Open", (OPENED,)),)))
        .hears(DONE)
        .does(offers(A), offers(B))
        .hears(ask(PlaceCall(A, ())))
        .does(appends(requests(A)))
        .hears(DONE)
        .does(places(A))
    )


def test_what_arrives_while_events_are_made_durable_waits_and_is_appended_together() -> None:
    """One append for all that waited, grouped by command, each decided on top of the one before."""
    (
        playbook(Scene())
        .hears(ask(Open(OPENED)))
        .does(appends(OPENED))
        .hears(Order("one", PlaceCall(A, ())))
        .does_nothing()
        .hears(Order("one, again", PlaceCall(A, ())))
        .does_nothing()
        .hears(Order("two", PlaceCall(B, ())))
        .does_nothing()
        .hears(DONE)
        .does(
            offers(A),
            offers(B),
            Append((("one", (requests(A),)), ("two", (requests(B),)))),
        )
        .hears(DONE)
        .does(places(A), places(B))
    )


def test_a_repeat_does_nothing() -> None:
    """Law 3, at the actor: neither an append nor an effect."""
    (
        playbook(two())
        .hears(ask(PlaceCall(A, ())))
        .does_nothing()
        .hears(contribute(A))
        .does(some(Append))
        .hears(DONE)
        .does(Release((f"{A}#1",)), offers(B_ON_A))
        .hears(contribute(A))
        .does_nothing()
    )


def test_an_ending_is_released_once_it_is_durable() -> None:
    """The gateway holds it until then, also when it came with a turn that was given up."""
    (
        playbook(two())
        .hears(contribute(A))
        .does(some(Append))
        .hears(DONE)
        .does(Release((f"{A}#1",)), offers(B_ON_A))
        .hears(ask(GiveUp(B, "gone", answer(B))))
        .does(some(Append))
        .hears(DONE)
        .does(Release((f"{B}#1",)))
    )


def test_an_overtaken_append_is_decided_again_on_top_of_the_tail() -> None:
    """Nothing of ours was stored; orders that waited meanwhile come along, in their order."""
    tail = (RunSuspended(reason="elsewhere"), RunResumed(claim="one"))
    (
        playbook(begun())
        .hears(Order("one", PlaceCall(A, ())))
        .does(appends(requests(A)))
        .hears(Order("two", PlaceCall(B, ())))
        .does_nothing()
        .hears(Overtaken(tail, Head()))
        .does(Append((("one", (requests(A),)), ("two", (requests(B),)))))
        .hears(DONE)
        .does(places(A), places(B))
    )


def test_an_overtaken_order_that_became_a_repeat_is_dropped() -> None:
    """Somebody else did the same: what that made ready is started, nothing is appended."""
    scene = two()
    tail = decide(scene.behavior.state, contribute(A).command)
    (
        playbook(scene)
        .hears(contribute(A))
        .does(appends(*tail))
        .hears(Overtaken(tail, Head()))
        .does(offers(B_ON_A))
    )


def test_a_call_that_somebody_else_decided_is_shown_what_its_own_turn_names() -> None:
    """Not what the turn was shown as it was offered here."""
    scene = begun()
    plan = replace(scene.behavior.state.agenda.turns[A], round=7)
    (asked,) = decide(scene.behavior.state, PlaceCall(A, ()))
    (
        playbook(scene)
        .hears(Overtaken((replace(asked, plan=plan),), Head()))
        .does(some(Place, brief=some(Brief, turn=plan)))
    )


def test_a_restarted_agent_is_asked_again_for_all_that_it_owes() -> None:
    """Its turns are offered and its calls placed once more (the gateway knows them); others are
    left alone.
    """
    scene = begun()
    scene.settles(ask(PlaceCall(B, ())))
    (
        playbook(scene)
        .hears(Restarted("agent/a"))
        .does(offers(A))
        .hears(Restarted("agent/b"))
        .does(places(B))
        .hears(Restarted("agent/judge"))
        .does_nothing()
    )


def test_a_restart_while_events_are_made_durable_starts_only_what_is_durable() -> None:
    """The pending contribution's call is placed again; its ending is held until it is durable."""
    (
        playbook(two())
        .hears(contribute(A))
        .does(some(Append))
        .hears(Restarted("agent/a"))
        .does(places(A))
    )


def test_a_rebuilt_debate_starts_all_that_is_outstanding() -> None:
    """What was in flight is not in the log, so a new behavior starts it once more."""
    rebuilt = Scene(two().log)

    playbook(rebuilt).hears(Restarted("debate")).does(places(A), places(B))


def test_an_abandoned_agents_turns_fail_with_the_endings_that_are_held() -> None:
    """What was spent is recorded, and no further call is made for it."""
    (
        playbook(two())
        .hears(Abandoned("agent/a", "it broke", {f"{A}#1": answer(A)}))
        .does(appends(answer(A), TurnFailed(turn=A, reason="it broke"), *FOLLOWING))
        .hears(DONE)
        .does(Release((f"{A}#1",)))
    )


def test_an_abandoned_agent_takes_no_turn_of_another_one_with_it() -> None:
    """The gateway holds endings of others as well, which they have yet to read."""
    (
        playbook(two())
        .hears(Abandoned("agent/a", "it broke", {f"{B}#1": answer(B)}))
        .does(appends(TurnFailed(turn=A, reason="it broke"), *FOLLOWING))
        .hears(DONE)
        .does_nothing()
        .hears(contribute(B))
        .does(appends(answer(B), some(ProposalMade, turn=B)))
    )


def test_no_call_is_made_for_an_agent_that_was_abandoned_while_its_retry_was_made_durable() -> None:
    """The next attempt was decided but is never sent: its turn is given up first."""
    (
        playbook(two(route=("model-a", "model-b")))
        .hears(fail(A, "bad-request"))
        .does(appends(some(CallFailed), requests(A, 2)))
        .hears(Abandoned("agent/a", "it broke", {}))
        .does_nothing()
        .hears(DONE)
        .does(Release((f"{A}#1",)), appends(TurnFailed(turn=A, reason="it broke"), *FOLLOWING))
        .hears(DONE)
        .does_nothing()
    )


def test_an_agent_abandoned_while_its_contribution_was_made_durable_keeps_it() -> None:
    """The turn is settled by then; giving it up is a repeat."""
    scene = two()
    (
        playbook(scene)
        .hears(contribute(A))
        .does(some(Append))
        .hears(Abandoned("agent/a", "it broke", {f"{A}#1": answer(A)}))
        .does_nothing()
        .hears(DONE)
        .does(Release((f"{A}#1",)), offers(B_ON_A))
    )

    assert "made" == scene.behavior.state.run.results[A].outcome
    assert not scene.behavior.at_rest


def test_a_delayed_attempt_is_placed_when_it_is_due() -> None:
    """Once: waiting is asked for by the debate, kept by the shell."""
    scene = two()
    (
        playbook(scene)
        .hears(fail(A, "server"))
        .does(appends(some(CallFailed), requests(A, 2)))
        .hears(DONE)
        .does(Release((f"{A}#1",)), waits(A, 2))
        .hears(Due(f"{A}#2~0"))
        .does(places(A, 2))
        .hears(Due(f"{A}#2~0"))
        .does_nothing()
    )

    assert scene.behavior.state.run.calls[f"{A}#2"].requested.delay_s > 0


@pytest.mark.parametrize("effect", [A, f"{A}#1~0", f"{A}#9~0"])
def test_nothing_else_is_ever_due(effect: str) -> None:
    """Not what is under way, settled or unknown."""
    playbook(two()).hears(Due(effect)).does_nothing()


def test_a_wait_for_a_turn_that_was_given_up_comes_to_nothing() -> None:
    """The timer may still fire; no call follows."""
    scene = two()
    scene.settles(fail(A, "server"))
    scene.settles(ask(GiveUp(A, "gone")))

    playbook(scene).hears(Due(f"{A}#2~0")).does_nothing()


def test_an_attempt_that_falls_due_while_its_end_is_made_durable_is_not_placed() -> None:
    """Its answer would be paid for, and nobody would read it."""
    (
        playbook(two())
        .hears(fail(A, "server"))
        .does(some(Append))
        .hears(DONE)
        .does(Release((f"{A}#1",)), waits(A, 2))
        .hears(ask(GiveUp(A, "gone")))
        .does(appends(some(TurnFailed), *FOLLOWING))
        .hears(Due(f"{A}#2~0"))
        .does_nothing()
    )


def test_an_attempt_that_falls_due_while_suspended_is_placed_once_the_run_goes_on() -> None:
    """Somebody else took the run up meanwhile."""
    scene = two()
    scene.settles(fail(A, "server"))
    (
        playbook(scene)
        .hears(Overtaken((RunSuspended(reason="elsewhere"),), Head()))
        .does_nothing()
        .hears(Due(f"{A}#2~0"))
        .does_nothing()
        .hears(Overtaken((RunResumed(claim="one"),), Head()))
        .does(waits(A, 2))
    )


def test_a_run_suspended_by_a_failure_rests_once_its_calls_have_drained() -> None:
    """The answer of the other agent is paid for if it was asked already, and then waited for; what
    was not is recalled, and nothing new is started.
    """
    scene = two()
    book = (
        playbook(scene)
        .hears(fail(A, "auth"))
        .does(appends(some(CallFailed), some(RunSuspended)))
        .hears(DONE)
        .does(Release((f"{A}#1",)), Recall())
    )
    assert "suspended" == scene.behavior.state.run.status
    assert not scene.behavior.at_rest

    (
        book.hears(contribute(B))
        .does(appends(answer(B), ProposalMade(turn=B, text="x", call=f"{B}#1")))
        .hears(DONE)
        .does(Release((f"{B}#1",)))
    )
    assert scene.behavior.at_rest


def test_a_run_suspended_by_a_failure_does_not_wait_for_delayed_attempts() -> None:
    """They are not sent, so nothing of theirs can come in."""
    scene = two()
    scene.settles(fail(A, "server"))
    scene.settles(fail(B, "auth"))

    assert scene.behavior.at_rest


@pytest.mark.parametrize("draining", [False, True])
def test_a_run_that_is_told_to_rest_does_so_at_once(draining: bool) -> None:
    """Once that is durable; also when it was suspended already and waited for its calls."""
    scene = two()
    if draining:
        scene.settles(fail(A, "auth"))
    assert not scene.behavior.at_rest

    scene.settles(ask(Suspend("told to")))

    assert scene.behavior.at_rest
    assert "suspended" == scene.behavior.state.run.status


def test_a_run_is_not_at_rest_while_its_end_is_made_durable() -> None:
    """Only what is on record counts; and what its calls under way cost is recorded as well."""
    scene = two()
    book = playbook(scene).hears(ask(GiveUp("debate/synthesis/judge", "gone"))).does(some(Append))
    assert not scene.behavior.at_rest

    book.hears(DONE).does(Recall())
    assert "failed" == scene.behavior.state.run.status
    assert not scene.behavior.at_rest

    scene.settles(contribute(A))
    assert not scene.behavior.at_rest
    scene.settles(fail(B, "server"))
    assert scene.behavior.at_rest


def test_a_recorded_answer_is_read_by_its_agent_when_the_run_is_taken_up() -> None:
    """No call is placed for it."""
    (
        playbook(Scene([*two().log, answer(A)]))
        .hears(ask(TakeUp("again")))
        .does(some(Append))
        .hears(DONE)
        .does(Tell("agent/a", some(Read, turn=some(Turn, id=A), answer=answer(A))), places(B))
    )


def test_a_run_that_drains_asks_again_how_the_calls_of_a_restarted_agent_end() -> None:
    """The gateway holds the ending that the broken one did not read: it was paid for."""
    scene = two()
    scene.settles(fail(A, "auth"))
    assert "suspended" == scene.behavior.state.run.status

    playbook(scene).hears(Restarted("agent/b")).does(places(B))

    assert not scene.behavior.at_rest
    scene.settles(contribute(B))
    assert scene.behavior.at_rest


def test_a_run_that_drains_does_not_begin_what_still_waited() -> None:
    """A retry that was held back was never sent; a new agent does not make it so."""
    scene = two()
    scene.settles(fail(B, "server"))
    scene.settles(fail(A, "auth"))

    playbook(scene).hears(Restarted("agent/b")).does_nothing()


def test_a_new_behavior_knows_nothing_in_flight_and_is_not_at_rest() -> None:
    """An empty run waits for its opening."""
    behavior = DebateBehavior(State())

    assert {} == behavior.in_flight
    assert not behavior.at_rest


def test_a_burst_of_orders_is_decided_together_when_its_last_one_is_heard() -> None:
    """Orders with more behind them wait; one append holds them all, each under its own command."""
    scene = begun()
    first, second = Order("one", PlaceCall(A, ())), Order("two", PlaceCall(B, ()))

    assert [] == list(scene.behavior.receive(first, more=True))
    (append,) = scene.behavior.receive(second)
    assert isinstance(append, Append)
    assert ["one", "two"] == [command for command, _ in append.groups]


def test_orders_that_wait_are_decided_whatever_comes_last() -> None:
    """A burst may end with a message that decides nothing by itself."""
    scene = begun()

    assert [] == list(scene.behavior.receive(Order("one", PlaceCall(A, ())), more=True))
    assert not scene.behavior.at_rest
    (append,) = scene.behavior.receive(Due("nothing waits for this"))
    assert isinstance(append, Append)
    assert ["one"] == [command for command, _ in append.groups]
