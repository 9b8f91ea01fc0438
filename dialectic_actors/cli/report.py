"""`dialectic report`: a run, or a state file, as one page of Markdown; and the report that `debate`
writes beside its result.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dialectic_actors.cli import options
from dialectic_actors.cli.terminal import data, safe, say
from dialectic_events.errors import DialecticError, ExitCode

if TYPE_CHECKING:
    from dialectic_actors.api.outcome import Outcome
    from dialectic_actors.api.store import Store

__all__ = ["command", "report_path", "write_report"]


@click.command(
    "report",
    epilog=options.examples(
        "dialectic report",
        "dialectic report @~1 -o report.md -v",
        "dialectic report --debate debates/deb-20260102-030405-abcd.json",
    ),
)
@click.argument("ref", required=False)
@click.option(
    "--debate",
    "state",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Report a state file instead, of any version of dialectic.",
)
@click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With --debate: the configuration that names its agents.",
)
@options.output_of("Write the report here, its directory is made")
@click.option("-v", "--verbose", is_flag=True, help="Add latency and tokens to each contribution.")
@options.at
@options.store
def command(
    ref: str | None,
    state: Path | None,
    config: Path | None,
    output: Path | None,
    verbose: bool,
    at: str | None,
    store: str | None,
) -> int:
    """Report REF (default: the latest run) as Markdown.

    Nothing is called and nothing is stored: no key, no network.
    """
    from dialectic_actors.api.reports import report_of_run, report_of_state
    from dialectic_actors.api.store import Store

    _refuse_mixed(ref or at, state, config)
    if output is not None:
        _check(output)
    if state is not None:
        page = report_of_state(state, config=config, verbose=verbose)
    else:
        with Store(store, must_exist=True) as opened:
            point = opened.resolve(ref or "@", at).text
            page = report_of_run(opened, point, verbose=verbose)
    if output is None:
        data(page.rstrip("\n"))
    else:
        _write(page, output)
    return ExitCode.DONE


def report_path(path: Path) -> Path:
    """Where the report of a debate goes: with `.md`, and to a place that can be written.

    Raises DialecticError (exit 2) for any other, before anything is paid for.
    """
    if path.suffix.lower() != ".md":
        path = path.with_name(f"{path.name}.md") if path.name else path
        say(f"note: the report is Markdown: it goes to {path}")
    _check(path)
    return path


def write_report(store: Store, outcome: Outcome, path: Path, *, verbose: bool) -> None:
    """Write the report of a run at rest. A failure is said, and changes nothing else."""
    from dialectic_actors.api.reports import report_of_run

    try:
        _write(report_of_run(store, outcome.ref, run=outcome.run, verbose=verbose), path)
    except (OSError, DialecticError) as error:
        say(f"warning: the report was not written to {path}: {error}")
        say(f"dialectic report {outcome.ref} -o {path} tries again")


def _write(page: str, path: Path) -> None:
    from dialectic_actors.api.files import write_atomically

    write_atomically(path, safe(page))
    say(f"wrote the report to {path}")


def _check(path: Path) -> None:
    """Refuse a place that could not be written, its directories made."""
    from dialectic_actors.api.files import refuse_database

    refuse_database(path)
    above = next((each for each in path.absolute().parents if each.exists()), Path("/"))
    if path.is_dir():
        what, fix = "the report is a directory", "name a file"
    elif not above.is_dir():
        what, fix = f"{above} is not a directory", "choose another place"
    elif not os.access(path if path.exists() else above, os.W_OK):
        what, fix = "the report cannot be written", "choose another place, or mend its rights"
    else:
        return
    raise DialecticError(what, where=str(path), fix=fix, exit_code=ExitCode.USAGE)


def _refuse_mixed(ref: str | None, state: Path | None, config: Path | None) -> None:
    if ref is not None and state is not None:
        what, fix = "a run and a state file exclude each other", "name one of them"
    elif config is not None and state is None:
        what, fix = "a run knows its own agents", "leave out --config, or add --debate"
    else:
        return
    raise DialecticError(what, fix=fix, exit_code=ExitCode.USAGE)
