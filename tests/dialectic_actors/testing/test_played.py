"""Runs as tests look at them: who was shown what, named as people name it, and how two runs differ.

Most tests share one debate, because nobody changes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors import Store, debate
from dialectic_actors.core.prompts import Renderer
from dialectic_actors.testing.differences import fields_that_differ, first_difference
from dialectic_actors.testing.fixture import Dialectic
from dialectic_actors.testing.played import Played
from dialectic_actors.testing.scripting import Step
from dialectic_events.errors import DialecticError

AGENTS = ("architect", "security", "performance")
JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def two_rounds() -> Played:
    """A debate of three over two rounds, in which security says the same again and again."""
    return Dialectic().run("Design a cache", rounds=2, answers={"security": ["no", "still no"]})


def test_a_played_run_says_what_came_of_it(two_rounds: Played) -> None:
    """Numbers, words and who took part."""
    assert (22, AGENTS, True) == (two_rounds.calls, two_rounds.agents, two_rounds.complete())
    assert two_rounds.solution == two_rounds.turn("synthesis/judge").text
    assert 22 == two_rounds.spend.total.calls
    assert [each.event for each in two_rounds.log] == list(two_rounds.events)
    assert repr(two_rounds).endswith(": concluded, 3 agents, 2 rounds, 22 calls, $0.0000>")
    assert "  r1/critique/security>architect: made by 1 call, saw r1/proposal/architect" in str(
        two_rounds
    )


def test_answers_are_given_in_the_order_of_an_agents_turns(two_rounds: Played) -> None:
    """What is carried over was not asked for; the last answer stays; the others rehearse."""
    said = [turn.text for turn in two_rounds.turns() if turn.author == "security" and turn.attempts]

    assert ["no", *["still no"] * 6] == said
    assert "rehearsal" in two_rounds.turn("r1/proposal/architect").text.lower()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("critique", ["one", "two"], {"r1": "one", "r2": "two"}),
        ("critique/security", "m", {"r1/critique/security": "m", "r2/critique/security": "m"}),
        ("r1/critique/*", "glob", {"r1/critique": "glob"}),
        ("debate/r2/critique/security>architect", "long", {"r2/critique/security>": "long"}),
        ("r1/critique/security>architect", [Step(error="server"), "then"], {"r1": "then"}),
    ],
)
def test_an_answer_is_given_to_the_turns_that_its_key_means(
    key: str, value: Any, said: dict[str, str]
) -> None:
    """Agents, kinds, pairs, turns and globs; all other turns rehearse."""
    run = Dialectic().run("p", agents=2, rounds=2, answers={key: value})

    given_to = {t.id: t.text for t in run.turns("critique") if "rehearsal" not in t.text.lower()}
    assert given_to
    for id, text in given_to.items():
        assert text == next(words for start, words in said.items() if id.startswith(start))


def test_a_turn_saw_what_was_sent_for_it(two_rounds: Played) -> None:
    """Blind first, then the target; a refinement its critiques; a carried proposal nothing."""
    assert () == two_rounds.saw("r1/proposal/security")
    assert () == two_rounds.saw("r2/proposal/security")
    assert ("r1/proposal/architect",) == two_rounds.saw("r1/critique/security>architect")
    two_rounds.assert_saw("r1/proposal/security")
    two_rounds.assert_saw(
        "r1/refinement/architect",
        "r1/critique/security>architect",
        "r1/proposal/architect",
        "r1/critique/performance>architect",
    )
    two_rounds.assert_not_saw("r1/critique/security>architect", "r1/proposal/security")


def test_everybody_is_shown_what_the_judge_is_shown(two_rounds: Played) -> None:
    """The judge has something of everyone; an agent only its own perspective."""
    assert set(AGENTS) == {turn.author for turn in two_rounds.judge_inputs()}
    assert {"security", "performance"} == {
        turn.author for turn in two_rounds.shown_to("architect", "critique")
    }


def test_a_brief_that_leaks_is_seen_to_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts are the words that were sent, whatever the turn says it was shown."""
    honest = Renderer._shown

    def leaking(self: Renderer, brief: Any, parts: dict[str, str]) -> list[str]:
        return [*honest(self, brief, parts), self._add("the secret plan", parts)]

    monkeypatch.setattr(Renderer, "_shown", leaking)
    run = Dialectic().run("p", answers={"r1/proposal/security": "the secret plan"})

    assert "the secret plan" in run.prompt("r1/critique/performance>architect")
    with pytest.raises(AssertionError, match="too much: r1/proposal/security"):
        run.assert_saw("r1/critique/performance>architect", "r1/proposal/architect")
    with pytest.raises(AssertionError, match="unwanted: r1/proposal/security"):
        run.assert_not_saw("r1/critique/performance>architect", "r1/proposal/security")


def test_a_brief_that_lacks_something_is_seen_to_lack_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn that was meant to be shown a text, and was not sent it, did not see it."""
    monkeypatch.setattr(Renderer, "_shown", lambda self, brief, parts: [])
    run = Dialectic().run("p")

    with pytest.raises(AssertionError, match=r"shown: +nothing\n +missing: +r1/proposal/architect"):
        run.assert_saw("r1/critique/security>architect", "r1/proposal/architect")


def test_a_failed_assertion_names_what_was_expected_and_shown(two_rounds: Played) -> None:
    """Four lines, and nobody has to look anything up."""
    with pytest.raises(AssertionError) as caught:
        two_rounds.assert_saw("r1/critique/security>architect", "r1/proposal/security")

    assert (
        "`r1/critique/security>architect` was not shown what was expected\n"
        "  expected: r1/proposal/security\n"
        "  shown:    r1/proposal/architect\n"
        "  missing:  r1/proposal/security\n"
        "  too much: r1/proposal/architect"
    ) == str(caught.value)


def test_the_prompt_is_the_words_that_were_sent(two_rounds: Played) -> None:
    """System and user message, resolved; of a turn without a call there are none."""
    system, user = two_rounds.messages("r1/critique/security>architect")

    assert ("system", "user") == (system.role, user.role)
    assert two_rounds.turn("r1/proposal/architect").text in user.text
    assert f"{system.text}\n\n{user.text}" == two_rounds.prompt("r1/critique/security>architect")
    with pytest.raises(DialecticError, match="there is no call 1 for `r2/proposal/security`"):
        two_rounds.prompt("r2/proposal/security")


@pytest.mark.parametrize("name", ["r1/critique/secrity>architect", "r3/proposal/security", ""])
def test_a_turn_that_is_none_is_refused_with_a_suggestion(name: str, two_rounds: Played) -> None:
    """A typing error never makes an assertion pass."""
    with pytest.raises(DialecticError) as caught:
        two_rounds.assert_not_saw("r1/critique/security>architect", name)

    assert f"this run has no turn `{name}`" == caught.value.what
    assert caught.value.fix


def test_any_run_of_any_store_can_be_looked_at(tmp_path: Path) -> None:
    """A run of the command line has longer ids; roles still name its agents and turns."""
    debate("p", offline=True, agents=["architect", "kiss"], rounds=1, cwd=tmp_path, env={})
    with Store(cwd=tmp_path) as store:
        found = Played(store, "@")
        kept = Played.load(found.save(tmp_path / "kept.jsonl"))

        assert ("agent-architect", "agent-kiss") == found.agents
        found.assert_saw("r1/critique/kiss>architect", "r1/proposal/architect")
        assert "agent-kiss" == found.turn("debate/r1/proposal/agent-kiss").author
        assert found.shown_to("judge") == found.judge_inputs() == kept.judge_inputs()
        assert found.events == kept.events


def test_two_runs_of_the_same_have_no_difference(two_rounds: Played) -> None:
    """Names, times, salts and the order of what happens at once are no facts."""
    again = Dialectic().run("Design a cache", rounds=2, answers={"security": ["no", "still no"]})

    assert two_rounds.ref != again.ref
    assert first_difference(two_rounds, again) is None


def test_a_change_is_found_where_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """A prompt that changed is told before the answers that it changed."""
    before = Dialectic().run("p", agents=2)
    honest = Renderer._heading
    monkeypatch.setattr(Renderer, "_heading", lambda *args: honest(*args) + "!")

    difference = first_difference(before, Dialectic().run("p", agents=2))

    assert difference is not None
    assert difference.event.startswith("call-requested r1/critique/")
    assert "messages[1].text" == difference.field
    assert difference.recorded != difference.played


@pytest.mark.parametrize(
    ("options", "event", "field"),
    [
        ({"rounds": 2}, "run-opened", "stages[0].rounds"),
        ({"agents": ["architect"]}, "run-opened", "stages[0].agents[1]"),
        ({"answers": {"judge": "Fine."}}, "call-answered synthesis/judge#1", "text"),
        ({"answers": {"judge": Step(error="filtered")}}, "call-answered synthesis/judge#1", ""),
    ],
)
def test_whatever_differs_is_found(options: dict[str, Any], event: str, field: str) -> None:
    """Openings, answers, and what one run has and the other has not."""
    one, other = Dialectic().run("p", agents=2), Dialectic().run("p", **{"agents": 2} | options)

    there, back = first_difference(one, other), first_difference(other, one)

    assert there is not None
    assert back is not None
    assert (event, field) == (there.event, there.field)


@given(JSON, JSON)
def test_documents_differ_exactly_when_a_field_does(one: Any, other: Any) -> None:
    """No difference is overlooked but that between an absent field and an empty one."""
    assert [] == list(fields_that_differ(one, one))
    if _bare(one) != _bare(other):
        assert list(fields_that_differ(one, other))


def _bare(value: Any) -> Any:
    """`value` without what is None in mappings and at the end of lists."""
    if isinstance(value, dict):
        return {k: _bare(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        bare = [_bare(each) for each in value]
        while bare and bare[-1] is None:
            bare.pop()
        return bare
    return value
