"""What a figure of convergence means, and what it does not depend on."""

from hypothesis import assume, given
from hypothesis import strategies as st

from dialectic_actors.core.convergence import Convergence, measure

DESIGN = (
    "Each write is appended to a log on three nodes before the cart acknowledges it. A cart "
    "belongs to one customer, so conflicts are rare; where two devices write at once, the union "
    "of both wins and a removal carries the version that it saw. Reads come from a copy that may "
    "lag by a second. When a data center is lost, the other two keep a majority and nobody has to "
    "decide anything by hand."
)
CORRECTED = DESIGN.replace("by a second", "by two seconds").replace("by hand", "at night")
REVISED = DESIGN.replace(
    "Each write is appended to a log on three nodes before the cart acknowledges it.",
    "A write is acknowledged once two of three nodes have it in their log.",
).replace(
    "Reads come from a copy that may lag by a second.",
    "Reads are served by a replica; it may be a second late, which the page shows.",
)
REWORDED = (
    "Before a cart confirms a change, three machines have stored it in their logs. Since a cart "
    "has a single owner, clashes seldom happen; if two phones change it simultaneously, both sets "
    "of items are merged, and deleting names the state it refers to. Lookups use a replica up to "
    "one second old. If one site fails, the remaining pair forms a quorum without human "
    "intervention."
)
UNRELATED = (
    "Delegates meet in video rooms of at most twelve. Moderators can enter any room without being "
    "announced, and every recording is deleted after thirty days. The service places rooms near "
    "their participants and moves them when a host is drained."
)

TEXT = st.one_of(
    st.text(max_size=80),
    st.sampled_from([DESIGN, REVISED, UNRELATED, "", "!!!", "購物車必須在數據中心丟失後繼續工作"]),
)
POSITIONS = st.dictionaries(st.sampled_from("abcde"), TEXT, max_size=5)
WORDY = TEXT.filter(lambda text: any(sign.isalnum() for sign in text))


def measured(before: dict[str, str], after: dict[str, str]) -> Convergence:
    """A figure that must be there."""
    figure = measure(before, after)
    assert figure is not None
    return figure


def kept(before: str, after: str) -> float:
    """How much of a single position outlived a round."""
    return round(measured({"a": before}, {"a": after}).stability, 2)


@given(POSITIONS, POSITIONS)
def test_every_figure_is_a_share_and_value_is_no_less_than_stability(
    before: dict[str, str], after: dict[str, str]
) -> None:
    """Whatever agents wrote, the figures lie between 0 and 1; nothing common means no figure."""
    figure = measure(before, after)

    assert (figure is None) == before.keys().isdisjoint(after)
    if figure is not None:
        assert 0 <= figure.stability <= figure.value <= 1
        assert 0 <= figure.agreement <= 1


@given(POSITIONS, POSITIONS)
def test_the_order_of_agents_changes_no_digit(
    before: dict[str, str], after: dict[str, str]
) -> None:
    """The figure is the same to the last digit, in whatever order texts come and however agents
    are called.
    """
    mirrored = str.maketrans("abcde", "edcba")

    def turned(positions: dict[str, str]) -> dict[str, str]:
        return {agent.translate(mirrored): positions[agent] for agent in reversed(positions)}

    assert measure(before, after) == measure(turned(before), turned(after))


@given(POSITIONS.filter(bool))
def test_where_nobody_moves_all_is_settled(positions: dict[str, str]) -> None:
    """Agents that stand where they stood have converged, of one opinion or not."""
    figure = measured(positions, positions)
    assert (1.0, 1.0) == (figure.value, figure.stability)


@given(WORDY, POSITIONS.filter(lambda positions: len(positions) > 1))
def test_where_all_say_the_same_all_is_settled(text: str, before: dict[str, str]) -> None:
    """However far they came, agents of one opinion have converged."""
    figure = measured(before, dict.fromkeys(before, text))
    assert (1.0, 1.0) == (figure.value, figure.agreement)


@given(WORDY, WORDY, WORDY)
def test_what_others_hold_too_settles_more_than_what_nobody_shares(
    old: str, new: str, other: str
) -> None:
    """The same step is more settled beside an agent that agrees than beside one that does not."""
    alone = measured({"a": old, "b": other}, {"a": new, "b": other})
    assume(alone.agreement < 1)
    together = measured({"a": old, "b": new}, {"a": new, "b": new})
    assert alone.agreement < together.agreement


@given(TEXT, TEXT)
def test_an_agent_alone_agrees_with_itself_and_that_settles_nothing(old: str, new: str) -> None:
    """A debate of one goes on while its agent still changes its mind."""
    figure = measured({"a": old}, {"a": new})
    assert 1.0 == figure.agreement
    assert figure.stability == figure.value


@given(TEXT, TEXT)
def test_a_step_counts_the_same_there_and_back(old: str, new: str) -> None:
    """Adding and leaving out are both change."""
    assert kept(old, new) == kept(new, old)


@given(POSITIONS, POSITIONS, TEXT)
def test_who_is_missing_after_the_round_is_left_out(
    before: dict[str, str], after: dict[str, str], text: str
) -> None:
    """An agent that failed neither holds the debate back nor ends it."""
    assert measure(before, after) == measure({**before, "gone": text}, after)


def test_figures_mean_what_the_docstring_says() -> None:
    """Identical, corrected, half revised, said anew, and unrelated texts stand well apart."""
    others = (DESIGN, CORRECTED, REVISED, REWORDED, UNRELATED)
    assert [1.0, 0.95, 0.75, 0.14, 0.08] == [kept(DESIGN, other) for other in others]


def test_a_stable_debate_passes_the_threshold_and_a_moving_one_does_not() -> None:
    """Around 0.9 the rule tells corrections from revisions."""
    corrected = measured({"a": DESIGN, "b": UNRELATED}, {"a": CORRECTED, "b": UNRELATED})
    moving = measured({"a": DESIGN, "b": UNRELATED}, {"a": REWORDED, "b": UNRELATED})
    assert moving.value < 0.9 < corrected.value


def test_the_account_of_what_changed_is_no_part_of_a_position() -> None:
    """A refinement answers other critiques each time; only what it proposes is compared."""
    account = "## What Changed\n\n- Rejected (kiss): **Queue**. Too early.\n\n"
    head, rest = "# Plan\n\nKeep one log.\n\n", "## Storage\n\nThree nodes."
    assert 1.0 == kept(head + rest, head + account + rest)


def test_markup_case_and_form_do_not_count() -> None:
    """What only looks different has not changed."""
    assert 1.0 == kept("**Keep** one log, café.", "# keep ONE log\n\n- cafe\u0301")


def test_texts_without_spaces_are_compared_sign_by_sign() -> None:
    """A correction is one in every script."""
    old = "写入在三个节点的日志中追加之后购物车才确认"
    assert 0.5 < kept(old, old.replace("三", "五")) < 1
    assert 0.0 == kept(old, "การประชุมทางวิดีโอ")


def test_large_texts_are_measured() -> None:
    """Megabytes of one long line, and of headings without a body, have a figure too."""
    text = " ".join(f"w{number}" for number in range(200_000))
    assert 0.9 < kept(text, text[100_000:]) < 1
    assert 0.0 == kept(text, "# What changed\n" * 70_000)
