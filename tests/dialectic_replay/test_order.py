"""The order of reading: clarifications, rounds, the conclusion."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from dialectic_replay.order import in_order, phase_of, target_speaker
from dialectic_replay.run import Run, fold
from support.whole import told_whole


@given(st.randoms(use_true_random=False))
def test_the_order_is_that_of_a_debate_whatever_came_first(random: Random) -> None:
    """Passes count apart from rounds."""
    run = fold(told_whole())
    turns = list(run.turns.items())
    random.shuffle(turns)
    order = in_order(Run(opened=run.opened, turns=dict(turns)))

    assert in_order(run) == order
    phases = ["clarifications", "rounds", "conclusion"]
    places = [(phases.index(phase_of(turn)), turn.round) for turn in order]
    assert sorted(places) == places
    assert [
        "question",
        "question",
        "answer",
        "answer",
        "proposal",
        "proposal",
        "critique",
        "critique",
        "refinement",
        "refinement",
        "assessment",
        "stop",
        "summary",
    ] == [turn.kind for turn in order][:13]


def test_whom_a_turn_answers_is_known_when_the_log_named_it() -> None:
    """A person answers an agent."""
    run = fold(told_whole())
    answer = run.turns["debate/c1/answer/person>security"]

    assert "security" == target_speaker(run, answer)
    assert target_speaker(Run(), answer) is None
