"""The agent: speaks for a role. It writes the request for a turn, and reads the answer against its
contract.

It remembers nothing between turns, so a new one in its place loses nothing. The judge is an agent
with a duty of its own.
"""

from __future__ import annotations

from typing import assert_never

from dialectic_actors.actors.messages import DEBATE, AgentMessage, Ended, Order, Read, Take, Tell
from dialectic_actors.core.briefs import Brief
from dialectic_actors.core.commands import AskAgain, Contribute, FailCall, PlaceCall
from dialectic_actors.core.prompts import Renderer
from dialectic_events.calls import CallAnswered, CallFailed

__all__ = ["AgentBehavior", "findings_in"]


def findings_in(text: str) -> tuple[str, ...]:
    """What an answer lacks; () when it may stand. The least that any contribution owes is to say
    something.
    """
    return () if any(char.isalnum() for char in text) else ("it says nothing",)


class AgentBehavior:
    """One agent's part: a message in, deeds out."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def receive(self, message: AgentMessage) -> tuple[Tell, ...]:
        """What the agent does about a message; it only ever answers the debate."""
        match message:
            case Take(turn, brief):
                request = self._renderer.request(brief)
                command = PlaceCall(turn.id, request.messages)
                order = Order(f"{turn.id}/place", command, request.parts)
            case Ended(_, brief, ending):
                if isinstance(ending, CallFailed):
                    order = Order(f"{ending.call}/end", FailCall(ending.call, ending))
                else:
                    order = self._read(brief, ending, "end")
            case Read(_, brief, answer):
                # Its ending is recorded already, under the id of the order that brought it.
                order = self._read(brief, answer, "read")
            case _:
                assert_never(message)
        return (Tell(DEBATE, order),)

    def _read(self, brief: Brief, answer: CallAnswered, step: str) -> Order:
        text = answer.text.strip()
        findings = findings_in(text)
        if not findings:
            command = Contribute(answer.call, answer, text)
            return Order(f"{answer.call}/{step}", command)
        again = self._renderer.request(brief, findings, answer.text)
        return Order(
            f"{answer.call}/{step}",
            AskAgain(answer.call, answer, findings, again.messages),
            again.parts,
        )
