"""What a mailbox and its actor promise on any dispatcher: every message comes to an end.

Must not go in here: what only an event loop can show (`test_dispatcher`).
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pykka
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pykka._envelope import Envelope
from pykka.messages import _ActorStop

from dialectic_actors.runtime.dispatcher import SLICE
from support.mailboxes import (
    Gap,
    Mail,
    Recorder,
    StepDispatcher,
    Trouble,
    actor,
    fail,
    quit_with,
    tell_stop,
)


@pytest.fixture(autouse=True)
def _own_registry() -> Iterator[None]:
    yield
    for ref in pykka.ActorRegistry.get_all():
        pykka.ActorRegistry.unregister(ref)


@given(backlog=st.integers(1, 5 * SLICE), limit=st.integers(1, SLICE))
def test_a_full_mailbox_delays_another_by_one_slice_at_most(backlog: int, limit: int) -> None:
    """Mail that arrives behind a flood waits for one slice of it, not for the flood."""
    world = StepDispatcher()
    flooded, other = Recorder.start(world), Recorder.start(world)
    world.run()
    for number in range(backlog):
        flooded.tell(number)
    other.tell(lambda: len(actor(flooded).seen))
    answer = other.ask(lambda: len(actor(flooded).seen), block=False)
    world.ready.popleft().run(limit)
    world.ready.popleft().run(SLICE)

    assert min(backlog, limit) == answer.get(timeout=0)


@given(
    script=st.lists(st.sampled_from(["tell", "ask", "fail", "refuse", "stop", "run"]), max_size=60),
    limit=st.integers(1, 5),
)
def test_every_message_is_handled_answered_or_dead_lettered_once(
    script: list[str], limit: int
) -> None:
    """Whatever is sent, and whenever the actor ends, no message and no asker is forgotten.

    Sending past the reference is what a sender does who looked just before the actor stopped.
    """
    world = StepDispatcher()
    ref = Recorder.start(world)
    recorder = actor(ref)
    told: list[object] = []
    asked: list[pykka.Future[Any]] = []
    for word in script:
        match word:
            case "run" if world.ready:
                world.ready.popleft().run(limit)
            case "tell" | "fail":
                message = Mail() if word == "tell" else Trouble()
                ref.actor_inbox.put(Envelope(message))
                told.append(message)
            case "ask" | "refuse" | "stop":
                asked.append(pykka.ThreadingFuture())
                answers = {"ask": Mail(), "refuse": fail, "stop": _ActorStop()}
                ref.actor_inbox.put(Envelope(answers[word], reply_to=asked[-1]))
            case _:
                pass
    ref.actor_inbox.put(Envelope(_ActorStop()))
    world.run(limit)

    for answer in asked:
        with suppress(ValueError, pykka.ActorDeadError):
            answer.get(timeout=0)
    ends = [m for m in [*recorder.seen, *world.dead] if m in told]
    assert sorted(map(id, told)) == sorted(map(id, ends))
    assert ref.actor_inbox.empty()


def test_mail_from_the_constructor_waits_until_the_actor_has_started() -> None:
    """What an actor sends itself in `__init__` is handled after `on_start`."""
    world = StepDispatcher()
    ref = Early.start(world, first="early")
    assert [] == actor(ref).seen
    world.run()

    assert ["started", "early"] == actor(ref).seen


class Early(Recorder):
    """Notes its start among its messages."""

    def on_start(self) -> None:
        """Note the start."""
        self.seen.append("started")


def test_a_message_to_a_stopped_actor_is_refused() -> None:
    """Telling a stopped actor raises; asking it answers with the same error."""
    world = StepDispatcher()
    ref = Recorder.start(world)
    tell_stop(ref)
    world.run()

    with pytest.raises(pykka.ActorDeadError):
        ref.tell("late")
    with pytest.raises(pykka.ActorDeadError):
        ref.ask("late")
    assert [] == world.dead


def test_what_was_sent_before_a_stop_is_handled_and_the_rest_returned() -> None:
    """A stop takes its place in the queue like any other message."""
    world = StepDispatcher()
    ref = Recorder.start(world)
    recorder = actor(ref)
    ref.tell("before")
    stopped = ref.stop(block=False)
    ref.tell("after")
    answer = ref.ask("after", block=False)
    again = ref.stop(block=False)
    world.run()

    assert ["before"] == recorder.seen
    assert ["after"] == world.dead
    assert (True, True) == (stopped.get(timeout=0), again.get(timeout=0))
    with pytest.raises(pykka.ActorDeadError):
        answer.get(timeout=0)
    assert ["started", "stopped"] == recorder.hooks


def test_a_refused_dead_letter_does_not_keep_the_rest_from_their_answers() -> None:
    """An asker is answered even when whoever takes the dead letters fails."""
    world = StepDispatcher()
    world.dead_letters = lambda recipient, message: fail()  # type: ignore[method-assign]
    ref = Recorder.start(world)
    tell_stop(ref)
    ref.tell("after")
    answer = ref.ask("after", block=False)
    world.run()

    with pytest.raises(pykka.ActorDeadError):
        answer.get(timeout=0)


def test_an_exception_after_a_tell_stops_the_actor_and_runs_on_failure() -> None:
    """It is dead and unregistered, its cleanup has run once, the rest of its mail is dead."""
    world = StepDispatcher()
    ref = Recorder.start(world)
    recorder = actor(ref)
    ref.tell(fail)
    ref.tell("after")
    world.run()

    assert ["started", "failed: ValueError"] == recorder.hooks
    assert not ref.is_alive()
    assert ref not in pykka.ActorRegistry.get_all()
    assert ["after"] == world.dead


def test_an_exception_after_an_ask_goes_to_the_asker_and_the_actor_lives() -> None:
    """Whoever asks for trouble gets it; the next message is handled as if nothing had happened."""
    world = StepDispatcher()
    ref = Recorder.start(world)
    answer = ref.ask(fail, block=False)
    after = ref.ask("after", block=False)
    world.run()

    with pytest.raises(ValueError, match="no"):
        answer.get(timeout=0)
    assert "after" == after.get(timeout=0)
    assert ["started"] == actor(ref).hooks


@pytest.mark.parametrize("hook", ["on_start", "on_stop", "on_failure"])
def test_a_hook_that_raises_stops_its_actor_and_nothing_else(hook: str) -> None:
    """A failing hook is contained: the actor is dead, its askers are answered, others go on."""
    world = StepDispatcher()
    ref, other = Recorder.start(world), Recorder.start(world)
    setattr(actor(ref), hook, lambda *_: fail())
    ref.tell(fail)
    tell_stop(ref)
    late = ref.ask("late", block=False)
    other.tell("mail")
    world.run()

    with pytest.raises(pykka.ActorDeadError):
        late.get(timeout=0)
    assert not ref.is_alive()
    assert ["mail"] == actor(other).seen


@pytest.mark.parametrize("sending", ["tell", "ask"])
@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_exit_in_a_handler_fails_its_actor_and_reaches_the_thread(
    sending: str, raised: type[BaseException]
) -> None:
    """The asker is answered, the actor has failed, the thread's owner decides, others live on."""
    world = StepDispatcher()
    ref, other = Recorder.start(world), Recorder.start(world)
    recorder = actor(ref)
    world.run()
    answer = ref.ask(quit_with(raised), block=False) if sending == "ask" else None
    if answer is None:
        ref.tell(quit_with(raised))
    behind = ref.ask("behind", block=False)
    other.tell("mail")
    with pytest.raises(raised):
        world.run()
    world.run()

    if answer is not None:
        with pytest.raises(raised):
            answer.get(timeout=0)
    with pytest.raises(pykka.ActorDeadError):
        behind.get(timeout=0)
    assert ["started", f"failed: {raised.__name__}"] == recorder.hooks
    assert ["mail"] == actor(other).seen


def test_mail_that_arrives_just_as_the_mailbox_comes_to_rest_is_handled() -> None:
    """A sender that finds the mailbox still claimed relies on it to look once more."""
    world = StepDispatcher()
    ref = Recorder.start(world)
    inbox: Any = ref.actor_inbox
    inbox._claim = Gap(inbox._claim, partial(ref.tell, "in the gap"))
    world.run()

    assert ["in the gap"] == actor(ref).seen


def test_idle_actors_survive_collection_and_stopped_ones_are_freed() -> None:
    """A reference alone keeps an idle actor; after the stop it keeps nothing."""
    world = StepDispatcher()
    ref = Recorder.start(world)
    world.run()
    pykka.ActorRegistry.unregister(ref)
    held = weakref.ref(actor(ref))
    gc.collect()
    assert held() is not None

    tell_stop(ref)
    world.run()
    gc.collect()
    assert held() is None
