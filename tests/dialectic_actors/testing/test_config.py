"""A config opens a real debate, or says why it cannot."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from dialectic_actors.actors.cast import cast_of
from dialectic_actors.core.roles import read_role
from dialectic_actors.settings.roles import DEBATING_ROLES, load_prompts, load_role
from dialectic_actors.testing.config import Config
from dialectic_actors.testing.driving import CALM, perform, play
from dialectic_actors.testing.strategies import configs
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.parts import refer
from dialectic_events.runs import RunConcluded


@given(configs())
def test_an_opening_has_all_that_a_run_needs(config: Config) -> None:
    """Every source's text comes along, everybody has a role, and the debate comes to its end."""
    opened, texts = config.opening()

    assert {source.part for source in opened.sources} == texts.keys()
    assert all(refer(text) == part for part, text in texts.items())
    assert {*config.speakers, "judge"} == cast_of(opened, texts.__getitem__).roles.keys()
    assert (config.problem, config.seed) == (opened.problem, opened.seed)
    assert RunConcluded(outcome="complete") == play([opened], perform(CALM))[-1]


def test_agents_speak_with_the_shipped_roles_and_prompts() -> None:
    """The first ones in their order; who comes after them has a persona of its own."""
    config = Config(agents=len(DEBATING_ROLES) + 1)
    opened, texts = config.opening()
    sources = {source.name: texts[source.part] for source in opened.sources}

    assert (*DEBATING_ROLES, "agent-8") == config.speakers
    for name in DEBATING_ROLES:
        assert load_role(name) == read_role(sources[f"role/{name}"])
    assert "agent-8" in read_role(sources["role/agent-8"]).system_prompt
    assert load_prompts()["critique"] == sources["prompt/critique"]


def test_an_opening_is_one_s_own() -> None:
    """What a test does to its texts reaches no other opening."""
    _, texts = Config().opening()
    texts.clear()

    assert Config().opening()[1]


def test_what_a_config_names_is_what_runs() -> None:
    """Routes, protocol, rounds and history are taken over."""
    config = Config(
        agents=("ada", "bob"),
        rounds=3,
        history="everyone",
        protocol="debate@1",
        route=("large", "small"),
    )
    opened, _ = config.opening()
    (stage,) = opened.stages

    assert (("ada", "bob"), "judge", 3, "everyone", "debate@1") == (
        stage.agents,
        stage.judge,
        stage.rounds,
        stage.history,
        stage.protocol,
    )
    assert {("large", "small")} == {tuple(m.name for m in each.route) for each in opened.agents}


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"agents": 0}, "nobody speaks"),
        ({"agents": -1}, "nobody speaks"),
        ({"agents": ()}, "nobody speaks"),
        ({"agents": ("ada", "ada")}, "not told apart"),
        ({"agents": ("ada", "judge")}, "not told apart"),
        ({"rounds": 0}, "0 rounds"),
        ({"route": ()}, "route is empty"),
    ],
)
def test_what_no_debate_can_be_opened_with_is_refused(fields: dict[str, Any], what: str) -> None:
    """At once, with what would do instead."""
    with pytest.raises(DialecticError, match=what) as refusal:
        Config(**fields)

    assert ExitCode.CONFIGURATION == refusal.value.exit_code
    assert refusal.value.fix
