"""Roles as the log keeps them."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.core.roles import Concern, Role, read_role, write_role
from dialectic_actors.testing.strategies import words

CONCERNS = st.builds(Concern, words(), words(), words(), st.lists(words(), max_size=2).map(tuple))
ROLES = st.builds(
    Role,
    words(),
    words(),
    words(),
    st.dictionaries(words(), words(), max_size=3),
    st.lists(CONCERNS, max_size=2).map(tuple),
)


@given(ROLES)
def test_a_role_comes_back(role: Role) -> None:
    """All of it, in a form that is the same whatever order its focus was written in."""
    turned = dict(reversed(list(role.focus.items())))

    assert role == read_role(write_role(role))
    assert write_role(role) == write_role(msgspec.structs.replace(role, focus=turned))


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"name":"a"}', '{"name":"a","description":"","system_prompt":"","voice":"loud"}'],
)
def test_what_is_no_role_is_refused(text: str) -> None:
    """Missing and unknown keys are errors."""
    with pytest.raises(msgspec.DecodeError):
        read_role(text)
