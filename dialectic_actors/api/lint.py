"""Judging a protocol as a library: what is wrong with it, and what it can cost at most."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from msgspec import Struct

from dialectic_actors.bootstrap import PROTOCOLS_GROUP, find_protocol
from dialectic_actors.core.exploration import Bounds, explore
from dialectic_actors.core.linter import Finding, judge
from dialectic_actors.core.protocols import Protocol, names, protocol_of
from dialectic_actors.core.worst_case import Sizes, WorstCase, worst_case
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.runs import History, Limits, Stage

__all__ = ["LintReport", "lint_protocol"]


class LintReport(Struct, frozen=True):
    """What the linter says of a protocol on one stage.

    `branches` are the ways through it that were explored; with `complete` these are all. `worst` is
    known only of a protocol without findings.
    """

    protocol: str
    agents: int
    rounds: int
    history: History
    findings: tuple[Finding, ...]
    branches: int
    complete: bool
    worst: WorstCase | None


def lint_protocol(
    protocol: str | Protocol = "debate",
    *,
    agents: int | Sequence[str] = 3,
    rounds: int = 2,
    history: History = "own",
    models: int = 1,
    limits: Limits | None = None,
    sizes: Sizes | None = None,
    bounds: Bounds | None = None,
    cwd: Path | None = None,
) -> LintReport:
    """Judge `protocol` on a stage of some `agents` (a number, or their ids) and `rounds`.

    A protocol is named as `name@version`, as `name` (its latest version), or as `module:function`,
    imported with `cwd` (default: the current directory) among the places to import from. `models`
    is the length of the longest route. Raises DialecticError when there is no such protocol.
    """
    ids = tuple(f"agent-{n}" for n in range(1, agents + 1)) if isinstance(agents, int) else agents
    if not ids or rounds < 1:
        raise DialecticError(
            f"a stage has at least one agent and one round, not {len(ids)} and {rounds}",
            fix="ask for more",
            exit_code=ExitCode.USAGE,
        )
    name, found = _found(protocol, cwd or Path.cwd())
    stage = Stage("stage", name, tuple(ids), "judge", rounds, history)
    explored = explore(found, stage, bounds)
    findings = judge(stage, explored)
    return LintReport(
        protocol=name,
        agents=len(ids),
        rounds=rounds,
        history=history,
        findings=findings,
        branches=len(explored.branches),
        complete=explored.complete,
        worst=None
        if findings
        else worst_case(explored.branches, limits, models=models, sizes=sizes),
    )


def _found(protocol: str | Protocol, cwd: Path) -> tuple[str, Protocol]:
    if not isinstance(protocol, str):
        return getattr(protocol, "__qualname__", type(protocol).__qualname__), protocol
    if ":" in protocol:
        return protocol, _imported(protocol, cwd)
    name = protocol if "@" in protocol else _latest(protocol)
    find_protocol(name)
    try:
        return name, protocol_of(Stage("stage", name, (), "", 1))
    except DialecticError as unknown:
        raise DialecticError(
            f"there is no protocol {protocol!r}",
            where=f"known: {', '.join(names())}",
            fix="name one of these, or a function as MODULE:FUNCTION",
            exit_code=ExitCode.USAGE,
        ) from unknown


def _latest(stem: str) -> str:
    """The highest version of a protocol, of all that is known or installed."""
    from importlib.metadata import entry_points

    every = (*names(), *(each.name for each in entry_points(group=PROTOCOLS_GROUP)))
    versions = [each for each in every if each.partition("@")[0] == stem]
    return max(versions, key=_version, default=stem)


def _version(name: str) -> int:
    version = name.partition("@")[2]
    return int(version) if version.isdigit() else 0


def _imported(name: str, cwd: Path) -> Protocol:
    module, _, path = name.partition(":")
    try:
        with _importing_from(cwd):
            found: Any = import_module(module)
        for each in path.split("."):
            found = getattr(found, each)
    except Exception as error:
        raise DialecticError(
            f"{name} cannot be imported: {type(error).__name__}: {error}",
            fix="write MODULE:FUNCTION as in an import, from the directory of the module",
            exit_code=ExitCode.USAGE,
        ) from error
    if not callable(found):
        raise DialecticError(
            f"{name} is no protocol but {found!r:.60}",
            fix="name a function of a stage and results that yields turns",
            exit_code=ExitCode.USAGE,
        )
    protocol: Protocol = found
    return protocol


@contextmanager
def _importing_from(place: Path) -> Iterator[None]:
    sys.path.insert(0, str(place))
    try:
        yield
    finally:
        if str(place) in sys.path:
            sys.path.remove(str(place))
