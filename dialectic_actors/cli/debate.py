"""`dialectic debate`: run a debate on a problem."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

import click

from dialectic_actors.cli import options
from dialectic_actors.cli.conclusion import check_output, conclude, resumable
from dialectic_actors.cli.progress import Progress
from dialectic_actors.cli.terminal import say

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
@click.option(
    "-a", "--agents", multiple=True, metavar="NAMES", help="Roles or agent ids, comma separated."
)
@click.option("-r", "--rounds", type=int, metavar="N", help="How many rounds to debate.")
@click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Configuration: JSON, YAML or TOML. Default: debate-config.json, if it is there.",
)
@options.output
@options.env_file
@click.option(
    "-m", "--model", metavar="PROVIDER/MODEL", help="One model for all agents and the judge."
)
@click.option("--offline", is_flag=True, help="Rehearse: no model, no key, no network.")
@click.option("--seed", type=int, metavar="N", help="Default: drawn from the problem.")
@options.verbose
@options.json
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
    verbose: bool,
    json: bool,
    store: str | None,
) -> int:
    """Run a debate on PROBLEM and print its solution."""
    from dialectic_actors.api.runs import Debate
    from dialectic_actors.settings import read_env_file, read_problem

    words = read_problem(problem, problem_file, sys.stdin.buffer)
    env = read_env_file(env_file, Path.cwd())
    check_output(output)
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
    )
    for notice in debate.settings.notices:
        say(f"note: {notice}")
    again = options.repeated(context)
    with ExitStack() as stack:
        debate.open_store(stack)
        progress = Progress(debate.opened, debate.ref, verbose=verbose)
        stack.enter_context(resumable(debate.ref, again))
        outcome = debate.run(progress)
        return conclude(outcome, output, json=json, verbose=verbose, again=again)
