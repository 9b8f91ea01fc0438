"""How protocols are listed: to the end, or to the first result that they wait for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from dialectic_actors.core.protocols import (
    PROTOCOLS,
    Protocol,
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


def counted(*, reads: bool, catches: bool = False) -> tuple[Protocol, list[Stage]]:
    """A protocol, and for whom it was asked."""
    asked: list[Stage] = []

    def turns(stage: Stage, results: Results) -> Iterator[Turn]:
        asked.append(stage)
        yield FIRST
        try:
            if reads and results[FIRST.id].outcome == "failed":
                yield SECOND
        except Unsettled:
            if not catches:
                raise

    return turns, asked


def test_a_protocol_that_asks_for_no_result_is_listed_once() -> None:
    """Whatever is settled, it has no other turns; another stage is another listing."""
    protocol, asked = counted(reads=False)
    failed = {"first": Result(FIRST, "failed", "x")}
    listings = [known_turns(protocol, STAGE, results) for results in ({}, failed, {})]
    other = replace(STAGE, rounds=2)

    assert [([FIRST], None)] * 3 == listings
    assert ([FIRST], None) == known_turns(protocol, other, {})
    assert [STAGE, other] == asked


def test_a_listing_that_is_kept_is_not_the_callers_to_change() -> None:
    """Each caller has a list of its own."""
    protocol, _ = counted(reads=False)
    known_turns(protocol, STAGE, {})[0].clear()

    assert ([FIRST], None) == known_turns(protocol, STAGE, {})


@pytest.mark.parametrize("catches", [False, True])
def test_a_protocol_that_asks_is_listed_anew(catches: bool) -> None:
    """Also one that goes on by itself where there is no answer."""
    protocol, _ = counted(reads=True, catches=catches)
    failed = {"first": Result(FIRST, "failed", "x")}

    assert ([FIRST], None if catches else "first") == known_turns(protocol, STAGE, {})
    assert ([FIRST, SECOND], None) == known_turns(protocol, STAGE, failed)


def test_a_protocol_that_is_an_object_is_listed_anew() -> None:
    """What it holds may change between two listings, whether or not it should."""

    class Held:
        def __init__(self) -> None:
            self.turns = [FIRST]

        def __call__(self, stage: Stage, results: Results) -> Iterator[Turn]:
            return iter(self.turns)

    held = Held()
    before = known_turns(held, STAGE, {})
    held.turns.append(SECOND)

    assert (([FIRST], None), ([FIRST, SECOND], None)) == (before, known_turns(held, STAGE, {}))


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
