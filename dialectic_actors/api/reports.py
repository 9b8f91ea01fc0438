"""Reports as a library: the Markdown of a run, or of a state file.

What stands on the page is the affair of `dialectic_replay.report`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from dialectic_events.errors import DialecticError, ExitCode
from dialectic_replay.report import Person, paper_of_run, paper_of_state, people_of, report

if TYPE_CHECKING:
    from dialectic_actors.api.store import Store
    from dialectic_replay.run import Run

__all__ = ["report_of_run", "report_of_state"]


def report_of_run(store: Store, ref: str, *, run: Run | None = None, verbose: bool = False) -> str:
    """The report of a run, or of what it was at a position; times in the local time zone.

    `run` is its fold, where it is at hand. Raises IntegrityError for a log that is not what was
    written.
    """
    meant = store.resolve(ref)
    first = next(iter(store.log(f"{meant.run}:1", verify=False)))
    began = first.header.recorded_at.astimezone()
    folded = store.replay(ref) if run is None else run
    return report(paper_of_run(folded, meant.run, began), verbose=verbose)


def report_of_state(path: Path, *, config: Path | None = None, verbose: bool = False) -> str:
    """The report of a state file, as `dialectic` of any version writes it. The agents of `config`
    fill its tables.

    Raises DialecticError (exit 2) for a file that is no state, (exit 4) for a configuration that
    is not understood.
    """
    from msgspec.structs import replace

    document = _read(path)
    people, judge = _people(config)
    paper = paper_of_state(document, str(path), people, judge)
    if paper.began is not None:
        # At either end of the calendar there is no such moment in another zone.
        with suppress(OverflowError):
            paper = replace(paper, began=paper.began.astimezone())
    return report(paper, verbose=verbose)


def _read(path: Path) -> object:
    """The JSON in a state file, which may be large."""
    fix = "name a file debates/<id>.json"
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        what = f"it cannot be read: {error.strerror}"
    except (ValueError, RecursionError) as error:
        what = f"it is not JSON: {error}"
    raise DialecticError(what, where=str(path), fix=fix, exit_code=ExitCode.USAGE)


def _people(config: Path | None) -> tuple[Sequence[Person] | None, str]:
    """The agents of a configuration and the id of its judge."""
    if config is None:
        return None, ""
    from dialectic_actors.bootstrap import compose
    from dialectic_actors.settings import load_settings

    settings = load_settings(config.absolute(), cwd=Path.cwd())
    opened, _ = compose(settings, "", 0)
    return tuple(people_of(opened)), settings.judge.id
