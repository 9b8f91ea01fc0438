"""A story: a debate in which things go wrong at stated steps. Small to write, so that it shrinks
and prints well; its log is that of a real run.

Faults of processes, stores and networks belong to the simulation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Literal, get_args

from msgspec import Struct

from dialectic_actors.core.commands import Command, GiveUp, Open, Suspend, TakeUp
from dialectic_actors.core.decide import State, react, take
from dialectic_actors.core.effects import Effect, MakeCall, Wake
from dialectic_actors.testing.answers import marks_in, spoken, tool_calls
from dialectic_actors.testing.config import Config
from dialectic_actors.testing.driving import Agents, Trouble, shuffled
from dialectic_events.calls import CallAnswered, CallFailed, CallRequested, Ending, Usage
from dialectic_events.union import Event

__all__ = ["MISHAPS", "Mishap", "Setback", "Story", "Told"]

Setback = Literal["crash", "rest", "gone"] | Trouble
"""What goes wrong: the process dies and another one takes the run up, a person lets it rest, the
speaker is gone for good, or a call ends without an answer that may stand.
"""

MISHAPS: tuple[Setback, ...] = tuple(
    each for part in get_args(Setback) for each in (get_args(part) or (part,))
)
"""Every setback, in the order in which Hypothesis prefers them."""


class Mishap(Struct, frozen=True):
    """What goes wrong at step `at`, counted from 0; what befalls a call waits for the next call."""

    at: int
    what: Setback


class Story(Struct, frozen=True, repr_omit_defaults=True):
    """`mishaps` by step; `answers` are what the models say, in place of a few words with the call's
    id. `order` seeds the order of delivery, None is the order of asking. A run that rests is taken
    up again, `rests` times; then it is left resting, so that every story ends. Of the whole log the
    first `kept` events are told, None for all.
    """

    config: Config = Config()
    mishaps: tuple[Mishap, ...] = ()
    answers: tuple[str, ...] = ()
    order: int | None = None
    rests: int = 3
    kept: int | None = None

    def tell(self) -> Told:
        """The log of this story, the same one every time."""
        opened, texts = self.config.opening()
        agents = Agents(opened, texts, self._answer)
        log = _Teller(self, agents).tell(Open(opened))
        return Told(self, log[: self.kept], agents.parts)

    def _answer(self, request: CallRequested) -> Ending:
        draw = int.from_bytes(sha256(request.call.encode()).digest()[:8])
        words = self.answers[draw % len(self.answers)] if self.answers else f"On {request.call}."
        text = spoken(request.turn, words, marks_in(request))
        earlier = sum(message.role == "tool" for message in request.messages)
        tools = tool_calls(request.turn, len(request.tools), earlier)
        return CallAnswered(
            call=request.call,
            text="" if tools else text,
            tools=tools,
            model=request.model,
            usage=(None, Usage(10, 5, 3, 2))[draw % 5 > 0],
            cost_usd=(None, 0.25)[draw % 3 > 0],
            latency_ms=draw % 1000,
        )


class Told(list[Event]):
    """The events of a `story`, and the `parts` that they name by reference. It prints as what tells
    it again.
    """

    def __init__(self, story: Story, events: Iterable[Event], parts: Mapping[str, str]) -> None:
        super().__init__(events)
        self.story = story
        self.parts = parts

    def __repr__(self) -> str:
        return f"{self.story!r}.tell()"


class _Teller:
    """One telling: where it stands, and what is still to go wrong."""

    def __init__(self, story: Story, agents: Agents) -> None:
        self.agents = agents
        self._choose = None if story.order is None else shuffled(story.order)
        self._pending = sorted(story.mishaps, key=lambda mishap: mishap.at)
        self._rests = story.rests

    def tell(self, opening: Command) -> list[Event]:
        state, log = State(), list[Event]()
        command: Command | None = opening
        step = 0
        while command is not None:
            log.extend(take(state, command))
            command = self._next(state, step)
            step += 1
        return log

    def _next(self, state: State, step: int) -> Command | None:
        effects = react(state)
        if state.run.ended or (not effects and self._rests == 0):
            return None
        if not effects:
            self._rests -= 1
            return TakeUp(f"take-up-{step}")
        effect = self._chosen(effects)
        setback = self._due(effect, step)
        match setback:
            case None:
                return self.agents(state, effect)
            case "crash":
                return TakeUp(f"take-up-{step}")
            case "rest":
                return Suspend("a person said so")
            case "gone" if not isinstance(effect, Wake):
                return GiveUp(effect.turn.id, "nobody is left to take it")
            case "gone":
                return self.agents(state, effect)
            case _:
                return self._troubled(state, effect, setback)

    def _chosen(self, effects: Mapping[str, Effect]) -> Effect:
        if self._choose is not None:
            return self._choose(effects)
        return next(iter(effects.values()))

    def _due(self, effect: Effect, step: int) -> Setback | None:
        for mishap in self._pending:
            if mishap.at > step:
                return None
            if isinstance(effect, MakeCall) or mishap.what in ("crash", "rest", "gone"):
                self._pending.remove(mishap)
                return mishap.what
        return None

    def _troubled(self, state: State, effect: Effect, trouble: Trouble) -> Command:
        """What the agent makes of a call that ended in trouble."""
        if not isinstance(effect, MakeCall):
            raise TypeError(f"only calls can end as {trouble!r}")
        call, model = effect.request.call, effect.request.model
        ending: Ending = (
            CallAnswered(call=call, text="…", model=model)
            if trouble == "says-nothing"
            else CallFailed(call=call, error=trouble, detail=f"told to be {trouble}")
        )
        return self.agents.hear(state, effect, ending)
