"""What actors get from outside, where it is made here."""

from __future__ import annotations

from itertools import islice

from dialectic_actors.runtime.world import random_salts


def test_salts_never_end_and_never_repeat() -> None:
    """Each has 16 bytes, also beyond those that are drawn at once."""
    salts = list(islice(random_salts(), 1000))

    assert {16} == set(map(len, salts))
    assert 1000 == len(set(salts))
