"""What actors on an event loop promise: order, a loop that goes on, timers, an end.

Must not go in here: what holds on any dispatcher (`test_mailbox`), how answers reach those who ask
(`test_mailbox_future`), what pykka itself promises (`test_pykka_contract`).
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import pairwise
from typing import Any

import pykka
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.runtime.dispatcher import (
    PUMP,
    SLICE,
    LoopDispatcher,
)
from support.mailboxes import (
    PATIENCE_S,
    CountingLoop,
    Gap,
    Loop,
    Mail,
    Recorder,
    StillLoop,
    actor,
    in_threads,
    loop_thread,
    on_loop,
    quit_with,
    tell_stop,
)


@pytest.fixture(autouse=True)
def _own_registry() -> Iterator[None]:
    yield
    for ref in pykka.ActorRegistry.get_all():
        pykka.ActorRegistry.unregister(ref)


@given(counts=st.lists(st.integers(0, 300), min_size=1, max_size=6))
def test_every_threads_messages_arrive_once_and_in_order(counts: list[int]) -> None:
    """However threads interleave, each one's messages are all handled, in the order it sent."""
    with loop_thread() as world:
        ref = Recorder.start(world.dispatcher)
        recorder = actor(ref)

        def sender(number: int) -> Callable[[], None]:
            def send() -> None:
                for index in range(counts[number]):
                    ref.tell((number, index))

            return send

        in_threads(*map(sender, range(len(counts))))
        ref.stop(timeout=PATIENCE_S)

    expected = [[(number, index) for index in range(count)] for number, count in enumerate(counts)]
    actual = [[m for m in recorder.seen if m[0] == number] for number in range(len(counts))]
    assert expected == actual


def test_actors_that_never_rest_leave_the_loop_its_turn() -> None:
    """One loop callback handles a bounded number of messages, however many are waiting."""

    async def scenario(world: Loop) -> list[int]:
        ref = Recorder.start(world.dispatcher)
        spin: Callable[[], None] = lambda: ref.tell(spin)  # noqa: E731
        ref.tell(spin)
        ticks = []
        for _ in range(5):
            await asyncio.sleep(0)
            ticks.append(len(actor(ref).seen))
        return ticks

    ticks = on_loop(scenario)

    assert all(later - earlier <= PUMP + SLICE for earlier, later in pairwise(ticks))
    assert ticks[-1] > ticks[0]


def test_messages_between_actors_on_the_loop_never_wake_it_from_outside() -> None:
    """On the loop's own thread a message costs no write to the loop's wake-up pipe."""
    loop = CountingLoop()
    world = Loop(loop)
    ref = Recorder.start(world.dispatcher)
    loop.run_until_complete(asyncio.sleep(0))
    before = loop.wakes

    async def scenario() -> None:
        for number in range(10):
            ref.tell(lambda: ref.tell("again"))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert 2 * (number + 1) == len(actor(ref).seen)

    loop.run_until_complete(scenario())
    after = loop.wakes
    world.dispatcher.close()
    loop.close()

    # The first slice was asked for before the loop ran, so from outside.
    assert (1, 1) == (before, after)


def test_many_messages_from_another_thread_wake_the_loop_once() -> None:
    """A loop that has been woken is not woken again for what is waiting anyway."""
    loop = CountingLoop()
    world = Loop(loop)
    refs = [Recorder.start(world.dispatcher) for _ in range(10)]
    for ref in refs * 10:
        ref.tell("mail")
    loop.run_until_complete(asyncio.sleep(0))
    handled = [len(actor(ref).seen) for ref in refs]
    world.dispatcher.close()
    loop.close()

    assert ([10] * 10, 1) == (handled, loop.wakes)


@given(senders=st.integers(1, 4), count=st.integers(1, 200), stop_after=st.integers(0, 200))
def test_a_stop_that_races_with_senders_loses_nothing(
    senders: int, count: int, stop_after: int
) -> None:
    """While threads tell and ask and another one stops the actor, every message has one end."""
    told, refused = deque[Mail](), deque[Mail]()
    asked = deque[pykka.Future[Any]]()
    with loop_thread() as world:
        ref = Recorder.start(world.dispatcher)
        recorder = actor(ref)

        def send() -> None:
            for number in range(count):
                mail = Mail()
                told.append(mail)
                try:
                    ref.tell(mail)
                except pykka.ActorDeadError:
                    refused.append(mail)
                asked.append(ref.ask(number, block=False))
                if number == stop_after:
                    asked.append(ref.stop(block=False))

        in_threads(*[send] * senders)
        ref.stop(timeout=PATIENCE_S)
        for answer in asked:
            with suppress(pykka.ActorDeadError):
                answer.get(timeout=PATIENCE_S)

    handled = [message for message in recorder.seen if isinstance(message, Mail)]
    ends = [*handled, *world.dead, *refused]
    assert sorted(map(id, told)) == sorted(map(id, ends))


def test_dead_letters_are_logged_without_their_text(caplog: pytest.LogCaptureFixture) -> None:
    """By default a dead letter is a warning that names the recipient and the type alone."""

    async def scenario() -> None:
        dispatcher = LoopDispatcher(asyncio.get_running_loop())
        ref = Recorder.start(dispatcher)
        tell_stop(ref)
        ref.tell("the secret")
        await asyncio.sleep(0)
        dispatcher.close()

    asyncio.run(scenario())

    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert 1 == len(warnings)
    assert "Recorder (urn:" in warnings[0]
    assert warnings[0].endswith("a str")


def test_a_loop_left_by_an_interrupt_goes_on_where_it_was() -> None:
    """Ctrl-C in a handler ends the loop's run; when it runs again, waiting mail is handled."""
    loop = asyncio.new_event_loop()
    world = Loop(loop)
    ref, other = Recorder.start(world.dispatcher), Recorder.start(world.dispatcher)
    ref.tell(quit_with(KeyboardInterrupt))
    other.tell("mail")
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_complete(asyncio.sleep(PATIENCE_S))
    loop.run_until_complete(asyncio.sleep(0))
    other.tell("more")
    loop.run_until_complete(asyncio.sleep(0))
    seen = actor(other).seen
    world.dispatcher.close()
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()

    assert ["mail", "more"] == seen


def test_a_mailbox_that_is_scheduled_just_as_the_loop_comes_to_rest_is_run() -> None:
    """A thread that finds the pump still claimed relies on the pump to look once more."""

    async def scenario(world: Loop) -> list[object]:
        ref, other = Recorder.start(world.dispatcher), Recorder.start(world.dispatcher)
        await asyncio.sleep(0)
        dispatcher: Any = world.dispatcher
        dispatcher._claim = Gap(dispatcher._claim, partial(other.tell, "in the gap"))
        ref.tell("mail")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return actor(other).seen

    assert ["in the gap"] == on_loop(scenario)


def test_ten_thousand_actors_answer_without_a_thread_of_their_own() -> None:
    """The number of threads does not depend on the number of actors."""

    async def scenario(world: Loop) -> tuple[int, int]:
        before = threading.active_count()
        refs = [Recorder.start(world.dispatcher) for _ in range(10_000)]
        answers = [ref.ask(number, block=False) for number, ref in enumerate(refs)]
        total = sum([await answer for answer in answers])
        for ref in refs:
            tell_stop(ref)
        await asyncio.sleep(0)
        return total, threading.active_count() - before

    assert (sum(range(10_000)), 0) == on_loop(scenario)


def test_actors_do_not_inherit_the_context_of_their_senders() -> None:
    """A context variable set by a sender is not seen by the actor that its message wakes."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")

    async def scenario(world: Loop) -> str:
        ref = Recorder.start(world.dispatcher)
        await asyncio.sleep(0)
        variable.set("sender's")
        return str(await ref.ask(variable.get, block=False))

    assert "none" == on_loop(scenario)


def test_closing_answers_all_who_wait_and_all_who_come_later() -> None:
    """After `close` no asker hangs: mail waiting and mail to come ends as for a stopped actor."""

    async def scenario(world: Loop) -> list[str]:
        idle, busy = Recorder.start(world.dispatcher), Recorder.start(world.dispatcher)
        await asyncio.sleep(0)
        recorders = [actor(idle), actor(busy)]
        answer = busy.ask("hello", block=False)
        world.dispatcher.close()
        with pytest.raises(pykka.ActorDeadError):
            answer.get(timeout=0)
        in_threads(lambda: idle.tell("late"))
        assert not idle.is_alive()
        return [hook for recorder in recorders for hook in recorder.hooks]

    assert ["started", "stopped"] * 2 == on_loop(scenario)


def test_mail_for_a_closed_dispatcher_is_returned_even_if_nothing_was_ready() -> None:
    """An actor that was idle when its dispatcher closed handles nothing afterwards."""

    async def scenario(world: Loop) -> list[object]:
        ref = Recorder.start(world.dispatcher)
        await asyncio.sleep(0)
        world.dispatcher.close()
        ref.tell("late")
        await asyncio.sleep(0)
        return world.dead

    assert ["late"] == on_loop(scenario)


def test_mail_for_a_loop_that_closed_first_is_returned() -> None:
    """Without a `close` in time the next message finds out, and is not lost either."""
    loop = asyncio.new_event_loop()
    world = Loop(loop)
    ref = Recorder.start(world.dispatcher)
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    ref.tell("late")
    another = Recorder.start(world.dispatcher)

    assert ["late"] == world.dead
    assert (False, False) == (ref.is_alive(), another.is_alive())


@given(timers=st.lists(st.tuples(st.integers(0, 100), st.booleans()), max_size=20))
def test_timers_fire_in_order_of_their_delay_unless_canceled(
    timers: list[tuple[int, bool]],
) -> None:
    """Whichever timers are canceled, the others fire, the shortest delay first."""
    fired: list[int] = []

    async def scenario(world: Loop) -> None:
        cancels = []
        for delay_s, is_kept in timers:
            cancels.append(world.dispatcher.call_later(delay_s, partial(fired.append, delay_s)))
            if not is_kept:
                cancels[-1]()
                cancels[-1]()
        await loop.pass_time(101)
        for cancel in cancels:
            cancel()

    loop = StillLoop()
    loop.run_until_complete(scenario(Loop(loop)))
    loop.close()

    assert sorted(delay_s for delay_s, is_kept in timers if is_kept) == fired


def test_a_timer_does_not_fire_before_its_time() -> None:
    """The delay counts from the call, wherever the call was made."""
    loop = StillLoop()
    world = Loop(loop)
    fired: list[str] = []
    world.dispatcher.call_later(10, partial(fired.append, "late"))
    loop.run_until_complete(loop.pass_time(9))
    early = fired[:]
    loop.run_until_complete(loop.pass_time(2))
    loop.close()

    assert ([], ["late"]) == (early, fired)


def test_timers_set_on_another_thread_fire_on_the_loops() -> None:
    """The action runs where the actors run, whoever set the timer."""
    threads: list[int] = []
    fired = threading.Event()
    with loop_thread() as world:
        ref = Recorder.start(world.dispatcher)
        loops = ref.ask(threading.get_ident, timeout=PATIENCE_S)

        def note() -> None:
            threads.append(threading.get_ident())
            fired.set()

        world.dispatcher.call_later(0, note)
        assert fired.wait(PATIENCE_S)

    assert [loops] == threads


@pytest.mark.parametrize("is_armed", [False, True])
def test_a_timer_canceled_on_another_thread_never_fires(is_armed: bool) -> None:
    """The cancel holds at once, whether the loop has heard of the timer or not, or has closed."""
    loop = StillLoop()
    world = Loop(loop)
    fired: list[str] = []
    cancel = world.dispatcher.call_later(10, partial(fired.append, "canceled"))
    if is_armed:
        loop.run_until_complete(loop.pass_time(1))
    in_threads(cancel)
    loop.run_until_complete(loop.pass_time(20))
    loop.close()
    in_threads(cancel)

    assert [] == fired


def test_a_canceled_timer_leaves_nothing_behind() -> None:
    """A long timer that is canceled frees its action at once."""

    async def scenario(world: Loop) -> bool:
        mail, fired = Mail(), list[Mail]()
        freed = weakref.ref(mail)
        cancel = world.dispatcher.call_later(3600, partial(fired.append, mail))
        del mail
        cancel()
        gc.collect()
        return freed() is None

    assert on_loop(scenario)
