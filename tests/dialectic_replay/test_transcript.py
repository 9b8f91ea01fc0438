"""The transcript: everything that was said, in one order, in fences that hold."""

import re

from hypothesis import given
from msgspec.structs import replace

from dialectic_events.turns import ProposalMade, TurnFailed
from dialectic_events.union import Event
from dialectic_replay.run import Run, fold
from dialectic_replay.transcript import transcript
from support.drive import failing, finish, opened
from support.runs import prefixes, runs
from support.whole import told_whole


def outside_fences(markdown: str) -> list[str]:
    """The lines that a reader of Markdown takes for Markdown."""
    outside, fence = [], ""
    for line in markdown.split("\n"):
        mark = re.match("`{3,}", line)
        if fence:
            if mark and mark[0] == line and len(line) >= len(fence):
                fence = ""
        elif mark:
            fence = mark[0]
        else:
            outside.append(line)
    assert not fence
    return outside


def headings(markdown: str) -> list[str]:
    """The headings outside of fences."""
    return [line for line in outside_fences(markdown) if line.startswith("#")]


@given(runs())
def test_any_prefix_has_a_transcript_that_holds_together(log: list[Event]) -> None:
    """Only our own headings are headings, whatever is said, and each turn has one."""
    for prefix in prefixes(log):
        run = fold(prefix)
        titles = headings(transcript(run))
        assert len(run.turns) == sum(title.startswith("#### ") for title in titles)


def test_the_order_does_not_depend_on_timing() -> None:
    """Two runs with the same answers read alike."""
    first = transcript(fold(finish()))
    last = transcript(fold(finish(choose=lambda effects: [*effects.values()][-1])))

    assert first == last


def test_sections_stand_in_the_order_of_the_debate() -> None:
    """Rounds, kinds, agents."""
    titles = headings(transcript(fold(finish())))

    assert [
        "# Design a rate limiter that must never lose a request.",
        "## Problem",
        "## Round 1",
        "### Proposals",
        "#### architect",
        "#### security",
        "#### kiss",
        "### Critiques",
        "#### architect → security",
        "#### architect → kiss",
        "#### security → architect",
        "#### security → kiss",
    ] == titles[:12]
    assert ["## Conclusion", "### Synthesis", "#### judge"] == titles[-3:]


def test_failed_and_skipped_turns_are_said() -> None:
    """A gap in the debate is part of the debate."""
    log = finish(failing("proposal/kiss"))
    shown = transcript(fold(log))

    assert any(isinstance(event, TurnFailed) for event in log)
    assert "*The turn failed:*\n\n```text\nbad-request: as told\n```" in shown
    assert "*The turn was skipped:*" in shown


def test_a_turn_under_way_is_said() -> None:
    """The transcript of a running debate does not look finished."""
    log = finish()
    under_way = fold(log[:2])

    assert ["debate/r1/proposal/architect"] == list(under_way.turns)
    assert "*Not settled yet.*" in transcript(under_way)


def test_a_carried_proposal_is_not_repeated() -> None:
    """It stands right above, as the refinement."""
    log = finish()
    carried = [e for e in log if isinstance(e, ProposalMade) and e.plan is not None]

    shown = transcript(fold(log))

    assert 3 == len(carried) == shown.count("*Carried over: the refinement of round 1.*")
    assert all(1 == shown.count(event.text) for event in carried)


def test_a_problem_cannot_forge_a_heading() -> None:
    """Its first line is the title, its markup taken literally."""
    run = fold([replace(opened(), problem="\n \n# <b>`x`\n## Round 9")])

    assert [r"# \# \<b>\`x\`", "## Problem"] == headings(transcript(run))


def test_an_empty_run_has_a_transcript() -> None:
    """Nothing happened, and that is said."""
    assert "Status: empty" in transcript(Run())


def test_every_kind_of_turn_is_told() -> None:
    """What was asked before the rounds stands before them, what was decided between them between
    them.
    """
    titles = headings(transcript(fold(told_whole())))

    assert [
        "## Problem",
        "## Clarifications, pass 1",
        "### Questions",
        "#### architect",
        "#### security",
        "### Answers",
        "#### person → architect",
        "#### person → security",
    ] == titles[1:9]
    assert [
        "### Proposals",
        "### Critiques",
        "### Refinements",
        "### Assessment",
        "### Whether to go on",
    ] == [title for title in titles if title.startswith("### ")][2:7]
    assert ["### Ballots", "### Synthesis"] == [t for t in titles if t.startswith("### ")][-2:]


def test_what_tools_were_asked_is_told() -> None:
    """With their arguments, and how they answered."""
    shown = transcript(fold(told_whole()))

    assert "*Tools that were asked:*" in shown
    assert 'context_search {"term":"queue"} → success' in shown


def test_a_summary_is_told_with_what_it_saved() -> None:
    """So that one sees how much stands behind it."""
    shown = transcript(fold(told_whole()))

    assert re.search(r"\*\d+ characters became \d+\.\*", shown)


def test_a_decision_whether_to_go_on_is_told_with_its_measure() -> None:
    """Its turn has no words of its own."""
    assert "quality 0." in transcript(fold(told_whole()))
