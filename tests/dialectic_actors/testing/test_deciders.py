"""`given`, `when`, `then`: for debates and other deciders, with failures that say why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from textwrap import dedent

import pytest
from hypothesis import given as for_all
from msgspec import Struct

from dialectic_actors.core.commands import FailCall, Open, PlaceCall, TakeUp
from dialectic_actors.testing import unfinished
from dialectic_actors.testing.config import Config
from dialectic_actors.testing.deciders import Decider, given
from dialectic_actors.testing.matching import ANY, some
from dialectic_actors.testing.stories import Told
from dialectic_actors.testing.strategies import logs
from dialectic_actors.testing.unfinished import Unfinished
from dialectic_events.calls import CallFailed, CallLost, CallRequested

OPENED, _ = Config(agents=("ada",)).opening()
TURN = "debate/r1/proposal/ada"


# A decider of one's own: a till that takes money and refuses to run dry.


class Paid(Struct, frozen=True):
    """Somebody paid in."""

    amount: int
    note: str = ""


class Take(Struct, frozen=True):
    """Take money out."""

    amount: int


@dataclass(frozen=True)
class Taken:
    """Money was taken out."""

    amount: int
    left: int


@dataclass(frozen=True)
class Till:
    """What is in it."""

    amount: int = 0


def decide(till: Till, command: Take) -> list[Paid | Taken]:
    """Pay out what is there."""
    if command.amount > till.amount:
        raise ValueError(f"only {till.amount} are left")
    return [Taken(command.amount, till.amount - command.amount)] if command.amount else []


def evolve(till: Till, event: Paid | Taken) -> Till:
    """Count."""
    paid = isinstance(event, Paid)
    return replace(till, amount=till.amount + (event.amount if paid else -event.amount))


OTHERS: list[object] = [Taken(1, 1), 1, None]

TILL: Decider[Till, Take, Paid | Taken] = Decider(decide, evolve, Till)


def message_of(error: pytest.ExceptionInfo[AssertionError]) -> str:
    """What a failed specification says."""
    return str(error.value)


def test_what_is_decided_is_given_to_what_follows() -> None:
    """A conversation with a decider, step by step."""
    (
        TILL.given(Paid(10), Paid(5))
        .when(Take(12))
        .then(Taken(12, left=3))
        .when(Take(0))
        .then_nothing()
        .when(Take(4))
        .then_refuses(ValueError, "only 3")
        .when(Take(3))
        .then(Taken(3, left=0))
    )


def test_a_command_that_only_leads_there_needs_no_outcome() -> None:
    """`when` after `when` passes on whatever was decided."""
    TILL.given(Paid(10)).when(Take(4)).when(Take(6)).then(Taken(6, left=0))


def test_a_debate_is_the_decider_that_is_meant() -> None:
    """An empty log, an opening, a turn, a call that is lost."""
    (
        given()
        .when(Open(OPENED))
        .then(OPENED)
        .when(Open(OPENED))
        .then_nothing()
        .when(PlaceCall(TURN, ()))
        .then(some(CallRequested, turn=TURN, plan=ANY))
        .when(TakeUp("again"))
        .then(CallLost(call=f"{TURN}#1", claim="again"))
    )


@for_all(logs())
def test_what_is_given_is_the_fold_of_it(log: Told) -> None:
    """Any log may be given."""
    before = given(*log)

    assert tuple(log) == before.events
    assert len(log) == before.state.run.version


def test_a_difference_is_shown_field_by_field() -> None:
    """What is as expected, what is not, what is missing, what is too much."""
    ending = CallFailed(call=f"{TURN}#1", error="server", detail="it broke")
    called = given(OPENED).when(PlaceCall(TURN, ())).then(ANY)

    with pytest.raises(AssertionError) as failure:
        called.when(FailCall(ending.call, ending)).then(
            ending, some(CallRequested, why="timeout", call=ANY), OPENED
        )

    shown = """
        what is decided is not what is expected

          given 2 events
          when  FailCall(call='debate/r1/proposal/ada#1', ending=CallFailed(\
call='debate/r1/proposal/ada#1', error='server',…)
          then
            CallFailed(call='debate/r1/proposal/ada#1', error='server', detail='it broke')
          ! CallRequested
              .why
                expected  'timeout'
                decided   'server'
          - RunOpened"""
    assert message_of(failure).startswith(dedent(shown).strip())


@pytest.mark.parametrize(
    ("expected", "shown"),
    [
        ((), "  + Taken(amount=4, left=6)"),
        ((Paid(4),), "  - Paid(amount=4)\n  + Taken(amount=4, left=6)"),
        ((Taken(4, 6), Paid(1)), "    Taken(amount=4, left=6)\n  - Paid(amount=1)"),
        ((Taken(4, 7),), "  ! Taken\n      .left\n        expected  7\n        decided   6"),
        ((some(Paid),), "  - some(Paid)\n  + Taken(amount=4, left=6)"),
    ],
)
def test_both_sides_are_shown(expected: tuple[Paid | Taken, ...], shown: str) -> None:
    """Whatever was expected, and whatever was decided."""
    with pytest.raises(AssertionError) as failure:
        TILL.given(Paid(10)).when(Take(4)).then(*expected)

    assert message_of(failure).endswith(f"  then\n{shown}")


def test_long_texts_are_shown_where_they_part() -> None:
    """Not their beginnings, which are the same."""
    till: Decider[Till, str, Paid] = Decider(lambda till, note: [Paid(1, note)], evolve, Till)

    with pytest.raises(AssertionError) as failure:
        till.given().when("x" * 500 + "yes").then(Paid(1, "x" * 500 + "no"))

    lines = message_of(failure).splitlines()[-2:]
    assert [True, True] == [lines[0].endswith("xno'"), lines[1].endswith("xyes'")]
    assert all(len(line) < 80 for line in lines)


def test_a_refusal_that_does_not_come_is_a_failure() -> None:
    """It shows what was decided instead, or what the other reason was."""
    with pytest.raises(AssertionError, match=r"does not refuse with ValueError(.|\n)*\+ Taken"):
        TILL.given(Paid(10)).when(Take(4)).then_refuses(ValueError)
    with pytest.raises(AssertionError, match=r"'too much'\n.*'only 10 are left'"):
        TILL.given(Paid(10)).when(Take(40)).then_refuses(ValueError, "too much")


def test_an_error_that_nobody_expects_is_raised() -> None:
    """It is the decider's own."""
    with pytest.raises(ValueError, match="only 1 are left"):
        TILL.given(Paid(1)).when(Take(2)).then_nothing()


def test_a_when_without_its_then_is_found() -> None:
    """Once: by whoever asks at the end of a test."""
    TILL.given().when(Take(0)).then_nothing()
    unfinished.check_finished()
    TILL.given().when(Take(2))

    with pytest.raises(Unfinished, match=r"when\(Take\(amount=2\)\) has no then"):
        unfinished.check_finished()
    unfinished.check_finished()


def test_a_placeholder_equals_what_it_stands_for() -> None:
    """Alone, inside of a value, and inside of another placeholder; nothing else."""
    assert ANY == 1
    assert None is not ANY
    assert Paid(ANY, "x") == Paid(3, "x") != Paid(ANY, "y")
    assert some(Paid, amount=some(int)) == Paid(3)
    assert some(Paid, amount=some(str)) != Paid(3)
    assert not [event for event in OTHERS if some(Paid) == event]
    assert "some(Paid, amount=ANY)" == repr(some(Paid, amount=ANY))


def test_a_placeholder_knows_the_fields_of_its_type() -> None:
    """A name that was mistyped would match nothing, for no reason that anybody could see."""
    with pytest.raises(TypeError, match="Paid has no field amuont; it has amount, note"):
        some(Paid, amuont=1)


def test_a_placeholder_is_not_looked_up() -> None:
    """It equals many values, so no set could hold it."""
    with pytest.raises(TypeError, match="compare lists"):
        {ANY}  # noqa: B018
