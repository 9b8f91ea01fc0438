"""Hearing runs until they rest, on the caller's thread; an interrupt lets them come to rest.

Python raises KeyboardInterrupt between any two instructions of the main thread, also between taking
a lock and the block that gives it back; a loop that needs the lock then waits for ever. While runs
are followed, an interrupt is therefore a message like any other.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from itertools import count
from queue import SimpleQueue
from typing import TYPE_CHECKING

from dialectic_actors.api.outcome import INTERRUPTED
from dialectic_events.envelope import Envelope
from dialectic_replay.run import Run

if TYPE_CHECKING:
    from dialectic_actors.runtime.live import LiveRun

__all__ = ["Listener", "follow", "follow_all", "interrupts_are"]

Listener = Callable[[Envelope], None]

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Sign(Enum):
    INTERRUPT = "interrupt"
    END = "end"


_Heard = SimpleQueue[Envelope | _Sign]


def follow(start: Callable[[Listener], LiveRun], listen: Listener | None = None) -> Run:
    """Start a run and hear it until it rests; the run then. `listen` hears what becomes durable.

    An interrupt suspends the run; a second one is raised as KeyboardInterrupt.
    """
    heard: _Heard = SimpleQueue()
    with interrupts_are(lambda: heard.put(_Sign.INTERRUPT)):
        live = start(heard.put)
        _attend([live], heard, listen)
    return live.result.result()


def follow_all(start: Callable[[], Sequence[LiveRun]]) -> Sequence[LiveRun]:
    """Start runs and wait until all of them rest; the runs. An interrupt suspends all of them."""
    heard: _Heard = SimpleQueue()
    with interrupts_are(lambda: heard.put(_Sign.INTERRUPT)):
        live = start()
        _attend(live, heard, None)
    return live


@contextmanager
def interrupts_are(said: Callable[[], None]) -> Iterator[None]:
    """Have the first interrupt call `said`, which must not block or take a lock, in place of
    raising KeyboardInterrupt. The second one raises. Handlers of others are left alone.
    """
    is_main = threading.current_thread() is threading.main_thread()
    raising = [each for each in _INTERRUPTS if is_main and _raises(each)]

    def say(*_: object) -> None:
        raise_again()
        said()

    def raise_again() -> None:
        for each in raising:
            signal.signal(each, signal.default_int_handler)

    for each in raising:
        signal.signal(each, say)
    try:
        yield
    finally:
        raise_again()


def _raises(number: signal.Signals) -> bool:
    return signal.getsignal(number) is signal.default_int_handler


def _attend(live: Sequence[LiveRun], heard: _Heard, listen: Listener | None) -> None:
    """Hear all runs to their rest; the first interrupt suspends them."""
    at_rest = count(1)

    def rested(_: object) -> None:
        if next(at_rest) == len(live):
            heard.put(_Sign.END)

    for run in live:
        run.result.add_done_callback(rested)
    try:
        _hear(heard, listen)
    except KeyboardInterrupt:
        for run in live:
            run.suspend(INTERRUPTED)
        _hear(heard, listen)


def _hear(heard: _Heard, listen: Listener | None) -> None:
    while (each := heard.get()) is not _Sign.END:
        if each is _Sign.INTERRUPT:
            raise KeyboardInterrupt
        if listen is not None:
            listen(each)
