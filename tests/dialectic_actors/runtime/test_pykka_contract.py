"""What we rely on in pykka, much of it underscored: when pykka changes, this says where.

Must not go in here: what our own actors do (`test_mailbox`, `test_dispatcher`).
"""

from __future__ import annotations

import gc
import inspect
import queue
from collections.abc import Iterator
from typing import Any, ClassVar

import pykka
import pytest
from pykka._envelope import Envelope
from pykka.messages import _ActorStop


class Inbox:
    """A plain list with the three methods that pykka asks of an inbox."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope[Any]] = []

    def put(self, envelope: Envelope[Any], /) -> None:
        """Add an envelope."""
        self.envelopes.append(envelope)

    def get(self) -> Envelope[Any]:
        """Return the oldest envelope."""
        return self.envelopes.pop(0)

    def empty(self) -> bool:
        """Tell whether nothing waits."""
        return not self.envelopes


class Sketch(pykka.Actor):
    """The least that pykka accepts as a kind of actor: it never runs by itself."""

    actor_inbox: Inbox
    started: ClassVar[list[Sketch]] = []
    """Holds what was started, as a thread would."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    @staticmethod
    def _create_actor_inbox() -> Inbox:
        return Inbox()

    @staticmethod
    def _create_future() -> pykka.Future[Any]:
        return pykka.ThreadingFuture()

    def _start_actor_loop(self) -> None:
        registered = self.actor_ref in pykka.ActorRegistry.get_all()
        self.calls.append(f"loop started, registered: {registered}")
        self.started.append(self)

    def on_start(self) -> None:
        """Fail."""
        raise ValueError("no")

    def on_stop(self) -> None:
        """Note the stop."""
        self.calls.append("on_stop")

    def on_receive(self, message: Any) -> Any:
        """Answer twice as much, or fail at what cannot be doubled."""
        return message * 2


@pytest.fixture
def sketch() -> Iterator[Sketch]:
    """Return a started actor that a test drives by hand."""
    ref = Sketch.start()
    yield Sketch.started.pop()
    pykka.ActorRegistry.unregister(ref)


def test_an_actor_is_registered_before_its_loop_starts(sketch: Sketch) -> None:
    """`start` constructs, registers, then calls the hook, and nothing asks for a thread."""
    assert ["loop started, registered: True"] == sketch.calls


def test_three_hooks_are_all_that_a_kind_of_actor_must_supply() -> None:
    """The inbox and the future come from static factories, the loop from a method."""
    hooks = {"_create_actor_inbox", "_create_future", "_start_actor_loop"}

    assert hooks == pykka.Actor.__abstractmethods__
    assert isinstance(inspect.getattr_static(pykka.Actor, "_create_actor_inbox"), staticmethod)
    assert isinstance(inspect.getattr_static(pykka.Actor, "_create_future"), staticmethod)


def test_a_reference_does_not_keep_its_actor_alive() -> None:
    """References and the registry are weak, so whoever runs an actor must hold it."""
    ref = Sketch.start()
    assert ref._actor_weakref() is Sketch.started[0]
    Sketch.started.clear()
    gc.collect()

    assert ref in pykka.ActorRegistry.get_all()
    assert ref._actor_weakref() is None
    pykka.ActorRegistry.unregister(ref)


def test_a_reference_shares_the_inbox_and_the_stopped_flag(sketch: Sketch) -> None:
    """A reference puts straight into our inbox, and looks at the very flag that stopping sets."""
    assert sketch.actor_inbox is sketch.actor_ref.actor_inbox
    assert sketch.actor_stopped is sketch.actor_ref.actor_stopped


def test_a_tell_is_an_envelope_that_expects_no_reply(sketch: Sketch) -> None:
    """An envelope is the message and who waits for the reply, in slots."""
    sketch.actor_ref.tell("hello")
    envelope = sketch.actor_inbox.get()

    assert ("hello", None) == (envelope.message, envelope.reply_to)
    assert ["message", "reply_to"] == list(Envelope.__slots__)


def test_an_ask_creates_its_future_through_the_class(sketch: Sketch) -> None:
    """The envelope of an ask carries the future that the asker holds."""
    answer = sketch.actor_ref.ask("hello", block=False)

    assert sketch.actor_inbox.get().reply_to is answer


def test_a_stop_is_an_ask_whose_future_is_wrapped_by_a_hook(sketch: Sketch) -> None:
    """The wrapper is built without arguments from the class of the first future."""
    outcome = sketch.actor_ref.stop(block=False)
    envelope = sketch.actor_inbox.get()
    assert envelope.reply_to is not None
    envelope.reply_to.set(None)

    assert isinstance(envelope.message, _ActorStop)
    assert type(outcome) is type(envelope.reply_to)
    assert outcome is not envelope.reply_to
    assert outcome.get(timeout=0)


def test_a_future_is_answered_once_and_never_beside_a_hook() -> None:
    """A second answer, or one for a hooked future, is refused."""
    answered: pykka.ThreadingFuture[str] = pykka.ThreadingFuture()
    answered.set("once")
    hooked: pykka.ThreadingFuture[str] = pykka.ThreadingFuture()
    hooked.set_get_hook(lambda _: "hook")

    for future in (answered, hooked):
        with pytest.raises(queue.Full):
            future.set("twice")
        with pytest.raises(queue.Full):
            future.set_exception((ValueError, ValueError(), None))


def test_a_future_shows_its_result_its_hook_and_its_lock_to_subclasses() -> None:
    """Our future looks at these three to know whether waiting would block."""
    future: pykka.ThreadingFuture[str] = pykka.ThreadingFuture()
    before = (future._result, future._get_hook)
    future.set("there")

    assert (None, None) == before
    assert future._result is not None
    with future._condition:
        assert "there" == future._result.value


def test_awaiting_a_future_blocks_after_one_step() -> None:
    """Pykka's own `__await__` yields once, then calls the blocking `get`."""
    waited: list[float | None] = []
    future: pykka.ThreadingFuture[str] = pykka.ThreadingFuture()

    def hook(timeout: float | None) -> str:
        waited.append(timeout)
        return "got"

    future.set_get_hook(hook)
    steps = future.__await__()
    next(steps)
    assert [] == waited

    with pytest.raises(StopIteration):
        next(steps)
    assert [None] == waited


def test_receiving_dispatches_stops_and_ordinary_messages(sketch: Sketch) -> None:
    """`_handle_receive` answers with what the handler returns, and knows pykka's own messages."""
    assert "aa" == sketch._handle_receive("a")
    sketch._handle_receive(_ActorStop())

    assert not sketch.actor_ref.is_alive()
    assert "on_stop" == sketch.calls[-1]


def test_stopping_unregisters_sets_the_flag_and_runs_on_stop(sketch: Sketch) -> None:
    """`_stop` does all of a stop but emptying the inbox."""
    sketch.actor_inbox.put(Envelope("unread"))
    sketch._stop()

    assert sketch.actor_ref not in pykka.ActorRegistry.get_all()
    assert sketch.actor_stopped.is_set()
    assert "on_stop" == sketch.calls[-1]
    assert not sketch.actor_inbox.empty()


def test_handling_a_failure_stops_without_on_stop_or_on_failure(
    sketch: Sketch, caplog: pytest.LogCaptureFixture
) -> None:
    """`_handle_failure` logs, unregisters and sets the flag; calling the hooks is for the loop."""
    error = ValueError("no")
    sketch._handle_failure(ValueError, error, None)

    assert sketch.actor_ref not in pykka.ActorRegistry.get_all()
    assert sketch.actor_stopped.is_set()
    assert 1 == len(sketch.calls)
    assert ["ERROR"] == [record.levelname for record in caplog.records if record.exc_info]


def test_a_start_that_raises_stops_the_actor(sketch: Sketch) -> None:
    """`_actor_loop_setup` runs `on_start` and contains what it raises."""
    sketch._actor_loop_setup()

    assert sketch.actor_stopped.is_set()


def test_a_dead_actor_refuses_tells_and_answers_asks_with_the_error(sketch: Sketch) -> None:
    """A reference looks once, before it puts; what passes that look is for the inbox to return."""
    sketch._stop()
    with pytest.raises(pykka.ActorDeadError):
        sketch.actor_ref.tell("late")
    with pytest.raises(pykka.ActorDeadError):
        sketch.actor_ref.ask("late")

    assert sketch.actor_inbox.empty()
    assert not sketch.actor_ref.stop()


def test_teardown_answers_askers_and_forgets_what_was_told(sketch: Sketch) -> None:
    """Pykka's own teardown drops told messages in silence, which is why ours is another."""
    asked: pykka.Future[Any] = pykka.ThreadingFuture()
    sketch.actor_inbox.put(Envelope("told"))
    sketch.actor_inbox.put(Envelope("asked", reply_to=asked))
    sketch._stop()
    sketch._actor_loop_teardown()

    assert sketch.actor_inbox.empty()
    with pytest.raises(pykka.ActorDeadError):
        asked.get(timeout=0)


def test_the_registry_is_one_list_that_is_searched_from_the_front(sketch: Sketch) -> None:
    """Look-ups and unregistering are linear, so the product keeps its own directory."""
    assert isinstance(pykka.ActorRegistry._actor_refs, list)
    assert sketch.actor_ref is pykka.ActorRegistry.get_by_urn(sketch.actor_urn)


def test_a_threading_actor_fails_as_ours_must() -> None:
    """After an ask the asker gets the exception and the actor lives; after a tell it is dead."""
    failures: list[type[BaseException] | None] = []

    class Doubling(pykka.ThreadingActor):
        def on_receive(self, message: Any) -> Any:
            return message * 2

        def on_failure(self, exception_type: Any, exception_value: Any, traceback: Any) -> None:
            failures.append(exception_type)

    ref = Doubling.start()
    with pytest.raises(TypeError):
        ref.ask(None)
    assert "aa" == ref.ask("a")
    ref.tell(None)
    ref.stop()

    assert [TypeError] == failures
