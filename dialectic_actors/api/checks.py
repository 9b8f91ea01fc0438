"""The replay check: stored runs are decided again with today's code, and on request with today's
configuration; the first difference is reported.

No model is called and no socket can be opened. How a run is decided again is the affair of
`actors.redecide`; nothing is printed here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from dialectic_actors.actors.cast import cast_of
from dialectic_actors.actors.redecide import redecide
from dialectic_actors.api.sealed import sealed
from dialectic_actors.api.store import Store
from dialectic_actors.bootstrap import find_protocol
from dialectic_actors.core.divergence import Divergence, between_openings
from dialectic_events.errors import DialecticError, ExitCode, IntegrityError
from dialectic_events.runs import Model, RunOpened
from dialectic_events.store import Store as Port
from dialectic_replay.audit import verify_run
from dialectic_replay.read import envelopes, known_event

if TYPE_CHECKING:
    from dialectic_actors.settings import Settings

__all__ = ["Check", "Divergence", "check"]

_STAND_INS = frozenset({"rehearsal", "scripted", "recorded"})
"""Providers that answer without a model: a run on one of them chose it on the command line."""


class Check(Struct, frozen=True):
    """What came of checking one run of so many events: at most one divergence of its opening, and
    at most one of what follows.
    """

    ref: str
    events: int
    divergences: tuple[Divergence, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether all is decided today as it is stored."""
        return not self.divergences


def check(
    logs: Iterable[str | Path],
    *,
    store: Store | str | Path | None = None,
    against: str | Path | None = None,
) -> Iterator[Check]:
    """Decide stored runs again, one `Check` for each run, in order.

    A log is a JSONL file as `export` writes it, with all its runs, or the reference of a run in
    `store`. `against` is a directory whose configuration `debate` would use, or a configuration
    file; its roles, prompts, routes and limits are then compared with those of the run's opening,
    and decide in their place. Who debates, for how many rounds, and a stand-in for models are the
    run's own choices. Without `against`, the code alone is judged.

    Raises IntegrityError (exit 5) for a log that is not what was written, SocketRefused (exit 6)
    when something asks for a socket, DialecticError for a configuration that is not understood, an
    unknown run, or a log that this version cannot decide.
    """
    with ExitStack() as stack:
        settings = None
        if against is not None:
            with sealed():
                settings = _settings(Path(against))
        runs: Store | None = None
        for log in logs:
            if _is_file(log):
                with Store("memory:") as imported:
                    yield from _in_file(imported, Path(log), settings)
                continue
            if runs is None:
                runs = _runs_in(store, stack)
            yield _run(runs.port, _whole(runs, str(log)), settings)


def _is_file(log: str | Path) -> bool:
    """Whether a log is a file; a reference is not, however long it is."""
    try:
        found = Path(log).is_file()
    except OSError:
        return False
    if not found and str(log).endswith(".jsonl"):
        raise DialecticError(
            "there is no such file", where=str(log), fix="check the path", exit_code=ExitCode.USAGE
        )
    return found


def _runs_in(store: Store | str | Path | None, stack: ExitStack) -> Store:
    """The store of the references; `stack` closes it if it is opened here."""
    if isinstance(store, Store):
        return store
    return stack.enter_context(Store(store, must_exist=True))


def _in_file(store: Store, path: Path, settings: Settings | None) -> Iterator[Check]:
    try:
        with path.open("rb") as lines:
            store.import_log(lines)
    except DialecticError as error:
        error.where = f"{path}: {error.where}".removesuffix(": ")
        raise
    for entry in reversed(store.port.streams()):
        yield _run(store.port, entry.stream, settings)


def _whole(store: Store, ref: str) -> str:
    """The run that a reference means; a point of a run is refused."""
    meant = store.resolve(ref)
    if meant.position:
        raise DialecticError(
            "a run is checked as a whole",
            where=ref,
            fix=f"leave out the position {meant.position}",
            exit_code=ExitCode.USAGE,
        )
    return meant.run


def _settings(place: Path) -> Settings:
    from dialectic_actors.settings import load_settings

    if not place.exists():
        raise DialecticError(
            "there is no such directory or configuration",
            where=str(place),
            fix="name the directory of today's configuration, or its file",
            exit_code=ExitCode.USAGE,
        )
    if place.is_dir():
        return load_settings(None, cwd=place)
    return load_settings(place.absolute(), cwd=place.parent)


def _run(port: Port, stream: str, settings: Settings | None) -> Check:
    """Check one run: that it is what was written, its opening, then all that follows."""
    with sealed():
        verify_run(port, stream)
        log = list(envelopes(port, stream, verify=False))
        recorded = known_event(log[0])
        if not isinstance(recorded, RunOpened):
            raise IntegrityError("its first event does not open a run", where=f"{stream}:1")
        for stage in recorded.stages:
            find_protocol(stage.protocol)
        text = _lookup(port, stream)
        today, texts = (recorded, {}) if settings is None else _composed(settings, recorded)

        def either(ref: str) -> str:
            return texts[ref] if ref in texts else text(ref)

        found: list[Divergence] = []
        difference = between_openings(recorded, today, either)
        if difference is not None:
            place = (stream, log[0].header.version, "run-opened", "")
            fields = (difference.field, difference.recorded, difference.today)
            found.append(Divergence(*place, *fields))
        cast = cast_of(today, either)
        decision = redecide(log, today, cast.speakers(), either)
        found.extend(() if decision is None else (decision,))
        return Check(stream, len(log), tuple(found))


def _lookup(port: Port, stream: str) -> Callable[[str], str]:
    known: dict[str, str] = {}

    def text(ref: str) -> str:
        if ref not in known:
            known.update(port.parts((ref,)))
        if ref not in known:
            raise IntegrityError(f"part {ref[:13]}… is missing", where=stream)
        return known[ref]

    return text


def _composed(settings: Settings, recorded: RunOpened) -> tuple[RunOpened, Mapping[str, str]]:
    """The opening that `debate` would write today for the same problem, agents, rounds and seed,
    and the texts of its sources.
    """
    from dialectic_actors.bootstrap import compose
    from dialectic_actors.settings import select, with_clarifications, with_model, with_rounds

    names = _names(settings, recorded)
    if names != [agent.id for agent in settings.agents]:
        settings = select(settings, names)
    for stage in recorded.stages:
        settings = with_rounds(settings, stage.rounds)
        if stage.clarifications is not None:
            settings = with_clarifications(settings)
    stand_in = _stand_in(recorded)
    if stand_in is not None:
        settings = with_model(settings, f"{stand_in.provider}/{stand_in.name}")
    context = None if recorded.context_dir is None else Path(recorded.context_dir)
    return compose(settings, recorded.problem, recorded.seed, context)


def _names(settings: Settings, recorded: RunOpened) -> list[str]:
    """What to ask the configuration for: the run's agents by id, else by role; without those that
    it does not have any more.
    """
    from dialectic_actors.settings.roles import DEBATING_ROLES

    roles = {agent.id: agent.role for agent in recorded.agents}
    configured = {agent.id for agent in settings.agents}
    names: list[str] = []
    for speaker in (speaker for stage in recorded.stages for speaker in stage.agents):
        role = roles.get(speaker, "")
        if speaker in configured:
            names.append(speaker)
        elif role in DEBATING_ROLES and role not in settings.disabled:
            names.append(role)
    return names


def _stand_in(recorded: RunOpened) -> Model | None:
    """What answers in place of a model for everybody in a run."""
    routes = {agent.route for agent in recorded.agents}
    match list(routes):
        case [(model,)] if model.provider in _STAND_INS:
            return msgspec.structs.replace(model, reason="")
        case _:
            return None
