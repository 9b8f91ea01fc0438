"""A store as people use it: runs by reference, their logs, their state at any point, export,
import, verification.

Nothing in here calls a model or could; what continues a run is in `runs`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct

from dialectic_events import store as port
from dialectic_events.errors import DialecticError, ExitCode, IntegrityError
from dialectic_events.stores import default_url, open_store

if TYPE_CHECKING:
    from dialectic_actors.api.outcome import Outcome
    from dialectic_events.envelope import Envelope
    from dialectic_events.jsonl import ImportReport
    from dialectic_events.jsonl_reading import LogFile
    from dialectic_replay.references import Reference
    from dialectic_replay.run import Run

__all__ = ["Entry", "NoLog", "Store", "Verified", "log_head", "nothing_at", "replay"]

_ENDS = {
    "run-concluded": "concluded",
    "run-failed": "failed",
    "run-suspended": "suspended",
}


_ENDINGS = ("call-answered", "call-failed")
"""What is still recorded of a run that rests: how the calls ended that were under way."""

_LATE = 500
"""How many of these are looked behind."""


class NoLog(DialecticError):
    """There is no log where one was looked for."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            "there is no log here yet",
            where=str(path),
            fix='dialectic debate "…" makes one; --store names another',
            exit_code=ExitCode.USAGE,
        )


class Entry(Struct, frozen=True):
    """One line of a listing: what the first and the last event of a run tell."""

    ref: str
    status: str
    began: str
    problem: str
    events: int


class Verified(Struct, frozen=True):
    """A run whose chain and texts are what was written, and its head."""

    ref: str
    version: int
    digest: str


class Store:
    """The log of all runs. A context manager; `port` is the store beneath it.

    `url` is `sqlite:PATH`, a path or `memory:`; without one it is `DIALECTIC_STORE` or
    `debates/log.db` under `cwd`.
    """

    def __init__(
        self,
        url: str | Path | None = None,
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        must_exist: bool = False,
    ) -> None:
        self.cwd = cwd or Path.cwd()
        self.url = str(url or default_url(self.cwd, os.environ if env is None else env))
        path = Path(self.url.removeprefix("sqlite:"))
        if must_exist and self.url != "memory:" and nothing_at(path):
            raise NoLog(path)
        self.port: port.Store = open_store(self.url)

    @classmethod
    def find(cls) -> Self:
        """The store of the working directory, or of the nearest directory above it that has one."""
        here = Path.cwd()
        for folder in (here, *here.parents):
            if (folder / "debates" / "log.db").exists():
                return cls(cwd=folder)
        return cls()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Store {self.url}>"

    def __getitem__(self, ref: str) -> Outcome:
        """What came of a run, or had come of it at a position."""
        from dialectic_actors.api.outcome import Outcome

        run, version = self.resolve(ref).run, self.version(ref)
        return Outcome(run, self.replay(f"{run}:{version}"))

    def close(self) -> None:
        """Let go of files and connections."""
        self.port.close()

    def runs(self) -> list[Entry]:
        """All runs, the newest first."""
        found = self.port.streams()
        problems = [_field(each.first.payload, "problem") for each in found]
        texts = self.port.parts(problems)
        return [
            _entry(self.port, each, texts.get(problem, ""))
            for each, problem in zip(found, problems, strict=True)
        ]

    def resolve(self, ref: str, at: str | None = None) -> Reference:
        """The full id and the position that a reference means."""
        from dialectic_replay.references import find_run, parse_reference

        written = parse_reference(ref, at)
        if self.port.head(written.run).version:
            return written
        ids = [each.stream for each in self.port.streams()]
        return type(written)(find_run(written.run, ids), written.position)

    def log(self, ref: str, *, verify: bool = True) -> Iterator[Envelope]:
        """The events of a run's lineage, up to the reference's position. Raises IntegrityError at
        the first fault.
        """
        from dialectic_replay.read import envelopes

        meant = self.resolve(ref)
        return envelopes(
            self.port, meant.run, last=self.version(ref) if meant.position else None, verify=verify
        )

    def version(self, ref: str) -> int:
        """The version that a reference means; that of its run's last event when it names no
        position.
        """
        from dialectic_replay.read import envelopes
        from dialectic_replay.references import find_version

        meant = self.resolve(ref)
        if not meant.position:
            return self.port.head(meant.run).version
        return find_version(meant.position, envelopes(self.port, meant.run, verify=False))

    def replay(self, ref: str) -> Run:
        """The state of a run at a position: a fold of its verified log, with no model in reach."""
        from dialectic_replay.read import known_event
        from dialectic_replay.run import fold

        return fold(known_event(envelope) for envelope in self.log(ref))

    def state(self, ref: str) -> dict[str, Any]:
        """The state document of a run at a position, as readers of `dialectic` know it."""
        from dialectic_events.envelope import Head
        from dialectic_replay.state_document import state_document

        run, version = self.resolve(ref).run, self.version(ref)
        (last,) = self.port.read(run, version, version)
        return state_document(self.log(f"{run}:{version}"), Head(version, last.digest))

    def export(self, refs: Sequence[str] = ()) -> Iterator[bytes]:
        """The lines of a JSONL log with some runs and their lineages; all runs, the oldest first,
        when none is named. Raises IntegrityError at the first thing that is not what was written.
        """
        from dialectic_events.jsonl import export

        streams = [self.resolve(ref).run for ref in refs]
        everything = [each.stream for each in reversed(self.port.streams())]
        return _with_remedy(export(self.port, streams or everything))

    def import_log(self, lines: Iterable[bytes] | LogFile) -> ImportReport:
        """Take in an exported log, once all of it has been verified, and what is here of its runs.
        Raises IntegrityError, and stores nothing, if not.
        """
        from dialectic_events.jsonl import import_log

        return import_log(lines, self.port)

    def verify(self, refs: Sequence[str] = ()) -> Iterator[Verified]:
        """Verify runs (all when none is named): digests, order, completeness, every text. Raises
        IntegrityError.
        """
        from dialectic_replay.audit import verify_run

        streams = [self.resolve(ref).run for ref in refs] or [
            each.stream for each in self.port.streams()
        ]
        for stream in streams:
            head = verify_run(self.port, stream)
            yield Verified(stream, head.version, head.digest)


def log_head(runs: Iterable[Verified]) -> str:
    """The head of a whole log: one digest over the heads of all its runs, in any order."""
    from dialectic_events.envelope import Head, log_digest

    return log_digest({run.ref: Head(run.version, run.digest) for run in runs})


def replay(ref: str, store: Store | str | Path | None = None) -> Run:
    """The state of a run at a position, from the store of the working directory or a named one."""
    if isinstance(store, Store):
        return store.replay(ref)
    with Store(store, must_exist=True) if store is not None else Store.find() as opened:
        return opened.replay(ref)


def _with_remedy(lines: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from lines
    except IntegrityError as error:
        fix = error.fix or "restore the log from a copy, or export another run: dialectic ls"
        raise IntegrityError(error.what, where=error.where, fix=fix) from error


def nothing_at(path: Path) -> bool:
    """Whether opening a log here would make one."""
    return not path.exists() or (path.is_file() and not path.stat().st_size)


def _field(payload: bytes | None, name: str) -> str:
    """A word in a payload, which may be that of any program; "" where there is none."""
    import json

    try:
        said = json.loads(payload or b"{}")
    except (ValueError, RecursionError):
        return ""
    word = said.get(name) if isinstance(said, dict) else None
    return word if isinstance(word, str) else ""


def _rest(store: port.Store, stream: str, last: int) -> str:
    """How a run came to rest, of whose events the last ones are endings of calls, if they are."""
    import json

    for record in reversed([*store.read(stream, max(1, last - _LATE), last)]):
        kind = json.loads(record.header)["type"]
        if kind not in _ENDINGS:
            return _ENDS.get(kind, "unfinished")
    return "unfinished"


def _entry(store: port.Store, stream: port.StreamEntry, problem: str) -> Entry:
    import json

    first, last = json.loads(stream.first.header), json.loads(stream.last.header)
    status = _ENDS.get(last["type"], "unfinished")
    if last["type"] in _ENDINGS:
        status = _rest(store, stream.stream, last["version"])
    if status == "concluded" and _field(stream.last.payload, "outcome") == "partial":
        status = "partial"
    return Entry(stream.stream, status, first["decided_at"], problem, last["version"])
