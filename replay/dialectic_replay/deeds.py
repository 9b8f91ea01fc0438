"""What a speaker does in a turn, as a sentence, and what the turn is to yield, as a noun.

One line each, for lists that people skim. What was said is not told here.
"""

from __future__ import annotations

from typing import assert_never

from dialectic_events.turns import (
    AnswerGiven,
    AssessmentMade,
    BallotCast,
    CritiqueMade,
    ProposalMade,
    QuestionAsked,
    RefinementMade,
    SummaryMade,
    SynthesisMade,
    Turn,
)
from dialectic_events.union import Made

__all__ = ["deed", "work"]


def deed(event: Made, turn: Turn, author: str) -> str:
    """What the speaker of a turn does by an event; `author` is whom the turn answers."""
    return f"{turn.speaker} {_verb(event, turn, author)}{_when(turn)}"


def work(turn: Turn, author: str) -> str:
    """What a turn is to yield."""
    match turn.kind:
        case "critique":
            return f"{turn.speaker}'s critique of {author}{_when(turn)}"
        case "question":
            return f"{turn.speaker}'s questions{_when(turn)}"
        case "answer":
            return f"{turn.speaker}'s answers to {author}{_when(turn)}"
        case "stop":
            return f"the decision whether to go on{_when(turn)}"
        case _:
            return f"{turn.speaker}'s {turn.kind}{_when(turn)}"


def _verb(event: Made, turn: Turn, author: str) -> str:
    match event:
        case QuestionAsked(questions=count):
            return f"asks {count or 'no'} question{'' if count == 1 else 's'}"
        case AnswerGiven():
            return f"answers {author}"
        case SummaryMade():
            cut = ", cut" if event.cut else ""
            return f"condenses {event.before_chars} characters to {event.after_chars}{cut}"
        case ProposalMade():
            carried = turn.carries is not None and event.call is None
            return "carries its refinement over" if carried else "proposes"
        case CritiqueMade():
            return f"criticizes {author}"
        case RefinementMade():
            return "refines"
        case AssessmentMade():
            return f"assesses the debate at {100 * event.score:.3g}/100"
        case BallotCast():
            count = len(event.ranking)
            return f"ranks {count} refinement{'' if count == 1 else 's'}"
        case SynthesisMade():
            return "concludes by vote" if event.standings else "concludes"
        case _:
            assert_never(event)


def _when(turn: Turn) -> str:
    unit = "pass" if turn.kind in ("question", "answer") else "round"
    return f" ({unit} {turn.round})" if turn.round else ""
