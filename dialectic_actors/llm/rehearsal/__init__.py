"""A deterministic debater without a model: it argues from a role's checklist and the problem's own
words.

It keeps the same contracts as the prompts ask of a model, and says in every text that it is a
rehearsal. No clock, random source, file or network belongs in here.
"""

from __future__ import annotations

from typing import assert_never

from dialectic_actors.actors.ports import Ask
from dialectic_events.contents import ToolCall

__all__ = ["rehearse", "wanted_tools"]


def rehearse(ask: Ask) -> str:
    """The answer to `ask`, in Markdown or JSON as its prompt wants it, at most about 6 KB; the same
    ask gives the same text. Raises ValueError for a turn that no model takes.
    """
    from dialectic_actors.llm.rehearsal.assessment import assess
    from dialectic_actors.llm.rehearsal.ballot import vote
    from dialectic_actors.llm.rehearsal.critique import criticize
    from dialectic_actors.llm.rehearsal.proposal import propose
    from dialectic_actors.llm.rehearsal.question import inquire
    from dialectic_actors.llm.rehearsal.refinement import refine
    from dialectic_actors.llm.rehearsal.summary import condense
    from dialectic_actors.llm.rehearsal.synthesis import synthesize

    kind = ask.brief.turn.kind
    match kind:
        case "question":
            return inquire(ask)
        case "summary":
            return condense(ask)
        case "proposal":
            return propose(ask)
        case "critique":
            return criticize(ask)
        case "refinement":
            return refine(ask)
        case "assessment":
            return assess(ask)
        case "ballot":
            return vote(ask)
        case "synthesis":
            return synthesize(ask)
        case "answer" | "stop":
            raise ValueError(f"no model takes {ask.brief.turn.id}")
        case _:
            assert_never(kind)


def wanted_tools(ask: Ask) -> tuple[ToolCall, ...]:
    """The tools that a rehearsal asks for before it answers: at most one, of those that `ask`
    offers, and none once a tool has answered.
    """
    from dialectic_actors.llm.rehearsal.tools import asked_first

    return asked_first(ask)
