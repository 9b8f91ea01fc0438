"""The gateway: the one place that waits for models. It lives on the actors' event loop and turns
every ending into a value.

What a provider says is read in the provider; whether to ask again is decided in the core. Neither
belongs in here.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

import anyio
import msgspec

from dialectic_actors.actors.ports import Ask
from dialectic_actors.llm.limits import FairQueue
from dialectic_actors.llm.providers import Provider
from dialectic_events.calls import CallFailed, Ending

__all__ = ["LoopGateway"]

logger = logging.getLogger(__name__)

Reply = Callable[[Ending], None]


class _Line:
    """A provider and the queue before it."""

    __slots__ = ("provider", "queue")

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.queue: FairQueue[_Flight] = FairQueue(provider.concurrency)


class _Flight:
    """One call from its start until its ending is released."""

    __slots__ = ("ask", "ending", "is_late", "is_sent", "reply", "task")

    def __init__(self, ask: Ask, reply: Reply) -> None:
        self.ask = ask
        self.reply: Reply | None = reply
        self.task: asyncio.Task[None] | None = None
        self.is_sent = False
        self.is_late = False
        self.ending: Ending | None = None

    def expire(self) -> None:
        """Break the call off because its deadline has passed."""
        self.is_late = True
        self._break_off()

    def abandon(self) -> None:
        """Break the call off and tell nobody."""
        self.reply = None
        self._break_off()

    def _break_off(self) -> None:
        # A task that is canceled before its first step would never give its slot back.
        if self.task is not None and self.is_sent:
            self.task.cancel()


class LoopGateway:
    """The `Gateway` port on one event loop. All its methods are called on the thread of that loop.

    `async with LoopGateway(providers)` is its life: leaving the block abandons what is under way,
    tells nobody, and closes the providers.
    """

    def __init__(self, providers: Mapping[str, Provider]) -> None:
        """`providers` by the name that `Ask.provider` holds; the gateway closes them."""
        self._lines = {name: _Line(provider) for name, provider in providers.items()}
        self._runs: dict[str, dict[str, _Flight]] = {}
        # Plain tasks: a task group of AnyIO costs more per call than the budget of all the rest.
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_open = False

    async def __aenter__(self) -> Self:
        self._is_open = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        with anyio.CancelScope(shield=True):
            await asyncio.gather(*self._tasks, return_exceptions=True)
            for line in self._lines.values():
                await _close(line.provider)

    def close(self) -> None:
        """Abandon all calls; nobody is told. Later starts are ignored, and so is a second close."""
        self._is_open = False
        for run in tuple(self._runs):
            self.cancel(run)

    def start(self, ask: Ask, reply: Reply) -> None:
        """Make the call and tell `reply` its ending, once.

        A running call only gets the new `reply`; an ended one that was not released answers again.
        """
        if not self._is_open:
            return
        flights = self._runs.setdefault(ask.run, {})
        flight = flights.get(ask.call)
        if flight is not None:
            flight.reply = reply
            if flight.ending is not None:
                _tell(flight)
            return
        flight = flights[ask.call] = _Flight(ask, reply)
        line = self._lines.get(ask.provider)
        if line is None:
            detail = f"no provider named {ask.provider!r} was opened"
            self._end(flight, CallFailed(call=ask.call, error="bad-request", detail=detail), 0)
            return
        line.queue.put(ask.run, flight)
        self._launch(line)

    def holding(self, run: str) -> Mapping[str, Ending]:
        """The endings of a run's calls that were not released, by call."""
        flights = self._runs.get(run, {})
        return {call: flight.ending for call, flight in flights.items() if flight.ending}

    def release(self, run: str, call: str) -> None:
        """Forget an ended call. A call that is still running stays."""
        flights = self._runs.get(run, {})
        flight = flights.get(call)
        if flight is not None and flight.ending is not None:
            del flights[call]
            if not flights:
                del self._runs[run]

    def cancel(self, run: str) -> None:
        """Abandon the calls of `run`, waiting or sent, and forget its endings; nobody is told."""
        for flight in self._runs.pop(run, {}).values():
            flight.abandon()
        for line in self._lines.values():
            line.queue.drop(run)

    def waiting(self) -> Mapping[str, int]:
        """How many calls wait for a slot, by provider."""
        return {name: line.queue.length for name, line in self._lines.items()}

    def _launch(self, line: _Line) -> None:
        for flight in line.queue.take():
            task = flight.task = asyncio.create_task(self._fly(line, flight))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _fly(self, line: _Line, flight: _Flight) -> None:
        ask = flight.ask
        sent_at = time.perf_counter()
        timer = asyncio.get_running_loop().call_later(ask.deadline_s, flight.expire)
        ending: Ending | None = None
        try:
            if flight.reply is not None:
                flight.is_sent = True
                logger.debug("%s of %s is sent to %s", ask.call, ask.run, ask.provider)
                ending = await line.provider.complete(ask)
        except asyncio.CancelledError:
            if not flight.is_late:
                raise
            detail = f"no answer within {ask.deadline_s:g} s"
            ending = CallFailed(call=ask.call, error="timeout", detail=detail)
        except Exception as error:
            # A provider answers with values; what it raises is a defect that asking again
            # would not mend.
            logger.exception("provider %s failed on %s", ask.provider, ask.call)
            detail = f"{type(error).__name__} in provider {ask.provider}"
            ending = CallFailed(call=ask.call, error="bad-request", detail=detail)
        finally:
            timer.cancel()
            flight.task = None
            line.queue.free()
            if self._is_open:
                self._launch(line)
        if ending is not None and flight.reply is not None:
            self._end(flight, ending, time.perf_counter() - sent_at)

    def _end(self, flight: _Flight, ending: Ending, took_s: float) -> None:
        flight.ending = msgspec.structs.replace(ending, latency_ms=round(took_s * 1000))
        _tell(flight)


async def _close(provider: Provider) -> None:
    try:
        await provider.aclose()
    except Exception:
        logger.exception("a provider could not be closed")


def _tell(flight: _Flight) -> None:
    """Hand the ending to whoever started the call last."""
    if flight.reply is None or flight.ending is None:
        return
    try:
        flight.reply(flight.ending)
    except Exception:
        logger.exception("the ending of %s was not taken", flight.ask.call)
