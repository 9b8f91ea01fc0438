"""Files that people write, read strictly: debate configurations, roles, prompts, providers."""

from __future__ import annotations

from dialectic_actors.settings.debate import AgentSettings, Settings
from dialectic_actors.settings.effective import Effective, effective, origins
from dialectic_actors.settings.inputs import check_problem, read_env_file, read_problem
from dialectic_actors.settings.layers import Loaded, load, load_settings, user_folder
from dialectic_actors.settings.overrides import select, with_clarifications, with_model, with_rounds
from dialectic_actors.settings.roles import load_prompts, load_role

__all__ = [
    "AgentSettings",
    "Effective",
    "Loaded",
    "Settings",
    "check_problem",
    "effective",
    "load",
    "load_prompts",
    "load_role",
    "load_settings",
    "origins",
    "read_env_file",
    "read_problem",
    "select",
    "user_folder",
    "with_clarifications",
    "with_model",
    "with_rounds",
]
