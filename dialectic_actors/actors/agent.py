"""The agent: speaks for a role. It writes the request for a turn, and reads the answer against its
contract.

It remembers nothing between turns, so a new one in its place loses nothing. The judge is an agent
with a duty of its own; the summarizer condenses for all of them, each with its own voice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from dialectic_actors.actors.messages import (
    DEBATE,
    AgentMessage,
    Ended,
    Order,
    Read,
    Take,
    Tell,
    Used,
)
from dialectic_actors.core.briefs import Brief
from dialectic_actors.core.commands import (
    AskAgain,
    AskTools,
    Contribute,
    FailCall,
    GoOn,
    PlaceCall,
)
from dialectic_actors.core.contracts import read_answer
from dialectic_actors.core.prompts import Renderer
from dialectic_events.calls import CallAnswered, CallFailed, CallRequested
from dialectic_events.contents import ToolResult, read_content

__all__ = ["AgentBehavior", "SummarizerBehavior"]


class AgentBehavior:
    """One agent's part: a message in, deeds out."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def receive(self, message: AgentMessage) -> tuple[Tell, ...]:
        """What the agent does about a message; it only ever answers the debate."""
        match message:
            case Take(turn, brief):
                first = self._renderer.request(brief)
                command = PlaceCall(turn.id, first.messages, first.schema_part)
                order = Order(f"{turn.id}/place", command, first.parts)
            case Ended(_, brief, request, ending):
                if isinstance(ending, CallFailed):
                    order = Order(f"{ending.call}/end", FailCall(ending.call, ending))
                elif ending.tools and request.tools:
                    order = Order(f"{ending.call}/end", AskTools(ending.call, ending))
                else:
                    order = self._read(brief, request, ending, "end")
            case Read(_, brief, request, answer):
                # Its ending is recorded already, under the id of the order that brought it.
                order = self._read(brief, request, answer, "read")
            case Used():
                order = self._go_on(message)
            case _:
                assert_never(message)
        return (Tell(DEBATE, order),)

    def _read(self, brief: Brief, request: CallRequested, answer: CallAnswered, step: str) -> Order:
        reading = read_answer(brief, answer, self._renderer.terms)
        order = f"{answer.call}/{step}"
        if reading.made is not None:
            return Order(order, Contribute(answer.call, answer, reading.made))
        again = self._renderer.again(request, answer, reading.findings)
        command = AskAgain(answer.call, answer, reading.findings, again.messages, reading.fallback)
        return Order(order, command, again.parts)

    def _go_on(self, message: Used) -> Order:
        """Ask on, with what the tools said."""
        results = read_content(message.used.results, list[ToolResult]) or []
        further = self._renderer.further(message.request, message.answer, results)
        command = GoOn(message.answer.call, message.used, further.messages)
        step = "go-on" if message.known else "tools"
        return Order(f"{message.answer.call}/{step}", command, further.parts)


class SummarizerBehavior:
    """Condenses what agents said, for each with its own role and model: `agents` by id."""

    def __init__(self, agents: Mapping[str, AgentBehavior]) -> None:
        self._agents = agents

    def receive(self, message: AgentMessage) -> tuple[Tell, ...]:
        """What the summarizer does about a message."""
        return self._agents[message.turn.speaker].receive(message)
