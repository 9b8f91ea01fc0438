"""`dialectic export`: write runs as a JSONL log."""

from __future__ import annotations

from pathlib import Path

import click

from dialectic_actors.cli import options
from dialectic_actors.cli.terminal import say, stored

__all__ = ["command"]


@click.command("export", epilog=options.examples("dialectic export @ -o run.jsonl"))
@click.argument("refs", nargs=-1)
@options.output_of("Write the log here")
@options.store
def command(refs: tuple[str, ...], output: Path | None, store: str | None) -> int:
    """Write REFS (default: the latest run) and what they were forked from as a JSONL log.

    The stored bytes are kept: importing the file elsewhere and exporting it again gives the same
    file.
    """
    from dialectic_actors.api.files import write_atomically
    from dialectic_actors.api.store import Store
    from dialectic_actors.cli.conclusion import check_output

    check_output(output)
    named = [options.whole(ref) for ref in refs]
    with Store(store, must_exist=True) as opened:
        lines = opened.export(named or ("@",))
        if output is None:
            stored(lines)
        else:
            write_atomically(output, b"".join(lines))
            say(f"wrote {output}")
    return 0
