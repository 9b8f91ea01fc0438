"""The built-in roles and prompts, read from the data package and checked as strictly as a person's
files.

How a prompt is filled in belongs to the core; which role an agent has, to `debate`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from string import Template
from types import MappingProxyType

import msgspec

from dialectic_actors.core.roles import Role
from dialectic_actors.settings.suggestions import did_you_mean
from dialectic_events.errors import DialecticError, ExitCode

__all__ = ["DEBATING_ROLES", "ROLE_NAMES", "load_prompts", "load_role", "provider_names"]

DEBATING_ROLES: Mapping[str, str] = MappingProxyType(
    {
        "architect": "System Architect",
        "security": "Security Specialist",
        "performance": "Performance Engineer",
        "testing": "Test Engineer",
        "kiss": "Simplicity Advocate",
        "generalist": "Engineering Lead",
        "datamodeling": "Data Modeler",
    }
)
"""Roles that may debate, each with the name of its built-in agent."""

ROLE_NAMES = (*DEBATING_ROLES, "judge")
"""Every built-in role."""

_TASK = frozenset({"problem", "focus", "history", "shown"})
_PLACEHOLDERS: Mapping[str, frozenset[str]] = {
    "system": frozenset({"persona", "checklist"}),
    "question": _TASK | {"limit"},
    "summary": _TASK | {"limit"},
    "proposal": _TASK,
    "critique": _TASK,
    "refinement": _TASK,
    "assessment": _TASK,
    "ballot": _TASK,
    "synthesis": _TASK,
    "merge": _TASK,
}


@cache
def load_role(name: str) -> Role:
    """The built-in role `name`. Raises DialecticError (exit 4) for an unknown name or a broken
    file.
    """
    if name not in ROLE_NAMES:
        fix = did_you_mean(name, ROLE_NAMES)
        raise DialecticError(
            f"there is no role `{name}`", fix=fix, exit_code=ExitCode.CONFIGURATION
        )
    from dialectic_actors.settings.yaml_text import parse_yaml

    file = f"roles/{name}.yaml"
    value, _ = parse_yaml(_read(file), file)
    try:
        role = msgspec.convert(value, Role)
    except msgspec.ValidationError as failed:
        raise _broken(file, str(failed)) from None
    if role.name != name:
        raise _broken(file, f"calls itself `{role.name}`")
    return role


@cache
def load_prompts() -> Mapping[str, str]:
    """The prompt templates by name: `system`, one for each kind of turn that asks a model, and
    `merge` for a synthesis that merges.

    Raises DialecticError (exit 4) when a template is malformed, names a placeholder that nothing
    fills, or leaves the problem out.
    """
    prompts = {kind: _read(f"prompts/{kind}.md") for kind in _PLACEHOLDERS}
    for kind, text in prompts.items():
        check_template(f"prompts/{kind}.md", text, kind)
    return MappingProxyType(prompts)


def check_template(file: str, text: str, kind: str) -> None:
    """Raise DialecticError (exit 4) unless `text` can serve as the template of `kind`."""
    template = Template(text)
    if not template.is_valid():
        raise _broken(
            file, "holds a `$` that begins no placeholder; write `$$` for the sign itself"
        )
    named = set(template.get_identifiers())
    for unknown in sorted(named - _PLACEHOLDERS[kind]):
        raise _broken(file, f"names `${unknown}`, which nothing fills")
    for missing in sorted(_PLACEHOLDERS[kind] - named - {"checklist", "focus"}):
        raise _broken(file, f"does not name `${missing}`, so nobody would be shown it")


def provider_names() -> tuple[str, ...]:
    """The providers that the data package describes, in alphabetical order."""
    folder = resources.files("dialectic_configs") / "providers"
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


def _read(file: str) -> str:
    try:
        return (resources.files("dialectic_configs") / file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failed:
        raise _broken(file, f"cannot be read: {failed}") from None


def _broken(file: str, what: str) -> DialecticError:
    fix = "install dialectic-actors again, or correct the file"
    return DialecticError(
        what, where=f"dialectic_configs/{file}", fix=fix, exit_code=ExitCode.CONFIGURATION
    )
