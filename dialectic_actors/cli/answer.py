"""`dialectic answer`: answer the questions of a run, whether it rests or is being run."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dialectic_actors.cli import options
from dialectic_actors.cli.asking import dialogue
from dialectic_actors.cli.conclusion import question_lines
from dialectic_actors.cli.terminal import data, document, say
from dialectic_events.errors import DialecticError, ExitCode

if TYPE_CHECKING:
    from dialectic_actors.api.answering import Given
    from dialectic_actors.api.store import Store

__all__ = ["command"]


@click.command(
    "answer",
    epilog=options.examples(
        "dialectic answer", 'dialectic answer @ -m "Two regions" -m "No more than 50 ms"'
    ),
)
@options.reference
@options.answers
@options.no_input
@click.option(
    "-m", "--message", "messages", multiple=True, metavar="TEXT", help="An answer, in order."
)
@options.json
@options.store
@click.pass_context
def command(
    context: click.Context,
    ref: str,
    answers: Path | None,
    no_input: bool,
    messages: tuple[str, ...],
    json: bool,
    store: str | None,
) -> int:
    """Answer the open questions of REF (default: the latest run), or list them.

    A terminal is asked, a pipe is read. A blank answer says that there is none. Answers are on
    record at once: a process that runs REF goes on, a run that rests is resumed.
    """
    from dialectic_actors.api.store import Store

    ref = options.whole(ref)
    options.exclusive(answers=answers is not None, message=bool(messages))
    with Store(store, must_exist=True) as opened:
        given = _given(opened, ref, answers, messages, no_input=no_input or json)
    if json:
        document("answer", _as_data(given))
    else:
        for line in question_lines(given.open):
            data(line)
    if messages and not given.answered and given.open:
        raise DialecticError(
            "nothing was recorded: the questions of an agent are answered together",
            where=given.ref,
            fix=f"give {len(given.open[0][1])} answers, one -m for each",
            exit_code=ExitCode.USAGE,
        )
    _say(given, options.repeated(context, "store"))
    return ExitCode.DONE


def _given(
    store: Store, ref: str, answers: Path | None, messages: Sequence[str], *, no_input: bool
) -> Given:
    from dialectic_actors.api.answering import answer, open_run

    run = open_run(store, ref)
    if messages:
        ids = [each.id for _, asked in run.open for each in asked]
        if ids and len(messages) > len(ids):
            raise DialecticError(
                f"{len(messages)} answers for {len(ids)} open questions",
                where=run.ref,
                fix=f"dialectic answer {run.ref} --no-input lists them",
                exit_code=ExitCode.USAGE,
            )
        return answer(store, run.ref, dict(zip(ids, messages, strict=False)))
    person = None
    if answers is None and run.open and run.run.opened is not None:
        person = dialogue(run.run.opened, no_input=no_input)
    with person or nullcontext():
        return answer(store, run.ref, answers, person=person)


def _as_data(given: Given) -> dict[str, object]:
    return {
        "ref": given.ref,
        "status": given.run.status,
        "answered": list(given.answered),
        "open": [
            {"agent": agent, "id": each.id, "question": each.question}
            for agent, asked in given.open
            for each in asked
        ],
    }


def _say(given: Given, again: str) -> None:
    """What was done, and the command to type next."""
    count = len(given.answered)
    if count:
        say(f"{count} question{'' if count == 1 else 's'} answered")
    elif not given.open:
        say("nothing was asked yet" if not given.is_answered else "all is answered already")
    if given.open:
        say(f"dialectic answer {given.ref}{again}")
    elif given.run.status == "suspended":
        say(f"dialectic resume {given.ref}{again}")
