"""`dialectic resume`: continue a run where its log ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import click

from dialectic_actors.cli import options
from dialectic_actors.cli.asking import asking, refuse_answers
from dialectic_actors.cli.conclusion import check_output, conclude, resumable
from dialectic_actors.cli.events_stream import EventsStream, both
from dialectic_actors.cli.progress import Watch, watching
from dialectic_actors.cli.terminal import say
from dialectic_events.envelope import Envelope
from dialectic_events.runs import RunOpened

__all__ = ["command"]


@click.command(
    "resume", epilog=options.examples("dialectic resume", "dialectic resume @~1 -o solution.md")
)
@options.reference
@options.output
@options.env_file
@options.answers
@options.no_input
@options.showing
@options.store
@click.pass_context
def command(
    context: click.Context,
    ref: str,
    output: Path | None,
    env_file: Path | None,
    answers: Path | None,
    no_input: bool,
    showing: options.Showing,
    store: str | None,
) -> int:
    """Continue REF (default: the latest run) where its log ends.

    Answers that are on record are never asked for again; only calls that were under way when the
    run stopped are repeated. Of a run that has ended, the solution is printed.
    """
    from dialectic_actors.api.answering import respondent
    from dialectic_actors.api.runs import continue_run
    from dialectic_actors.api.store import Store
    from dialectic_actors.settings import read_env_file
    from dialectic_replay.read import known_event
    from dialectic_replay.run import fold

    ref, env = options.whole(ref), read_env_file(env_file, Path.cwd())
    check_output(output)
    again = options.repeated(context, "store", "env_file")
    with Store(store, must_exist=True) as opened:
        run_id = opened.resolve(ref).run
        past = list(opened.log(run_id))
        run = fold(known_event(envelope) for envelope in past)
        if run.opened is not None:
            refuse_answers(answers, run.opened)
        if run.ended:
            say(f"{run_id} has ended ({run.status}): nothing is left to do")
        stream = EventsStream(run_id, opened.url, past=past) if showing.jsonl else None
        with ExitStack() as stack:
            stack.enter_context(resumable(run_id, again))
            stack.enter_context(_unrehearsed())
            watch = listen = person = nearby = None
            if run.opened is not None and not run.ended:
                person = respondent(run.opened, answers)
                watch = stack.enter_context(_watching(run.opened, run_id, past, showing))
                quiet = showing.quiet
                stack.enter_context(
                    asking(person, run.opened, watch.paused, no_input=no_input, quiet=quiet)
                )
                listen, nearby = both(watch, stream), watch if watch.is_live else None
            outcome = continue_run(opened, run_id, listen, env=env, answers=person, nearby=nearby)
        return conclude(
            outcome,
            output,
            json=showing.json,
            stream=stream,
            verbose=showing.verbose,
            quiet=showing.quiet,
            took=None if watch is None else watch.course.duration,
            again=again,
            there=options.repeated(context, "store"),
        )


@contextmanager
def _unrehearsed() -> Iterator[None]:
    """Say what mends a missing key here: a run goes on with the models that it began with."""
    from dialectic_actors.llm.providers import NoKey

    try:
        yield
    except NoKey as lacking:
        lacking.fix = "export it, or write it into .env; -e FILE names another file"
        raise


def _watching(
    opened: RunOpened, ref: str, past: Sequence[Envelope], showing: options.Showing
) -> AbstractContextManager[Watch]:
    return watching(
        opened,
        ref,
        past=past,
        verbose=showing.verbose,
        plain=showing.plain,
        quiet=showing.quiet,
    )
