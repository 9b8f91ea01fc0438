"""The models of a simulated world: what they answer, what they count, and the gateway that each
process reaches them through.

What comes of a call depends on its id and on what it was asked, never on when: so that runs under
different schedules can be compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import cast
from zlib import crc32

from msgspec import Struct

from dialectic_actors.actors.ports import Ask
from dialectic_actors.testing.answers import missed, said, tool_calls
from dialectic_actors.testing.simulation.choices import Choices
from dialectic_actors.testing.simulation.faults import Faults, Trouble
from dialectic_actors.testing.simulation.schedule import Plant, Schedule
from dialectic_events.calls import CallAnswered, CallFailed, Ending, ErrorClass, Usage

__all__ = ["Hooks", "OpenCall", "Provider", "SimulatedGateway", "answer_of"]

Reply = Callable[[Ending], None]

_LATENCIES_S = (0.2, 0.05, 0.1, 0.4, 0.8, 2.0, 7.0)
"""The quantiles of a long-tailed distribution, the calm one first."""

_STATUS: Mapping[str, int] = {"rate-limited": 429, "server": 503, "auth": 401, "bad-request": 400}


class Provider:
    """Answers calls. `counted` is its own account of them: how often each was asked."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.counted: Counter[str] = Counter()

    def take(self, ask: Ask) -> Ending | None:
        """Count a call and say how it ends; None when the answer never comes."""
        self.counted[ask.call] += 1
        return answer_of(ask, self.faults)


def answer_of(ask: Ask, faults: Faults) -> Ending | None:
    """How a call ends: decided by its id, worded by what it was asked."""
    draw = crc32(f"{faults.provider} {ask.call}".encode())
    trouble: Trouble | None = None
    if int(ask.call.rpartition("#")[2]) <= faults.outage:
        trouble = "server"
    elif draw % 100 < faults.failing and faults.troubles:
        trouble = faults.troubles[draw // 100 % len(faults.troubles)]
    if trouble == "lost":
        return None
    if trouble is None or trouble == "says-nothing":
        asked = sum(len(prompt.text) for prompt in ask.messages)
        words = f"«{ask.call}» after {asked} characters"
        text = missed(ask.brief.turn.id, words) if trouble else said(ask, words)
        answers = sum(prompt.role == "tool" for prompt in ask.messages)
        tools = "" if trouble else tool_calls(ask.brief.turn.id, len(ask.tools), answers)
        return CallAnswered(
            call=ask.call,
            text="" if tools else text,
            model=ask.model,
            usage=Usage(asked, 5),
            tools=tools,
        )
    return CallFailed(
        call=ask.call,
        error=cast("ErrorClass", trouble),
        detail=f"{trouble}, as provider {faults.provider} has it",
        status=_STATUS.get(trouble),
        retry_after_s=3.0 if trouble == "rate-limited" and draw % 2 else None,
    )


def timed_out(ask: Ask) -> CallFailed:
    """How a call ends that is not answered within its deadline."""
    return CallFailed(
        call=ask.call, error="timeout", detail=f"no answer within {ask.deadline_s:g} s"
    )


class _Flight:
    __slots__ = ("ask", "ending", "reply")

    def __init__(self, ask: Ask, reply: Reply) -> None:
        self.ask, self.reply = ask, reply
        self.ending: Ending | None = None


class Hooks(Struct, frozen=True):
    """Who watches a gateway, and may end its process: before a call is sent, and after."""

    before: Callable[[Ask], None]
    after: Callable[[Ask], None]


class SimulatedGateway:
    """The `Gateway` of one simulated process, in virtual time."""

    def __init__(
        self, plant: Plant, schedule: Schedule, choices: Choices, provider: Provider, hooks: Hooks
    ) -> None:
        self._plant, self._schedule, self._choices = plant, schedule, choices
        self._provider, self._hooks = provider, hooks
        self._flights: dict[tuple[str, str], _Flight] = {}

    def start(self, ask: Ask, reply: Reply) -> None:
        """Make the call; a running one gets the new `reply`, an ended one answers again."""
        key = ask.run, ask.call
        flight = self._flights.get(key)
        if flight is not None:
            flight.reply = reply
            if flight.ending is not None:
                reply(flight.ending)
            return
        self._hooks.before(ask)
        flight = self._flights[key] = _Flight(ask, reply)
        ending = self._provider.take(ask)
        takes_s = ask.deadline_s if ending is None else self._latency_s()
        self._schedule.later(
            takes_s,
            lambda: self._end(key, flight, ending or timed_out(ask)),
            self._plant,
            f"the answer to {ask.call}",
        )
        self._hooks.after(ask)

    def open_calls(self) -> list[OpenCall]:
        """The calls that have not ended, the oldest first."""
        return [OpenCall(self, key) for key, each in self._flights.items() if each.ending is None]

    def end_now(self, key: tuple[str, str], *, lost: bool) -> None:
        """End an open call at once: as the provider would, or for its deadline."""
        flight = self._flights[key]
        ending = None if lost else answer_of(flight.ask, self._provider.faults)
        self._end(key, flight, ending or timed_out(flight.ask))

    def holding(self, run: str) -> Mapping[str, Ending]:
        """The endings of a run's calls that were not released, by call."""
        return {
            call: flight.ending
            for (of, call), flight in self._flights.items()
            if of == run and flight.ending is not None
        }

    def release(self, run: str, call: str) -> None:
        """Forget a call; one that has not ended is abandoned."""
        self._flights.pop((run, call), None)

    def recall(self, run: str) -> None:
        """Nothing waits here: each call was sent when it was started."""

    def cancel(self, run: str) -> None:
        """Abandon the calls of a run; nobody is told."""
        self._flights = {key: each for key, each in self._flights.items() if key[0] != run}

    def _end(self, key: tuple[str, str], flight: _Flight, ending: Ending) -> None:
        if self._flights.get(key) is not flight or flight.ending is not None:
            return
        flight.ending = ending
        flight.reply(ending)
        faults = self._provider.faults
        if faults.duplicates and self._choices.strikes(8):
            flight.reply(ending)
        if faults.ghosts and self._choices.strikes(8):
            ghost = CallFailed(call=ending.call, error="connection", detail="a ghost")
            self._schedule.later(
                _LATENCIES_S[-1],
                lambda: self._haunt(key, flight.reply, ghost),
                self._plant,
                f"a ghost of {ending.call}",
            )

    def _haunt(self, key: tuple[str, str], reply: Reply, ghost: Ending) -> None:
        # A gateway has one ending for a call: as long as it holds that, nothing else is heard.
        if key not in self._flights:
            reply(ghost)

    def _latency_s(self) -> float:
        if not self._provider.faults.latency:
            return _LATENCIES_S[0]
        return _LATENCIES_S[self._choices.pick(len(_LATENCIES_S))]


class OpenCall(Struct, frozen=True):
    """A call under way at a gateway."""

    gateway: SimulatedGateway
    key: tuple[str, str]

    def end(self, *, lost: bool = False) -> None:
        """Let it be answered now, or be lost."""
        self.gateway.end_now(self.key, lost=lost)
