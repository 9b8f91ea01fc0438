"""What failed turns mean for their run: whether it goes on or rests, and whether its outcome is
partial.

Whether a call is tried again is decided in `retry`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from dialectic_events.calls import PASSING, CallFailed
from dialectic_events.runs import Stage
from dialectic_events.turns import Kind
from dialectic_replay.run import Run

__all__ = ["broken_policy", "lacks_voices", "missing_agents", "rests_instead", "spent_before"]

_AUXILIARY: frozenset[Kind] = frozenset(("summary", "assessment"))
"""Without these a debate goes on with all that was said."""

_POSITIONS: frozenset[Kind] = frozenset(("proposal", "refinement"))


def lacks_voices(run: Run, failed: Iterable[str]) -> bool:
    """Whether a failed turn took something out of the debate."""
    return any(run.results[turn].turn.kind not in _AUXILIARY for turn in failed)


def spent_before(run: Run, turn: str) -> int:
    """How many attempts of a turn do not count any more, since the run has rested for it."""
    return run.spent.get(turn, 0) if _may_rest(run) else 0


def rests_instead(run: Run, call: str) -> bool:
    """Whether a run comes to rest before a turn fails for its last call."""
    ended = run.calls[call].ended
    return _may_rest(run) and isinstance(ended, CallFailed) and ended.error in PASSING


def _may_rest(run: Run) -> bool:
    stages = run.opened.stages if run.opened is not None else ()
    return any(stage.failure.on_failure == "rest" for stage in stages)


def missing_agents(run: Run) -> dict[int, frozenset[str]]:
    """Who has no position in a round, by round: a proposal or refinement came to nothing."""
    missing: dict[int, set[str]] = defaultdict(set)
    for result in run.results.values():
        if result.turn.kind in _POSITIONS and result.outcome != "made":
            missing[result.turn.round].add(result.turn.speaker)
    return {round: frozenset(agents) for round, agents in missing.items()}


def broken_policy(run: Run, failed: tuple[str, ...]) -> str | None:
    """Why the run may not go on after its failed turns; None when it may."""
    for stage in run.opened.stages if run.opened is not None else ():
        if stage.failure.on_failure == "stop":
            serious = (turn for turn in failed if lacks_voices(run, (turn,)))
            for turn in serious:
                return f"{turn} failed: {run.results[turn].text}"
        if (reason := _below_quorum(run, stage)) is not None:
            return reason
    return None


def _below_quorum(run: Run, stage: Stage) -> str | None:
    if stage.failure.quorum <= 1:
        return None
    for round, agents in missing_agents(run).items():
        left = len(stage.agents) - len(agents & set(stage.agents))
        if left < stage.failure.quorum:
            names = ", ".join(sorted(agents))
            return (
                f"only {left} of {len(stage.agents)} agents are left in round {round}, "
                f"{stage.failure.quorum} are needed; missing: {names}"
            )
    return None
