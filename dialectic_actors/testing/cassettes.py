"""Cassettes: exported logs beside the tests, and what a missing one means.

A name stays inside its folder, and a log that was changed by hand is refused. What is in a log is
read elsewhere.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, get_args

from dialectic_actors.api.store import Store
from dialectic_events.errors import DialecticError, ExitCode, IntegrityError

__all__ = ["CassetteMissing", "Record", "Shelf", "read_cassette"]

Record = Literal["none", "once", "all"]
"""When to record: never, when there is no cassette yet, or always."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class CassetteMissing(DialecticError):
    """A test wants a cassette that nobody has recorded."""

    def __init__(self, path: Path, command: str) -> None:
        super().__init__(
            "there is no such cassette",
            where=str(path),
            fix=f"record it: {command}=once",
            exit_code=ExitCode.USAGE,
        )


class Shelf:
    """The cassettes in a folder. `command` is what records again when `=once` or `=all` is put
    after it.
    """

    def __init__(
        self, folder: Path, record: Record = "none", command: str = "pytest --dialectic-record"
    ) -> None:
        if record not in get_args(Record):
            raise DialecticError(
                f"nobody knows how to record `{record}`",
                fix=f"choose one of {', '.join(get_args(Record))}",
                exit_code=ExitCode.USAGE,
            )
        self.folder = folder
        self.record = record
        self.command = command
        self._recorded: set[str] = set()

    def path(self, name: str) -> Path:
        """Where the cassette of a name is. Raises DialecticError for a name that is none, or that
        leads out of the folder.
        """
        path = self.folder / f"{name}.jsonl"
        if not _NAME.fullmatch(name):
            raise DialecticError(
                f"`{name}` is no name of a cassette",
                fix="use letters, digits, dots, dashes and underscores, a letter or digit first",
                exit_code=ExitCode.USAGE,
            )
        if path.resolve().parent != self.folder.resolve():
            raise DialecticError(
                "the cassette leads out of its folder",
                where=str(path),
                fix="replace the link by a file",
                exit_code=ExitCode.USAGE,
            )
        return path

    def records(self, name: str) -> bool:
        """Whether the cassette is to be recorded now. One that was recorded here is kept."""
        wanted = self.record == "all" or (self.record == "once" and not self.path(name).exists())
        if not wanted or name in self._recorded:
            return False
        self._recorded.add(name)
        return True

    def existing(self, name: str) -> Path:
        """The file of a cassette. Raises CassetteMissing when there is none."""
        path = self.path(name)
        if not path.is_file():
            raise CassetteMissing(path, self.command)
        return path


def read_cassette(path: Path) -> tuple[Store, str]:
    """A store with the runs of an exported log, and the name of the newest.

    Raises IntegrityError when any of it was changed, DialecticError when it cannot be read, is no
    log, or holds no run.
    """
    store = Store("memory:")
    try:
        with path.open("rb") as lines:
            store.import_log(lines)
    except OSError as error:
        raise DialecticError(
            f"the cassette cannot be read: {error.strerror}",
            where=str(path),
            fix="check the path, or record it",
            exit_code=ExitCode.USAGE,
        ) from error
    except IntegrityError as error:
        what = f"the cassette is not what was recorded: {error.what}"
        fix = "restore the file, or record it again with --dialectic-record=all"
        raise IntegrityError(what, where=f"{path}: {error.where}", fix=fix) from error
    except DialecticError as error:
        raise DialecticError(
            error.what, where=f"{path}: {error.where}", fix=error.fix, exit_code=error.exit_code
        ) from error
    runs = store.runs()
    if not runs:
        raise DialecticError("the cassette holds no run", where=str(path), fix="record it again")
    return store, runs[0].ref
