"""What a rehearsal asks, condenses, assesses, votes and concludes: answers that keep the contracts
of a model and rest on what was said.
"""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.actors.ports import Ask, Prompt
from dialectic_actors.core.briefs import Shown
from dialectic_actors.core.contracts import Terms, read_answer
from dialectic_actors.core.marks import mark_of
from dialectic_actors.llm.rehearsal import rehearse, wanted_tools
from dialectic_actors.llm.rehearsal.critique import objections
from dialectic_actors.llm.rehearsal.papers import Measure, Paper, Row, read_paper, write_paper
from dialectic_actors.llm.rehearsal.reading import read
from dialectic_actors.settings.roles import DEBATING_ROLES, load_prompts
from dialectic_events.calls import CallAnswered
from dialectic_events.contents import ToolSpec
from dialectic_events.turns import BallotCast, Kind, QuestionAsked
from support.rehearsals import CART, MEETINGS, answers, ask_for, contribution

PROBLEMS = st.sampled_from([CART, MEETINGS])
ROLES = st.permutations(list(DEBATING_ROLES))
SEEDS = st.integers()
LIST_FILES = ToolSpec("list_files", "Lists files.", {"required": ["path"]})
SEARCH = ToolSpec("context_search", "Searches.", {"required": ["query"]})


def round_of(problem: str, roles: list[str], seed: int = 7) -> list[Shown]:
    """All that is said in a round: proposals, critiques, refinements."""
    proposals = {
        role: contribution(ask_for("proposal", role, problem, seed=seed)) for role in roles
    }
    said, refined = list(proposals.values()), []
    for author, goal in proposals.items():
        critiques = [
            contribution(ask_for("critique", critic, problem, [goal], target=goal.turn, seed=seed))
            for critic in roles
            if critic != author
        ]
        shown = [goal, *critiques]
        ask = ask_for("refinement", author, problem, shown, target=goal.turn, seed=seed)
        refined.append(contribution(ask))
        said += critiques
    return [*said, *refined]


def refinements(said: list[Shown]) -> list[Shown]:
    """What stands after a round."""
    return [each for each in said if each.kind == "refinement"]


def paper(speaker: str, problem: str, met: int = 99, changes: str = "") -> Shown:
    """A refinement that meets so many of the problem's requirements."""
    rows = tuple(
        Row(each, "**Store**: one table" if number < met else "open: nobody knows")
        for number, each in enumerate(read(problem).requirements)
    )
    text = write_paper(
        Paper(title="Plan", measures=(Measure("Store", "One table."),), coverage=rows)
    )
    if changes:
        text = text.replace("## Approach", f"## What Changed\n\n{changes}\n\n## Approach")
    return Shown(f"r1/refinement/{speaker}", "refinement", speaker, 1, text)


def said(ask: Ask) -> dict[str, Any]:
    """The JSON that a rehearsal answers."""
    answer = json.loads(rehearse(ask))
    assert isinstance(answer, dict)
    return answer


# --- Contracts ---


@given(
    PROBLEMS,
    ROLES,
    SEEDS,
    st.sampled_from(["question", "summary", "ballot", "assessment", "synthesis"]),
)
def test_every_answer_meets_its_contract_at_once(
    problem: str, roles: list[str], seed: int, kind: Kind
) -> None:
    """What is asked of a model in JSON, a rehearsal answers so that nothing is found missing."""
    shown = round_of(problem, roles[:3], seed)
    speaker = "judge" if kind == "synthesis" else roles[0]
    for merge in (False, True):
        ask = ask_for(kind, speaker, problem, shown, seed=seed, merge=merge)
        terms = Terms(synthesis="merge" if merge else "judge")

        answered = CallAnswered(call=ask.call, text=rehearse(ask), model="rehearsal")
        reading = read_answer(ask.brief, answered, terms)

        assert () == reading.findings
        assert reading.made is not None


@pytest.mark.parametrize("kind", ["answer", "stop"])
def test_no_rehearsal_takes_a_person_s_or_a_computed_turn(kind: Kind) -> None:
    """Nobody asks a model for it, so nobody rehearses it."""
    with pytest.raises(ValueError, match=kind):
        rehearse(ask_for(kind, "kiss", CART))


# --- Questions and answers ---


@given(PROBLEMS, ROLES, st.integers(0, 5))
def test_questions_quote_the_problem_differ_by_role_and_keep_their_limit(
    problem: str, roles: list[str], limit: int
) -> None:
    """Each role asks about words of this problem what no other role asks."""
    prompt = f"Ask at most {limit} questions, the most important first."
    asked = [said(ask_for("question", role, problem, prompt=prompt))["questions"] for role in roles]

    every = [question for each in asked for question in each]
    assert len(set(every)) == len(every)
    assert all(len(each) <= limit for each in asked)
    for question in every:
        quoted = question.partition("“")[2].partition("”")[0]
        assert quoted.rstrip("…") in problem
    assert all("no model was used" in each[0] for each in asked if each)


def test_what_the_problem_states_is_not_asked() -> None:
    """A figure, a law, a deadline that stand in the text are no longer open."""
    bare = said(ask_for("question", "performance", CART))["questions"]
    stated = f"{CART}, at 2,000 writes per second and within 50 ms."
    assert any("busiest minute" in question for question in bare)
    assert [] == said(ask_for("question", "performance", stated))["questions"]


def test_a_text_without_a_topic_raises_no_question() -> None:
    """Nothing is asked for the sake of asking."""
    assert [] == said(ask_for("question", "architect", "Hello there."))["questions"]


def test_a_second_pass_asks_once_about_a_vague_answer_of_one_s_own() -> None:
    """A firm answer, another's, or none at all is left alone; later passes ask nothing."""
    vague = answers("kiss", {"How many?": "It depends on the season.", "Who?": "Maybe us."})
    firm = answers("kiss", {"How many?": "2,000 a day.", "Who?": "NA"})

    (question,) = said(ask_for("question", "kiss", CART, [vague], round=2))["questions"]

    assert "“It depends on the season”" in question
    assert "“How many?”" in question
    assert [] == said(ask_for("question", "kiss", CART, [firm], round=2))["questions"]
    assert [] == said(ask_for("question", "testing", CART, [vague], round=2))["questions"]
    assert [] == said(ask_for("question", "kiss", CART, [vague], round=3))["questions"]


@given(ROLES)
def test_a_follow_up_is_not_dropped_as_a_repetition(roles: list[str]) -> None:
    """The question of a second pass is a new one to its contract."""
    shown = [answers(roles[0], {"How many are there?": "Not sure."})]
    ask = ask_for("question", roles[0], CART, shown, round=2)
    answered = CallAnswered(call=ask.call, text=rehearse(ask), model="rehearsal")
    made = read_answer(ask.brief, answered, Terms()).made
    assert isinstance(made, QuestionAsked)
    assert (1, 0) == (made.questions, made.dropped)


@given(PROBLEMS, st.sampled_from(list(DEBATING_ROLES)))
def test_answers_change_what_is_proposed(problem: str, role: str) -> None:
    """A firm answer is quoted, becomes a requirement, and its figures size the design."""
    answer = "At most 7,300 guests per hour arrive from the old portal."
    told = answers(role, {"How many?": answer, "Since when?": "NA"})

    before = rehearse(ask_for("proposal", role, problem))
    after = rehearse(ask_for("proposal", role, problem, [told]))

    requirements = [row.requirement for row in read_paper(after).coverage]
    assert answer.rstrip(".") in requirements
    assert "7,300" not in before
    assert "“7,300 guests per hour” is the peak" in after
    assert "To “Since when?” I have no firm answer" in after


@given(st.sampled_from(list(DEBATING_ROLES)))
def test_what_somebody_else_was_told_binds_as_well(role: str) -> None:
    """Every agent sees all answers."""
    told = answers("somebody", {"What is kept?": "Every order for 10 years, by law."})
    text = rehearse(ask_for("proposal", role, CART, [told]))
    assert "Every order for 10 years, by law" in text.partition("## Requirements Coverage")[2]


# --- Summaries ---


@given(PROBLEMS, ROLES, st.integers(1, 6_000), st.sampled_from(["characters", "tokens"]))
def test_a_summary_keeps_its_limit(problem: str, roles: list[str], limit: int, unit: str) -> None:
    """However little room there is, what is said fits it, whatever the texts themselves mention."""
    shown = round_of(problem, roles[:3])
    prompt = f"It must hold 9 characters.\n\nWrite at most {limit} {unit} of Markdown."
    text = rehearse(ask_for("summary", roles[0], problem, shown, prompt=prompt))
    assert len(text) <= limit * (1 if unit == "characters" else 4)


@given(PROBLEMS, ROLES)
def test_a_summary_keeps_position_decisions_and_objections(problem: str, roles: list[str]) -> None:
    """Who reads it instead of the texts knows what was decided and what was rejected."""
    shown = round_of(problem, roles[:3])
    own = [each for each in shown if roles[0] in (each.speaker, each.to)]
    text = rehearse(ask_for("summary", roles[0], problem, own))

    paper = read_paper(refinements(own)[0].text)
    assert len(text) <= 2_500
    assert paper.measures[0].name in text.partition("## Decisions")[2]
    assert paper.changes[0].name in text.partition("## Objections")[2]
    rejected = [change.name for change in paper.changes if not change.accepted]
    assert all(name in text.partition("## Open")[2] for name in rejected[:1])


def test_a_summary_of_a_summary_tells_it_again() -> None:
    """What was condensed before is not lost when the texts behind it are no longer shown."""
    earlier = Shown("r2/summary/kiss", "summary", "kiss", 2, "## Open\n\n- Where are keys kept?")
    text = rehearse(ask_for("summary", "kiss", CART, [earlier, paper("kiss", CART)]))
    assert "- Where are keys kept?" in text


# --- Assessments ---


def test_a_score_rises_as_requirements_are_met_and_blocking_critiques_settled() -> None:
    """Each step forward is worth something, and the bands are those of the prompt."""
    blocks = "- Rejected (security): **Keys**. Too early. It blocks."
    wish = "- Rejected (security): **Keys**. Too early. It does not block."
    taken = "- Accepted (security): **Keys**. A new section says how."
    steps = [
        paper("kiss", MEETINGS, met=1, changes=blocks),
        paper("kiss", MEETINGS, met=2, changes=blocks),
        paper("kiss", MEETINGS, changes=blocks),
        paper("kiss", MEETINGS, changes=wish),
        paper("kiss", MEETINGS, changes=taken),
    ]
    scores = [said(ask_for("assessment", "judge", MEETINGS, [each]))["score"] for each in steps]

    assert sorted(set(scores)) == scores
    assert scores[1] < 40 <= scores[2] < 70 <= scores[3] < scores[4] <= 100
    assert 0 == said(ask_for("assessment", "judge", MEETINGS))["score"]


def test_an_assessment_says_what_holds_the_score_down() -> None:
    """The unmet requirement is quoted, the worst objection cited by its mark."""
    refined = paper("kiss", MEETINGS, met=2, changes="- Rejected (a): **Keys**. No. It blocks.")
    reason = said(ask_for("assessment", "judge", MEETINGS, [refined]))["reason"]
    assert "recordings are kept for 30 days" in reason
    assert f"Keys, raised in {mark_of(refined.text)}" in reason


# --- Ballots ---


@given(PROBLEMS, ROLES, SEEDS)
def test_a_ballot_ranks_every_other_proposal_once_and_never_its_own(
    problem: str, roles: list[str], seed: int
) -> None:
    """Marks are those of the brief, and the contract reads them as turns."""
    stand = refinements(round_of(problem, roles[:4], seed))
    ask = ask_for("ballot", roles[0], problem, stand, seed=seed)

    answered = CallAnswered(call=ask.call, text=rehearse(ask), model="rehearsal")
    made = read_answer(ask.brief, answered, Terms()).made

    assert isinstance(made, BallotCast)
    assert {each.turn for each in stand[1:]} == set(made.ranking)
    assert len(stand) - 1 == len(made.ranking)


@given(st.permutations(["a", "b", "c"]))
def test_what_meets_more_requirements_is_ranked_higher(order: list[str]) -> None:
    """A vote follows the problem, not the order in which texts are shown."""
    shown = {name: paper(name, MEETINGS, met=met) for met, name in enumerate("abc")}
    ranking = said(ask_for("ballot", "kiss", MEETINGS, [shown[each] for each in order]))["ranking"]
    assert [mark_of(shown[each].text) for each in "cba"] == ranking


def test_voters_differ_by_their_checklists() -> None:
    """Among equals each role prefers what answers its own concerns."""
    stand = refinements(round_of(CART, ["architect", "security", "performance", "kiss"]))
    firsts = {
        said(ask_for("ballot", role, CART, stand))["ranking"][0]
        for role in ("testing", "datamodeling", "generalist", "kiss", "security")
    }
    assert len(firsts) > 1


# --- Conclusions ---


@given(PROBLEMS, ROLES, SEEDS)
def test_the_dissent_is_what_the_last_refinements_rejected(
    problem: str, roles: list[str], seed: int
) -> None:
    """Each rejected objection is kept with the critique that raised it, and with its weight."""
    shown = round_of(problem, roles[:3], seed)
    rejected = [
        (change.name, change.speaker)
        for each in refinements(shown)
        for change in read_paper(each.text).changes
        if not change.accepted
    ]
    dissent = said(ask_for("synthesis", "judge", problem, shown, seed=seed))["dissent"]

    critiques = {mark_of(each.text): each for each in shown if each.kind == "critique"}
    kept = []
    for each in dissent:
        name = each["objection"].partition("**")[2].partition(".**")[0]
        raised = critiques[each["restsOn"]]
        kept.append((name, raised.speaker))
        (objection,) = [own for own in objections(raised) if own.name == name]
        assert objection.blocking == each["blocks"]
    assert sorted(rejected)[: len(kept)] == sorted(kept) or set(kept) < set(rejected)
    assert min(len(rejected), 6) == len(kept)


def test_a_blocking_objection_comes_first_and_rests_on_what_is_shown() -> None:
    """Without its critique an objection is cited by the refinement that answered it."""
    changes = (
        "- Rejected (a): **Queue**. Too early. It does not block.\n"
        "- Rejected (b): **Keys**. Too late. It blocks."
    )
    refined = paper("kiss", MEETINGS, changes=changes)
    dissent = said(ask_for("synthesis", "judge", MEETINGS, [refined]))["dissent"]
    assert [True, False] == [each["blocks"] for each in dissent]
    assert "**Keys.**" in dissent[0]["objection"]
    assert {mark_of(refined.text)} == {each["restsOn"] for each in dissent}


def test_confidence_stays_low_while_a_requirement_is_unmet() -> None:
    """One open requirement among many is named, and holds the confidence at 40 or less."""
    lacking, covered = (
        said(
            ask_for(
                "synthesis",
                "judge",
                MEETINGS,
                [paper("kiss", MEETINGS, met), paper("testing", MEETINGS, met)],
            )
        )
        for met in (2, 3)
    )
    assert lacking["confidence"] <= 40 < covered["confidence"]
    assert "recordings are kept" in lacking["unfulfilledMajorRequirements"][0]
    assert [] == covered["unfulfilledMajorRequirements"]


@given(PROBLEMS, ROLES, SEEDS)
def test_a_conclusion_names_no_author(problem: str, roles: list[str], seed: int) -> None:
    """Who judges may not know whose a text is, so a rehearsal does not tell either."""
    speakers = {role: f"agent-{number}" for number, role in enumerate(roles[:3])}
    shown = [
        msgspec.structs.replace(each, speaker=speakers[each.speaker])
        for each in refinements(round_of(problem, roles[:3], seed))
    ]
    for merge in (False, True):
        text = rehearse(ask_for("synthesis", "judge", problem, shown, seed=seed, merge=merge))
        assert "agent-" not in text


@given(PROBLEMS, ROLES, SEEDS)
def test_a_merge_cites_for_each_section_the_proposals_that_hold_it(
    problem: str, roles: list[str], seed: int
) -> None:
    """Marks lead to texts that really have the section's subject."""
    shown = round_of(problem, roles[:3], seed)
    texts = {mark_of(each.text): each.text for each in refinements(shown)}
    sections = said(ask_for("synthesis", "judge", problem, shown, seed=seed, merge=True))[
        "sections"
    ]

    assert len(sections) > 2
    assert "no model was used" in sections[0]["markdown"]
    for section in sections[:-1]:
        holders = [m for m, text in texts.items() if f"### {section['title']}\n" in text]
        assert holders == [mark for mark in texts if mark in section["from"]]


# --- Tools ---


def test_a_proposer_looks_at_the_files_once_and_says_what_it_saw() -> None:
    """Where tools are offered one is asked; what it said stands in the proposal."""
    ask = ask_for("proposal", "kiss", CART, prompt="Propose.", tools=[SEARCH, LIST_FILES])
    (call,) = wanted_tools(ask)
    assert ("list_files", {"path": "."}) == (call.name, json.loads(call.arguments))

    told = (Prompt("assistant", "", tools=(call,)), Prompt("tool", "orders.sql", answers=call.id))
    after = msgspec.structs.replace(ask, messages=(*ask.messages, *told))

    assert () == wanted_tools(after)
    assert "`list_files`, which says “orders.sql”" in rehearse(after)
    assert "orders.sql" not in rehearse(ask)


def test_a_refiner_searches_for_what_is_disputed() -> None:
    """The term comes from the first critique; without one nothing is looked up."""
    goal = contribution(ask_for("proposal", "kiss", CART))
    critique = contribution(ask_for("critique", "security", CART, [goal], target=goal.turn))
    ask = ask_for(
        "refinement", "kiss", CART, [goal, critique], target=goal.turn, tools=[SEARCH, LIST_FILES]
    )
    (call,) = wanted_tools(ask)
    term = json.loads(call.arguments)["query"]
    assert "context_search" == call.name
    assert term in objections(critique)[0].name.lower()
    assert () == wanted_tools(ask_for("refinement", "kiss", CART, [goal], tools=[SEARCH]))


@pytest.mark.parametrize("kind", ["question", "critique", "ballot", "synthesis", "summary"])
def test_no_tool_is_asked_for_where_it_would_not_help(kind: Kind) -> None:
    """A look costs a call; a rehearsal takes one where it shows."""
    assert () == wanted_tools(ask_for(kind, "kiss", CART, tools=[SEARCH, LIST_FILES]))
    assert () == wanted_tools(ask_for("proposal", "kiss", CART))


def test_the_limits_are_read_where_the_built_in_prompts_state_them() -> None:
    """A rehearsal and the prompts agree on how a limit is said."""
    shown = round_of(CART, ["kiss", "security"])
    summary = load_prompts()["summary"].replace("$limit", "700 characters")
    question = load_prompts()["question"].replace("$limit", "1 question")
    assert len(rehearse(ask_for("summary", "kiss", CART, shown, prompt=summary))) <= 700
    assert 1 == len(said(ask_for("question", "kiss", CART, prompt=question))["questions"])
