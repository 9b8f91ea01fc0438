"""A vote is counted the same however its ballots come in, and its lot is drawn from the seed."""

from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.core.voting import Count, count
from dialectic_events.turns import Standing

NAMES = st.sampled_from("abcde")
BALLOTS = st.dictionaries(st.text(max_size=3), st.lists(NAMES, max_size=7), max_size=6)
CANDIDATES = st.lists(NAMES, max_size=6)
SEEDS = st.integers()


def order(counted: Count) -> list[str]:
    """The candidates, the winner first."""
    return [standing.turn for standing in counted.standings]


@given(BALLOTS, CANDIDATES, SEEDS)
def test_no_order_of_ballots_or_candidates_matters(
    ballots: dict[str, list[str]], candidates: list[str], seed: int
) -> None:
    """A vote does not depend on who was first to vote, to stand, or in the alphabet of voters."""
    expected = count(ballots, candidates, seed)

    turned = {voter: ballots[voter] for voter in reversed(ballots)}
    renamed = {str(number): ballot for number, ballot in enumerate(turned.values())}

    assert expected == count(turned, candidates[::-1], seed)
    assert expected == count(renamed, sorted(candidates), seed)


@given(BALLOTS, CANDIDATES, SEEDS)
def test_every_candidate_stands_once_by_points_then_first_places(
    ballots: dict[str, list[str]], candidates: list[str], seed: int
) -> None:
    """Nobody is lost or added, and the order is the stated one."""
    counted = count(ballots, candidates, seed)

    assert sorted(set(candidates)) == sorted(order(counted))
    ranks = [(standing.points, standing.first) for standing in counted.standings]
    assert sorted(ranks, reverse=True) == ranks
    ranked = [[each for each in dict.fromkeys(b) if each in candidates] for b in ballots.values()]
    assert sum(map(bool, ranked)) == sum(standing.first for standing in counted.standings)
    points = sum(len(ballot) * (len(ballot) + 1) // 2 for ballot in ranked)
    assert points == sum(standing.points for standing in counted.standings)


@given(BALLOTS, CANDIDATES, SEEDS, SEEDS)
def test_only_the_tied_can_win_by_another_seed(
    ballots: dict[str, list[str]], candidates: list[str], seed: int, other: int
) -> None:
    """The lot decides nothing that votes have decided."""
    one, two = count(ballots, candidates, seed), count(ballots, candidates, other)

    assert set(one.tied) == set(two.tied)
    assert set(one.standings) == set(two.standings)
    if one.tied:
        assert order(one)[: len(one.tied)] == list(one.tied)
        assert {order(one)[0], order(two)[0]} <= set(one.tied)
    else:
        assert order(one)[:1] == order(two)[:1]


@given(BALLOTS, CANDIDATES, SEEDS)
def test_one_more_first_place_never_costs_the_winner_the_vote(
    ballots: dict[str, list[str]], candidates: list[str], seed: int
) -> None:
    """Support does not hurt."""
    winner = order(count(ballots, candidates, seed))[:1]
    assert winner == order(count({**ballots, "one more voter": winner}, candidates, seed))[:1]


@given(CANDIDATES, SEEDS)
def test_without_ballots_the_lot_decides_among_all(candidates: list[str], seed: int) -> None:
    """Nobody voted: all are tied, and the order is drawn."""
    counted = count({}, candidates, seed)
    assert (set(candidates) if len(set(candidates)) > 1 else set()) == set(counted.tied)
    assert all((0, 0) == (standing.points, standing.first) for standing in counted.standings)


def test_every_candidate_wins_some_lot() -> None:
    """A lot that always fell on the same side would be none."""
    assert set("abc") == {order(count({}, "abc", seed))[0] for seed in range(30)}


def test_points_go_by_rank_and_a_short_ballot_moves_less() -> None:
    """A ballot that ranks one candidate of three gives it one point, not three."""
    counted = count({"x": ["a", "c", "b"], "y": ["b"]}, ["a", "b", "c"], seed=1)
    expected = {Standing("a", 3, 1), Standing("c", 2, 0), Standing("b", 2, 1)}
    assert expected == set(counted.standings)


def test_first_places_break_a_tie_of_points() -> None:
    """With seven points each, the one that two voters put first wins, and needs no lot."""
    ballots = {"x": ["a", "b", "c"], "y": ["a", "b", "c"], "z": ["b", "c", "a"]}
    for seed in range(9):
        counted = count(ballots, ["c", "b", "a"], seed)
        standings = (Standing("a", 7, 2), Standing("b", 7, 1), Standing("c", 4, 0))
        assert Count(standings, ()) == counted


def test_strangers_and_repetitions_on_a_ballot_are_passed_over() -> None:
    """What was not up for election, or was ranked before, takes no points from anybody."""
    plain = count({"x": ["a", "b"]}, ["a", "b"], seed=1)
    assert plain == count({"x": ["z", "a", "a", "b", "a"]}, ["b", "a"], seed=1)
