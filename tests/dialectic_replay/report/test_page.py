"""The page of a report: what a paper tells stands on it, in sections that hold."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dialectic_replay.report import Paper, Person, report
from dialectic_replay.report.paper import Answer, Entry, Round, Spent

TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["# A", "```", "~~~\n", "| a |", "<!--", "</td>", "a\n===", "- x\n# B", "`"]),
)
ENTRIES = st.builds(
    Entry,
    kind=st.sampled_from(["summary", "proposal", "critique", "refinement", "stop", "odd"]),
    speaker=TEXTS,
    text=TEXTS,
    to=TEXTS,
    note=TEXTS,
    latency_ms=st.one_of(st.none(), st.integers(0, 10**6)),
    tokens=st.one_of(st.none(), st.integers(0, 10**6)),
    tools=st.lists(TEXTS, max_size=2).map(tuple),
)
PAPERS = st.builds(
    Paper,
    ref=TEXTS,
    problem=TEXTS,
    status=TEXTS,
    reason=TEXTS,
    agents=st.lists(
        st.builds(Person, id=TEXTS, name=TEXTS, models=st.tuples(TEXTS)), max_size=2
    ).map(tuple),
    judges=st.lists(st.builds(Person, id=TEXTS), max_size=1).map(tuple),
    answers=st.lists(
        st.builds(Answer, TEXTS, TEXTS, TEXTS, st.one_of(st.none(), TEXTS)), max_size=2
    ).map(tuple),
    rounds=st.lists(
        st.builds(Round, st.integers(1, 9), st.lists(ENTRIES, max_size=3).map(tuple)), max_size=2
    ).map(tuple),
    conclusion=st.lists(ENTRIES, max_size=2).map(tuple),
    solution=st.one_of(st.none(), TEXTS, st.lists(TEXTS).map("\n".join)),
    synthesized_by=TEXTS,
    failures=st.lists(TEXTS, max_size=2).map(tuple),
)
KIT = Paper(
    ref="deb-20261122-050000-abcd",
    problem="\nDesign *it*\nwell",
    status="partial",
    began=datetime(2026, 11, 22, 5, 0, tzinfo=UTC),
    agents=(Person(id="agent-a", name="A | B", models=("m1", "m2"), providers=("p",)),),
    judges=(Person(id="judge", temperature=0.3),),
    answers=(Answer("agent-a", "c1-q1", "How many?", "Ten"), Answer("agent-a", "c1-q2", "?", None)),
    rounds=(
        Round(
            1,
            (
                Entry(kind="proposal", speaker="agent-a", text="P", latency_ms=1500, tokens=1200),
                Entry(
                    kind="critique", speaker="agent-b", to="agent-a", note="It failed:", text="x"
                ),
            ),
        ),
    ),
    solution="# Use a queue\n\nIt is **simple**.",
    synthesized_by="judge",
    failures=("debate/r1/critique/agent-b>agent-a: timeout",),
    spent=(Spent("agent-a", 2, 1, 1000, 200, 3000, None), Spent("Total", 2, 1, 1000, 200, 3000, 1)),
)


def headings(page: str) -> list[tuple[str, str]]:
    """Level and words of each heading of the page."""
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    return [
        (token.tag, tokens[index + 1].content)
        for index, token in enumerate(tokens)
        if token.type == "heading_open"
    ]


@given(PAPERS, st.booleans())
def test_no_text_breaks_the_page(paper: Paper, verbose: bool) -> None:
    """Whatever is said, the sections are ours, in our order, and nothing is raw HTML."""
    page = report(paper, verbose=verbose)

    sections = [words for tag, words in headings(page) if tag == "h2"]
    assert [
        *("Problem Description", "Agents"),
        *(["Clarifications"] if paper.answers else []),
        *("Judge", "Rounds"),
        *(["Conclusion"] if paper.conclusion else []),
        "Final Synthesis",
        *(["Failures"] if paper.failures else []),
    ] == sections
    assert 1 == sum(tag == "h1" for tag, _ in headings(page))
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    assert not [each for each in tokens if each.type.startswith("html")]


def test_a_page_reads_from_the_problem_to_the_totals() -> None:
    """The sections of a debate with everything in it, and phases in which nobody spoke."""
    assert [
        ("h1", r"Debate: Design \*it\*"),
        ("h2", "Problem Description"),
        ("h2", "Agents"),
        ("h2", "Clarifications"),
        ("h3", "agent-a"),
        ("h2", "Judge"),
        ("h2", "Rounds"),
        ("h3", "Round 1"),
        ("h4", "Proposals"),
        ("h5", "agent-a"),
        ("h4", "Critiques"),
        ("h5", "agent-b → agent-a"),
        ("h4", "Refinements"),
        ("h2", "Final Synthesis"),
        ("h3", "Use a queue"),
        ("h2", "Failures"),
        ("h2", "Totals"),
    ] == headings(report(KIT))
    assert "*No refinements.*" in report(KIT)


def test_a_table_is_not_broken_by_a_name() -> None:
    """A bar in a name is part of the name."""
    assert r"| agent-a | A \| B |  | m1 → m2 | p |".replace("|  |", "| – |") in report(KIT)


def test_who_asks_for_more_is_told_what_each_took() -> None:
    """Latency and tokens are in the titles of a verbose report, and only there."""
    assert ("h5", "agent-a (1.5 s, 1,200 tokens)") in headings(report(KIT, verbose=True))
    assert "1,200 tokens" not in report(KIT)


def test_the_solution_is_markdown_and_an_unanswered_question_is_said() -> None:
    """Bold stays bold; nothing is made up where nobody answered."""
    page = report(KIT)

    assert "\n\nIt is **simple**.\n\n" in page
    assert "**Question c1-q2**\n\n```text\n?\n```\n\n*Not answered yet.*" in page


def test_a_kind_that_nobody_knows_is_told_as_it_is_called() -> None:
    """A state file may hold what a later version wrote; its name is no markup."""
    odd = Entry(kind="# rant", speaker="agent-a", text="words")

    page = report(Paper(ref="x", problem="p", status="s", rounds=(Round(1, (odd,)),)))

    assert ("h4", r"\# rant") in headings(page)
    assert "words" in page


def test_a_cost_that_nobody_stated_is_not_zero() -> None:
    """An agent without prices has no cost."""
    assert "| agent-a | 2 | 1 | 1,000 | 200 | 3.0 s | – |" in report(KIT)
    assert "| Total | 2 | 1 | 1,000 | 200 | 3.0 s | $1.0000 |" in report(KIT)
