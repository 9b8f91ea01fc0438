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
from dialectic_events.runs import Limits, Model
from support.configurations import FULL, changed, load, outcome, refusal


def paths_of(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths of everything inside `value`."""
    entries: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        entries = list(value.items())
    elif isinstance(value, list):
        entries = list(enumerate(value))
    return [path] * bool(path) + [
        inner for step, each in entries for inner in paths_of(each, (*path, step))
    ]


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10_000_000),
    st.floats(allow_nan=False),
    st.text(max_size=20),
    st.sampled_from(["own", "current", "kiss", "judge", "openai", "voting", "agent-kiss"]),
    st.lists(st.none(), max_size=2),
    st.dictionaries(st.text(max_size=5), st.integers(), min_size=1, max_size=2),
)


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

    assert ["agent-architect", "agent-kiss", "agent-testing"] == [a.id for a in settings.agents]
    assert [load_role(role) for role in ("architect", "kiss", "testing")] == [
        agent.role for agent in settings.agents
    ]
    assert (Model("openai", "m-1"),) == settings.agents[0].route
    assert 0.25 == settings.agents[0].temperature
    assert (Model("openrouter", "m-2"),) == settings.judge.route
    assert 0 == settings.judge.temperature
    assert load_role("security").checklist == settings.judge.role.checklist
    assert load_role("judge").system_prompt == settings.judge.role.system_prompt
    assert (2, "everyone") == (settings.rounds, settings.history)
    assert Limits(4, 2, 0.5, 9.0, 60.0) == settings.limits
    assert () == settings.notices
    assert str((tmp_path / "debate-config.json").resolve()) == settings.path


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
        (("agents",), [], "agents", "leave `agents` out"),
        (("debate", "rounds"), 0, "debate.rounds", "rounds"),
        (("debate", "history"), "evryone", "debate.history", "`everyone`"),
        (("debate", "includeFullHistory"), False, "debate.history", "includeFullHistory"),
        (("debate", "limits", "backoff_max_s"), 0.1, "debate.limits.backoff_max_s", "backoff_s"),
        (("debate", "synthesisMethod"), "voting", "debate.synthesisMethod", "`judge`"),
        (
            ("debate", "terminationCondition", "type"),
            "convergence",
            "debate.terminationCondition.type",
            "`fixed`",
        ),
        (("debate", "interactiveClarifications"), True, "debate.interactiveClar", "problem"),
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
    assert f'"{field.rpartition(".")[2]}' in line


def test_an_agent_without_a_required_field_is_refused(tmp_path: Path) -> None:
    """Identity and model of an agent are never guessed."""
    for field in ("id", "name", "role", "model", "provider"):
        content = copy.deepcopy(FULL)
        del content["agents"][1][field]
        error = refusal(tmp_path, content)
        assert f"`{field}` is missing" in error.what
        assert "agents[1]" in error.where


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("debate", "summarization"), {"enabled": True, "threshold": 10}),
        (("agents", 1, "summarization"), {}),
        (("agents", 1, "summaryPromptPath"), "x.md"),
        (("judge", "clarificationPromptPath"), "x.md"),
        (("agents", 0, "tools"), [{"name": "file_read"}]),
        (("agents", 0, "toolCallLimit"), 3),
        (("debate", "timeoutPerRound"), 1000),
        (("debate", "clarificationsMaxPerAgent"), 2),
        (("debate", "clarificationsMaxIterations"), 2),
        (("debate", "orchestratorType"), "state-machine"),
        (("debate", "trace"), "langfuse"),
    ],
)
def test_a_setting_that_does_not_act_gets_one_notice(
    tmp_path: Path, path: tuple[str | int, ...], value: object
) -> None:
    """Nothing that asks for a change is ignored in silence."""
    notices = load(tmp_path, changed(*path, to=value)).notices

    assert 1 == len(notices)
    assert str(path[-1]) in notices[0]
    assert "does not act in this version" in notices[0]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("debate", "summarization"), {"enabled": False, "threshold": 10}),
        (("agents", 0, "tools"), []),
        (("agents", 0, "enabled"), True),
        (("judge", "enabled"), True),
        (("debate", "includeFullHistory"), True),
        (("debate", "interactiveClarifications"), False),
        (("debate", "clarificationsMaxPerAgent"), 5),
        (("debate", "orchestratorType"), "classic"),
    ],
)
def test_asking_for_what_happens_anyway_is_silent(
    tmp_path: Path, path: tuple[str | int, ...], value: object
) -> None:
    """Old files that change nothing load without talk."""
    assert load(tmp_path, FULL) == load(tmp_path, changed(*path, to=value))


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
    content = changed("agents", 0, "systemPromptPath", to="../persona.md")
    (tmp_path / "sub" / "c.json").write_text(json.dumps(content), "utf-8")

    agent, other, _ = load_settings(Path("sub/c.json"), cwd=tmp_path).agents

    assert "  Be terse.\n" == agent.role.system_prompt
    assert load_role("architect").checklist == agent.role.checklist
    assert "file" == agent.origin
    assert agent.path is not None
    assert Path(agent.path).is_absolute()
    assert Path(agent.path).samefile(tmp_path / "persona.md")
    assert ("built-in", None) == (other.origin, other.path)


def test_an_unusable_persona_file_is_an_error(tmp_path: Path) -> None:
    """A role never falls back to another persona than the one asked for."""
    (tmp_path / "blank.md").write_text(" \n", "utf-8")
    (tmp_path / "latin.md").write_bytes("é".encode("latin-1"))
    (tmp_path / "binary.md").write_bytes(b"a\0b")
    for name in ("missing.md", "blank.md", "latin.md", "binary.md", ".", " ", "a\0b"):
        for place in (("agents", 1), ("judge",)):
            error = refusal(tmp_path, changed(*place, "systemPromptPath", to=name))
            assert "systemPromptPath" in error.where


def test_disabled_agents_are_left_out_but_checked(tmp_path: Path) -> None:
    """An agent that is switched off does not debate; its mistakes are found all the same."""
    settings = load(tmp_path, changed("agents", 1, "enabled", to=False))
    assert ["agent-architect", "agent-testing"] == [agent.id for agent in settings.agents]
    assert ("agent-kiss", "kiss") == settings.disabled

    content = changed("agents", 1, "enabled", to=False)
    content["agents"][1]["role"] = "nobody"
    assert "agents[1].role" in refusal(tmp_path, content).where


@pytest.mark.parametrize("role", [*DEBATING_ROLES, "judge"])
def test_a_judge_may_weigh_by_any_role(tmp_path: Path, role: str) -> None:
    """The judge keeps its persona and takes over the checklist of its role."""
    judge = load(tmp_path, {"judge": {"role": role}}).judge
    assert role == judge.role.name
    assert load_role(role).checklist == judge.role.checklist
    assert load_role("judge").system_prompt == judge.role.system_prompt
