"""`dialectic config check` and `config show`: what a configuration says, before it is run with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dialectic_actors.cli import options
from dialectic_actors.cli.terminal import data, document, report, say
from dialectic_events.errors import DialecticError, ExitCode

if TYPE_CHECKING:
    from dialectic_actors.settings import Loaded, Settings

__all__ = ["command"]


@click.group("config", cls=options.Commands, epilog=options.examples("dialectic config check"))
def command(**shared: object) -> None:
    """Check configurations, and show what acts and why."""


@command.command(
    "check", epilog=options.examples("dialectic config check", "dialectic config check team.yaml")
)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@options.json
def check(file: Path | None, json: bool) -> int:
    """Look for every problem in FILE, or in what `debate` would read here.

    Says what was understood when there is none, and exits 4 otherwise. Nothing is called.
    """
    from dialectic_actors.settings import load, read_env_file, user_folder

    folder = user_folder(read_env_file(None, Path.cwd()))
    try:
        loaded = load(file, cwd=Path.cwd(), user=folder)
        problems = _problems(loaded)
    except DialecticError as unreadable:
        loaded, problems = None, [unreadable]
    settings = None if loaded is None else loaded.settings
    if json:
        document(
            "config-check",
            {
                "files": [] if loaded is None else list(_files(loaded)),
                "problems": [
                    {"what": each.what, "where": each.where, "fix": each.fix} for each in problems
                ],
                "notices": [] if settings is None else list(settings.notices),
            },
        )
    elif loaded is None or settings is None or problems:
        for problem in problems:
            report(problem)
    else:
        data(f"ok: {', '.join(_files(loaded)) or 'no file here, the built-in settings'}")
        for line in _understood(settings):
            data(f"  {line}")
        for notice in settings.notices:
            say(f"note: {notice}")
    return ExitCode.CONFIGURATION if problems else ExitCode.DONE


@command.command(
    "show", epilog=options.examples("dialectic config show", "dialectic config show --origin -r 2")
)
@options.config
@options.agents
@options.rounds
@options.model
@options.offline
@options.env_file
@click.option("--origin", is_flag=True, help="Say of each setting where it came from.")
@options.json
def show(
    config: Path | None,
    agents: tuple[str, ...],
    rounds: int | None,
    model: str | None,
    offline: bool,
    env_file: Path | None,
    origin: bool,
    json: bool,
) -> int:
    """Show the settings that `debate` would run with, as a configuration.

    Defaults stand under your own file, under the project's, under the environment
    (DIALECTIC_MODEL, DIALECTIC_ROUNDS), under the command line.
    """
    from dialectic_actors.settings import effective, origins, read_env_file

    found = effective(
        config,
        cwd=Path.cwd(),
        env=read_env_file(env_file, Path.cwd()),
        agents=agents,
        rounds=rounds,
        model=model,
        offline=offline,
    )
    if origin:
        rows = list(origins(found))
        if json:
            document(
                "config-origins", [{n: getattr(r, n) for n in r.__struct_fields__} for r in rows]
            )
            return 0
        width = max(len(row.field) for row in rows)
        for row in rows:
            data(f"{row.field:<{width}}  {row.value!s:<24}  {row.origin}")
        return 0
    _print_settings(found.settings, json=json)
    return 0


def _print_settings(settings: Settings, *, json: bool) -> None:
    from dialectic_actors.settings.written import written

    if json:
        document("config", written(settings))
        return
    import yaml

    data(yaml.safe_dump(written(settings), sort_keys=False, allow_unicode=True).rstrip())


def _problems(loaded: Loaded) -> list[DialecticError]:
    """Those of the files, and a tool that nobody brings."""
    from dialectic_actors.bootstrap import compose

    problems = list(loaded.problems)
    if loaded.settings is not None:
        try:
            compose(loaded.settings, problem="", seed=0)
        except DialecticError as failed:
            problems.append(failed)
    return problems


def _files(loaded: Loaded) -> Iterator[str]:
    yield from (layer.source for layer in loaded.document.layers if layer.places)


def _understood(settings: Settings) -> Iterator[str]:
    """The settings in a few lines."""
    for agent in settings.agents:
        route = ", then ".join(f"{model.provider}/{model.name}" for model in agent.route)
        tools = f", with {', '.join(tool.name for tool in agent.tools)}" if agent.tools else ""
        yield f"{agent.id} ({agent.role.name}) on {route}{tools}"
    route = ", then ".join(f"{model.provider}/{model.name}" for model in settings.judge.route)
    yield f"{settings.judge.id} (judge) on {route}"
    stop = settings.stop
    rounds = f"{settings.rounds} round{'s' * (settings.rounds > 1)}"
    yield (
        f"{rounds}, exactly"
        if stop is None
        else (f"at most {rounds}, until the {stop.rule} is {stop.threshold:g} of 1")
    )
    yield f"concluded by {settings.synthesis}; history: {settings.history}"
    yield f"summaries: {settings.summaries or 'none'}; questions: {_questions(settings)}"


def _questions(settings: Settings) -> str:
    asked = settings.clarifications
    if not settings.clarify:
        return "only with --clarify"
    return f"up to {asked.per_agent} an agent in up to {asked.passes} passes"
