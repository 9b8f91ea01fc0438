"""`dialectic replay`: rebuild a run's state from its log, or check that today's code and
configuration would decide stored runs as they are; with no model in reach.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dialectic_actors.cli import options
from dialectic_actors.cli.terminal import data, document, say
from dialectic_events.errors import DialecticError, ExitCode

if TYPE_CHECKING:
    from dialectic_actors.api.checks import Check, Divergence

__all__ = ["command"]


@click.command(
    "replay",
    epilog=options.examples(
        "dialectic replay",
        "dialectic replay @:r2 --json",
        "dialectic replay --check golden/*.jsonl --against .",
    ),
)
@click.argument("refs", nargs=-1, metavar="[REF]...")
@click.option(
    "--check",
    is_flag=True,
    help="Decide runs again; REF may be a JSONL log. Exits 6 if one differs.",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="With --check: use today's configuration in DIR, or that file.",
)
@options.at
@options.json
@options.store
def command(
    refs: tuple[str, ...],
    check: bool,
    against: Path | None,
    at: str | None,
    json: bool,
    store: str | None,
) -> int:
    """Rebuild REF (default: the latest run) from its verified log, say what state it is in, and
    print its solution.

    Nothing is called and nothing is written: no key, no network.
    """
    if check:
        _refuse(at is not None, "a run is checked as a whole", "leave out --at")
        return _check(refs or ("@",), against, store, json=json)
    _refuse(against is not None, "--against belongs to --check", "add --check")
    _refuse(len(refs) > 1, "one run is replayed at a time", "name one, or add --check")
    return _replay(refs[0] if refs else "@", at, store, json=json)


def _replay(ref: str, at: str | None, store: str | None, *, json: bool) -> int:
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


def _check(logs: tuple[str, ...], against: Path | None, store: str | None, *, json: bool) -> int:
    from dialectic_actors.api.checks import check

    found: list[Check] = []
    for each in check(logs, store=store, against=against):
        found.append(each)
        if not json:
            _tell(each)
    failed = sum(not each.ok for each in found)
    if json:
        document("check", [_as_data(each) for each in found])
    elif failed:
        say(f"{failed} of {len(found)} runs would be decided otherwise today")
    return ExitCode.GATE if failed else ExitCode.DONE


def _tell(check: Check) -> None:
    if check.ok:
        data(f"ok        {check.ref} {check.events} events")
    for divergence in check.divergences:
        data(_block(divergence, check.events))


def _block(found: Divergence, events: int) -> str:
    """A divergence as people read it."""
    event = f"{found.type} {found.about}".rstrip()
    lines = [f"diverges  {found.run} at event {found.version} of {events}: {event}"]
    lines += [f"  field     {found.field}"] if found.field else []
    lines.append(f"  recorded  {found.recorded or 'nothing'}")
    lines.append(f"  today     {found.today or 'nothing'}")
    return "\n".join(lines)


def _as_data(check: Check) -> dict[str, object]:
    divergences = [
        {name: getattr(each, name) for name in each.__struct_fields__ if name != "run"}
        for each in check.divergences
    ]
    return {"ref": check.ref, "events": check.events, "divergences": divergences}


def _refuse(wrong: bool, what: str, fix: str) -> None:
    if wrong:
        raise DialecticError(what, fix=fix, exit_code=ExitCode.USAGE)
