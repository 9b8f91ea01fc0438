"""References as people write them, and the events they mean."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.testing.driving import CALM, perform, play
from dialectic_events.calls import CallRequested
from dialectic_events.envelope import Envelope
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_replay.references import Reference, find_run, find_version, parse_reference
from support.drive import opened
from support.runs import envelopes_of

IDS = (
    "deb-20260103-090000-beef",
    "deb-20260102-090000-cafe",
    "deb-20260101-090000-c0de",
)
"""Newest first."""

LOG = envelopes_of(play([opened(("a", "b"), 2)], perform(CALM)))

PREFIXED = envelopes_of(play([opened(("agent-a", "agent-b"), 1)], perform(CALM)))
"""A run whose agents are called as the built-in ones are."""


def turns_of(log: Iterable[Envelope]) -> set[str]:
    """The turns that a model was asked for."""
    return {each.event.turn for each in log if isinstance(each.event, CallRequested)}


def about(envelope: Envelope, turn: str) -> bool:
    """Whether an event is of a turn, or of a call of it."""
    named = getattr(envelope.event, "turn", None) or getattr(envelope.event, "call", "")
    return str(named).partition("#")[0] == turn


@pytest.mark.parametrize(
    ("written", "at", "expected"),
    [
        ("@", None, Reference("@")),
        ("", None, Reference("@")),
        (":42", None, Reference("@", "42")),
        ("cafe:r2", None, Reference("cafe", "r2")),
        ("cafe", "r2/critique/a>b", Reference("cafe", "r2/critique/a>b")),
        ("cafe:", "-1", Reference("cafe", "-1")),
    ],
)
def test_a_reference_is_a_run_and_a_position(
    written: str, at: str | None, expected: Reference
) -> None:
    """The newest run and its end, unless something else is said."""
    assert expected == parse_reference(written, at)


@pytest.mark.parametrize(("text", "at"), [("\udcff", None), ("@:r\udcff", None), ("@", "\udcff")])
def test_what_is_not_utf_8_is_no_reference(text: str, at: str | None) -> None:
    """A command line may hold any bytes."""
    with pytest.raises(DialecticError, match="not UTF-8") as refusal:
        parse_reference(text, at)

    assert 2 == refusal.value.exit_code


def test_a_position_is_given_once() -> None:
    """After the colon or apart, not both."""
    with pytest.raises(DialecticError, match="twice") as refusal:
        parse_reference("cafe:3", "4")

    assert ExitCode.USAGE == refusal.value.exit_code


@given(st.data())
def test_an_id_is_found_by_all_of_it_and_by_every_unique_end(data: st.DataObject) -> None:
    """Whatever beginning or end of an id no other shares."""
    wanted = data.draw(st.sampled_from(IDS))
    length = data.draw(st.integers(1, len(wanted)))
    for piece in (wanted[:length], wanted[-length:]):
        fitting = [each for each in IDS if each.startswith(piece) or each.endswith(piece)]
        if len(fitting) == 1:
            assert wanted == find_run(piece, IDS)
        else:
            with pytest.raises(DialecticError, match="write more"):
                find_run(piece, IDS)


@pytest.mark.parametrize(("written", "back"), [("@", 0), ("@~0", 0), ("@~", 1), ("@~2", 2)])
def test_runs_are_counted_from_the_newest(written: str, back: int) -> None:
    """As git counts commits."""
    assert IDS[back] == find_run(written, IDS)


def test_a_whole_id_is_never_ambiguous() -> None:
    """Though it be the beginning of another, or look like a sign."""
    assert "deb-1" == find_run("deb-1", ["deb-11", "deb-1"])
    assert "@" == find_run("@", ["deb-1", "@"])


@pytest.mark.parametrize(
    ("written", "ids", "fix"),
    [
        ("@", (), "debate"),
        ("@~3", IDS, "ls"),
        ("deb-2026", IDS, "write more"),
        ("deb-20260102-090000-caffe", IDS, "did you mean deb-20260102-090000-cafe?"),
        ("xyz", IDS, "ls"),
    ],
)
def test_a_run_that_is_not_there_is_refused_with_a_way_on(
    written: str, ids: tuple[str, ...], fix: str
) -> None:
    """None, or too many: usage, and what to write instead."""
    with pytest.raises(DialecticError) as refusal:
        find_run(written, ids)

    assert ExitCode.USAGE == refusal.value.exit_code
    assert fix in refusal.value.fix


@pytest.mark.parametrize(
    ("position", "expected"),
    [("", len(LOG)), ("1", 1), ("0", 0), ("-1", len(LOG)), ("-2", len(LOG) - 1)],
)
def test_a_number_is_a_version(position: str, expected: int) -> None:
    """From the beginning, or with a sign from the end."""
    assert expected == find_version(position, LOG)


@pytest.mark.parametrize("round", [1, 2])
def test_a_round_is_the_place_before_its_first_event(round: int) -> None:
    """So that a fork there takes the round anew."""
    version = find_version(f"r{round}", LOG)

    assert not any(f"/r{round}/" in repr(each.event) for each in LOG[:version])
    assert f"debate/r{round}/" in repr(LOG[version].event)


def test_a_turn_is_the_place_after_its_last_event() -> None:
    """With or without its stage, for every turn of the run."""
    for turn in turns_of(LOG):
        last = max(each.header.version for each in LOG if about(each, turn))
        assert last == find_version(turn, LOG) == find_version(turn.removeprefix("debate/"), LOG)


@pytest.mark.parametrize("turn", sorted(turns_of(PREFIXED)))
def test_the_prefix_of_agents_may_be_left_out(turn: str) -> None:
    """Of the speaker, of the target, or of both: whoever is meant is the same."""
    where, _, who = turn.removeprefix("debate/").rpartition("/")
    shorter = product(*({each, each.removeprefix("agent-")} for each in who.split(">")))
    for names in shorter:
        position = f"{where}/{'>'.join(names)}"

        assert find_version(turn, PREFIXED) == find_version(position, PREFIXED)
        assert find_version(turn, PREFIXED) == find_version(f"debate/{position}", PREFIXED)


def test_a_short_name_stands_behind_the_same_name_in_full() -> None:
    """What a position says as it is written is never taken for something shorter."""
    log = envelopes_of(play([opened(("agent-a", "a"), 1)], perform(CALM)))

    assert find_version("debate/r1/proposal/a", log) == find_version("r1/proposal/a", log)
    assert find_version("r1/proposal/agent-a", log) != find_version("r1/proposal/a", log)


def test_a_short_name_that_may_mean_two_turns_is_refused_with_both() -> None:
    """Nothing is guessed."""
    log = envelopes_of(play([opened(("agent-a", "a", "agent-b"), 1)], perform(CALM)))

    with pytest.raises(DialecticError, match="may mean") as refusal:
        find_version("r1/critique/a>b", log)

    assert ExitCode.USAGE == refusal.value.exit_code
    assert "r1/critique/a>agent-b, r1/critique/agent-a>agent-b" in refusal.value.what


@pytest.mark.parametrize(
    ("position", "fix"),
    [
        ("999", "dialectic log deb-1"),
        ("-999", "dialectic log deb-1"),
        ("r3", "dialectic log deb-1"),
        ("r2/critique/a>bb", "did you mean r2/critique/a>b?"),
        ("nowhere at all", "dialectic log deb-1"),
    ],
)
def test_a_place_that_is_not_there_is_refused_with_a_way_on(position: str, fix: str) -> None:
    """Usage, and where to look."""
    with pytest.raises(DialecticError) as refusal:
        find_version(position, LOG)

    assert ExitCode.USAGE == refusal.value.exit_code
    assert fix in refusal.value.fix


def test_an_empty_log_ends_at_its_beginning() -> None:
    """And has no other place."""
    assert 0 == find_version("", [])
    with pytest.raises(DialecticError):
        find_version("1", [])


@pytest.mark.parametrize("sign", ["", "-", "r"])
def test_a_number_of_any_length_is_refused(sign: str) -> None:
    """Python converts 4,300 digits and no more."""
    with pytest.raises(DialecticError) as refusal:
        find_version(sign + "9" * 5_000, [])

    assert 2 == refusal.value.exit_code
    with pytest.raises(DialecticError):
        find_run("@~" + "9" * 5_000, ["a"])
