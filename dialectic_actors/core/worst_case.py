"""What a protocol can cost at most: calls, tokens, and how many calls must follow each other.

Sizes are given, never guessed from texts: a bound for what was not said yet is arithmetic over
turns. Prices are no business of this module.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from dialectic_actors.core.exploration import Branch
from dialectic_events.runs import Limits, Synthesis
from dialectic_events.turns import Turn

__all__ = ["Sizes", "WorstCase", "calls_per_turn", "worst_case"]


class Sizes(Struct, frozen=True):
    """Upper bounds in tokens: the problem, what a prompt holds beside problem and shown texts (the
    persona, the template, a request to answer again), and one answer.
    """

    problem_tokens: int = 1_000
    prompt_tokens: int = 1_000
    answer_tokens: int = 1_000


class WorstCase(Struct, frozen=True):
    """Upper bounds over all branches.

    `calls` and `tokens` (prompts and answers) are those of the longest branch when each of its
    turns needs one call; carries, what people say and what is computed need none. `most_calls` and
    `most_tokens` hold with every retry, fallback, use of tools and repair that is allowed. Calls
    that die with their process or are refused for the key or the account are not counted. `path`
    are the most calls that must follow each other, one per turn.
    """

    turns: int
    calls: int
    most_calls: int
    tokens: int
    most_tokens: int
    path: tuple[str, ...]


def calls_per_turn(limits: Limits, models: int = 1, tools: int = 0) -> int:
    """The most calls of one turn: the attempts of each of its route's `models`, the repairs, and
    one after each of so many uses of `tools`.
    """
    return limits.attempts * models + limits.repairs + tools


def worst_case(
    branches: Sequence[Branch],
    limits: Limits | None = None,
    *,
    models: int = 1,
    tools: int = 0,
    synthesis: Synthesis = "judge",
    sizes: Sizes | None = None,
) -> WorstCase:
    """The worst of all branches of a protocol; `models` is the length of the longest route, `tools`
    how often a turn may use tools. `synthesis` by vote is counted and asks nobody.

    Expects branches that lint clean.
    """
    limits, sizes = limits or Limits(), sizes or Sizes()
    worst = WorstCase(0, 0, 0, 0, 0, ())
    for branch in branches:
        asking = [turn for turn in branch.turns if _asks(turn, synthesis)]
        each = calls_per_turn(limits, models, tools)
        case = _case(branch, asking, each, limits, sizes)
        worst = WorstCase(
            max(worst.turns, case.turns),
            max(worst.calls, case.calls),
            max(worst.most_calls, case.most_calls),
            max(worst.tokens, case.tokens),
            max(worst.most_tokens, case.most_tokens),
            max(worst.path, case.path, key=len),
        )
    return worst


def _case(
    branch: Branch, asking: Sequence[Turn], each: int, limits: Limits, sizes: Sizes
) -> WorstCase:
    """The worst case of a branch in which `asking` may ask for `each` calls."""
    shown = _shown(branch.turns)
    prompts = {
        turn.id: sizes.problem_tokens
        + sizes.prompt_tokens
        + len(shown[turn.id]) * sizes.answer_tokens
        for turn in asking
    }
    asked = [turn.id for turn in asking if not _is_carried(turn, branch)]
    # A repaired request holds the answer that missed and what it missed, of the last one only.
    repair = sizes.prompt_tokens + sizes.answer_tokens if limits.repairs else 0
    return WorstCase(
        turns=len(branch.turns),
        calls=len(asked),
        most_calls=each * len(asking),
        tokens=sum(prompts[id] + sizes.answer_tokens for id in asked),
        most_tokens=each * sum(p + repair + sizes.answer_tokens for p in prompts.values()),
        path=_path(branch, frozenset(asked)),
    )


def _asks(turn: Turn, synthesis: Synthesis) -> bool:
    """Whether a model may be asked for a turn."""
    counted = turn.kind == "synthesis" and synthesis == "voting"
    return turn.kind not in ("answer", "stop") and not counted


def _is_carried(turn: Turn, branch: Branch) -> bool:
    """Whether no call is needed when all goes as well as this branch allows."""
    read = branch.results.get(turn.carries) if turn.carries is not None else None
    return turn.carries is not None and (read is None or read.outcome == "made")


def _shown(turns: Sequence[Turn]) -> dict[str, frozenset[str]]:
    """The texts that each turn is shown, by id: what it sees, and what it recalls was shown."""
    shown: dict[str, frozenset[str]] = {}
    for turn in turns:
        shown[turn.id] = frozenset(turn.sees).union(*(shown.get(e, ()) for e in turn.recalls))
    return shown


def _path(branch: Branch, asked: frozenset[str]) -> tuple[str, ...]:
    """The longest chain of calls that wait for each other."""
    chains: dict[str, tuple[str, ...]] = {}
    for turn in branch.turns:
        longest = max((chains.get(other, ()) for other in turn.after), key=len, default=())
        chains[turn.id] = (*longest, turn.id) if turn.id in asked else longest
    return max(chains.values(), key=len, default=())
