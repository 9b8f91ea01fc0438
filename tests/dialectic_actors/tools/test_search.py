"""Searching a debate: every hit is shown with the words around it, or counted."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.core.briefs import Shown
from dialectic_actors.tools import search as module
from dialectic_actors.tools.arguments import Refused
from dialectic_actors.tools.search import search


def said(text: str, speaker: str = "architect", round_: int = 1) -> Shown:
    """A proposal."""
    return Shown(f"debate/r{round_}/proposal/{speaker}", "proposal", speaker, round_, text)


def snippets(corpus: list[Shown], term: str) -> list[str]:
    """What a search shows."""
    matches = search(corpus, term)["matches"]
    assert isinstance(matches, list)
    return [match["snippet"] for match in matches]


WORDS = st.sampled_from(["queue", "Queue", "QUEUES", "a", "longer", "limiter", "x" * 150, "ü"])
TEXTS = st.lists(WORDS, max_size=60).map(" ".join)


@given(st.lists(TEXTS, max_size=4))
def test_every_hit_is_shown_once_or_counted(texts: list[str]) -> None:
    """In the order in which it was said, whatever is around it and however it is written."""
    found = search([said(text) for text in texts], "queue")
    matches = found["matches"]
    assert isinstance(matches, list)

    hits = sum(text.lower().count("queue") for text in texts)
    shown = sum(match["snippet"].lower().count("queue") for match in matches)
    if "note" in found:
        assert shown < hits
    else:
        assert hits == shown


@given(TEXTS, st.sampled_from(["queue", "a", "ü", "limiter a"]))
def test_a_snippet_is_made_of_whole_words_that_were_said(text: str, term: str) -> None:
    """And no longer than a screenful, however often the phrase occurs."""
    for snippet in snippets([said(text)], term):
        words = snippet.removeprefix("… ").removesuffix(" …")
        assert f" {words} " in f" {text} "
        assert term in words.lower()
        assert len(words) <= 600


def test_a_hit_deep_in_a_text_is_shown_with_what_is_around_it() -> None:
    """Not with the beginning of the text, which says nothing of it."""
    text = "before " * 100 + "then comes the Rate\n  Limiter itself, " + "after " * 100
    (snippet,) = snippets([said(text)], "rate limiter")

    assert re.fullmatch(r"… (before )+then comes the Rate Limiter itself,( after)+ …", snippet), (
        snippet
    )
    assert 150 < len(snippet) < 250


def test_hits_that_are_near_are_shown_together() -> None:
    """And those that are far apart, apart."""
    text = "queue one, queue two " + "and so on " * 50 + "queue three"

    first, second = snippets([said(text)], "queue")

    assert first.startswith("queue one, queue two and so on")
    assert second.endswith("and so on queue three")


def test_hits_that_never_end_are_shown_in_parts() -> None:
    """Each of a readable length, and no hit twice."""
    text = " ".join(f"queue{number}" for number in range(150))

    parts = snippets([said(text)], "queue")

    words = " ".join(parts).replace("…", "").split()
    assert text.split() == words
    assert all(len(part) <= 610 for part in parts)


def test_a_match_says_who_spoke_and_when() -> None:
    """So that an agent can refer to it."""
    corpus = [said("a queue"), said("no such word", "kiss", 2), said("two queues", "kiss", 2)]

    assert {
        "matches": [
            {"round": 1, "speaker": "architect", "kind": "proposal", "snippet": "a queue"},
            {"round": 2, "speaker": "kiss", "kind": "proposal", "snippet": "two queues"},
        ]
    } == search(corpus, "queue")


def test_what_is_not_shown_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """One long text leaves room for the others, and no result grows without bound."""
    monkeypatch.setattr(module, "MATCHES_LIMIT", 7)
    far = f"queue{' ' * 700}" * 6
    corpus = [said(far), said("queue", "kiss"), said(far, "security")]

    found = search(corpus, "queue")

    matches = found["matches"]
    assert isinstance(matches, list)
    assert [*["architect"] * 5, "kiss", "security"] == [match["speaker"] for match in matches]
    assert "matches that are not shown: 6; look for something more specific" == found["note"]


def test_white_space_does_not_swell_a_snippet() -> None:
    """A phrase is found across any gap, and the gap is shown as one space."""
    assert ["a b"] == snippets([said("a" + " \n" * 100_000 + "b")], "a b")


def test_a_phrase_is_no_pattern() -> None:
    """What a model writes is looked for as it stands."""
    assert [] == snippets([said("aaa")], "a+")
    assert ["(a+)+$"] == snippets([said("(a+)+$")], "(A+)+$")


def test_a_megabyte_is_searched_without_harm() -> None:
    """Neither a text without a space nor one of nothing else makes it slow or large."""
    for text in ("q" * 1_000_000, " " * 1_000_000 + "q", "q " * 500_000):
        assert 5 >= len(snippets([said(text)], "q"))
        assert [] == snippets([said(text)], "q q q x")


@pytest.mark.parametrize("term", [" ", "\n\t"])
def test_a_blank_phrase_is_refused(term: str) -> None:
    """It would be everywhere."""
    with pytest.raises(Refused, match="`term` is blank"):
        search([said("a b")], term)
