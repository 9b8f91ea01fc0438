"""Tools of installed packages: found when they are named, refused when they are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialectic_actors.tools import bring, find_tool, specs
from dialectic_actors.tools.brought import TOOLS_GROUP
from dialectic_events.errors import DialecticError, ExitCode

TOOL = """
from dialectic_events.contents import ToolSpec

class Tickets:
    spec = ToolSpec("tickets", "Count tickets.", {"type": "object"})

    def __call__(self, arguments):
        return 7

class Later(Tickets):
    async def __call__(self, arguments):
        return 7

class Unchecked(Tickets):
    spec = ToolSpec("tickets", "", {"type": "object", "oneOf": []})

async def later(arguments):
    return 7

later.spec = Tickets.spec
tickets, unchecked, wordless, later_too = Tickets(), Unchecked(), print, Later()
"""


def package(folder: Path, name: str, *entries: str, code: str = TOOL) -> None:
    """An installed package that names tools."""
    information = folder / f"{name}-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    listed = "\n".join(entries)
    (information / "entry_points.txt").write_text(f"[{TOOLS_GROUP}]\n{listed}\n")
    (folder / f"{name}.py").write_text(code)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose packages are installed."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_an_installed_package_brings_its_tool(installed: Path) -> None:
    """Under the name of its entry point, and no other."""
    package(installed, "brought_tickets", "tickets = brought_tickets:tickets")

    tool = find_tool("tickets")

    assert tool is not None
    assert 7 == tool({})
    assert find_tool("ticket") is None
    assert {"tickets": tool} == bring(["file_read", "tickets", "tickets"])
    assert ["tickets", "file_read"] == [spec.name for spec in specs(["tickets", "file_read"])]


def test_built_in_tools_cost_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking through the installed packages takes longer than a listing may."""
    monkeypatch.setattr("importlib.metadata.entry_points", None)

    assert 2 == len(specs(["context_search", "list_files"]))
    with pytest.raises(TypeError):
        specs(["tickets"])


def test_a_package_cannot_take_the_place_of_a_built_in_tool(installed: Path) -> None:
    """What `file_read` may read does not depend on what else is installed."""
    package(installed, "false_reader", "file_read = false_reader:tickets")

    assert {} == bring(["file_read"])
    assert "Count tickets." != specs(["file_read"])[0].description


@pytest.mark.parametrize(
    ("name", "advice"),
    [("file_raed", "did you mean `file_read`?"), ("ticket", "did you mean `tickets`?")],
)
def test_an_unknown_tool_is_refused_with_what_was_meant(
    name: str, advice: str, installed: Path
) -> None:
    """Built-in tools are suggested and brought ones."""
    package(installed, "some_tickets", "tickets = some_tickets:tickets")

    with pytest.raises(DialecticError, match=f"there is no tool `{name}`") as refusal:
        specs([name])

    assert advice == refusal.value.fix
    assert ExitCode.CONFIGURATION == refusal.value.exit_code


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        ("tickets = broken_tickets:nothing", "cannot be loaded: AttributeError"),
        ("tickets = no_such_module:tickets", "cannot be loaded: ModuleNotFoundError"),
        ("tickets = broken_tickets:wordless", "it is not a callable with a `spec`"),
        ("tickets = broken_tickets:Tickets.spec", "it is not a callable with a `spec`"),
        ("tickets = broken_tickets:Tickets", "it is a class; name an instance of it"),
        ("tickets = broken_tickets:later", "it is asynchronous"),
        ("tickets = broken_tickets:later_too", "it is asynchronous"),
        ("tickets = broken_tickets:unchecked", "its parameters cannot be checked: .*oneOf"),
        ("others = broken_tickets:tickets", "its `spec` is of 'tickets'"),
    ],
)
def test_a_broken_tool_is_named(entry: str, what: str, installed: Path) -> None:
    """With the entry point and what is wrong, before anything is paid."""
    package(installed, "broken_tickets", entry)

    with pytest.raises(DialecticError, match=what) as refusal:
        find_tool(entry.partition(" ")[0])

    assert entry.partition("= ")[2] in refusal.value.where
    assert "broken_tickets" in refusal.value.where
    assert ExitCode.CONFIGURATION == refusal.value.exit_code


def test_two_packages_of_one_name_are_refused(installed: Path) -> None:
    """Which of them would be taken must not depend on the order of a search."""
    package(installed, "first_tickets", "tickets = first_tickets:tickets")
    package(installed, "second_tickets", "tickets = second_tickets:tickets")

    with pytest.raises(DialecticError, match="first_tickets:tickets, second_tickets:tickets"):
        find_tool("tickets")
