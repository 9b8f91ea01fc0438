"""`dialectic debate`: run a debate on a problem."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dialectic_actors.cli import options
from dialectic_actors.cli.asking import asking, refuse_answers
from dialectic_actors.cli.conclusion import check_output, conclude, resumable
from dialectic_actors.cli.dry_run import dry
from dialectic_actors.cli.events_stream import EventsStream, both
from dialectic_actors.cli.progress import watching
from dialectic_actors.cli.report import report_path, write_report
from dialectic_actors.cli.terminal import say

if TYPE_CHECKING:
    from dialectic_actors.api.runs import Debate

__all__ = ["command"]


@click.command(
    "debate",
    epilog=options.examples(
        'dialectic debate "Design a rate limiter" --offline',
        "dialectic debate -p problem.md -a security,kiss -r 2 -o solution.md",
    ),
)
@click.argument("problem", required=False)
@click.option(
    "-p",
    "--problemDescription",
    "--problem-file",
    "problem_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read the problem from a file; - is standard input.",
)
@options.agents
@options.rounds
@options.config
@options.output
@options.env_file
@options.model
@options.offline
@click.option("--seed", type=int, metavar="N", help="Default: drawn from the problem.")
@click.option(
    "--context",
    "context_path",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="A directory whose files the agents' tools may read, or a file to read with the problem.",
)
@click.option("--clarify", is_flag=True, help="Let the agents ask questions first.")
@options.answers
@options.no_input
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a report here when the debate rests: Markdown.",
)
@click.option(
    "--dry-run", is_flag=True, help="Say what the debate would take; call and store nothing."
)
@options.showing
@options.store
@click.pass_context
def command(
    context: click.Context,
    problem: str | None,
    problem_file: Path | None,
    agents: tuple[str, ...],
    rounds: int | None,
    config: Path | None,
    output: Path | None,
    env_file: Path | None,
    model: str | None,
    offline: bool,
    seed: int | None,
    context_path: Path | None,
    clarify: bool,
    answers: Path | None,
    no_input: bool,
    report: Path | None,
    dry_run: bool,
    showing: options.Showing,
    store: str | None,
) -> int:
    """Run a debate on PROBLEM (- is standard input) and print its solution."""
    from dialectic_actors.api.runs import Debate
    from dialectic_actors.settings import read_env_file, read_problem

    words = read_problem(problem, problem_file, sys.stdin.buffer)
    env = read_env_file(env_file, Path.cwd())
    check_output(output)
    report = None if report is None else report_path(report)
    debate = Debate(
        words,
        agents=agents,
        rounds=rounds,
        model=model,
        offline=offline,
        config=config,
        store=store,
        seed=seed,
        env=env,
        context=context_path,
        clarify=clarify,
        answers=answers,
        dry=dry_run,
    )
    refuse_answers(answers, debate.opened)
    for notice in () if showing.quiet else debate.notices:
        say(f"note: {notice}")
    if dry_run:
        return dry(debate, output, report, store, json=showing.json)
    again = options.repeated(context, "store", "env_file")
    there = options.repeated(context, "store")
    return _run(debate, (again, there), output, report, showing, no_input=no_input)


def _run(
    debate: Debate,
    further: tuple[str, str],
    output: Path | None,
    report: Path | None,
    showing: options.Showing,
    *,
    no_input: bool,
) -> int:
    """Run a debate that nothing keeps from running; `further` are the options of a command that
    resumes it, and of one that looks at it.
    """
    again, there = further
    verbose, quiet = showing.verbose, showing.quiet
    with ExitStack() as stack:
        store_opened = debate.open_store(stack)
        stream = EventsStream(debate.ref, store_opened.url) if showing.jsonl else None
        with (
            resumable(debate.ref, again),
            watching(
                debate.opened, debate.ref, verbose=verbose, plain=showing.plain, quiet=quiet
            ) as watch,
            asking(debate.respondent, debate.opened, watch.paused, no_input=no_input, quiet=quiet),
        ):
            outcome = debate.run(both(watch, stream), watch if watch.is_live else None)
        code = conclude(
            outcome,
            output,
            json=showing.json,
            stream=stream,
            verbose=verbose,
            quiet=quiet,
            took=watch.course.duration,
            again=again,
            there=there,
        )
        if report is not None:
            write_report(store_opened, outcome, report, verbose=verbose)
        return code
