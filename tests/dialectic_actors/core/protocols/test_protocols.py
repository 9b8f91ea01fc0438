"""How protocols are listed: to the end, or to the first result that they wait for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dialectic_actors.core.protocols import (
    PROTOCOLS,
    Results,
    Unsettled,
    known_turns,
    protocol_of,
)
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.runs import Stage
from dialectic_events.turns import Turn
from dialectic_replay.run import Result

FIRST, SECOND = (Turn(id=name, kind="proposal", speaker=name) for name in ("first", "second"))
STAGE = Stage("s", "reads@1", (), "judge", 1)


def reads(stage: Stage, results: Results) -> Iterator[Turn]:
    """Names the second turn only when the first one failed."""
    yield FIRST
    if results[FIRST.id].outcome == "failed":
        yield SECOND


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ({}, ([FIRST], "first")),
        ({"second": Result(SECOND, "made", "x")}, ([FIRST], "first")),
        ({"first": Result(FIRST, "made", "x")}, ([FIRST], None)),
        ({"first": Result(FIRST, "failed", "x")}, ([FIRST, SECOND], None)),
    ],
)
def test_a_listing_ends_where_a_result_is_missing(
    results: dict[str, Result], expected: tuple[list[Turn], str | None]
) -> None:
    """And says which one, so that nobody asks again before it is there."""
    assert expected == known_turns(reads, STAGE, results)


def test_an_unsettled_result_names_its_turn() -> None:
    """Nothing but settled results can be read."""
    with pytest.raises(Unsettled) as wait:
        Results({})["first"]

    assert "first" == wait.value.turn


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_stage_finds_its_protocol_by_name_and_version(name: str) -> None:
    """Every protocol is registered as `name@version`."""
    assert PROTOCOLS[name] is protocol_of(Stage("s", name, ("a",), "judge", 1))
    assert name.partition("@")[2].isdigit()


def test_an_unknown_version_is_refused() -> None:
    """With the stage, and what to do about it."""
    with pytest.raises(DialecticError) as refusal:
        protocol_of(STAGE)

    assert ("stage s", ExitCode.CONFIGURATION) == (refusal.value.where, refusal.value.exit_code)
