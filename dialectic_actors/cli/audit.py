"""`dialectic audit verify`: whether the log is what was written."""

from __future__ import annotations

import click

from dialectic_actors.cli import options
from dialectic_actors.cli.terminal import data, document

__all__ = ["command"]


@click.group("audit", cls=options.Commands, epilog=options.examples("dialectic audit verify"))
def command(**shared: object) -> None:
    """Verify that logs are what was written."""


@command.command(
    "verify", epilog=options.examples("dialectic audit verify", "dialectic audit verify @ --json")
)
@click.argument("refs", nargs=-1)
@options.json
@options.store
def verify(refs: tuple[str, ...], json: bool, store: str | None) -> int:
    """Verify REFS (default: all runs): digests, order, completeness, every text.

    Each line ends with the run's head, and when all runs are verified the last one with the head of
    the log: keep it elsewhere, and a log that was cut off, rewritten or robbed of a run cannot pass
    for this one. Exits 5 at the first fault.
    """
    from dialectic_actors.api.store import Store, log_head

    named = [options.whole(ref) for ref in refs]
    with Store(store, must_exist=True) as opened:
        found = list(opened.verify(named))
    head = log_head(found) if not refs else None
    if json:
        runs = [{"ref": f.ref, "version": f.version, "digest": f.digest} for f in found]
        document("audit", {"runs": runs, "log": head})
        return 0
    for each in found:
        data(f"{each.ref:<26} ok {each.version:>5} events  {each.digest}")
    if head is not None:
        count = f"{len(found):>5} {'run' if len(found) == 1 else 'runs':<6}"
        data(f"{'the log':<26} ok {count}  {head}")
    return 0
