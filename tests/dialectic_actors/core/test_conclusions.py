"""Conclusions: the rules for each field of what a judge answers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.core.briefs import Shown
from dialectic_actors.core.conclusions import conclusion_fields, read_conclusion
from dialectic_actors.core.marks import mark_of
from dialectic_actors.testing.strategies import words
from dialectic_events.contents import Dissent, Section, Verdict, read_content, write_content

SHOWN = Shown("debate/r1/critique/kiss>security", "critique", "kiss", 1, "too much")
MARK = mark_of(SHOWN.text)
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.floats() | words(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words(), inner, max_size=3),
    max_leaves=6,
)


def verdict_in(merge: bool = False, **answer: object) -> Verdict:
    """The verdict of an answer that has one."""
    fields = {"solutionMarkdown": "A queue.", **answer}
    verdict = read_conclusion(fields, {MARK: SHOWN}, merge=merge).verdict
    assert verdict is not None
    return verdict


@given(
    st.dictionaries(st.sampled_from(sorted(conclusion_fields(merge=True))), ANYTHING), st.booleans()
)
def test_any_answer_has_a_verdict_or_findings(answer: dict[str, object], merge: bool) -> None:
    """A verdict keeps the rules, and can be written and read again."""
    answer = {"solutionMarkdown": "A queue.", **answer}
    conclusion = read_conclusion(answer, {MARK: SHOWN}, merge=merge)
    verdict = conclusion.verdict

    assert (verdict is None) == bool(conclusion.findings)
    if verdict is not None:
        assert verdict.confidence is not None
        assert 0 <= verdict.confidence <= (40 if verdict.unmet_requirements else 100)
        assert verdict == read_content(write_content(verdict), Verdict)


@pytest.mark.parametrize(
    ("stated", "confidence"),
    [
        (72, 72),
        (72.6, 73),
        (-3, 0),
        (400, 100),
        (10**30, 100),
        ("85", 50),
        (True, 50),
        (None, 50),
        (float("inf"), 50),
        (float("nan"), 50),
    ],
)
def test_confidence_is_within_its_bounds(stated: object, confidence: int) -> None:
    """What is no number says nothing."""
    assert confidence == verdict_in(confidence=stated).confidence


@pytest.mark.parametrize(("stated", "most"), [(90, 40), (30, 30), (None, 40)])
def test_an_unmet_requirement_caps_the_confidence(stated: object, most: int) -> None:
    """However sure the judge is of the rest."""
    unmet = ["must survive a crash"]

    assert most == verdict_in(confidence=stated, unfulfilledMajorRequirements=unmet).confidence


def test_an_item_that_says_there_is_none_is_none() -> None:
    """It caps nothing."""
    verdict = verdict_in(confidence=90, unfulfilledMajorRequirements=["None.", " ", "n/a"])

    assert ((), 90) == (verdict.unmet_requirements, verdict.confidence)


def test_items_become_texts_and_what_is_no_list_is_empty() -> None:
    """Nothing is thrown away that can be shown."""
    verdict = verdict_in(tradeoffs=[" a ", 7, {"b": 1}, None, ""], recommendations="measure")

    assert (("a", "7", '{"b":1}'), ()) == (verdict.tradeoffs, verdict.recommendations)


def test_dissent_is_read_from_words_and_from_objects() -> None:
    """A mark leads to the turn and its author; another one to nobody."""
    verdict = verdict_in(
        dissent=[
            "too slow",
            {"objection": "too much", "restsOn": f"[begin {MARK}]", "blocks": True},
            {"objection": "too dear", "restsOn": "0" * 12},
            {"objection": " "},
            {"restsOn": MARK},
            "none",
        ]
    )

    assert (
        Dissent("too slow"),
        Dissent("too much", "kiss", SHOWN.turn, blocks=True),
        Dissent("too dear"),
    ) == verdict.dissent


@pytest.mark.parametrize(
    ("blocks", "meant"),
    [
        *((blocks, True) for blocks in (True, 1, "yes", "Blocking.", "true")),
        *((blocks, False) for blocks in (False, 0, "no", "", None, "does not")),
    ],
)
def test_whether_an_objection_blocks_is_read_from_what_models_write(
    blocks: object, meant: bool
) -> None:
    """Only a yes is a yes."""
    assert meant == verdict_in(dissent=[{"objection": "x", "blocks": blocks}]).dissent[0].blocks


@pytest.mark.parametrize("solution", [None, "", " … ", ["A queue."], 7])
def test_a_conclusion_needs_a_solution(solution: object) -> None:
    """The one thing that cannot be left out."""
    conclusion = read_conclusion({"solutionMarkdown": solution}, {}, merge=False)

    assert ("`solutionMarkdown` must hold the solution as a string",) == conclusion.findings


def test_a_merge_is_its_sections_one_after_the_other() -> None:
    """Each with the turns that it cites, each of them once."""
    sections = [
        {"title": "Storage", "markdown": " A log.\n", "from": [MARK, f"`{MARK}`", "0" * 12]},
        {"title": "Two\nlines", "markdown": "Retries.", "from": MARK},
    ]
    verdict = verdict_in(merge=True, sections=sections)

    assert "## Storage\n\nA log.\n\n## Two lines\n\nRetries." == verdict.solution
    assert (
        Section("Storage", "A log.", (SHOWN.turn,)),
        Section("Two lines", "Retries.", (SHOWN.turn,)),
    ) == verdict.sections


@pytest.mark.parametrize(
    ("section", "finding"),
    [
        ({"markdown": "m", "from": [MARK]}, "section 1 needs a `title`"),
        ({"title": "t", "from": [MARK]}, "section 1 needs its words in `markdown`"),
        ({"title": "t", "markdown": "m", "from": ["0" * 12]}, "section 1 must cite in `from`"),
        ({"title": "t", "markdown": "m", "from": []}, "section 1 must cite in `from`"),
        ("t", "section 1 needs a `title`"),
    ],
)
def test_a_section_needs_a_title_and_words_and_what_it_comes_from(
    section: object, finding: str
) -> None:
    """The judge is told which of them is missing where."""
    conclusion = read_conclusion({"sections": [section]}, {MARK: SHOWN}, merge=True)

    assert conclusion.verdict is None
    assert conclusion.findings[0].startswith(finding)


@pytest.mark.parametrize("sections", [None, [], {}, "x"])
def test_a_merge_needs_a_section(sections: object) -> None:
    """A solution in one piece is no merge."""
    answer = {"solutionMarkdown": "A queue.", "sections": sections}

    assert read_conclusion(answer, {}, merge=True).verdict is None


def test_the_fields_are_those_that_are_read() -> None:
    """Whoever fills them all is understood."""
    section = dict.fromkeys(("title", "markdown"), "m") | {"from": [MARK]}
    verdict = verdict_in(merge=True, sections=[section], openQuestions=["when?"])

    assert ("when?",) == verdict.open_questions
    assert {"objection", "restsOn", "blocks"} == set(
        conclusion_fields(merge=True)["dissent"]["items"]["properties"]
    )
