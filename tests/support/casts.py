"""Openings with real sources: small roles and templates, so that requests can be rendered without
the shipped ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from dialectic_actors.core.roles import Role, write_role
from dialectic_events.parts import refer
from dialectic_events.runs import History, Limits, RunOpened, Source
from support.drive import opened

__all__ = ["TEMPLATES", "opening_with_sources"]

TEMPLATES: Mapping[str, str] = {
    "system": "$persona\n$checklist\n",
    "proposal": "$problem$history$shown$focus Propose.\n",
    "critique": "$problem$history$shown$focus Criticize.\n",
    "refinement": "$problem$history$shown$focus Refine.\n",
    "synthesis": "$problem$history$shown$focus Conclude.\n",
    "merge": "$problem$history$shown$focus Merge.\n",
    "question": "$problem$history$shown$focus Ask at most $limit.\n",
    "summary": "$problem$history$shown$focus Condense to $limit.\n",
    "assessment": "$problem$history$shown$focus Assess.\n",
    "ballot": "$problem$history$shown$focus Rank.\n",
}


def opening_with_sources(
    agents: Sequence[str] = ("architect", "security", "kiss"),
    rounds: int = 2,
    *,
    history: History = "own",
    route: Sequence[str] = ("model-a",),
    limits: Limits | None = None,
) -> tuple[RunOpened, dict[str, str]]:
    """The opening of a debate and the texts of its sources."""
    bare = opened(agents, rounds, history=history, route=route, limits=limits)
    texts = {f"prompt/{name}": text for name, text in TEMPLATES.items()}
    texts.update(
        (
            agent.source,
            write_role(Role(agent.name, f"a {agent.role}", f"You are the {agent.role}.")),
        )
        for agent in bare.agents
    )
    sources = tuple(Source(name, refer(text)) for name, text in texts.items())
    return replace(bare, sources=sources), {refer(text): text for text in texts.values()}
