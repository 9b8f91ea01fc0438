"""`dialectic lint`: judge a protocol before it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dialectic_actors.cli import options
from dialectic_actors.cli.terminal import data, document, say
from dialectic_events.errors import ExitCode

if TYPE_CHECKING:
    from dialectic_actors.api.lint import LintReport
    from dialectic_actors.core.worst_case import WorstCase

__all__ = ["command"]


@click.command(
    "lint",
    epilog=options.examples(
        "dialectic lint debate", "dialectic lint my_protocols:panel --agents 5 --json"
    ),
)
@click.argument("protocol", default="debate")
@click.option("--agents", type=click.IntRange(min=1), default=3, help="So many agents; default 3.")
@click.option("--rounds", type=click.IntRange(min=1), default=2, help="So many rounds; default 2.")
@click.option(
    "--history",
    type=click.Choice(["current", "own", "everyone"]),
    default="own",
    help="Whose earlier rounds are shown; default own.",
)
@click.option(
    "--models",
    type=click.IntRange(min=1),
    default=1,
    help="Models in the longest route; default 1.",
)
@click.option(
    "--answer-tokens",
    type=click.IntRange(min=1),
    default=1_000,
    help="The most that one answer holds; default 1000.",
)
@click.option(
    "--says",
    multiple=True,
    metavar="TEXT",
    help="What a turn may say, for a protocol that reads texts; repeatable.",
)
@options.json
def command(
    protocol: str,
    agents: int,
    rounds: int,
    history: Any,
    models: int,
    answer_tokens: int,
    says: tuple[str, ...],
    json: bool,
) -> int:
    """Judge PROTOCOL (NAME, NAME@VERSION or MODULE:FUNCTION) before it runs.

    Ends with 6 when there are findings. Nothing is called, nothing is stored.
    """
    import msgspec

    from dialectic_actors.api.lint import lint_protocol
    from dialectic_actors.core.exploration import Bounds
    from dialectic_actors.core.worst_case import Sizes

    report = lint_protocol(
        protocol,
        agents=agents,
        rounds=rounds,
        history=history,
        models=models,
        sizes=Sizes(answer_tokens=answer_tokens),
        bounds=Bounds(texts=says or ("",)),
    )
    if json:
        document("lint", msgspec.to_builtins(report))
    else:
        _print(report, answer_tokens)
    return ExitCode.GATE if report.findings else ExitCode.DONE


def _print(report: LintReport, answer_tokens: int) -> None:
    for finding in report.findings:
        data(f"{finding.turn}: {finding.rule}: {finding.detail}")
        data(f"  fix: {finding.fix}")
    if report.worst is not None:
        _print_worst(report.worst, answer_tokens)
    count = len(report.findings)
    found = f"{count} finding{'' if count == 1 else 's'}" if count else "no findings"
    ways = f"{report.branches} branch{'' if report.branches == 1 else 'es'}"
    say(
        f"{report.protocol} with {report.agents} agents and {report.rounds} rounds: {found} in "
        f"{ways}{'' if report.complete or count else '; not all were explored'}"
    )


def _print_worst(worst: WorstCase, answer_tokens: int) -> None:
    data(f"calls   {worst.calls:>9,}, at most {worst.most_calls:,} with every retry and repair")
    data(
        f"tokens  {worst.tokens:>9,}, at most {worst.most_tokens:,} (answers of {answer_tokens:,})"
    )
    data(f"in a row{len(worst.path):>9,} calls")
