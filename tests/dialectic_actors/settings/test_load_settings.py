"""A configuration either loads with every field acting, or is refused with its place."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.settings import load_settings
from dialectic_actors.settings.roles import DEBATING_ROLES, load_role
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.runs import (
    Clarifications,
    FailurePolicy,
    Limits,
    Model,
    StopRule,
    Summarization,
)
from support.configurations import FULL, VALUES, changed, load, outcome, paths_of, refusal


@given(st.sampled_from(paths_of(FULL)), VALUES)
def test_a_changed_value_acts_or_is_refused_at_its_place(
    tmp_path_factory: pytest.TempPathFactory, path: tuple[str | int, ...], value: object
) -> None:
    """Every replaced value changes the settings, equals the old one, or is refused with a line."""
    folder = tmp_path_factory.mktemp("settings")
    before = load(folder, FULL)
    content = changed(*path, to=value)
    after = outcome(folder, content)
    if isinstance(after, DialecticError):
        assert ExitCode.CONFIGURATION == after.exit_code
        assert re.match(rf"{re.escape(str(folder))}.*:\d+", after.where)
        assert after.fix
    else:
        assert (content == FULL) == (before == after)


@given(st.sampled_from(paths_of(FULL)), st.text(min_size=1, max_size=10))
def test_an_unknown_key_is_refused_wherever_it_stands(
    tmp_path_factory: pytest.TempPathFactory, path: tuple[str | int, ...], key: str
) -> None:
    """No key is ignored: a misspelling never silently changes what is run."""
    folder = tmp_path_factory.mktemp("settings")
    inner: Any = FULL
    for step in path:
        inner = inner[step]
    if not isinstance(inner, dict):
        return
    error = refusal(folder, changed(*path, f"x{key}", to=1))
    assert "is not known here" in error.what


def test_every_field_of_the_file_acts(tmp_path: Path) -> None:
    """What the file states is what the debate is run with."""
    settings = load(tmp_path, FULL)

    architect, kiss, testing = settings.agents
    assert ["agent-architect", "agent-kiss", "agent-testing"] == [a.id for a in settings.agents]
    assert load_role("testing").checklist == testing.role.checklist
    assert (Model("openai", "m-1"),) == architect.route
    assert (Model("openai", "m-1"), Model("openrouter", "maker/m-3")) == kiss.route
    assert (0.25, None) == (architect.temperature, kiss.temperature)
    assert Summarization(700, 300, "tokens") == architect.summarization
    assert Summarization(900, 400, "characters") == kiss.summarization == settings.summarization
    assert (["file_read", "list_files"], 4) == (
        [tool.name for tool in architect.tools],
        architect.tool_call_limit,
    )
    assert (Model("openrouter", "m-2"),) == settings.judge.route
    assert 0 == settings.judge.temperature
    assert load_role("security").checklist == settings.judge.role.checklist
    assert load_role("judge").system_prompt == settings.judge.role.system_prompt
    assert (2, "everyone", "hierarchical") == (
        settings.rounds,
        settings.history,
        settings.summaries,
    )
    assert Limits(4, 2, 0.5, 9.0, 60.0, 90.5, 7200.0) == settings.limits
    assert StopRule("quality", 0.8) == settings.stop
    assert ("merge", "named") == (settings.synthesis, settings.authors)
    assert FailurePolicy(2, "stop") == settings.failure
    assert (True, Clarifications(2, 4)) == (settings.clarify, settings.clarifications)
    assert () == settings.notices
    assert str((tmp_path / "debate-config.json").resolve()) == settings.path


def test_words_of_a_person_take_the_place_of_the_role_s(tmp_path: Path) -> None:
    """A summary prompt replaces what the role says, an agent's own the debate's; a question prompt
    is added; each remembers its file.
    """
    architect, kiss, testing = load(tmp_path, FULL).agents

    for agent, kind in ((architect, "summary"), (kiss, "other"), (testing, "shared")):
        assert f"  The words of {kind}.\n" == agent.role.focus["summary"]
        assert str(tmp_path / f"{kind}.md") in [prompt.path for prompt in agent.prompts]
    assert architect.role.focus["question"].endswith("\n\n  The words of questions.\n")
    assert architect.role.focus["question"].startswith(load_role("architect").focus["question"])
    assert load_role("kiss").focus["question"] == kiss.role.focus["question"]


def test_json_yaml_and_toml_say_the_same(tmp_path: Path) -> None:
    """The format is a matter of taste; without a known suffix the content tells it."""
    toml = '[debate]\nrounds = 4\n\n[debate.limits]\nattempts = 2\n\n[[agents]]\nid = "a"\n'
    toml += 'name = "A"\nrole = "kiss"\nmodel = "m"\nprovider = "openai"\n'
    content = {
        "debate": {"rounds": 4, "limits": {"attempts": 2}},
        "agents": [{"id": "a", "name": "A", "role": "kiss", "model": "m", "provider": "openai"}],
    }
    yaml = "debate:\n  rounds: 4\n  limits: {attempts: 2}\nagents:\n"
    yaml += "- {id: a, name: A, role: kiss, model: m, provider: openai}\n"
    texts = [(json.dumps(content), "json"), (yaml, "yaml"), (toml, "toml")]

    loaded = [
        msgspec.structs.replace(load(tmp_path, text, f"c.{suffix}"), path=None)
        for text, kind in texts
        for suffix in (kind, "conf")
    ]

    assert [loaded[0]] * 6 == loaded


def test_without_a_file_the_defaults_are_silent(tmp_path: Path) -> None:
    """Three built-in agents and a judge debate when nothing is configured."""
    settings = load_settings(None, cwd=tmp_path)

    assert ["architect", "performance", "kiss"] == [agent.role.name for agent in settings.agents]
    assert {(Model("openai", "gpt-4"),)} == {agent.route for agent in settings.agents}
    assert {0.5} == {agent.temperature for agent in settings.agents}
    assert ("judge-main", "Technical Judge", "generalist", 0.3) == (
        settings.judge.id,
        settings.judge.name,
        settings.judge.role.name,
        settings.judge.temperature,
    )
    assert (3, "own", Limits(), ()) == (
        settings.rounds,
        settings.history,
        settings.limits,
        settings.notices,
    )


def test_the_default_file_is_found_in_the_working_directory(tmp_path: Path) -> None:
    """Nobody has to name `debate-config.json`."""
    (tmp_path / "debate-config.json").write_text('{"debate": {"rounds": 7}}', "utf-8")
    assert 7 == load_settings(None, cwd=tmp_path).rounds


def test_a_partial_file_keeps_the_other_defaults(tmp_path: Path) -> None:
    """Defaults are merged field by field, never section by section."""
    settings = load(tmp_path, {"debate": {"limits": {"attempts": 9}}, "judge": {"name": "J"}})

    assert Limits(attempts=9) == settings.limits
    assert 3 == len(settings.agents)
    assert ("J", "judge-main", 0.3) == (
        settings.judge.name,
        settings.judge.id,
        settings.judge.temperature,
    )


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    """A typo in a path never falls back to paid defaults."""
    with pytest.raises(DialecticError) as caught:
        load_settings(Path("nope.json"), cwd=tmp_path)
    assert ExitCode.CONFIGURATION == caught.value.exit_code
    assert "nope.json" in caught.value.where
    assert "--config" in caught.value.fix


@pytest.mark.parametrize(
    ("path", "value", "field", "hint"),
    [
        (("agents", 1, "role"), "secruity", "agents[1].role", "`security`"),
        (("agents", 0, "provider"), "opnai", "agents[0].provider", "`openai`"),
        (("agents", 2, "temperature"), 2.1, "agents[2].temperature", "temperature"),
        (("agents", 2, "id"), "agent-kiss", "agents[2].id", "own id"),
        (("judge", "id"), "agent-kiss", "judge.id", "own id"),
        (("judge", "enabled"), False, "judge.enabled", "remove"),
        (("debate", "rounds"), 0, "debate.rounds", "rounds"),
        (("debate", "history"), "evryone", "debate.history", "`everyone`"),
        (("debate", "includeFullHistory"), False, "debate.history", "includeFullHistory"),
        (("debate", "limits", "backoff_max_s"), 0.1, "debate.limits.backoff_max_s", "backoff_s"),
        (("debate", "synthesisMethod"), "vote", "debate.synthesisMethod", "`voting`"),
        (
            ("debate", "terminationCondition", "type"),
            "convergance",
            "debate.terminationCondition.type",
            "`convergence`",
        ),
        (("debate", "terminationCondition", "threshold"), 0, "debate.terminationC", "threshold"),
        (("debate", "failure", "quorum"), 4, "debate.failure.quorum", "lower it"),
        (("debate", "failure", "onFailure"), "halt", "debate.failure.onFailure", "choose one of"),
        (("debate", "timeout"), 1000, "debate.timeout", "remove one"),
        (("debate", "summarization", "unit"), "words", "debate.summarization.unit", "characters"),
        (("agents", 0, "summarization", "method"), "length-based", "agents[0].summ", "`debate.sum"),
        (("agents", 0, "summarization", "promptPath"), "other.md", "agents[0].summ", "not both"),
        (("agents", 0, "toolCallLimit"), 0, "agents[0].toolCallLimit", "toolCallLimit"),
        (("agents", 0, "tools", 1, "name"), "file_read", "agents[0].tools[1].name", "remove it"),
        (("agents", 1, "models", 0), "opnai/m", "agents[1].models[0]", "`openai`"),
        (("agents", 1, "models", 0), "openrouter/maker/m-3", "agents[1].models[1]", "remove it"),
        (("agents", 1, "models"), [], "agents[1].models", "models"),
        (("agents", 0, "models"), ["openai/x"], "agents[0].models", "not both"),
        (("agents", 0, "id"), "person", "agents[0].id", "who answers"),
        (("judge", "id"), "person", "judge.id", "who answers"),
        (("judge", "clarificationPromptPath"), "x.md", "judge.clarificationPromptPath", "agent"),
        (("agents", 0, "temprature"), 1, "agents[0].temprature", "`temperature`"),
        (("rounds",), 1, "rounds", "belongs under `debate`"),
    ],
)
def test_a_refusal_names_line_field_and_remedy(
    tmp_path: Path, path: tuple[str | int, ...], value: object, field: str, hint: str
) -> None:
    """An error can be mended without reading the documentation."""
    content = changed(*path, to=value)
    error = refusal(tmp_path, content)

    found = re.match(r".*debate-config\.json:(\d+): (.*)", error.where)
    assert found is not None
    assert found[2].startswith(field)
    assert hint in error.fix
    line = json.dumps(content, indent=2).split("\n")[int(found[1]) - 1]
    named = re.sub(r"\[\d+\]$", "", found[2]).rpartition(".")[2]
    assert f'"{named}"' in line or json.dumps(value) in line or found[2].endswith("]")


def test_an_agent_without_a_required_field_is_refused(tmp_path: Path) -> None:
    """Identity and model of an agent are never guessed."""
    for field in ("id", "name", "role", "model", "provider"):
        content = copy.deepcopy(FULL)
        del content["agents"][2][field]
        error = refusal(tmp_path, content)
        assert f"`{field}` is missing" in error.what
        assert "agents[2]" in error.where


@pytest.mark.parametrize(
    ("table", "key", "value", "says"),
    [
        ("debate", "orchestratorType", "state-machine", "one engine"),
        ("debate", "trace", "langfuse", "nothing is sent"),
        ("debate", "terminationCondition", {"type": "fixed", "threshold": 90}, "`fixed`"),
        ("debate", "terminationCondition", {"type": "quality", "threshold": 90}, "90 of 100"),
        ("debate", "terminationCondition", {"type": "quality", "threshold": 1}, "1 of 1"),
        ("judge", "toolCallLimit", 3, "no tools"),
    ],
)
def test_what_cannot_matter_or_may_be_misread_gets_one_notice(
    tmp_path: Path, table: str, key: str, value: object, says: str
) -> None:
    """Nothing that asks for a change is ignored in silence."""
    notices = load(tmp_path, {table: {key: value}}).notices

    assert 1 == len(notices)
    assert key in notices[0]
    assert says in notices[0]


def test_summaries_that_nobody_could_be_shown_get_a_notice(tmp_path: Path) -> None:
    """Without earlier rounds there is nothing to condense, whoever asks for it."""
    content = changed("debate", "history", to="current")
    settings = load(tmp_path, content)

    assert [None] * 4 == [v.summarization for v in (*settings.agents, settings.judge)]
    assert settings.summaries is None
    for place in ("debate.summ", "agents[0].summari", "agents[0].summary", "agents[1].summ"):
        assert [place] == [place for line in settings.notices if line.startswith(f"`{place}")]


def test_summaries_that_may_be_longer_than_their_texts_get_a_notice(tmp_path: Path) -> None:
    """Once for each way of condensing that somebody has."""
    content = {"debate": {"summarization": {"threshold": 2000}}}

    assert ["2500", "2000"] == re.findall(r"\d+", " ".join(load(tmp_path, content).notices))
    content["debate"]["summarization"]["maxLength"] = 2000
    assert () == load(tmp_path, content).notices


def test_a_vote_leaves_the_judge_without_work(tmp_path: Path) -> None:
    """Whoever configures a judge that is asked nothing learns it; with `quality` it is asked."""
    content = changed("debate", "synthesisMethod", to="voting")
    assert () == load(tmp_path, content).notices
    content["debate"]["terminationCondition"] = {"type": "fixed"}
    assert "the agents vote" in load(tmp_path, content).notices[0]


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("debate", "summarization", {"enabled": True, "threshold": 5000, "unit": "characters"}),
        ("judge", "tools", []),
        ("judge", "enabled", True),
        ("debate", "includeFullHistory", True),
        ("debate", "interactiveClarifications", False),
        ("debate", "clarificationsMaxPerAgent", 5),
        ("debate", "orchestratorType", "classic"),
        ("debate", "terminationCondition", {"type": "fixed"}),
        ("debate", "failure", {"quorum": 1}),
    ],
)
def test_asking_for_what_happens_anyway_is_silent(
    tmp_path: Path, table: str, key: str, value: object
) -> None:
    """Old files that change nothing load without talk."""
    assert load(tmp_path, {table: {}}) == load(tmp_path, {table: {key: value}})


@pytest.mark.parametrize(
    ("given", "threshold"), [(0.9, 0.9), (90, 0.9), (1, 1.0), (100, 1.0), (1.5, 0.015)]
)
def test_a_threshold_is_a_share_or_so_many_of_100(
    tmp_path: Path, given: float, threshold: float
) -> None:
    """Both ways in which the older tool was documented mean what they say."""
    rule = {"type": "convergence", "threshold": given}
    stop = load(tmp_path, {"debate": {"terminationCondition": rule}}).stop
    assert StopRule("convergence", threshold) == stop


def test_disabled_summaries_can_be_enabled_for_one_agent(tmp_path: Path) -> None:
    """An agent's own keys stand over the debate's, key by key."""
    content = changed("debate", "summarization", to={"enabled": False, "threshold": 50})
    content["agents"][0]["summarization"] = {"enabled": True, "unit": "tokens"}
    settings = load(tmp_path, content)
    first, *others = (*settings.agents, settings.judge)

    assert Summarization(50, 2500, "tokens") == first.summarization
    assert {None} == {voice.summarization for voice in others}
    assert "length-based" == settings.summaries


def test_full_history_means_own_and_none_means_current(tmp_path: Path) -> None:
    """The older switch chooses between two of the three histories."""
    for switch, history in ((True, "own"), (False, "current")):
        assert history == load(tmp_path, {"debate": {"includeFullHistory": switch}}).history


def test_a_missing_judge_is_answered_with_a_notice(tmp_path: Path) -> None:
    """Whoever configures agents learns which model judges them."""
    content = {key: value for key, value in FULL.items() if key != "judge"}
    assert "gpt-4" in load(tmp_path, content).notices[0]


def test_a_persona_file_replaces_the_role_s_and_is_remembered(tmp_path: Path) -> None:
    """The path starts at the configuration's directory, and the text is used raw."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "persona.md").write_text("  Be terse.\n", "utf-8")
    agents = copy.deepcopy(FULL["agents"][1:])
    del agents[0]["summarization"]
    agents[0]["systemPromptPath"] = "../persona.md"
    (tmp_path / "sub" / "c.json").write_text(json.dumps({"agents": agents}), "utf-8")

    agent, other = load_settings(Path("sub/c.json"), cwd=tmp_path).agents

    assert "  Be terse.\n" == agent.role.system_prompt
    assert load_role("kiss").checklist == agent.role.checklist
    assert "file" == agent.origin
    assert agent.path is not None
    assert Path(agent.path).is_absolute()
    assert Path(agent.path).samefile(tmp_path / "persona.md")
    assert ("built-in", None) == (other.origin, other.path)


@pytest.mark.parametrize(
    "place",
    [
        ("agents", 1, "systemPromptPath"),
        ("judge", "systemPromptPath"),
        ("agents", 1, "clarificationPromptPath"),
        ("agents", 2, "summaryPromptPath"),
        ("agents", 1, "summarization", "promptPath"),
        ("debate", "summarization", "promptPath"),
    ],
)
def test_an_unusable_prompt_file_is_an_error(tmp_path: Path, place: tuple[str | int, ...]) -> None:
    """Nobody falls back to other words than those that were asked for."""
    (tmp_path / "blank.md").write_text(" \n", "utf-8")
    (tmp_path / "latin.md").write_bytes("é".encode("latin-1"))
    (tmp_path / "binary.md").write_bytes(b"a\0b")
    for name in ("missing.md", "blank.md", "latin.md", "binary.md", ".", " ", "a\0b"):
        assert str(place[-1]) in refusal(tmp_path, changed(*place, to=name)).where


def test_disabled_agents_are_left_out_but_checked(tmp_path: Path) -> None:
    """An agent that is switched off does not debate; its mistakes are found all the same."""
    settings = load(tmp_path, changed("agents", 1, "enabled", to=False))
    assert ["agent-architect", "agent-testing"] == [agent.id for agent in settings.agents]
    assert ("agent-kiss", "kiss") == settings.disabled

    content = changed("agents", 1, "enabled", to=False)
    content["debate"]["failure"] = {}
    content["agents"][1]["role"] = "nobody"
    assert "agents[1].role" in refusal(tmp_path, content).where


@pytest.mark.parametrize("role", [*DEBATING_ROLES, "judge"])
def test_a_judge_may_weigh_by_any_role(tmp_path: Path, role: str) -> None:
    """The judge keeps its persona and takes over the checklist of its role."""
    judge = load(tmp_path, {"judge": {"role": role}}).judge
    assert role == judge.role.name
    assert load_role(role).checklist == judge.role.checklist
    assert load_role("judge").system_prompt == judge.role.system_prompt


def test_a_vote_of_fewer_than_three_is_refused(tmp_path: Path) -> None:
    """Two who may not rank their own could only tie; a disabled agent has no vote."""
    content = changed("debate", "synthesisMethod", to="voting")
    assert "voting" == load(tmp_path, content).synthesis
    content["agents"][1]["enabled"] = False
    error = refusal(tmp_path, content)
    assert "debate.synthesisMethod" in error.where
    assert "3 agents, and 2" in error.what


def test_the_person_s_id_is_free_when_nothing_is_asked(tmp_path: Path) -> None:
    """Ids are reserved only where they are needed."""
    content = changed("agents", 0, "id", to="person")
    content["debate"]["interactiveClarifications"] = False
    assert "person" == load(tmp_path, content).agents[0].id


@pytest.mark.parametrize("suffix", ["json", "yaml", "yml", "toml"])
def test_a_default_file_is_found_in_every_format(tmp_path: Path, suffix: str) -> None:
    """Whoever prefers YAML or TOML has no path to type."""
    text = {"json": '{"debate": {"rounds": 7}}', "toml": "[debate]\nrounds = 7\n"}
    file = tmp_path / f"debate-config.{suffix}"
    file.write_text(text.get(suffix, "debate: {rounds: 7}\n"), "utf-8")
    assert 7 == load_settings(None, cwd=tmp_path).rounds


def test_two_default_files_are_refused(tmp_path: Path) -> None:
    """Which of them is meant is not guessed."""
    for suffix in ("json", "yaml"):
        (tmp_path / f"debate-config.{suffix}").write_text('{"debate": {}}', "utf-8")
    with pytest.raises(DialecticError) as caught:
        load_settings(None, cwd=tmp_path)
    assert "debate-config.yaml" in caught.value.what
    assert "--config" in caught.value.fix
