"""A role, as its YAML file states it and as the log keeps it (canonical JSON in a part)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import msgspec
from msgspec import Struct

__all__ = ["Concern", "Role", "read_role", "write_role"]


class Concern(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One line of a role's checklist: what it asks of a design, and the measure that would answer
    it.

    `words` are stems (lower case) whose presence in a text makes the concern relevant to it.
    """

    name: str
    question: str
    measure: str
    words: tuple[str, ...] = ()


class Role(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A reusable persona: how it speaks (`system_prompt`), what it looks at per turn kind
    (`focus`), its checklist.
    """

    name: str
    description: str
    system_prompt: str
    focus: Mapping[str, str] = {}
    checklist: tuple[Concern, ...] = ()


def write_role(role: Role) -> str:
    """The canonical form that a run's sources keep."""
    return msgspec.json.encode(role, order="deterministic").decode()


# A process reads the same few roles again with every run that it starts or takes up.
@lru_cache(maxsize=256)
def read_role(text: str) -> Role:
    """The role that `write_role` wrote. Raises msgspec.ValidationError for anything else."""
    return msgspec.json.decode(text, type=Role)
