"""Files that people write, read strictly: debate configurations, roles, prompts, providers."""

from __future__ import annotations

from dialectic_actors.settings.debate import AgentSettings, Settings, load_settings
from dialectic_actors.settings.inputs import read_env_file, read_problem
from dialectic_actors.settings.overrides import select, with_model, with_rounds
from dialectic_actors.settings.roles import load_prompts, load_role

__all__ = [
    "AgentSettings",
    "Settings",
    "load_prompts",
    "load_role",
    "load_settings",
    "read_env_file",
    "read_problem",
    "select",
    "with_model",
    "with_rounds",
]
