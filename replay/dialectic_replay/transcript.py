"""A run as Markdown: the problem, each round, the conclusion, and what is missing from them.

Words of models and people stand in fences that they cannot close. How a terminal shows them is the
command line's affair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from dialectic_events.turns import Turn
from dialectic_replay.order import in_order, target_speaker
from dialectic_replay.run import Run

__all__ = ["fenced", "transcript"]

_TITLES = {
    "proposal": "Proposals",
    "critique": "Critiques",
    "refinement": "Refinements",
    "synthesis": "Synthesis",
}
_MARKUP = re.compile(r"([\\`*_\[\]<#~&])")
"""What means something inside a heading, the only place where names and titles stand bare."""


def transcript(run: Run) -> str:
    """The whole run, in an order that does not depend on timing."""
    return "\n\n".join(_blocks(run)) + "\n"


def fenced(text: str) -> str:
    """`text` in a fence longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _blocks(run: Run) -> Iterator[str]:
    problem = run.opened.problem if run.opened else ""
    title = next(filter(str.strip, problem.splitlines()), "A run")
    yield f"# {_plain(title)}"
    yield f"Status: {run.status}"
    if run.reason:
        yield fenced(run.reason)
    yield "## Problem"
    yield fenced(problem)
    for round, turns in groupby(in_order(run), key=lambda turn: turn.round):
        yield f"## Round {round}" if round else "## Conclusion"
        for kind, alike in groupby(turns, key=lambda turn: turn.kind):
            yield f"### {_TITLES[kind]}"
            for turn in alike:
                yield f"#### {_who(run, turn)}"
                yield from _what(run, turn)


def _who(run: Run, turn: Turn) -> str:
    author = target_speaker(run, turn) if turn.kind == "critique" else None
    return _plain(turn.speaker) + (f" → {_plain(author)}" if author is not None else "")


def _what(run: Run, turn: Turn) -> Iterator[str]:
    result = run.results.get(turn.id)
    if result is None:
        yield "*Not settled yet.*"
    elif result.outcome != "made":
        yield f"*The turn {'failed' if result.outcome == 'failed' else 'was skipped'}:*"
        yield fenced(result.text)
    elif turn.carries is not None and result.text == run.made(turn.carries):
        yield f"*Carried over: the refinement of round {run.turns[turn.carries].round}.*"
    else:
        yield fenced(result.text)


def _plain(text: str) -> str:
    """`text` on one line, its markup taken literally."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
