"""`dialectic show`: a run, its state at a point, or one event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dialectic_actors.cli import options
from dialectic_actors.cli.terminal import data, document, json_data
from dialectic_events.errors import DialecticError, ExitCode

if TYPE_CHECKING:
    from dialectic_actors.api.store import Store

__all__ = ["command"]


@click.command(
    "show",
    epilog=options.examples(
        "dialectic show",
        "dialectic show @ --solution",
        "dialectic show '@:r2/critique/kiss>architect' --event",
    ),
)
@options.reference
@click.option("--state", is_flag=True, help="Print the state document.")
@click.option("--event", is_flag=True, help="Print the event at the point, its texts in place.")
@click.option("--solution", is_flag=True, help="Print the judge's solution.")
@options.at
@options.json
@options.store
def command(
    ref: str,
    state: bool,
    event: bool,
    solution: bool,
    at: str | None,
    json: bool,
    store: str | None,
) -> int:
    """Show REF (default: the latest run) as a transcript; with a position, as it was then."""
    from dialectic_actors.api.store import Store
    from dialectic_replay.state_document import state_json
    from dialectic_replay.transcript import transcript

    if state + event + solution > 1:
        raise DialecticError(
            "--state, --event and --solution exclude each other",
            fix="choose one",
            exit_code=ExitCode.USAGE,
        )
    with Store(store, must_exist=True) as opened:
        point = opened.resolve(ref, at).text
        if event:
            document("event", _event(opened, point))
        elif solution:
            text = _solution(opened, point)
            document("solution", text) if json else data(text)
        elif json:
            document("state", opened.state(point))
        elif state:
            json_data(state_json(opened.state(point)))
        else:
            data(transcript(opened.replay(point)).rstrip("\n"))
    return 0


def _event(store: Store, point: str) -> Any:
    """One event with its header."""
    import msgspec

    found = list(store.log(point))
    if not found:
        raise DialecticError(
            "there is no event before the first", where=point, exit_code=ExitCode.USAGE
        )
    return msgspec.to_builtins({"header": found[-1].header, "event": found[-1].event})


def _solution(store: Store, point: str) -> str:
    outcome = store[point]
    if outcome.solution is None:
        verb = "log" if outcome.run.ended else "resume"
        raise DialecticError(
            "there is no solution at this point",
            where=f"{outcome.ref}, event {outcome.run.version}",
            fix=f"dialectic {verb} {outcome.ref}",
        )
    return outcome.solution
