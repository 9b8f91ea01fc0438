"""The log of one debate in which every kind of turn is taken. No assertions in here."""

from __future__ import annotations

from functools import cache

from msgspec.structs import replace

from dialectic_actors.testing.driving import CALM, perform, play
from dialectic_events.calls import CallAnswered, CallRequested, Ending
from dialectic_events.contents import ToolCall, ToolSpec, write_content
from dialectic_events.parts import refer
from dialectic_events.runs import Clarifications, RunOpened, Source, StopRule, Summarization
from dialectic_events.union import Event
from support.drive import opened

__all__ = ["opened_whole", "told_whole"]

TOOL = write_content(ToolSpec("context_search", "Find a term.", {"type": "object"}))


def opened_whole() -> RunOpened:
    """Two agents who ask, condense, search and vote, and a judge who assesses."""
    opening = opened(("architect", "security"))
    stage = replace(
        opening.stages[0],
        clarifications=Clarifications(passes=1),
        summaries="length-based",
        stop=StopRule("quality", threshold=1.0),
        synthesis="voting",
    )
    length = Summarization(threshold=1, max_length=100)
    tools = ("tool/context_search",)
    agents = tuple(
        replace(agent, summarization=length, tools=tools, temperature=0.5)
        if agent.id != "judge"
        else agent
        for agent in opening.agents
    )
    sources = (Source("tool/context_search", refer(TOOL)),)
    return replace(opening, stages=(stage,), agents=agents, sources=sources)


def told_whole() -> list[Event]:
    """The log to its end; each proposal is made after one look into what was said."""
    return list(_told())


@cache
def _told() -> tuple[Event, ...]:
    return tuple(play([opened_whole()], perform(_answer)))


def _answer(request: CallRequested) -> Ending:
    ending = CALM(request)
    if not isinstance(ending, CallAnswered) or not request.call.endswith("#1"):
        return ending
    if "/proposal/" in request.turn and request.tools:
        asked = [ToolCall("use-1", "context_search", '{"term":"queue"}')]
        return replace(ending, text="", tools=write_content(asked))
    if "/question/" in request.turn:
        return replace(ending, text=write_content({"questions": ["How many requests?"]}))
    return ending
