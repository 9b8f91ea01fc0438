"""Protocols of one's own: registered under a version once and for all, or for a block of a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dialectic_actors import bootstrap
from dialectic_actors.bootstrap import PROTOCOLS_GROUP, find_protocol
from dialectic_actors.core import protocols
from dialectic_actors.core.protocols import (
    Results,
    installed,
    is_known,
    names,
    protocol_of,
    register,
)
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.runs import Stage
from dialectic_events.turns import Turn


def panel(stage: Stage, results: Results) -> Iterator[Turn]:
    """One turn, and nothing else."""
    yield Turn(id="panel/x", kind="synthesis", speaker=stage.judge)


def other(stage: Stage, results: Results) -> Iterator[Turn]:
    """Other rules."""
    yield from ()


def stage(name: str) -> Stage:
    """A stage that uses a protocol."""
    return Stage("s", name, ("a",), "judge", 1)


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it."""
    monkeypatch.setattr(protocols, "_brought", {})


def test_a_registered_protocol_is_found_by_its_stages() -> None:
    """Under its name and version; registering it again changes nothing."""
    register("panel@1", panel)
    register("panel@1", panel)

    assert panel is protocol_of(stage("panel@1"))
    assert ("debate@1", "panel@1") == names()


@pytest.mark.parametrize(
    "name", ["panel", "panel@", "panel@0", "panel@x", "@1", "Panel@1", "a b@1", "a--b@1", "p@1\n"]
)
def test_a_name_without_a_version_is_refused(name: str) -> None:
    """A run must be able to say for ever under which rules it began."""
    for act in (register, lambda *pair: installed(*pair).__enter__()):
        with pytest.raises(DialecticError, match="no name of a protocol") as refusal:
            act(name, panel)
        assert "test_registry.panel" in refusal.value.where
    assert not is_known(name)


@pytest.mark.parametrize("name", ["panel@1", "debate@1"])
def test_a_version_is_never_replaced(name: str) -> None:
    """Neither a built-in one nor one that was brought; the next version is free."""
    if name == "panel@1":
        register(name, panel)
    before = protocol_of(stage(name))

    with pytest.raises(DialecticError, match="is taken by") as refusal:
        register(name, other)

    assert name.replace("1", "2") in refusal.value.fix
    assert before is protocol_of(stage(name))


@pytest.mark.parametrize("name", ["panel@1", "debate@1"])
def test_a_protocol_is_installed_for_a_block(name: str) -> None:
    """Blocks nest, may stand in for built-in protocols, and leave all as it was, errors or not."""
    known = is_known(name)
    with suppress(ZeroDivisionError), installed(name, panel):
        with installed(name, other):
            assert other is protocol_of(stage(name))
        assert panel is protocol_of(stage(name))
        _ = 1 // 0

    assert known == is_known(name)
    assert not known or protocols.PROTOCOLS[name] is protocol_of(stage(name))


def package(folder: Path, name: str, entry: str, code: str = "") -> None:
    """An installed package that names one protocol."""
    information = folder / f"{name}-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[{PROTOCOLS_GROUP}]\n{entry}\n")
    (folder / f"{name}.py").write_text(code)


def test_an_installed_package_brings_its_protocol_when_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not before: the package is imported for the stage that needs it."""
    package(tmp_path, "brought_panel", "panel@7 = brought_panel:turns", "def turns(*_): yield 7\n")
    monkeypatch.syspath_prepend(tmp_path)

    find_protocol("panel@6")
    assert not is_known("panel@7")
    find_protocol("panel@7")
    find_protocol("panel@7")

    assert "brought_panel" == protocol_of(stage("panel@7")).__module__


def test_built_in_protocols_cost_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking through the installed packages takes longer than a listing may."""
    monkeypatch.setattr("importlib.metadata.entry_points", None)

    find_protocol("debate@1")

    with pytest.raises(TypeError):
        bootstrap.find_protocol("debate@2")


@pytest.mark.parametrize(
    ("entries", "what"),
    [
        (("broken_panel", "panel@1 = broken_panel:nobody"), "cannot be loaded"),
        (("broken_panel", "panel@1 = no_such_module:nobody"), "cannot be loaded"),
    ],
)
def test_a_broken_package_is_named(
    entries: tuple[str, str], what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the entry point and what went wrong, before anything is paid."""
    package(tmp_path, *entries)
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(DialecticError, match=what) as refusal:
        find_protocol("panel@1")

    assert "broken_panel" in refusal.value.where
    assert ExitCode.CONFIGURATION == refusal.value.exit_code


def test_two_packages_of_one_name_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which of them would be taken must not depend on the order of a search."""
    package(tmp_path, "first_panel", "panel@1 = first_panel:turns")
    package(tmp_path, "second_panel", "panel@1 = second_panel:turns")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(DialecticError, match="first_panel:turns, second_panel:turns"):
        find_protocol("panel@1")
