"""The pytest plugin: the `dialectic` fixture and the option `--dialectic-record`.

Every pytest run of an environment with this package loads it, so nothing may be imported here but
pytest; what the fixture needs is loaded by the first test that asks for it.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dialectic_actors.testing.fixture import Dialectic

__all__ = ["dialectic", "pytest_addoption", "pytest_runtest_call"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--dialectic-record`."""
    parser.getgroup("dialectic").addoption(
        "--dialectic-record",
        choices=("none", "once", "all"),
        default="none",
        help="record cassettes of debates: none (a missing one is an error), once (missing ones), "
        "all (each one again)",
    )


@pytest.fixture
def dialectic(request: pytest.FixtureRequest) -> Iterator[Dialectic]:
    """Runs debates offline, records and replays them; the network is shut until the test ends."""
    from dialectic_actors.testing.fixture import Dialectic
    from dialectic_actors.testing.network import network_shut

    test = shlex.quote(request.node.nodeid)
    with network_shut():
        yield Dialectic(
            request.path.parent,
            record=request.config.getoption("--dialectic-record"),
            command=f"pytest {test} --dialectic-record",
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A `when` or `hears` whose outcome was never said fails its test."""
    steps = sys.modules.get("dialectic_actors.testing.unfinished")
    if steps is not None:
        steps.forget()
    yield
    steps = sys.modules.get("dialectic_actors.testing.unfinished")
    if steps is not None:
        steps.check_finished()
