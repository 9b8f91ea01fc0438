"""A user's checker follows the kit: right uses pass `mypy --strict`, wrong ones are reported."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from support.checkout import ROOT

RIGHT = """
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given as for_all
from msgspec import Struct

from dialectic_actors.actors.debate import DebateBehavior
from dialectic_actors.actors.messages import Append, Committed, Deed, Order, Tell
from dialectic_actors.core.commands import Open, PlaceCall
from dialectic_actors.core.decide import State
from dialectic_actors.testing.config import Config
from dialectic_actors.testing.deciders import Decider, given
from dialectic_actors.testing.matching import ANY, some
from dialectic_actors.testing.playbooks import playbook
from dialectic_actors.testing.store_contract.contract import StoreContract
from dialectic_actors.testing.store_contract.setting import Clock
from dialectic_actors.testing.stories import Told
from dialectic_actors.testing.strategies import configs, logs
from dialectic_events.calls import CallRequested
from dialectic_events.envelope import Head
from dialectic_events.store import Store
from dialectic_events.stores.memory import MemoryStore

opened, texts = Config(agents=("ada",), rounds=1).opening()
given(opened).when(PlaceCall("t", ())).then(some(CallRequested, turn="t", plan=ANY), ANY)
given().when(Open(opened)).then(opened).when(Open(opened)).then_nothing()
playbook(DebateBehavior(State())).hears(Order("o", Open(opened))).does(some(Append))
with playbook(DebateBehavior(State())) as book:
    book.hears(Committed(Head())).does(Tell("agent/ada", ANY)).hears(Committed(Head()))


class Ping(Struct, frozen=True):
    times: int


class Echo:
    def receive(self, message: Ping) -> Iterator[str]:
        yield from ["pong"] * message.times


playbook(Echo()).hears(Ping(2)).does("pong", "pong").hears(Ping(0)).does_nothing()


def decide(state: int, command: Ping) -> list[str]:
    return ["more"] * command.times


counter: Decider[int, Ping, str] = Decider(decide, lambda state, event: state + 1, int)
counter.given("more").when(Ping(1)).then("more").when(Ping(-1)).then_refuses(ValueError, "less")


@for_all(configs(max_agents=2), logs())
def test_a_log(config: Config, log: Told) -> None:
    assert log[0] == config.opening()[0]


class TestMine(StoreContract):
    def make_store(self, clock: Clock, folder: Path) -> Store:
        return MemoryStore(clock)
"""

WRONG = """
from dialectic_actors.actors.debate import DebateBehavior
from dialectic_actors.actors.messages import Due, Order, Release
from dialectic_actors.core.commands import Open
from dialectic_actors.core.decide import State
from dialectic_actors.testing.config import Config
from dialectic_actors.testing.deciders import given
from dialectic_actors.testing.matching import some
from dialectic_actors.testing.playbooks import playbook
from dialectic_actors.testing.store_contract.contract import StoreContract
from dialectic_actors.testing.strategies import logs
from dialectic_events.calls import CallRequested
from right import Echo, Ping, counter, opened

Config(agents=["ada"])  # arg-type
Config(history="all")  # arg-type
given("an event")  # arg-type
given(opened).when(opened)  # arg-type
given().when(Open(opened)).then(Open(opened))  # arg-type
given().when(Open(opened)).then_refuses("ValueError")  # arg-type
given().then(opened)  # attr-defined
counter.given("more").when(Due("x"))  # arg-type
counter.given(3)  # arg-type
playbook(DebateBehavior(State())).hears(Release(()))  # arg-type
playbook(DebateBehavior(State())).hears(Due("x")).does(Due("x"))  # arg-type
playbook(DebateBehavior(State())).does(Release(()))  # attr-defined
playbook(Echo()).hears(Ping(1)).does(1)  # arg-type
playbook(Echo()).hears(Ping(1)).hears(Ping(2))  # attr-defined
playbook(3)  # arg-type
given().when(Open(opened)).then(some(Due))  # arg-type
logs(agents=3)  # call-arg


class TestMine(StoreContract):
    def make_store(self) -> int:  # override
        return 1
"""


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[int, str]]]:
    """What mypy says about both files: lines and error codes."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "right.py").write_text(RIGHT, encoding="utf-8")
    (folder / "wrong.py").write_text(WRONG, encoding="utf-8")
    rooms = (ROOT, ROOT / "events", ROOT / "replay", ROOT / "configs")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--follow-imports=silent",
            "--config-file=",
            "--cache-dir",
            str(folder / "cache"),
            "right.py",
            "wrong.py",
        ],
        check=False,
        cwd=folder,
        env={"MYPYPATH": ":".join(map(str, rooms)), "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert not done.stderr, done.stderr
    found: dict[str, list[tuple[int, str]]] = {"right.py": [], "wrong.py": []}
    error = re.compile(r"^(\w+\.py):(\d+): error: .*\[([\w-]+)\]$", re.MULTILINE)
    for name, line, code in error.findall(done.stdout):
        found[name].append((int(line), code))
    return found


def test_right_uses_pass(reported: dict[str, list[tuple[int, str]]]) -> None:
    """Nothing needs a cast, an annotation or an exception."""
    assert [] == reported["right.py"]


def test_wrong_uses_are_reported(reported: dict[str, list[tuple[int, str]]]) -> None:
    """Each at its line, for its reason, and nothing else."""
    expected = [
        (number, line.partition("  # ")[2])
        for number, line in enumerate(WRONG.splitlines(), 1)
        if "  # " in line
    ]

    assert expected == reported["wrong.py"]
