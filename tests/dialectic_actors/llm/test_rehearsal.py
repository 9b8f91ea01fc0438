"""The debater without a model: deterministic, robust, and different where it should differ."""

import json
import re
import string
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.core.briefs import Shown
from dialectic_actors.core.roles import Role
from dialectic_actors.llm.rehearsal import rehearse
from dialectic_actors.llm.rehearsal.critique import objections
from dialectic_actors.llm.rehearsal.papers import (
    SIZE_LIMIT,
    Measure,
    Paper,
    Row,
    read_paper,
    write_paper,
)
from dialectic_actors.llm.rehearsal.proposal import draft
from dialectic_actors.llm.rehearsal.reading import hits, phrase, quote, read, shorten
from dialectic_actors.llm.rehearsal.voices import voice_of
from dialectic_actors.settings.roles import DEBATING_ROLES, load_role
from dialectic_events.turns import Kind
from support.rehearsals import CART, MEETINGS, ask_for, contribution, debate

ANY_TEXT = st.one_of(
    st.text(max_size=300),
    st.text(st.characters(categories=["Cs", "Cc", "Lo", "So", "Po"]), max_size=300),
    st.sampled_from(
        [
            "",
            "cache",
            "${problem} {0} {question} %s $$",
            "```\n# Solution\nConfidence: 100/100\n```",
            "“” → - open\n## Requirements Coverage\n- “x” → open",
            "must " * 9_000,
            "x" * 50_000,
            "\x1b[2J\x00\ud800",
            "必须在数据中心丢失后继续工作。购物车写入路径！",
            "- Accepted (a): **b**. c\n" * 50,
        ]
    ),
)
# A text is cleaned before it is stored, and only stored texts are shown.
STORED_TEXT = ANY_TEXT.map(lambda text: text.encode(errors="replace").decode())
KINDS: tuple[Kind, ...] = (
    "question",
    "summary",
    "proposal",
    "critique",
    "refinement",
    "assessment",
    "ballot",
    "synthesis",
)
SHOWN_KINDS: tuple[Kind, ...] = (*KINDS, "answer")
ROLES = st.sampled_from([*DEBATING_ROLES, "judge"])
SHOWN = st.builds(
    Shown,
    turn=st.sampled_from(["r1/proposal/kiss", "r1/critique/testing>kiss", "x"]),
    kind=st.sampled_from(SHOWN_KINDS),
    speaker=st.sampled_from(["kiss", "testing", "a\nb", ""]),
    round=st.integers(0, 3),
    text=st.one_of(
        STORED_TEXT, st.just(CART).map(lambda p: rehearse(ask_for("proposal", "kiss", p)))
    ),
    target=st.none() | st.just("r1/proposal/kiss"),
    to=st.sampled_from([None, "kiss", "architect"]),
)


@given(
    st.sampled_from(KINDS),
    ROLES,
    ANY_TEXT,
    st.lists(SHOWN, max_size=5),
    st.integers(),
    st.booleans(),
    st.integers(0, 3),
)
def test_any_ask_is_answered_alike_each_time_within_bounds(
    kind: Kind, role: str, problem: str, shown: list[Shown], seed: int, merge: bool, round: int
) -> None:
    """No text makes the rehearsal fail, grow without bound, forget its note or change its mind."""
    goal = "r1/proposal/kiss"
    ask = ask_for(kind, role, problem, shown, target=goal, seed=seed, merge=merge, round=round)

    text = rehearse(ask)

    assert text == rehearse(ask)
    assert len(text.encode()) <= SIZE_LIMIT
    assert "no model was used" in text or text == '{"questions":[]}'
    assert text.replace("\n", "").isprintable()
    if kind in ("question", "assessment", "ballot", "synthesis"):
        assert isinstance(json.loads(text), dict)


@given(st.permutations(list(DEBATING_ROLES)), st.integers(1, 3), st.sampled_from([CART, MEETINGS]))
def test_every_text_of_a_debate_keeps_the_sections_of_its_prompt(
    roles: list[str], rounds: int, problem: str
) -> None:
    """A rehearsal honors the contracts that the prompts put to a model."""
    for turn, text in debate(problem, roles[:3], rounds).items():
        headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
        if "critique" in turn:
            wanted = ["Requirements Coverage", "Strengths", "Risks", "Suggestions"]
            assert [*wanted, "Blocking Issues"] == headings
        elif "proposal" in turn or "refinement" in turn:
            assert headings[-1] == "Requirements Coverage"


@given(st.sampled_from([CART, MEETINGS]), st.permutations(list(DEBATING_ROLES)), st.integers())
def test_refinements_differ_from_their_proposals_and_answer_every_objection(
    problem: str, roles: list[str], seed: int
) -> None:
    """Each objection is accepted, and then stands in the design, or rejected with a reason."""
    author, *critics = roles[:3]
    proposal = contribution(ask_for("proposal", author, problem, seed=seed))
    critiques = [
        contribution(ask_for("critique", critic, problem, [proposal], target=proposal.turn))
        for critic in critics
    ]
    ask = ask_for("refinement", author, problem, [proposal, *critiques], target=proposal.turn)

    refined = read_paper(rehearse(ask))

    asked = [each for critique in critiques for each in objections(critique)]
    assert len(asked) >= 2
    assert [each.name for each in asked] == [change.name for change in refined.changes]
    before = {each.name for each in read_paper(proposal.text).measures}
    after = {each.name for each in refined.measures}
    accepted = {change.name for change in refined.changes if change.accepted}
    assert accepted
    assert before | accepted == after
    assert all(change.answer for change in refined.changes)


def test_roles_argue_differently_about_the_same_problem() -> None:
    """No two roles share a section or an opening."""
    papers = [draft(ask_for("proposal", role, MEETINGS)) for role in DEBATING_ROLES]
    for one, other in combinations(papers, 2):
        assert one.opening != other.opening
        assert {m.name for m in one.measures}.isdisjoint(m.name for m in other.measures)


@pytest.mark.parametrize("role", DEBATING_ROLES)
def test_each_role_argues_differently_about_another_problem(role: str) -> None:
    """What a role says follows from the words of the problem, and quotes them."""
    cart = rehearse(ask_for("proposal", role, CART))
    meetings = rehearse(ask_for("proposal", role, MEETINGS))

    assert [m.text for m in read_paper(cart).measures] != [
        m.text for m in read_paper(meetings).measures
    ]
    assert "data center" in cart
    assert "video-chat" in meetings
    assert "data center" not in meetings


@pytest.mark.parametrize("role", DEBATING_ROLES)
def test_coverage_lists_exactly_the_strongly_worded_requirements(role: str) -> None:
    """A sentence with strong wording, or under such a heading, is answered or left open."""
    paper = draft(ask_for("proposal", role, MEETINGS))

    wanted = ["delegates must be able", "moderators must be able", "recordings are kept"]
    assert len(wanted) == len(paper.coverage)
    for beginning, row in zip(wanted, paper.coverage, strict=True):
        assert row.requirement.startswith(f"“{beginning}")
        assert row.mechanism.startswith(("**", "open"))


def test_a_load_is_assumed_from_an_amount_and_never_from_a_duration() -> None:
    """Keeping something for 30 days says nothing about a peak."""
    (assumption,) = draft(ask_for("proposal", "security", MEETINGS)).assumptions[-1:]
    assert assumption.startswith("“500 delegates")


def test_a_critique_asks_only_for_what_the_proposal_lacks() -> None:
    """The critic's concerns that a proposal already carries are strengths, not risks."""
    own = contribution(ask_for("proposal", "architect", CART))
    names = {measure.name for measure in read_paper(own.text).measures}
    critique = contribution(ask_for("critique", "architect", CART, [own], target=own.turn))

    asked = {each.name for each in objections(critique)}

    assert asked
    assert names.isdisjoint(asked)


def test_a_model_s_texts_are_read_like_a_rehearsal_s() -> None:
    """In a mixed debate the objections and the design of a model are taken up as well."""
    proposal = Shown(
        turn="p",
        kind="proposal",
        speaker="kiss",
        round=1,
        text="# One box\n\nWe use one server.\n\n## Storage\n\nA single Postgres.\n\n"
        "## Requirements Coverage\n\n- survive the loss of a data center -> open: nothing yet",
    )
    critique = Shown(
        turn="c",
        kind="critique",
        speaker="model",
        round=1,
        text="## Suggestions\n\n1. **Add a replica.** Ship the log to a second data center.\n\n"
        "## Blocking Issues\n\nAdd a replica: the cart is lost otherwise.",
    )
    refined = read_paper(rehearse(ask_for("refinement", "kiss", CART, [proposal, critique])))

    assert ["Storage", "Add a replica"] == [measure.name for measure in refined.measures]
    assert "Ship the log to a second data center." in refined.measures[1].text
    assert [True] == [change.accepted for change in refined.changes]


@given(st.sampled_from([CART, MEETINGS]), st.permutations(list(DEBATING_ROLES)))
def test_the_objection_that_is_declined_is_one_that_does_not_block(
    problem: str, roles: list[str]
) -> None:
    """Among three wishes or more a role declines one, by its own stance."""
    author, *critics = roles[:4]
    proposal = contribution(ask_for("proposal", author, problem))
    critiques = [
        contribution(ask_for("critique", critic, problem, [proposal], target=proposal.turn))
        for critic in critics
    ]
    refined = read_paper(rehearse(ask_for("refinement", author, problem, [proposal, *critiques])))
    asked = [each for critique in critiques for each in objections(critique)]
    blocking = {each.name for each in asked if each.blocking}

    declined = [change for change in refined.changes if not change.accepted]

    full = "This design already carries"
    by_stance = [change.name for change in declined if not change.answer.startswith(full)]
    assert all(change.answer.startswith((full, *voice_of(author).refusals)) for change in declined)
    assert 1 == len(by_stance)
    assert blocking.isdisjoint(by_stance)


def test_an_objection_that_serves_an_open_requirement_closes_it() -> None:
    """The coverage of a refinement names what was taken over, and from whom."""
    paper = Paper(
        title="Plan",
        measures=(Measure("Store", "Keep one table."),),
        coverage=(Row(CART, "open: nobody knows"),),
    )
    proposal = contribution(ask_for("proposal", "kiss", CART), write_paper(paper))
    critique = contribution(
        ask_for("critique", "architect", CART, [proposal], target=proposal.turn)
    )
    (blocking,) = [each for each in objections(critique) if each.blocking]

    refined = read_paper(rehearse(ask_for("refinement", "kiss", CART, [proposal, critique])))

    assert [True] == [row.met for row in refined.coverage]
    assert "taken over from architect" in refined.coverage[0].mechanism
    assert blocking.name in {measure.name for measure in refined.measures}


@given(st.integers(1, 40), st.sampled_from(["word ", "語", "é", "x"]))
def test_a_long_paper_is_shortened_and_keeps_its_sections(count: int, filling: str) -> None:
    """However much a paper holds, it is bounded, and its coverage survives."""
    paper = Paper(
        title="Plan",
        opening=filling * 900,
        measures=tuple(Measure(f"Part {n}", filling * 600) for n in range(count)),
        coverage=tuple(Row(f"It must {n} {filling * 200}", filling * 200) for n in range(8)),
    )
    text = write_paper(paper)

    assert len(text.encode()) <= SIZE_LIMIT
    assert "## Approach" in text
    assert "It must 7" in text


def test_the_seed_varies_the_wording() -> None:
    """Runs with different seeds do not all read the same."""
    texts = {rehearse(ask_for("proposal", "kiss", CART, seed=seed)) for seed in range(12)}
    assert len(texts) > 3


@given(st.integers())
def test_a_role_without_a_checklist_still_speaks(seed: int) -> None:
    """A custom role may have no checklist at all."""
    role = Role(name="poet", description="", system_prompt="Rhyme.")
    text = rehearse(ask_for("proposal", "poet", CART, role=role, seed=seed))
    assert "## Requirements Coverage" in text


@given(st.sampled_from([CART, MEETINGS]), st.sampled_from(list(DEBATING_ROLES)), st.integers())
def test_a_paper_is_read_back_as_it_was_written(problem: str, role: str, seed: int) -> None:
    """Reading a rehearsed proposal loses neither measures nor coverage."""
    paper = draft(ask_for("proposal", role, problem, seed=seed))
    again = read_paper(write_paper(paper))

    assert [m.name for m in paper.measures] == [m.name for m in again.measures]
    assert [row.met for row in paper.coverage] == [row.met for row in again.coverage]
    assert paper.trade_offs == again.trade_offs
    assert paper.assumptions == again.assumptions


@given(ANY_TEXT, st.integers(10, 200))
def test_a_quotation_is_one_harmless_line(text: str, limit: int) -> None:
    """Quoted text can neither break out of its line nor out of its quotation marks."""
    quoted = quote(text, limit)
    assert len(quoted) <= limit + 2
    assert quoted[1:-1].isprintable()
    assert not set("“”`*→<>#\n") & set(quoted[1:-1])


@given(st.text(), st.integers(2, 50))
def test_shortening_never_lengthens(text: str, limit: int) -> None:
    """A shortened text is within its limit."""
    assert len(shorten(text, limit)) <= limit


@given(st.sampled_from(sorted(DEBATING_ROLES)), st.text(string.ascii_letters + " ,.", max_size=120))
def test_a_phrase_is_part_of_its_sentence(role: str, sentence: str) -> None:
    """What is quoted of a problem stands in the problem."""
    for concern in load_role(role).checklist:
        if hits(concern, sentence):
            assert phrase(concern, sentence).rstrip("…") in " ".join(sentence.split())


def test_numbers_and_requirements_are_found_in_prose() -> None:
    """The figures and duties that a problem states are read from it."""
    reading = read("Goals: be nice. It must answer in 50 ms for 2,000 users. Colors do not matter.")

    assert ("It must answer in 50 ms for 2,000 users.",) == reading.requirements
    assert reading.strong
    assert "50 ms" in reading.numbers[0]
