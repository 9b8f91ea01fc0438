"""How large the prompts of a long debate become: with hierarchical summaries they stay within a
context that the settings state, however many rounds there are.

Beside it what grows: summaries that condense everything anew, no summaries, and the seed's rules
for the same shape.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.cast import condensed, settings_of
from benchmarks.sent import ANSWER, Sent, sent_by_seed, sent_by_us
from benchmarks.table import Goal, Row, show
from dialectic_actors.core.contracts import CHARACTERS_PER_TOKEN
from dialectic_events.runs import Summarization

__all__ = ["rows"]

AGENTS, LONG, LONGER = 3, 14, 28
EARLY = 5
TERMS = Summarization()
JUDGE = 0
"""The round of the judge's turns."""


def context(sent: Sequence[Sent], round: int) -> float:
    """Tokens that no prompt may exceed: an agent's memory, which is its last summary or too short
    for one, and the texts of a round: the own proposal and refinement and all critiques of it.

    The judge is shown that of every agent.
    """
    memory = max(TERMS.threshold, TERMS.max_length)
    texts = (memory + (AGENTS + 1) * ANSWER) * (AGENTS if round == JUDGE else 1)
    frame = max(each.words + each.problem for each in sent if each.turn.round == round)
    return texts / CHARACTERS_PER_TOKEN + frame


def largest(sent: Sequence[Sent], round: int) -> float:
    """Tokens of the largest prompt of a round."""
    return max(each.tokens for each in sent if each.turn.round == round)


def _bounded(rounds: int) -> list[Row]:
    """Hierarchical summaries."""
    settings = condensed(settings_of(AGENTS, rounds), "hierarchical", TERMS)
    ours, run = sent_by_us(settings)
    seed = sent_by_seed(settings)
    name = f"hierarchical, {len(run.turns)} turns"
    inside = Goal(1.0, "x limit")
    of_rounds = [
        Row(
            f"{name}, largest prompt {'of the judge' if round == JUDGE else f'in round {round}'}",
            largest(ours, round),
            context(ours, round),
            largest(seed, round),
            inside,
            "tokens",
        )
        for round in (2, EARLY, rounds, JUDGE)
    ]
    late, early, theirs = largest(ours, rounds), largest(ours, EARLY), largest(seed, rounds)
    flat = f"{name}, round {rounds} beside round {EARLY}"
    return [*of_rounds, Row(flat, late, early, theirs, Goal(1.01, "x limit"), "tokens")]


def _growing(name: str, ours: Sequence[Sent], seed: Sequence[Sent]) -> Row:
    """By how much the largest prompt grows with each round."""
    growth, theirs = (
        (largest(sent, LONG) - largest(sent, EARLY)) / (LONG - EARLY) for sent in (ours, seed)
    )
    return Row(f"{name}, growth of the largest", growth, None, theirs, None, "tokens/round")


def rows() -> list[Row]:
    """Within the context, flat, and how the others grow."""
    plain = settings_of(AGENTS, LONG)
    measured = [*_bounded(LONG), *_bounded(LONGER)]
    for name, settings, goal in (
        ("hierarchical", condensed(plain, "hierarchical", TERMS), Goal(1.0)),
        ("length-based", condensed(plain, "length-based", TERMS), None),
        ("no summaries", plain, None),
    ):
        ours, seed = sent_by_us(settings)[0], sent_by_seed(settings)
        whole, theirs = (sum(each.tokens for each in sent) for sent in (ours, seed))
        title = f"{name}, {AGENTS} x {LONG}"
        measured += [
            _growing(title, ours, seed)._replace(goal=goal),
            Row(f"{title}, all prompts", whole, None, theirs, None, "tokens"),
        ]
    return measured


if __name__ == "__main__":
    show(rows())
