"""The program `dialectic`: its commands (loaded when called), its errors, its exit codes.

The table below is all that help needs to know; a test holds it to what the commands say of
themselves.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module

import click
from click.core import ParameterSource

from dialectic_actors._version import __version__
from dialectic_actors.cli.diagnostics import configure
from dialectic_actors.cli.options import Commands
from dialectic_actors.cli.terminal import open_closed_streams, report, say
from dialectic_events.errors import DialecticError, ExitCode

__all__ = ["COMMANDS", "program", "run"]

COMMANDS: dict[str, tuple[str, str, str]] = {
    "debate": ("debate", "Run", "Run a debate on a problem."),
    "resume": ("resume", "Continue", "Continue a run where its log ends; nothing is paid twice."),
    "answer": ("answer", "Continue", "Answer the questions that agents ask before they debate."),
    "replay": ("replay", "Continue", "Rebuild a run's state from its log; no model is called."),
    "init": ("init", "Set up", "Write a commented debate-config.yaml to start from."),
    "config": ("config", "Set up", "Check configurations, and show what acts and why."),
    "schema": ("schema", "Set up", "Print the JSON Schema of a configuration, for editors."),
    "doctor": ("doctor", "Set up", "Look whether a debate would run here, and what mends it."),
    "ls": ("ls", "Look", "List runs, the newest first."),
    "log": ("log", "Look", "List the events of a run."),
    "show": ("show", "Look", "Show a run, or its state or event at a point."),
    "report": ("report", "Look", "Report a run, or a state file, as one page of Markdown."),
    "audit": ("audit", "Look", "Verify that logs are what was written."),
    "lint": ("lint", "Prove", "Judge a protocol before it runs: its rules, its worst case."),
    "export": ("export", "Share", "Write runs as a JSONL log, byte for byte."),
    "import": ("import_", "Share", "Take in an exported log, once it is verified."),
}
"""Each command's module in this package, its section in the help, and its line there."""


class _Program(Commands):
    """Its commands are imported when they are called, not when help is printed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"dialectic_actors.cli.{COMMANDS[cmd_name][0]}")
        command = module.command
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section in dict.fromkeys(section for _, section, _ in COMMANDS.values()):
            rows = [(name, line) for name, (_, of, line) in COMMANDS.items() if of == section]
            with formatter.section(section):
                formatter.write_dl(rows, col_max=12)


@click.group(
    cls=_Program,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "DIALECTIC"},
    epilog=(
        "A run is named by @ (the latest), @~1, its id or any unique beginning or end of it; "
        "a point in it by REF:42 or REF:r2. Every option is also a variable: "
        "DIALECTIC_DEBATE_ROUNDS=2. Each command has its own --help, with an example."
    ),
)
@click.version_option(__version__, "-V", "--version", message="%(version)s")
def program(**shared: object) -> None:
    """Multi-agent LLM debates as actors on an append-only event log.

    Try it without a key: dialectic debate "Design a rate limiter" --offline
    """


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; every error ends up here, once."""
    words = list(arguments)
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    _prepare()
    try:
        configure(os.environ)
        result = program.main(words, prog_name="dialectic", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        say(error.format_message())
        return ExitCode.USAGE
    except click.UsageError as error:
        return report(_mistake(error))
    except click.Abort:
        say("interrupted")
        return ExitCode.INTERRUPTED
    except Exception as error:
        return report(error)
    return result if isinstance(result, int) else ExitCode.DONE


def _prepare() -> None:
    """Let a polite end of the process be an interrupt, every stream be there, and every text be
    printable everywhere.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
    open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _mistake(error: click.UsageError) -> DialecticError:
    """A command line that click refused, in our own words."""
    path = error.ctx.command_path if error.ctx is not None else "dialectic"
    what, fix = error.format_message().rstrip("."), f"{path} --help shows what it takes"
    if isinstance(error, click.NoSuchOption):
        what = f"there is no option {error.option_name}"
        fix = f"did you mean {error.possibilities[0]}?" if error.possibilities else fix
    elif (variable := _variable(error)) is not None:
        return DialecticError(
            error.message.rstrip("."),
            where=f"environment variable {variable}",
            fix=f"unset {variable}, or mend it: {fix}",
            exit_code=ExitCode.CONFIGURATION,
        )
    return DialecticError(what[0].lower() + what[1:], where=path, fix=fix, exit_code=ExitCode.USAGE)


def _variable(error: click.UsageError) -> str | None:
    """The variable that holds the value which was refused; None for the words of a command line."""
    context, option = error.ctx, getattr(error, "param", None)
    if context is None or option is None:
        return None
    if context.get_parameter_source(option.name) is not ParameterSource.ENVIRONMENT:
        return None
    return str(option.envvar or f"{context.auto_envvar_prefix}_{option.name.upper()}")
