"""Options that several commands share, so that they mean the same everywhere, before a command and
after it.

What only a mistake needs is imported when it is made: help and listings shall not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource
from msgspec import Struct

from dialectic_events.errors import DialecticError, ExitCode

__all__ = [
    "Commands",
    "Showing",
    "agents",
    "answers",
    "at",
    "config",
    "env_file",
    "examples",
    "exclusive",
    "json",
    "jsonl",
    "model",
    "no_input",
    "offline",
    "output",
    "output_of",
    "plain",
    "quiet",
    "reference",
    "repeated",
    "rounds",
    "showing",
    "store",
    "verbose",
    "whole",
]

F = TypeVar("F", bound=Callable[..., Any])

store: Callable[[F], F] = click.option(
    "--store",
    metavar="URL",
    envvar="DIALECTIC_STORE",
    help="The log: a path, sqlite:PATH or memory:. Default: debates/log.db.",
)
json: Callable[[F], F] = click.option(
    "--json", is_flag=True, help="Print one JSON document on stdout."
)
verbose: Callable[[F], F] = click.option(
    "-v", "--verbose", is_flag=True, help="Show every event, and who spent what."
)
jsonl: Callable[[F], F] = click.option(
    "--jsonl", is_flag=True, help="Print the run as JSON lines: launch, each event, done."
)
plain: Callable[[F], F] = click.option(
    "--plain", is_flag=True, help="Say plain lines, draw nothing, on a terminal too."
)
quiet: Callable[[F], F] = click.option(
    "-q", "--quiet", is_flag=True, help="Say nothing on the way, and no more than needed after it."
)
env_file: Callable[[F], F] = click.option(
    "-e",
    "--env-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read keys from here; default .env.",
)
agents: Callable[[F], F] = click.option(
    "-a", "--agents", multiple=True, metavar="NAMES", help="Roles or agent ids, comma separated."
)
rounds: Callable[[F], F] = click.option(
    "-r", "--rounds", type=int, metavar="N", help="How many rounds to debate."
)
config: Callable[[F], F] = click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Configuration: JSON, YAML or TOML. Default: debate-config.json, .yaml or .toml here.",
)
model: Callable[[F], F] = click.option(
    "-m", "--model", metavar="PROVIDER/MODEL", help="One model for all agents and the judge."
)
offline: Callable[[F], F] = click.option(
    "--offline", is_flag=True, help="Rehearse: no model, no key, no network."
)
answers: Callable[[F], F] = click.option(
    "--answers",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Answers to questions: JSON, YAML or TOML, by agent, by question, or in order.",
)
no_input: Callable[[F], F] = click.option(
    "--no-input", is_flag=True, help="Ask nobody: a run that needs answers comes to rest."
)
at: Callable[[F], F] = click.option(
    "--at", metavar="POS", help="A point of the run: 42, -1, r2, 'r2/critique/security>architect'."
)
reference: Callable[[F], F] = click.argument("ref", default="@")


def output_of(what: str) -> Callable[[F], F]:
    """The option that names the file for `what` a command makes."""
    return click.option(
        "-o",
        "--output",
        type=click.Path(),
        callback=_file,
        metavar="FILE",
        help=f"{what}; - is standard output.",
    )


def _file(context: click.Context, option: click.Parameter, name: str | None) -> Path | None:
    """The file to write; None for standard output, where things go without the option."""
    return None if name is None or name == "-" else Path(name)


output: Callable[[F], F] = output_of(
    "Write the result here: .json for the whole state, else the solution"
)


def whole(ref: str) -> str:
    """A reference where a point has no meaning. Raises DialecticError (exit 2) for one of a
    point.
    """
    from dialectic_replay.references import parse_reference

    if position := parse_reference(ref).position:
        raise DialecticError(
            "this takes a run as a whole, not a point of it",
            where=ref,
            fix=f"leave out :{position}",
            exit_code=ExitCode.USAGE,
        )
    return ref


def examples(*lines: str) -> str:
    """Command lines for the end of a help page, kept as they are."""
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))


def exclusive(**given: bool) -> None:
    """Refuse more than one of some flags. Raises DialecticError (exit 2)."""
    flags = [f"--{name}" for name, is_given in given.items() if is_given]
    if len(flags) > 1:
        raise DialecticError(
            f"{' and '.join(flags)} exclude each other", fix="choose one", exit_code=ExitCode.USAGE
        )


class Showing(Struct, frozen=True):
    """How a run is shown. What a program reads (`json`, `jsonl`) is drawn over by nothing."""

    verbose: bool
    quiet: bool
    plain: bool
    json: bool
    jsonl: bool


def showing(command: Callable[..., int]) -> Callable[..., int]:
    """The options that say how a run is shown, handed to `command` as one. Two forms of output are
    refused.
    """

    @wraps(command)
    def shown(*arguments: Any, **given: Any) -> int:
        verbose, quiet, plain, json, jsonl = (given.pop(name) for name in Showing.__struct_fields__)
        exclusive(json=json, jsonl=jsonl)
        how = Showing(verbose, quiet, plain or json or jsonl, json, jsonl)
        return command(*arguments, showing=how, **given)

    for option in (jsonl, json, plain, quiet, verbose):
        shown = option(shown)
    return shown


class Commands(click.Group):
    """A group of commands. What they share may stand before them: it is handed on, so that a
    command refuses what it does not know.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.params += [
            click.Option(["--store"], metavar="URL", help="The log; as in each command."),
            click.Option(["-e", "--env-file"], metavar="FILE", help="Read keys from here."),
            click.Option(["-v", "--verbose"], is_flag=True, help="Show more."),
            click.Option(["--json"], is_flag=True, help="Print JSON."),
        ]
        for option in self.params:
            if isinstance(option, click.Option):
                option.allow_from_autoenv = False

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant, and what is handed to it."""
        names = self.list_commands(ctx)
        if args[0] not in names:
            import difflib

            close = difflib.get_close_matches(args[0], names, 1)
            raise DialecticError(
                f"there is no command {args[0]!r}",
                fix=f"did you mean {close[0]}?"
                if close
                else f"{ctx.command_path} --help lists them",
                exit_code=ExitCode.USAGE,
            )
        name, command, rest = super().resolve_command(ctx, args)
        return name, command, [*_given(ctx, self.params), *rest]


def repeated(ctx: click.Context, *names: str) -> str:
    """What a later command of the same run must be given as well, of the options `names`:
    ` --store URL`, ` -e FILE`.
    """
    import shlex

    shared = [option for option in ctx.command.params if option.name in names]
    return "".join(f" {shlex.quote(word)}" for word in _given(ctx, shared))


def _given(ctx: click.Context, options: list[click.Parameter]) -> Iterator[str]:
    """Options as they were written on the command line."""
    for option in options:
        name = option.name or ""
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            yield option.opts[-1]
            if ctx.params[name] is not True:
                yield str(ctx.params[name])
