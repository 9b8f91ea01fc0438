"""`dialectic resume`: continue a run where its log ends."""

from __future__ import annotations

from pathlib import Path

import click

from dialectic_actors.cli import options
from dialectic_actors.cli.conclusion import check_output, conclude, resumable
from dialectic_actors.cli.progress import Progress
from dialectic_actors.cli.terminal import say

__all__ = ["command"]


@click.command(
    "resume", epilog=options.examples("dialectic resume", "dialectic resume @~1 -o solution.md")
)
@options.reference
@options.output
@options.env_file
@options.verbose
@options.json
@options.store
@click.pass_context
def command(
    context: click.Context,
    ref: str,
    output: Path | None,
    env_file: Path | None,
    verbose: bool,
    json: bool,
    store: str | None,
) -> int:
    """Continue REF (default: the latest run) where its log ends.

    Answers that are on record are never asked for again; only calls that were under way when the
    run stopped are repeated. Of a run that has ended, the solution is printed.
    """
    from dialectic_actors.api.runs import continue_run
    from dialectic_actors.api.store import Store
    from dialectic_actors.settings import read_env_file
    from dialectic_replay.read import known_event
    from dialectic_replay.run import fold

    env = read_env_file(env_file, Path.cwd())
    check_output(output)
    again = options.repeated(context)
    with Store(store, must_exist=True) as opened:
        stream = opened.resolve(ref).run
        past = list(opened.log(stream))
        run = fold(known_event(envelope) for envelope in past)
        if run.ended:
            say(f"{stream} has ended ({run.status}): nothing is left to do")
        progress = None
        if run.opened is not None and not run.ended:
            progress = Progress(run.opened, stream, verbose=verbose)
            for envelope in past:
                progress.recall(envelope)
        with resumable(stream, again):
            outcome = continue_run(opened, stream, progress, env=env)
            return conclude(outcome, output, json=json, verbose=verbose, again=again)
