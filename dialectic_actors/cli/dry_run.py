"""What `dialectic debate --dry-run` prints: what the debate would take, and where it would go."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from dialectic_actors.cli.terminal import data, document, say
from dialectic_events.errors import ExitCode

if TYPE_CHECKING:
    from dialectic_actors.api.estimate import Bound, Estimate, PlannedTurn
    from dialectic_actors.api.runs import Debate

__all__ = ["dry"]


def dry(
    debate: Debate, output: Path | None, report: Path | None, store: str | None, *, json: bool
) -> int:
    """Say what a debate would take. What it lacks is said as well, with the exit code that the
    debate itself would have ended with.
    """
    from dialectic_events.stores import default_url

    url = store or default_url(Path.cwd(), os.environ)
    places = [("solution", str(output or "standard output")), ("log", url)]
    places.append(("state", f"debates{os.sep}{debate.ref}.json"))
    places += [] if report is None else [("report", str(report))]
    _print_estimate(debate.estimate(), places, json=json)
    debate.check()
    say("nothing was called, nothing was stored")
    return ExitCode.DONE


def _print_estimate(estimate: Estimate, places: Sequence[tuple[str, str]], *, json: bool) -> None:
    if json:
        import msgspec

        told = msgspec.to_builtins(estimate)
        document("dry-run", {**told, "places": [{"what": w, "where": p} for w, p in places]})
        return
    for line in _lines(estimate, places):
        data(line)


def _lines(estimate: Estimate, places: Sequence[tuple[str, str]]) -> Iterator[str]:
    least, most, worst = estimate.least, estimate.most, estimate.worst
    yield f"calls     {_range(least.calls, most.calls)}"
    yield f"          at most {worst.calls:,} with every retry, fallback and repair"
    yield f"in a row  {_range(least.in_a_row, most.in_a_row)} calls, one after the other"
    yield f"tokens    up to {most.tokens:,}, at most {worst.tokens:,}"
    yield f"          if no answer has more than {estimate.answer_tokens:,} tokens"
    if estimate.tools:
        yield "          what tools find is not counted: nobody knows its size"
    yield f"cost      {_cost(most)}, at most {_cost(worst)}"
    if estimate.unpriced:
        yield f"          no price is known of {', '.join(estimate.unpriced)}"
    yield ""
    for each in estimate.cast:
        whys = [
            f"{model} ({reason})" if reason else model
            for model, reason in zip(each.models, each.reasons, strict=True)
        ]
        yield f"{each.agent:<24} {each.role:<14} {', then '.join(whys)}"
    yield ""
    yield from _shown(estimate.turns)
    yield ""
    for what, where in places:
        yield f"{what:<10} {where}"


def _range(least: int, most: int) -> str:
    return f"{most:,}" if least == most else f"{least:,} to {most:,}"


def _cost(bound: Bound) -> str:
    return "unknown" if bound.cost_usd is None else f"${bound.cost_usd:,.4f}"


def _shown(turns: Sequence[PlannedTurn]) -> Iterator[str]:
    """A line for each kind of turn of a round: how often it is asked, and what it is shown."""

    def alike(turn: PlannedTurn) -> tuple[int, str]:
        return turn.round, turn.kind

    for (round, kind), group in groupby(turns, key=alike):
        each = list(group)
        counts = sorted({_counted(turn) for turn in each}, key=len)
        when = f"pass {round}" if kind == "question" else f"round {round}" if round else "the end"
        yield f"{when:<9} {len(each):>3} x {kind:<11} shown {' or '.join(counts)}"


def _counted(turn: PlannedTurn) -> str:
    words = [
        f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in turn.shown.items() if count
    ]
    return ", ".join(["the problem", *words]).replace("summarys", "summaries")
