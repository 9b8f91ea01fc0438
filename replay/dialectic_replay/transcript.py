"""A run as Markdown: the problem, what was clarified, each round, the conclusion, and what is
missing from them.

Words of models and people stand in fences that they cannot close. How a terminal shows them is the
command line's affair.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from dialectic_events.turns import StopDecided, SummaryMade, Turn
from dialectic_replay.markdown import fenced, plain
from dialectic_replay.order import Phase, in_order, phase_of, target_speaker
from dialectic_replay.run import Result, Run
from dialectic_replay.tools import tool_rounds
from dialectic_replay.words import words_of

__all__ = ["transcript"]

_TITLES = {
    "question": "Questions",
    "answer": "Answers",
    "summary": "Summaries",
    "proposal": "Proposals",
    "critique": "Critiques",
    "refinement": "Refinements",
    "assessment": "Assessment",
    "stop": "Whether to go on",
    "ballot": "Ballots",
    "synthesis": "Synthesis",
}


def transcript(run: Run) -> str:
    """The whole run, in an order that does not depend on timing."""
    return "\n\n".join(_blocks(run)) + "\n"


def _blocks(run: Run) -> Iterator[str]:
    problem = run.opened.problem if run.opened else ""
    title = next(filter(str.strip, problem.splitlines()), "A run")
    yield f"# {plain(title)}"
    yield f"Status: {run.status}"
    if run.reason:
        yield fenced(run.reason)
    yield "## Problem"
    yield fenced(problem)
    parts = groupby(in_order(run), key=lambda turn: (phase_of(turn), turn.round))
    for (phase, round), turns in parts:
        yield f"## {_heading(phase, round)}"
        for kind, alike in groupby(turns, key=lambda turn: turn.kind):
            yield f"### {_TITLES[kind]}"
            for turn in alike:
                yield f"#### {_who(run, turn)}"
                yield from _tools(run, turn)
                yield from _what(run, turn)


def _heading(phase: Phase, round: int) -> str:
    match phase:
        case "clarifications":
            return f"Clarifications, pass {round}"
        case "rounds":
            return f"Round {round}"
        case "conclusion":
            return "Conclusion"


def _who(run: Run, turn: Turn) -> str:
    answers = turn.kind in ("critique", "answer")
    author = target_speaker(run, turn) if answers else None
    return plain(turn.speaker) + (f" → {plain(author)}" if author is not None else "")


def _tools(run: Run, turn: Turn) -> Iterator[str]:
    """What tools were asked for on the way, and how they answered."""
    lines = []
    for each in tool_rounds(run, turn.id):
        said = {result.id: result.status for result in each.results}
        lines += [
            f"{call.name} {call.arguments} → {said.get(call.id, 'not used')}" for call in each.calls
        ]
    if lines:
        yield "*Tools that were asked:*"
        yield fenced("\n".join(lines))


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
        yield from _said(result)


def _said(result: Result) -> Iterator[str]:
    match result.event:
        case StopDecided() as decided:
            yield fenced(words_of(decided))
        case SummaryMade() as made:
            cut = ", cut there" if made.cut else ""
            yield f"*{made.before_chars} characters became {made.after_chars}{cut}.*"
            yield fenced(result.text)
        case _:
            yield fenced(result.text)
