"""Following a run: an interrupt is a message, wherever it strikes, and nothing is left locked."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType
from typing import Any

import pytest

from dialectic_actors.api import following
from dialectic_actors.api.following import Listener, follow, follow_all, interrupts_are
from dialectic_events.envelope import Envelope, Header
from dialectic_events.runs import RunResumed
from dialectic_replay.run import Run

AT = datetime(2026, 1, 2, tzinfo=UTC)
PATIENCE_S = 30.0
UNTOUCHED = (signal.default_int_handler, None)


@pytest.fixture(autouse=True)
def interrupts() -> Iterator[None]:
    """Whoever runs the tests may have switched interrupts off."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def an_envelope(version: int) -> Envelope:
    """An envelope that is told from others by its version."""
    header = Header("run", version, f"x.{version}", "run-resumed", 1, AT, AT, "x", "0", "0")
    return Envelope(version, header, RunResumed(claim="one"))


class Hosted:
    """A run on a thread of its own: it tells some envelopes, goes on when it is let, and rests when
    it is suspended.
    """

    def __init__(self, tell: Listener, envelopes: int) -> None:
        self.result: Future[Run] = Future()
        self.suspensions = 0
        self._go_on = threading.Event()
        self._thread = threading.Thread(target=self._work, args=(tell, envelopes))
        self._thread.start()

    def suspend(self, reason: str) -> None:
        """Rest."""
        self.suspensions += 1
        self._go_on.set()

    def has_left(self) -> bool:
        """Whether its thread came to its end."""
        self._thread.join(PATIENCE_S)
        return not self._thread.is_alive()

    def _work(self, tell: Listener, envelopes: int) -> None:
        for version in range(1, envelopes + 1):
            tell(an_envelope(version))
        self._go_on.wait(PATIENCE_S)
        tell(an_envelope(envelopes + 1))
        self.result.set_result(Run())


@contextmanager
def interrupted_at(step: int) -> Iterator[list[str]]:
    """Interrupt this thread at that step of following a run, however small the step; where that
    was.
    """
    steps, struck = 0, list[str]()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal steps
        if not frame.f_code.co_filename.endswith((following.__file__, "_base.py")):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode" and signal.getsignal(signal.SIGINT) not in UNTOUCHED:
            steps += 1
            if steps == step:
                struck.append(f"{frame.f_code.co_name}:{frame.f_lineno}")
                signal.raise_signal(signal.SIGINT)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield struck
    finally:
        sys.settrace(before)


def test_an_interrupt_suspends_the_run_wherever_it_strikes() -> None:
    """At each single instruction: the run rests, all that it tells is heard, no lock is kept."""
    struck = True
    step = 0
    while struck:
        step += 1
        heard, hosted = list[int](), list[Hosted]()

        def start(tell: Listener, hosted: list[Hosted] = hosted) -> Any:
            hosted.append(Hosted(tell, 3))
            return hosted[0]

        def hear(each: Envelope, heard: list[int] = heard, hosted: list[Hosted] = hosted) -> None:
            heard.append(each.position)
            if len(heard) == 3 and not was:
                hosted[0].suspend("nobody interrupted")

        with interrupted_at(step) as was:
            follow(start, hear)
        assert hosted[0].has_left(), was
        assert [1, 2, 3, 4] == heard, was
        struck = bool(was)

    assert step > 100


def test_a_blocked_listener_is_interrupted() -> None:
    """Nothing is told any more, and the signal is heard all the same."""
    started = list[Hosted]()

    def start(tell: Listener) -> Any:
        started.append(Hosted(tell, 0))
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
        return started[0]

    heard = list[Envelope]()
    follow(start, heard.append)

    assert (1, 1) == (started[0].suspensions, len(heard))


def test_all_runs_are_suspended() -> None:
    """One interrupt is for all that were started together."""
    started = list[Hosted]()

    def start() -> Any:
        started.extend(Hosted(lambda _: None, 2) for _ in range(3))
        signal.raise_signal(signal.SIGINT)
        return started

    follow_all(start)

    assert [1, 1, 1] == [each.suspensions for each in started]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_second_interrupt_is_raised(number: signal.Signals) -> None:
    """Who insists need not wait; whichever signals mean an interrupt here mean the same."""
    said = list[str]()
    before = signal.signal(number, signal.default_int_handler)
    try:
        with interrupts_are(lambda: said.append("heard")):
            signal.raise_signal(number)
            said.append("on")
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)

        assert ["heard", "on"] == said
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, before)


def test_the_handlers_of_others_are_left_alone() -> None:
    """A program that uses the library may have its own plans for a signal."""
    theirs = list[int]()

    def handler(number: int, _: FrameType | None) -> None:
        theirs.append(number)

    before = signal.signal(signal.SIGTERM, handler)
    try:
        with interrupts_are(lambda: theirs.append(0)):
            signal.raise_signal(signal.SIGTERM)

        assert [signal.SIGTERM] == theirs
        assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, before)


def test_outside_the_main_thread_nothing_changes() -> None:
    """Only the main thread is interrupted, and only it may say what that means."""
    seen = list[object]()

    def look() -> None:
        with interrupts_are(lambda: None):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join(PATIENCE_S)

    assert [signal.getsignal(signal.SIGINT)] == seen
