"""What a command says and writes when a run has come to rest: the solution, the spend, what next.

Nothing is decided here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dialectic_actors.cli.terminal import data, document, safe, say
from dialectic_events.errors import DialecticError, ExitCode

if TYPE_CHECKING:
    from dialectic_actors.api.outcome import Outcome

__all__ = ["check_output", "conclude", "resumable", "spent"]


def check_output(output: Path | None) -> None:
    """Refuse an output that could not be written, before anything is paid for."""
    if output is None:
        return
    folder = output.parent
    if output.is_dir():
        what, fix = "the output is a directory", "name a file"
    elif not folder.is_dir():
        what, fix = "the output's directory does not exist", f"mkdir -p {folder}"
    elif not os.access(output if output.exists() else folder, os.W_OK):
        what, fix = "the output cannot be written", "choose another place, or mend its rights"
    else:
        return
    raise DialecticError(what, where=str(output), fix=fix, exit_code=ExitCode.USAGE)


@contextmanager
def resumable(ref: str, again: str) -> Iterator[None]:
    """For somebody who interrupts twice: the run is left as a crash would leave it, so say how it
    goes on.
    """
    try:
        yield
    except KeyboardInterrupt:
        say("stopped at once: what was answered is on record")
        say(f"dialectic resume {ref}{again}")
        raise click.exceptions.Exit(ExitCode.INTERRUPTED) from None


def conclude(
    outcome: Outcome, output: Path | None, *, json: bool, verbose: bool, again: str
) -> int:
    """Print or write what came of a run, and return the exit code that goes with it.

    `again` are the options that a command for the same run must be given as well.
    """
    if output is not None:
        _write(outcome, output)
    elif not json and outcome.solution is not None:
        data(outcome.solution)
    if json:
        document("debate", _as_data(outcome))
    if verbose:
        for line in _by_agent(outcome):
            say(line)
    _farewell(outcome, again)
    return outcome.exit_code


def spent(outcome: Outcome) -> str:
    """Calls, tokens and cost of a run, in words."""
    total = outcome.spend.total
    words = [f"{total.calls} call{'' if total.calls == 1 else 's'}"]
    if total.input_tokens or total.output_tokens:
        words.append(f"{total.input_tokens + total.output_tokens} tokens")
    if total.cost_usd:
        words.append(f"${total.cost_usd:.4f}" + (" and more" if total.unpriced else ""))
    return ", ".join(words)


def _write(outcome: Outcome, output: Path) -> None:
    from dialectic_actors.api.files import write_atomically

    if output.suffix.lower() == ".json" and outcome.state_file is not None:
        state = outcome.state_file.read_bytes()
        write_atomically(output, state)
        say(f"wrote the state to {output}")
    elif outcome.solution is not None:
        write_atomically(output, safe(outcome.solution) + "\n")
        say(f"wrote the solution to {output}")
    else:
        say(f"there is no solution to write to {output}")


def _by_agent(outcome: Outcome) -> list[str]:
    """A line per agent: calls, tokens, time, cost."""
    return [
        f"  {agent:<20} {each.calls:>4} calls"
        f" {each.input_tokens:>8} + {each.output_tokens:<7} tokens"
        f" {each.latency_ms / 1000:>7.1f} s" + (f"  ${each.cost_usd:.4f}" if each.cost_usd else "")
        for agent, each in outcome.spend.by_agent.items()
    ]


def _as_data(outcome: Outcome) -> dict[str, object]:
    total = outcome.spend.total
    return {
        "ref": outcome.ref,
        "status": outcome.status,
        "reason": outcome.run.reason,
        "solution": outcome.solution,
        "calls": total.calls,
        "input_tokens": total.input_tokens,
        "output_tokens": total.output_tokens,
        "cost_usd": total.cost_usd,
        "failures": [
            {"turn": r.turn.id, "outcome": r.outcome, "reason": r.text}
            for r in outcome.run.results.values()
            if r.outcome != "made"
        ],
        "state_file": str(outcome.state_file) if outcome.state_file else None,
    }


def _farewell(outcome: Outcome, again: str) -> None:
    """The last lines: how it ended, and the command to type next."""
    match outcome.status:
        case "concluded":
            say(f"done: {spent(outcome)}")
            say(f"read it all: dialectic show {outcome.ref}{again}")
        case "partial":
            say(f"done, but in part: {spent(outcome)}; who is missing and why:")
            for result in outcome.run.results.values():
                if result.outcome == "failed":
                    say(f"  {result.turn.id}: {result.text}")
        case "suspended":
            say(f"stopped: {outcome.run.reason}; {spent(outcome)} so far, none of it is lost")
            say(f"dialectic resume {outcome.ref}{again}")
        case _:
            say(f"failed: {outcome.run.reason}")
            say(f"see what happened: dialectic log {outcome.ref}{again}")
