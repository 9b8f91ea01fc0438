"""`dialectic doctor`: whether a debate would run here, and what mends what would not."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dialectic_actors.cli import options
from dialectic_actors.cli.terminal import data, document

if TYPE_CHECKING:
    from dialectic_actors.api.doctor import Diagnosis

__all__ = ["command"]

_NARROW = 60


@click.command("doctor", epilog=options.examples("dialectic doctor", "dialectic doctor --offline"))
@click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The configuration that a debate would use.",
)
@click.option("--offline", is_flag=True, help="Ask no server.")
@options.env_file
@options.json
@options.store
def command(
    config: Path | None, offline: bool, env_file: Path | None, json: bool, store: str | None
) -> int:
    """Look whether a debate would run here, one line for each thing that it needs.

    Of the log, it verifies the newest run. Ends with 0 unless there is a problem, else with that of
    the gravest: 5 when the log is not what was written, 4 when it is one of configuration, 3 when
    it is a provider's.
    """
    import msgspec

    from dialectic_actors.api.doctor import diagnose, exit_code_of
    from dialectic_actors.settings import read_env_file

    env = read_env_file(env_file, Path.cwd())
    found: list[Diagnosis] = []
    for each in diagnose(env=env, config=config, store=store, offline=offline):
        found.append(each)
        if not json:
            _print(each)
    terminal = _terminal(os.environ)
    found.append(terminal)
    if json:
        document("doctor", msgspec.to_builtins(found))
    else:
        _print(terminal)
    return exit_code_of(found)


def _print(found: Diagnosis) -> None:
    data(f"{found.status:<8} {found.name:<20} {found.detail}")
    if found.fix:
        data(f"  fix:   {found.fix}")


def _terminal(env: Mapping[str, str]) -> Diagnosis:
    from dialectic_actors.api.doctor import Diagnosis

    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    if not sys.stderr.isatty():
        words, narrow = "not a terminal: plain lines are said", False
    else:
        import shutil

        columns = shutil.get_terminal_size().columns
        plain = "NO_COLOR" in env or env.get("TERM") == "dumb"
        words = f"{columns} columns, {'no color' if plain else 'color'}"
        narrow = columns < _NARROW
    if encoding != "utf8":
        detail = f"{words}; it takes {sys.stdout.encoding}, and answers hold more than that"
        return Diagnosis("terminal", "warning", detail, "export PYTHONIOENCODING=utf-8")
    if narrow:
        return Diagnosis("terminal", "warning", words, "widen it: lines are cut")
    return Diagnosis("terminal", "ok", f"{words}, UTF-8")
