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
from functools import partial
from types import TracebackType
from typing import Self

import anyio
import msgspec

from dialectic_actors.actors.ports import Ask
from dialectic_actors.llm.lines import Flight, Line, Reply
from dialectic_actors.llm.providers import Provider
from dialectic_events.calls import CallFailed, Ending

__all__ = ["REST_S_MAX", "Heard", "Later", "LoopGateway", "Reply", "paced"]

logger = logging.getLogger(__name__)

REST_S_MAX = 3600.0
"""The longest time for which a rate limit holds calls back. Whoever asks for more is asked again,
and refuses again, so that the run can go on with another model or come to rest.
"""

Heard = Callable[[str, str, str], None]
"""Is told what a call's answer goes on with: the run, the call, the next words."""

Later = Callable[[float, Callable[[], None]], object]
"""Does something on the loop's thread after so many seconds."""


def paced(pace: float = 1.0) -> Later:
    """The timers of the running loop; each takes `pace` times as long as it is asked to."""
    return lambda delay_s, action: asyncio.get_running_loop().call_later(delay_s * pace, action)


class LoopGateway:
    """The `Gateway` port on one event loop. All its methods are called on the thread of that loop.

    `async with LoopGateway(providers)` is its life: leaving the block abandons what is under way,
    tells nobody, and closes the providers.
    """

    def __init__(
        self,
        providers: Mapping[str, Provider],
        heard: Heard | None = None,
        later: Later | None = None,
    ) -> None:
        """`providers` by the name that `Ask.provider` holds; the gateway closes them. With `heard`,
        answers are streamed where that can be. `later` ends the rests of models.
        """
        self._lines = {name: Line(provider) for name, provider in providers.items()}
        self._runs: dict[str, dict[str, Flight]] = {}
        # Plain tasks: a task group of AnyIO costs more per call than the budget of all the rest.
        self._tasks: set[asyncio.Task[None]] = set()
        self._heard = heard
        self._later = later or paced()
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
        flight = flights[ask.call] = Flight(ask, reply)
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
        """Forget an ended call. One that has not ended is abandoned, waiting or sent; nobody is
        told.
        """
        flights = self._runs.get(run, {})
        flight = flights.pop(call, None)
        if flight is not None:
            flight.abandon()
            if not flights:
                del self._runs[run]

    def recall(self, run: str) -> None:
        """End the calls of `run` that were not sent yet, as cancelled: they cost nothing."""
        for flight in tuple(self._runs.get(run, {}).values()):
            if not flight.is_sent and flight.ending is None:
                self._end(flight, _unsent(flight.ask.call), 0)

    def cancel(self, run: str) -> None:
        """Abandon the calls of `run`, waiting or sent, and forget its endings; nobody is told."""
        for flight in self._runs.pop(run, {}).values():
            flight.abandon()

    def waiting(self, run: str) -> Mapping[str, str]:
        """What the calls of a run wait for that are not sent yet, in words, by call; from any
        thread.
        """
        return {
            call: self._reason(flight.ask)
            for call, flight in tuple(self._runs.get(run, {}).items())
            if not flight.is_sent and flight.ending is None
        }

    def _reason(self, ask: Ask) -> str:
        is_resting = self._lines[ask.provider].rests[ask.model]
        return f"the rate limit of {ask.model}" if is_resting else f"a free slot at {ask.provider}"

    def _launch(self, line: Line) -> None:
        for flight in line.take():
            task = flight.task = asyncio.create_task(self._fly(line, flight))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _fly(self, line: Line, flight: Flight) -> None:
        ask = flight.ask
        sent_at = time.perf_counter()
        timer = asyncio.get_running_loop().call_later(ask.deadline_s, flight.expire)
        ending: Ending | None = None
        try:
            if flight.reply is not None and flight.ending is None:
                flight.is_sent = True
                logger.debug("%s of %s is sent to %s", ask.call, ask.run, ask.provider)
                ending = await self._answer(line, flight)
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
                # The rest begins before the slot is given to the next call of the same model.
                ending = ending and self._rested(line, ask.model, ending)
                self._launch(line)
        if ending is not None and flight.reply is not None:
            self._end(flight, ending, time.perf_counter() - sent_at)

    async def _answer(self, line: Line, flight: Flight) -> Ending:
        if self._heard is None or line.streaming is None:
            return await line.provider.complete(flight.ask)
        return await line.streaming.stream(flight.ask, partial(self._hear, flight))

    def _hear(self, flight: Flight, delta: str) -> None:
        if self._heard is None or flight.reply is None:
            return
        try:
            self._heard(flight.ask.run, flight.ask.call, delta)
        except Exception:
            # The answer is not lost over those who only watch, and they are not told again.
            self._heard = None
            logger.exception("what %s says was not heard", flight.ask.call)

    def _rested(self, line: Line, model: str, ending: Ending) -> Ending:
        """Leave a model in peace that asks for it."""
        if not isinstance(ending, CallFailed) or not ending.retry_after_s:
            return ending
        if ending.error not in ("rate-limited", "server"):
            return ending
        if ending.retry_after_s > REST_S_MAX:
            told = f"asked to wait {ending.retry_after_s:g} s, for which no call is held back"
            return msgspec.structs.replace(ending, detail=f"{told}: {ending.detail}")
        line.rests[model] += 1
        self._later(ending.retry_after_s, partial(self._wake, line, model))
        return ending

    def _wake(self, line: Line, model: str) -> None:
        line.wake(model)
        if self._is_open:
            self._launch(line)

    def _end(self, flight: Flight, ending: Ending, took_s: float) -> None:
        flight.ending = msgspec.structs.replace(ending, latency_ms=round(took_s * 1000))
        _tell(flight)


def _unsent(call: str) -> CallFailed:
    detail = "not sent: the run needs it no more"
    return CallFailed(call=call, error="cancelled", detail=detail, cost_usd=0.0)


async def _close(provider: Provider) -> None:
    try:
        await provider.aclose()
    except Exception:
        logger.exception("a provider could not be closed")


def _tell(flight: Flight) -> None:
    """Hand the ending to whoever started the call last."""
    if flight.reply is None or flight.ending is None:
        return
    try:
        flight.reply(flight.ending)
    except Exception:
        logger.exception("the ending of %s was not taken", flight.ask.call)
