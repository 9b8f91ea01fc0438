"""`dialectic import`: take in an exported log."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

import click

from dialectic_actors.cli import options
from dialectic_actors.cli.terminal import data, document, say

__all__ = ["command"]


@click.command("import", epilog=options.examples("dialectic import run.jsonl"))
@click.argument("file", type=click.Path(path_type=Path))
@options.json
@options.store
def command(file: Path, json: bool, store: str | None) -> int:
    """Take in the runs of FILE (a JSONL log; - is standard input), once all of it is verified.

    Importing the same file again changes nothing; a run that differs from the one that is here is
    refused.
    """
    from dialectic_actors.api.store_checks import writable_store
    from dialectic_events.jsonl_reading import read_log

    with _opened(file) as lines:
        verified = read_log(lines)
    with writable_store(store, Path.cwd()) as opened:
        report = opened.import_log(verified)
    if json:
        document("import", {name: getattr(report, name) for name in report.__struct_fields__})
        return 0
    if not verified.streams:
        say("the file holds no run: nothing was imported")
    outcomes = {
        "imported": report.added,
        "continued": report.extended,
        "known already, nothing changed": report.unchanged,
    }
    for words, runs in outcomes.items():
        for run in runs:
            data(f"{run}  {words}")
    return 0


def _opened(file: Path) -> BinaryIO:
    """The file, or standard input. Raises DialecticError (exit 2) when it cannot be read."""
    from dialectic_events.errors import DialecticError, ExitCode

    if str(file) == "-":
        return sys.stdin.buffer
    try:
        return file.open("rb")
    except OSError as failed:
        raise DialecticError(
            f"the log cannot be read: {failed.strerror}",
            where=str(file),
            fix="check the path",
            exit_code=ExitCode.USAGE,
        ) from None
