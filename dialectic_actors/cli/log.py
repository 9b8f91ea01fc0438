"""`dialectic log`: list the events of a run."""

from __future__ import annotations

import click

from dialectic_actors.cli import options
from dialectic_actors.cli.terminal import data, document, fit

__all__ = ["command"]

_FAILURES = ("call-failed", "call-lost", "turn-failed", "turn-skipped", "run-failed")


@click.command("log", epilog=options.examples("dialectic log", "dialectic log @:r2 -n 20"))
@options.reference
@click.option("-n", "--number", type=click.IntRange(min=1), help="The last so many only.")
@click.option("--failed", is_flag=True, help="Only what failed, was lost or was skipped.")
@options.at
@options.json
@options.store
def command(
    ref: str, number: int | None, failed: bool, at: str | None, json: bool, store: str | None
) -> int:
    """List the events of REF (default: the latest run), up to a point if one is named.

    A line says the event's number, its time and what happened; `← 9` is the event that made it
    necessary.
    """
    from dialectic_actors.api.store import Store
    from dialectic_replay.timeline import timeline

    with Store(store, must_exist=True) as opened:
        moments = list(timeline(opened.log(opened.resolve(ref, at).text)))
    if failed:
        moments = [each for each in moments if each.type in _FAILURES]
    moments = moments[-number:] if number else moments
    if json:
        rows = [{name: getattr(each, name) for name in each.__struct_fields__} for each in moments]
        document("log", [row | {"at": row["at"].isoformat()} for row in rows])
        return 0
    for each in moments:
        cause = f"  ← {each.cause}" if each.cause else ""
        data(fit(f"{each.version:>5} {each.at.astimezone():%H:%M:%S} {each.title}", cause))
    return 0
