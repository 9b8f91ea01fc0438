"""The verdict: read from what judges really write, and from anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.testing.strategies import words
from dialectic_events.contents import Dissent, Verdict, write_content
from dialectic_events.turns import SynthesisMade
from dialectic_replay.verdict import read_verdict, verdict_of

ITEMS = st.lists(st.from_regex(r"[a-z]{2,9}( [a-z]{2,9}){0,3}", fullmatch=True), max_size=4)
MARKDOWN = st.lists(
    st.sampled_from(
        [
            "# Solution",
            "**Trade-offs**",
            "### Dissent ###",
            "## Other",
            "- one",
            "  - two",
            "1. three",
            "```",
            "~~~",
            "Confidence: 120/100",
            "Confidence: " + "9" * 5000,
            "**Confidence:** -3",
            "",
            "#",
            "words",
        ]
    )
    | words()
).map("\n".join)

USUAL = """\
## Solution

A queue.

### Parts

- a broker

## Trade-offs

- latency for durability
  - only in one region
- cost

## Recommendations

1. measure
2) build

## Unmet Requirements

None.

## Open Questions

How many clients?

Which region?

## Dissent

* kiss: too many parts; does not block

Confidence: 72/100
"""


@given(MARKDOWN)
def test_any_text_has_a_verdict(markdown: str) -> None:
    """Nothing is raised, and a confidence is within its bounds."""
    verdict = read_verdict(markdown)

    assert verdict.confidence is None or 0 <= verdict.confidence <= 100
    assert all("" != item for item in verdict.tradeoffs)
    assert all("" != each.objection for each in verdict.dissent)


@given(
    solution=st.from_regex(r"[a-z]{2,9}(\n[a-z]{2,9}){0,3}", fullmatch=True),
    lists=st.tuples(ITEMS, ITEMS, ITEMS, ITEMS, ITEMS),
    confidence=st.integers(0, 100),
    level=st.integers(0, 6),
    bullet=st.sampled_from(["- ", "* ", "+ ", "1. ", "2) ", "• "]),
)
def test_a_verdict_in_the_asked_form_is_read_whole(
    solution: str, lists: tuple[list[str], ...], confidence: int, level: int, bullet: str
) -> None:
    """At any level of heading, with any kind of bullet; an empty list is written as None."""
    lists = tuple([i for i in items if i not in ("none", "nothing", "na")] for items in lists)
    names = ("Trade-offs", "Recommendations", "Unmet Requirements", "Open Questions", "Dissent")

    def heading(name: str) -> str:
        return f"{'#' * level} {name}" if level else f"**{name}**"

    text = f"{heading('Solution')}\n{solution}\n"
    for name, items in zip(names, lists, strict=True):
        shown = "\n".join(bullet + item for item in items) or "None."
        text += f"\n{heading(name)}\n\n{shown}\n"

    expected = Verdict(
        solution=solution,
        tradeoffs=tuple(lists[0]),
        recommendations=tuple(lists[1]),
        unmet_requirements=tuple(lists[2]),
        open_questions=tuple(lists[3]),
        dissent=tuple(map(Dissent, lists[4])),
        confidence=confidence,
    )
    assert expected == read_verdict(f"{text}\nConfidence: {confidence}/100\n")


def test_the_usual_form_is_read() -> None:
    """Subheadings stay in the solution, nested items in theirs, paragraphs count as items."""
    assert Verdict(
        solution="A queue.\n\n### Parts\n\n- a broker",
        tradeoffs=("latency for durability\n- only in one region", "cost"),
        recommendations=("measure", "build"),
        unmet_requirements=(),
        open_questions=("How many clients?", "Which region?"),
        dissent=(Dissent("kiss: too many parts; does not block"),),
        confidence=72,
    ) == read_verdict(USUAL)


def test_a_fence_around_it_all_is_taken_off() -> None:
    """Models like to wrap what they were asked to write."""
    assert read_verdict(USUAL) == read_verdict(f"```markdown\n{USUAL}```\n")


@pytest.mark.parametrize(
    ("line", "confidence"),
    [
        ("Confidence: 85/100", 85),
        ("**Confidence:** 85 / 100", 85),
        ("**Confidence: 85%**", 85),
        ("- confidence - 85", 85),
        ("Confidence: 8/10", 80),
        ("Confidence: 400/100", 100),
        ("Confidence: -5", 0),
        ("Confidence: 72.6", 73),
        ("Confidence: high", None),
        ("No confidence: 10", None),
        ("", None),
    ],
)
def test_confidence_is_read_from_its_line(line: str, confidence: int | None) -> None:
    """A number out of a hundred, however it is dressed."""
    assert confidence == read_verdict(f"## Solution\nx\n\n{line}").confidence


def test_the_last_confidence_counts_and_belongs_to_no_section() -> None:
    """The judge may speak of confidence before stating it."""
    verdict = read_verdict("## Dissent\n- one\nConfidence: 10\n\nConfidence: 20/100")

    assert (20, (Dissent("one\nConfidence: 10"),)) == (verdict.confidence, verdict.dissent)


def test_headings_in_code_are_code() -> None:
    """A solution may show Markdown."""
    verdict = read_verdict("## Solution\n```\n## Dissent\n- no\n```\n## Dissent\n- yes")

    assert ("```\n## Dissent\n- no\n```", (Dissent("yes"),)) == (verdict.solution, verdict.dissent)


def test_an_unknown_section_ends_a_list() -> None:
    """An appendix is no dissent."""
    assert (Dissent("a"),) == read_verdict("## Dissent\n- a\n## Appendix\n- b").dissent


def test_a_lead_in_is_no_item() -> None:
    """The sentence that announces a list is not in it."""
    dissent = read_verdict("## Dissent\nThese remain:\n\n- a\n- b").dissent

    assert (Dissent("a"), Dissent("b")) == dissent


@given(words())
def test_a_recorded_verdict_comes_back_whole(text: str) -> None:
    """In the form that says so; a text that is none is read as the judge's own words."""
    verdict = Verdict(solution=text, dissent=(Dissent(text, "kiss", "t", blocks=True),))

    assert verdict == verdict_of(SynthesisMade(turn="t", text=write_content(verdict)))
    assert read_verdict(text) == verdict_of(SynthesisMade(turn="t", text=text, form="text"))


def test_an_older_conclusion_is_read_from_its_markdown() -> None:
    """Logs that were written before verdicts had a type hold Markdown."""
    assert read_verdict(USUAL) == verdict_of(SynthesisMade(turn="t", text=USUAL))
