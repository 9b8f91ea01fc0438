"""`dialectic replay`: rebuild a run's state from its log, with no model in reach."""

from __future__ import annotations

import click

from dialectic_actors.cli import options
from dialectic_actors.cli.terminal import data, document, say

__all__ = ["command"]


@click.command(
    "replay", epilog=options.examples("dialectic replay", "dialectic replay @:r2 --json")
)
@options.reference
@options.at
@options.json
@options.store
def command(ref: str, at: str | None, json: bool, store: str | None) -> int:
    """Rebuild REF (default: the latest run) from its verified log, say what state it is in, and
    print its solution.

    Nothing is called and nothing is written: no key, no network.
    """
    from dialectic_actors.api.store import Store
    from dialectic_actors.cli.conclusion import spent

    with Store(store, must_exist=True) as opened:
        outcome = opened[opened.resolve(ref, at).text]
    run = outcome.run
    if json:
        turns = {id: {"outcome": r.outcome, "text": r.text} for id, r in run.results.items()}
        document(
            "replay",
            {"ref": outcome.ref, "version": run.version, "status": run.status, "turns": turns},
        )
    elif outcome.solution is not None:
        data(outcome.solution)
    say(
        f"{outcome.ref} at event {run.version}: {run.status}, "
        f"{len(run.results)} turns settled, {spent(outcome)}"
    )
    say("replayed from the log: no model was called")
    return 0
