"""What a command says and writes when a run has come to rest: the solution, the spend, what next.

Nothing is decided here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dialectic_actors.cli.terminal import data, document, one_line, safe, say
from dialectic_events.calls import PASSING, CallAnswered
from dialectic_events.contents import Question
from dialectic_events.errors import DialecticError, ExitCode

if TYPE_CHECKING:
    from dialectic_actors.api.outcome import Outcome
    from dialectic_actors.cli.events_stream import EventsStream

__all__ = ["check_output", "conclude", "question_lines", "resumable", "spent"]


def check_output(output: Path | None) -> None:
    """Refuse an output that could not be written, before anything is paid for."""
    if output is None:
        return
    from dialectic_actors.api.files import refuse_database

    refuse_database(output)
    folder = output.parent
    if output.is_dir():
        what, fix = "the output is a directory", "name a file"
    elif _is_read(output):
        what, fix = "the output is a file that this command reads", "name another file"
    elif not folder.is_dir():
        what, fix = "the output's directory does not exist", f"mkdir -p {folder}"
    elif not os.access(output if output.exists() else folder, os.W_OK):
        what, fix = "the output cannot be written", "choose another place, or mend its rights"
    else:
        return
    raise DialecticError(what, where=str(output), fix=fix, exit_code=ExitCode.USAGE)


def _is_read(output: Path) -> bool:
    """Whether the command that runs was given this file for something else as well."""
    context = click.get_current_context(silent=True)
    given = context.params.values() if context is not None else ()
    files = [each for each in given if isinstance(each, Path) and each is not output]
    return output.exists() and any(each.exists() and each.samefile(output) for each in files)


@contextmanager
def resumable(ref: str, again: str) -> Iterator[None]:
    """For somebody who interrupts twice, or whose disk is full: the run is left as a crash would
    leave it, so say how it goes on.
    """
    try:
        yield
    except (KeyboardInterrupt, OSError) as ended:
        say("stopped at once: what was answered is on record")
        say(f"dialectic resume {ref}{again}")
        if isinstance(ended, OSError):
            raise
        raise click.exceptions.Exit(ExitCode.INTERRUPTED) from None


def conclude(
    outcome: Outcome,
    output: Path | None,
    *,
    json: bool = False,
    stream: EventsStream | None = None,
    verbose: bool = False,
    quiet: bool = False,
    took: timedelta | None = None,
    again: str = "",
    there: str = "",
) -> int:
    """Print or write what came of a run, and return the exit code that goes with it.

    With `json` one document is printed, with `stream` its last line. `took` is how long the run was
    at work. `again` are the options that resuming must be given as well, `there` those of looking.
    Raises DialecticError when something cannot be written, once all that can be said is said.
    """
    unwritten = None
    try:
        if output is not None:
            _write(outcome, output, quiet=quiet)
        elif not json and stream is None and outcome.solution is not None:
            data(outcome.solution)
        if json:
            document("debate", _as_data(outcome))
        if stream is not None:
            stream.done(outcome)
    except OSError as error:
        unwritten = _unwritten(error, output, f"{outcome.ref}{there}")
    if verbose:
        from dialectic_actors.cli.account import account

        for line in (*account(outcome.run, took), *_by_agent(outcome)):
            say(line)
    if not quiet or outcome.exit_code:
        _farewell(outcome, again, there)
    if unwritten is not None:
        raise unwritten
    return outcome.exit_code


def question_lines(questions: Sequence[tuple[str, Sequence[Question]]]) -> Iterator[str]:
    """A line for each question: its id, and its words."""
    for _, asked in questions:
        for each in asked:
            yield f"  {each.id}  {one_line(each.question)}"


def spent(outcome: Outcome) -> str:
    """Calls, tokens and cost of a run, in words."""
    total = outcome.spend.total
    words = [f"{total.calls} call{'' if total.calls == 1 else 's'}"]
    if total.lost:
        words.append(f"{total.lost} of them lost and sent again")
    if total.input_tokens or total.output_tokens:
        words.append(f"{total.input_tokens + total.output_tokens} tokens")
    if total.cost_usd:
        words.append(f"${total.cost_usd:.4f}" + (" and more" if total.unpriced else ""))
    return ", ".join(words)


def _write(outcome: Outcome, output: Path, *, quiet: bool) -> None:
    from dialectic_actors.api.files import write_atomically

    if output.suffix.lower() == ".json" and outcome.state_file is not None:
        state = outcome.state_file.read_bytes()
        write_atomically(output, state)
        done = f"wrote the state to {output}"
    elif outcome.solution is not None:
        write_atomically(output, safe(outcome.solution) + "\n")
        done = f"wrote the solution to {output}"
    else:
        say(f"there is no solution to write to {output}")
        return
    if not quiet:
        say(done)


def _unwritten(error: OSError, output: Path | None, run: str) -> DialecticError:
    """What came of the run is on record: only this copy of it is missing."""
    return DialecticError(
        f"this could not be written: {error.strerror or error}",
        where=str(output or "standard output"),
        fix=f"make room, or write to another place: dialectic show {run} --solution",
    )


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
        "cost_usd": outcome.cost_usd,
        "failures": [
            {"turn": r.turn.id, "outcome": r.outcome, "reason": r.text}
            for r in outcome.run.results.values()
            if r.outcome != "made"
        ],
        "state_file": str(outcome.state_file) if outcome.state_file else None,
    }


_ADVICE: Mapping[str, str] = {
    "auth": "the key was refused: put a valid one in its place (dialectic doctor looks), then",
    "payment": "the account cannot pay: add to it, or raise its limit, then",
    **dict.fromkeys(
        PASSING, "the provider gave no answer: wait until it is back (dialectic doctor looks), then"
    ),
}
"""What only a person can mend, before a run can be resumed."""


def _failures(outcome: Outcome) -> Iterator[str]:
    """A line for each turn that failed, and why."""
    for result in outcome.run.results.values():
        if result.outcome == "failed":
            yield f" {result.turn.id}: {result.text}"


def _kept(outcome: Outcome) -> str:
    """What a run that rests still has of its calls."""
    calls = outcome.run.calls.values()
    cut_off = sum(call.ended is None for call in calls)
    if not cut_off:
        return "none of it is lost"
    answered = sum(isinstance(call.ended, CallAnswered) for call in calls)
    return f"{answered} answered and kept, {cut_off} cut off: these are sent again"


def _farewell(outcome: Outcome, again: str, there: str) -> None:
    """The last lines: how it ended, and the command to type next."""
    for notice in outcome.notices:
        say(f"note: {notice}")
    match outcome.status:
        case "concluded":
            for line in _failures(outcome):
                say(f"note: it went on without{line}")
            say(f"done: {spent(outcome)}")
            say(f"read it all: dialectic show {outcome.ref}{there}")
        case "partial":
            say(f"done, but in part: {spent(outcome)}; who is missing and why:")
            for line in _failures(outcome):
                say(f" {line}")
            say(f"read it all: dialectic show {outcome.ref}{there}")
        case "suspended":
            say(f"stopped: {outcome.run.reason}; {spent(outcome)} so far, {_kept(outcome)}")
            if outcome.questions:
                say("open questions:")
                for line in question_lines(outcome.questions):
                    say(line)
                say(f"dialectic answer {outcome.ref}{there}")
            advice = _ADVICE.get(outcome.run.reason.partition(":")[0])
            if advice is not None:
                say(advice)
            say(f"dialectic resume {outcome.ref}{again}")
        case _:
            say(f"failed: {outcome.run.reason}; {spent(outcome)}")
            for line in _failures(outcome):
                say(f" {line}")
            if outcome.is_unheard:
                say("no call was answered: dialectic doctor looks at endpoints and keys")
            say(f"see what happened: dialectic log {outcome.ref}{there}")
