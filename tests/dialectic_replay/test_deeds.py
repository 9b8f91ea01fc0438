"""Deeds: one line for what was done in a turn, and one for what it is to yield."""

from typing import get_args

import pytest

from dialectic_events.turns import (
    BallotCast,
    Kind,
    ProposalMade,
    QuestionAsked,
    RefinementMade,
    SummaryMade,
    Turn,
)
from dialectic_events.union import Made
from dialectic_replay.deeds import deed, work


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_of_turn_has_a_goal(kind: Kind) -> None:
    """Passes and rounds are told apart."""
    unit = "pass" if kind in ("question", "answer") else "round"

    assert work(Turn("t", kind, "kiss", 2), "architect").endswith(f" ({unit} 2)")
    assert not work(Turn("t", kind, "kiss"), "architect").endswith(")")


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (QuestionAsked(turn="t", text="[]", questions=0), "kiss asks no questions"),
        (QuestionAsked(turn="t", text="", questions=1), "kiss asks 1 question"),
        (BallotCast(turn="t", text="", ranking=("a", "b")), "kiss ranks 2 refinements"),
        (ProposalMade(turn="t", text=""), "kiss carries its refinement over"),
        (ProposalMade(turn="t", text="", call="c"), "kiss proposes"),
        (RefinementMade(turn="t", text=""), "kiss refines"),
        (
            SummaryMade(turn="t", text="", before_chars=9, after_chars=4, method="m", cut=True),
            "kiss condenses 9 characters to 4, cut",
        ),
    ],
)
def test_a_deed_is_a_sentence(event: Made, said: str) -> None:
    """With the numbers that matter; who answers a call carries nothing over."""
    assert said == deed(event, Turn("t", "proposal", "kiss", carries="other"), "architect")
