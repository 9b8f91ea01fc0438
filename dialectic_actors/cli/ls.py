"""`dialectic ls`: list runs."""

from __future__ import annotations

import click

from dialectic_actors.cli import options
from dialectic_actors.cli.terminal import data, document, fit, say

__all__ = ["command"]

_TITLE_CHARACTERS = 60


@click.command("ls", epilog=options.examples("dialectic ls -n 10"))
@click.option("-n", "--number", type=click.IntRange(min=1), help="The latest so many only.")
@options.json
@options.store
def command(number: int | None, json: bool, store: str | None) -> int:
    """List runs, the newest first."""
    from dialectic_actors.api.store import NoLog, Store

    try:
        with Store(store, must_exist=True) as opened:
            runs = opened.runs()[:number]
            place = opened.url.removeprefix("sqlite:")
    except NoLog as missing:
        if store is not None:
            raise
        runs, place = [], missing.where
    if json:
        rows = [{name: getattr(run, name) for name in run.__struct_fields__} for run in runs]
        document("ls", rows)
        return 0
    if not runs:
        say(f'no runs yet in {place}: dialectic debate "…" --offline makes one')
    for run in runs:
        title = next((line.strip() for line in run.problem.splitlines() if line.strip()), "")
        if len(title) > _TITLE_CHARACTERS:
            title = title[: _TITLE_CHARACTERS - 1] + "…"
        data(fit(f"{run.ref:<26} {run.status:<10} {run.events:>5} events  {title}"))
    return 0
