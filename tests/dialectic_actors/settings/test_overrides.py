"""What the command line changes about settings, and what it refuses."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.settings import (
    Settings,
    load_settings,
    select,
    with_clarifications,
    with_model,
    with_rounds,
)
from dialectic_actors.settings.roles import DEBATING_ROLES
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.runs import Model
from support.configurations import FULL, load

DEFAULTS = load_settings(None, cwd=Path(__file__).parent)


def configured(folder: Path, *agents: dict[str, object]) -> Settings:
    """Settings with `agents`, on a model that is not the default."""
    common = {"name": "N", "model": "m", "provider": "openrouter"}
    content = {"agents": [common | agent for agent in agents]}
    (folder / "c.json").write_text(json.dumps(content), "utf-8")
    return load_settings(folder / "c.json", cwd=folder)


def usage(error: pytest.ExceptionInfo[DialecticError]) -> str:
    """The advice of a usage error."""
    assert ExitCode.USAGE == error.value.exit_code
    return error.value.fix


@given(st.lists(st.sampled_from(list(DEBATING_ROLES)), min_size=1))
def test_selecting_roles_gives_one_agent_each_in_that_order(roles: list[str]) -> None:
    """Repeated names change nothing, and a comma list is as good as a list."""
    wanted = list(dict.fromkeys(roles))

    assert wanted == [agent.role.name for agent in select(DEFAULTS, roles).agents]
    assert select(DEFAULTS, roles) == select(DEFAULTS, [" , ".join(roles) + ","])


def test_selecting_nothing_changes_nothing() -> None:
    """Without the option all enabled agents debate."""
    assert DEFAULTS == select(DEFAULTS, [])


def test_a_role_selects_all_its_agents_and_an_id_selects_one(tmp_path: Path) -> None:
    """Several agents of one role are told apart by id."""
    settings = configured(
        tmp_path,
        {"id": "a", "role": "kiss"},
        {"id": "b", "role": "kiss"},
        {"id": "c", "role": "testing"},
    )
    assert ["a", "b"] == [agent.id for agent in select(settings, ["kiss"]).agents]
    assert ["c", "a"] == [agent.id for agent in select(settings, ["c", "a"]).agents]


def test_a_role_that_is_not_configured_is_spoken_for_on_the_first_model(tmp_path: Path) -> None:
    """A built-in agent never brings another model, and never takes an id in use."""
    settings = configured(tmp_path, {"id": "agent-security", "role": "kiss"})
    (agent,) = select(settings, ["security"]).agents

    assert ("agent-security-2", "security") == (agent.id, agent.role.name)
    assert (Model("openrouter", "m"),) == agent.route


def test_a_name_that_means_nobody_is_refused_with_a_suggestion() -> None:
    """A typo never selects another set of agents."""
    with pytest.raises(DialecticError) as caught:
        select(DEFAULTS, ["architect", "secruity"])
    assert "`security`" in usage(caught)
    for names in (["judge"], [""], [" ,"]):
        with pytest.raises(DialecticError) as caught:
            select(DEFAULTS, names)
        assert usage(caught)


def test_a_disabled_agent_is_not_selected_by_accident(tmp_path: Path) -> None:
    """What the file switches off, the command line does not silently replace."""
    settings = configured(
        tmp_path, {"id": "a", "role": "kiss"}, {"id": "b", "role": "testing", "enabled": False}
    )
    for name in ("b", "testing"):
        with pytest.raises(DialecticError) as caught:
            select(settings, [name])
        assert "c.json" in usage(caught)


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("openai/gpt-4o", Model("openai", "gpt-4o")),
        ("openrouter/vendor/name:free", Model("openrouter", "vendor/name:free")),
        ("scripted/answers/a.yaml", Model("scripted", "answers/a.yaml")),
        ("rehearsal", Model("rehearsal", "rehearsal")),
    ],
)
def test_a_model_is_put_under_every_agent_and_the_judge(text: str, model: Model) -> None:
    """One option moves the whole debate to another model."""
    settings = with_model(DEFAULTS, text)
    assert {(model,)} == {agent.route for agent in (*settings.agents, settings.judge)}


@pytest.mark.parametrize("text", ["", "gpt-4", "openai", "openai/", "opnai/x", "/x", "openai/a\nb"])
def test_what_is_no_model_is_refused(text: str) -> None:
    """A model needs a known provider and a name."""
    with pytest.raises(DialecticError) as caught:
        with_model(DEFAULTS, text)
    assert usage(caught)


@given(st.integers())
def test_rounds_are_taken_within_their_range(rounds: int) -> None:
    """A debate has 1 to 1000 rounds."""
    if 1 <= rounds <= 1000:
        assert rounds == with_rounds(DEFAULTS, rounds).rounds
        return
    with pytest.raises(DialecticError) as caught:
        with_rounds(DEFAULTS, rounds)
    assert "1000" in usage(caught)


def test_too_few_agents_for_a_vote_or_a_quorum_are_refused(tmp_path: Path) -> None:
    """What the file demands holds for whoever is chosen on the command line."""
    for debate in ({"synthesisMethod": "voting"}, {"failure": {"quorum": 3}}):
        settings = load(tmp_path, {"debate": debate})
        assert 3 == len(select(settings, ["kiss", "testing", "security"]).agents)
        with pytest.raises(DialecticError) as caught:
            select(settings, ["kiss", "testing"])
        assert ExitCode.USAGE == caught.value.exit_code


def test_a_recruit_follows_the_debate_s_terms(tmp_path: Path) -> None:
    """Summaries, their words and the route of the first agent are those of everybody."""
    settings = load(tmp_path, FULL)
    _, recruit = select(settings, ["kiss", "security"]).agents

    assert settings.agents[0].route == recruit.route
    assert settings.summarization == recruit.summarization
    assert settings.summary_prompt is not None
    assert (settings.summary_prompt,) == recruit.prompts


def test_questions_are_asked_unless_nobody_could_answer(tmp_path: Path) -> None:
    """The id of who answers must be free."""
    settings = load(tmp_path, {"judge": {"id": "jury"}})
    assert with_clarifications(settings).clarify
    assert with_clarifications(settings) == with_clarifications(with_clarifications(settings))
    with pytest.raises(DialecticError) as caught:
        with_clarifications(load(tmp_path, {"judge": {"id": "person"}}))
    assert ExitCode.USAGE == caught.value.exit_code
