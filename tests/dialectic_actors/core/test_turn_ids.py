"""Names of turns and calls."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from hypothesis import given

from dialectic_actors.core.turn_ids import call_id, segment, turn_id
from dialectic_actors.testing.strategies import words


@given(words())
def test_a_segment_is_safe_and_can_be_read_back(name: str) -> None:
    """Nothing but safe characters, and no two names share one."""
    assert re.fullmatch(r"[A-Za-z0-9._%-]*", segment(name))
    assert name == unquote(segment(name))


@given(words(), words(), words(), words(), words(), words())
def test_two_turns_never_share_an_id(a: str, b: str, c: str, x: str, y: str, z: str) -> None:
    """Whatever stages and agents are called."""
    same = turn_id(a, 1, "critique", b, c) == turn_id(x, 1, "critique", y, z)

    assert ((a, b, c) == (x, y, z)) == same


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("debate/r2/critique/a>b", turn_id("debate", 2, "critique", "a", "b")),
        ("debate/r1/proposal/a", turn_id("debate", 1, "proposal", "a")),
        ("debate/synthesis/judge", turn_id("debate", 0, "synthesis", "judge")),
        ("s%2Ft/r1/proposal/a%3Eb%23%C3%BC", turn_id("s/t", 1, "proposal", "a>b#ü")),
        ("debate/synthesis/judge#3", call_id("debate/synthesis/judge", 3)),
    ],
)
def test_ids_read_as_the_design_writes_them(expected: str, actual: str) -> None:
    """Stage, round, kind, speaker, target; a call adds its attempt."""
    assert expected == actual
