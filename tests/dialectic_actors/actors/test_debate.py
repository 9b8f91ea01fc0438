"""The debate's behavior: messages in, deeds out, nothing before it is durable."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dialectic_actors.actors.debate import DebateBehavior
from dialectic_actors.actors.messages import (
    Abandoned,
    Append,
    Committed,
    DebateMessage,
    Deed,
    Due,
    Order,
    Overtaken,
    Place,
    Read,
    Release,
    Restarted,
    Take,
    Tell,
    Wait,
)
from dialectic_actors.core.commands import (
    Command,
    Contribute,
    FailCall,
    GiveUp,
    Open,
    PlaceCall,
    Suspend,
    TakeUp,
)
from dialectic_actors.core.decide import State, decide, fold
from dialectic_events.calls import CallAnswered, CallFailed, CallRequested, ErrorClass
from dialectic_events.envelope import Head
from dialectic_events.runs import Limits, RunResumed, RunSuspended
from dialectic_events.turns import ProposalMade, TurnFailed
from dialectic_events.union import Event
from support.drive import opened
from support.shapes import alike

A, B = "debate/r1/proposal/a", "debate/r1/proposal/b"
DONE = Committed(Head())


class Scene:
    """A behavior, and all that it made durable; a playbook reads `assert deeds ==
    scene.hears(message)`.
    """

    def __init__(self, log: Sequence[Event] = ()) -> None:
        self.log = list(log)
        self.behavior = DebateBehavior(fold(log))
        self._open: tuple[Event, ...] = ()

    def hears(self, message: DebateMessage | Command) -> list[Deed]:
        """What the behavior does about a message; commands are orders whose id follows from what
        they are about.
        """
        if message is DONE:
            self.log += self._open
        if not isinstance(message, Order | Committed | Overtaken | Due | Restarted | Abandoned):
            about = getattr(message, "turn", None) or getattr(message, "call", "run")
            message = Order(f"{about}/{type(message).__name__}", message)
        deeds = list(self.behavior.receive(message))
        for deed in deeds:
            if isinstance(deed, Append):
                self._open = tuple(event for _, events in deed.groups for event in events)
        assert alike(fold(self.log)) == alike(self.behavior.state)
        return deeds

    def settles(self, message: DebateMessage | Command) -> list[Deed]:
        """Hear it, make durable what comes of it, and go on until nothing is appended."""
        deeds = self.hears(message)
        while any(isinstance(deed, Append) for deed in deeds):
            deeds = [*(d for d in deeds if not isinstance(d, Append)), *self.hears(DONE)]
        return deeds


def two(limits: Limits | None = None, route: Sequence[str] = ("model-a",)) -> Scene:
    """A debate of two agents whose first calls are under way."""
    scene = Scene()
    scene.settles(Open(opened(("a", "b"), 1, limits=limits, route=route)))
    scene.settles(PlaceCall(A, ()))
    scene.settles(PlaceCall(B, ()))
    return scene


def answer(turn: str, attempt: int = 1) -> CallAnswered:
    """The ending of a call that was answered."""
    return CallAnswered(call=f"{turn}#{attempt}", text="x", model="model-a")


def contribute(turn: str) -> Contribute:
    """A contribution that rests on the turn's first call."""
    return Contribute(f"{turn}#1", answer(turn), "x")


def fail(turn: str, error: ErrorClass, attempt: int = 1) -> FailCall:
    """A call that ended without an answer."""
    call = f"{turn}#{attempt}"
    return FailCall(call, CallFailed(call=call, error=error))


def told(deeds: Sequence[Deed]) -> list[tuple[str, str]]:
    """Which turns were offered to whom."""
    return [
        (deed.to, deed.message.turn.id)
        for deed in deeds
        if isinstance(deed, Tell) and isinstance(deed.message, Take)
    ]


def placed(deeds: Sequence[Deed]) -> list[str]:
    """Which calls the gateway is asked to make."""
    return [deed.effect.request.call for deed in deeds if isinstance(deed, Place)]


def appended(deeds: Sequence[Deed]) -> list[Event]:
    """The events to make durable."""
    return [
        each
        for deed in deeds
        if isinstance(deed, Append)
        for _, events in deed.groups
        for each in events
    ]


def test_nothing_starts_before_the_event_that_asks_for_it_is_durable() -> None:
    """Law 2: an order leads to an append alone; the effects come with its commit."""
    scene = Scene()
    opening = opened(("a", "b"), 1)

    assert [Append((("run/Open", (opening,)),))] == scene.hears(Open(opening))
    assert [("agent/a", A), ("agent/b", B)] == told(scene.hears(DONE))
    (deed,) = scene.hears(PlaceCall(A, ()))
    assert isinstance(deed, Append)
    assert [f"{A}#1"] == placed(scene.hears(DONE))


def test_what_arrives_while_events_are_made_durable_waits_and_is_appended_together() -> None:
    """One append for all that waited, grouped by command, each decided on top of the one before."""
    scene = Scene()
    scene.hears(Open(opened(("a", "b"), 1)))

    assert [] == scene.hears(Order("one", PlaceCall(A, ())))
    assert [] == scene.hears(Order("one, again", PlaceCall(A, ())))
    assert [] == scene.hears(Order("two", PlaceCall(B, ())))
    deeds = scene.hears(DONE)

    (append,) = (deed for deed in deeds if isinstance(deed, Append))
    assert ["one", "two"] == [command for command, _ in append.groups]
    assert [f"{A}#1", f"{B}#1"] == placed(scene.hears(DONE))


def test_a_repeat_does_nothing() -> None:
    """Law 3, at the actor: neither an append nor an effect."""
    scene = two()

    assert [] == scene.hears(PlaceCall(A, ()))
    scene.settles(contribute(A))
    assert [] == scene.hears(contribute(A))


def test_an_ending_is_released_once_it_is_durable() -> None:
    """The gateway holds it until then, also when it came with a turn that was given up."""
    scene = two()

    assert Release((f"{A}#1",)) not in scene.hears(contribute(A))
    assert Release((f"{A}#1",)) in scene.hears(DONE)
    assert Release((f"{B}#1",)) in scene.settles(GiveUp(B, "gone", answer(B)))


def test_a_contribution_starts_what_it_makes_ready() -> None:
    """The other agent criticizes; nothing else is started twice."""
    scene = two()

    assert [("agent/b", "debate/r1/critique/b>a")] == told(scene.settles(contribute(A)))


def test_an_overtaken_append_is_decided_again_on_top_of_the_tail() -> None:
    """Nothing of ours was stored; orders that waited meanwhile come along, in their order."""
    scene = Scene()
    scene.settles(Open(opened(("a", "b"), 1)))
    scene.hears(Order("one", PlaceCall(A, ())))
    scene.hears(Order("two", PlaceCall(B, ())))
    tail = (RunSuspended(reason="elsewhere"), RunResumed(claim="one"))
    scene.log += tail

    deeds = scene.hears(Overtaken(tail, Head()))

    (append,) = deeds
    assert isinstance(append, Append)
    assert ["one", "two"] == [command for command, _ in append.groups]
    assert [f"{A}#1", f"{B}#1"] == placed(scene.hears(DONE))


def test_an_overtaken_order_that_became_a_repeat_is_dropped() -> None:
    """Somebody else did the same: what that made ready is started, nothing is appended."""
    scene = two()
    scene.hears(contribute(A))
    tail = decide(scene.behavior.state, contribute(A))
    scene.log += tail

    deeds = scene.hears(Overtaken(tail, Head()))

    assert [] == appended(deeds)
    assert [("agent/b", "debate/r1/critique/b>a")] == told(deeds)


def test_a_restarted_agent_is_asked_again_for_all_that_it_owes() -> None:
    """Its turns are offered and its calls placed once more (the gateway knows them); others are
    left alone.
    """
    scene = Scene()
    scene.settles(Open(opened(("a", "b"), 1)))
    scene.settles(PlaceCall(B, ()))

    assert [("agent/a", A)] == told(scene.hears(Restarted("agent/a")))
    assert [f"{B}#1"] == placed(scene.hears(Restarted("agent/b")))
    assert [] == scene.hears(Restarted("agent/judge"))


def test_a_restart_while_events_are_made_durable_starts_only_what_is_durable() -> None:
    """The pending contribution's call is placed again; its ending is held until it is durable."""
    scene = two()
    scene.hears(contribute(A))

    deeds = scene.hears(Restarted("agent/a"))

    assert [f"{A}#1"] == placed(deeds)
    assert [] == told(deeds)


def test_a_rebuilt_debate_starts_all_that_is_outstanding() -> None:
    """What was in flight is not in the log, so a new behavior starts it once more."""
    behavior = DebateBehavior(two().behavior.state)

    assert [f"{A}#1", f"{B}#1"] == placed(list(behavior.receive(Restarted("debate"))))


def test_an_abandoned_agents_turns_fail_with_the_endings_that_are_held() -> None:
    """What was spent is recorded, and no further call is made for it."""
    scene = two()

    deeds = scene.hears(Abandoned("agent/a", "it broke", {f"{A}#1": answer(A)}))

    assert [answer(A), TurnFailed(turn=A, reason="it broke")] == appended(deeds)[:2]
    deeds = scene.hears(DONE)
    assert Release((f"{A}#1",)) in deeds
    assert [] == placed(deeds)


def test_no_call_is_made_for_an_agent_that_was_abandoned_while_its_retry_was_made_durable() -> None:
    """The next attempt was decided but is never sent: its turn is given up first."""
    scene = two(route=("model-a", "model-b"))
    (_, again) = appended(scene.hears(fail(A, "bad-request")))
    assert isinstance(again, CallRequested)

    assert [] == scene.hears(Abandoned("agent/a", "it broke", {}))
    deeds = scene.hears(DONE)

    assert [] == placed(deeds)
    assert TurnFailed(turn=A, reason="it broke") == appended(deeds)[0]
    assert [] == placed(scene.hears(DONE))


def test_an_agent_abandoned_while_its_contribution_was_made_durable_keeps_it() -> None:
    """The turn is settled by then; giving it up is a repeat."""
    scene = two()
    scene.hears(contribute(A))
    scene.hears(Abandoned("agent/a", "it broke", {f"{A}#1": answer(A)}))
    scene.hears(DONE)

    assert "made" == scene.behavior.state.run.results[A].outcome
    assert not scene.behavior.at_rest


def test_a_delayed_attempt_is_placed_when_it_is_due() -> None:
    """Once: waiting is asked for by the debate, kept by the shell."""
    scene = two()

    deeds = scene.settles(fail(A, "server"))

    (wait,) = (deed for deed in deeds if isinstance(deed, Wait))
    assert (f"{A}#2~0", True) == (wait.effect, wait.delay_s > 0)
    assert [] == placed(deeds)
    assert [f"{A}#2"] == placed(scene.hears(Due(wait.effect)))
    assert [] == scene.hears(Due(wait.effect))


@pytest.mark.parametrize("effect", [A, f"{A}#1~0", f"{A}#9~0"])
def test_nothing_else_is_ever_due(effect: str) -> None:
    """Not what is under way, settled or unknown."""
    assert [] == two().hears(Due(effect))


def test_a_wait_for_a_turn_that_was_given_up_comes_to_nothing() -> None:
    """The timer may still fire; no call follows."""
    scene = two()
    scene.settles(fail(A, "server"))
    scene.settles(GiveUp(A, "gone"))

    assert [] == scene.hears(Due(f"{A}#2~0"))


def test_an_attempt_that_falls_due_while_suspended_is_placed_once_the_run_goes_on() -> None:
    """Somebody else took the run up meanwhile."""
    scene = two()
    scene.settles(fail(A, "server"))
    tail: tuple[Event, ...] = (RunSuspended(reason="elsewhere"),)
    scene.log += tail
    scene.hears(Overtaken(tail, Head()))

    assert [] == scene.hears(Due(f"{A}#2~0"))
    tail = (RunResumed(claim="one"),)
    scene.log += tail
    deeds = scene.hears(Overtaken(tail, Head()))
    assert [f"{A}#2~0"] == [deed.effect for deed in deeds if isinstance(deed, Wait)]


def test_a_run_suspended_by_a_failure_rests_once_its_calls_have_drained() -> None:
    """The answer of the other agent is paid for, so it is waited for; nothing new is started."""
    scene = two()
    deeds = scene.settles(fail(A, "auth"))

    assert "suspended" == scene.behavior.state.run.status
    assert [] == [deed for deed in deeds if not isinstance(deed, Release)]
    assert not scene.behavior.at_rest
    assert [] == told(scene.settles(contribute(B)))
    assert scene.behavior.at_rest
    assert ProposalMade(turn=B, text="x", call=f"{B}#1") in scene.log


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

    scene.settles(Suspend("told to"))

    assert scene.behavior.at_rest
    assert "suspended" == scene.behavior.state.run.status


def test_a_run_is_not_at_rest_while_its_end_is_made_durable() -> None:
    """Only what is on record counts."""
    scene = two()
    scene.hears(GiveUp("debate/synthesis/judge", "gone"))
    assert not scene.behavior.at_rest

    scene.hears(DONE)

    assert scene.behavior.at_rest
    assert "failed" == scene.behavior.state.run.status


def test_a_recorded_answer_is_read_by_its_agent_when_the_run_is_taken_up() -> None:
    """No call is placed for it."""
    scene = two()
    log = [*scene.log, answer(A)]
    again = Scene(log)

    deeds = again.settles(TakeUp("again"))

    (tell,) = (deed for deed in deeds if isinstance(deed, Tell))
    assert isinstance(tell.message, Read)
    assert ("agent/a", answer(A)) == (tell.to, tell.message.answer)
    assert [f"{B}#1"] == placed(deeds)


def test_a_new_behavior_knows_nothing_in_flight_and_is_not_at_rest() -> None:
    """An empty run waits for its opening."""
    behavior = DebateBehavior(State())

    assert {} == behavior.in_flight
    assert not behavior.at_rest


def test_a_burst_of_orders_is_decided_together_when_its_last_one_is_heard() -> None:
    """Orders with more behind them wait; one append holds them all, each under its own command."""
    scene = Scene()
    scene.settles(Open(opened(("a", "b"), 1)))
    first, second = Order("one", PlaceCall(A, ())), Order("two", PlaceCall(B, ()))

    assert [] == list(scene.behavior.receive(first, more=True))
    (append,) = scene.behavior.receive(second)
    assert isinstance(append, Append)
    assert ["one", "two"] == [command for command, _ in append.groups]


def test_orders_that_wait_are_decided_whatever_comes_last() -> None:
    """A burst may end with a message that decides nothing by itself."""
    scene = Scene()
    scene.settles(Open(opened(("a", "b"), 1)))

    assert [] == list(scene.behavior.receive(Order("one", PlaceCall(A, ())), more=True))
    assert not scene.behavior.at_rest
    (append,) = scene.behavior.receive(Due("nothing waits for this"))
    assert isinstance(append, Append)
    assert ["one"] == [command for command, _ in append.groups]
