"""A deterministic debater without a model: it argues from a role's checklist and the problem's own
words.

It keeps the same section names as the prompts ask of a model, and says in every text that it is a
rehearsal.
No clock, random source, file or network belongs in here.
"""

from __future__ import annotations

from typing import assert_never

from dialectic_actors.actors.ports import Ask

__all__ = ["rehearse"]


def rehearse(ask: Ask) -> str:
    """The contribution to `ask.brief.turn` in Markdown, at most about 6 KB; the same ask gives the
    same text.
    """
    from dialectic_actors.llm.rehearsal.critique import criticize
    from dialectic_actors.llm.rehearsal.proposal import propose
    from dialectic_actors.llm.rehearsal.refinement import refine
    from dialectic_actors.llm.rehearsal.synthesis import synthesize

    match ask.brief.turn.kind:
        case "proposal":
            return propose(ask)
        case "critique":
            return criticize(ask)
        case "refinement":
            return refine(ask)
        case "synthesis":
            return synthesize(ask)
        case unknown:
            assert_never(unknown)
