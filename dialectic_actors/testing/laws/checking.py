"""The walk: one pass over a log, each event shown to the laws that judge its type.

Which laws there are is said beside this module; how one reads is told in `telling`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from dialectic_actors.testing.laws.attempts import ATTEMPTS
from dialectic_actors.testing.laws.briefing import BRIEFING
from dialectic_actors.testing.laws.deciding import DECIDING
from dialectic_actors.testing.laws.failing import FAILING
from dialectic_actors.testing.laws.ordering import ORDERING
from dialectic_actors.testing.laws.planning import PLANNING
from dialectic_actors.testing.laws.resting import RESTING
from dialectic_actors.testing.laws.states import STATES
from dialectic_actors.testing.laws.stating import Breach, Check, End, Found, Law, Stored
from dialectic_actors.testing.laws.telling import LawBroken, tell
from dialectic_actors.testing.laws.witness import Lookup, Witness
from dialectic_events.envelope import Envelope, Header
from dialectic_events.errors import DialecticError, ExitCode, IntegrityError
from dialectic_events.store import Store
from dialectic_events.union import Event
from dialectic_replay.read import envelopes, known_event

__all__ = ["LAWS", "NAMES", "Log", "broken", "check_all", "explain"]

Log: TypeAlias = Sequence[Envelope | Event] | Store
"""A whole log from its opening: envelopes, bare events, or the store that holds it."""

LAWS: tuple[Law, ...] = (
    *ORDERING,
    *PLANNING,
    *DECIDING,
    *ATTEMPTS,
    *BRIEFING,
    *FAILING,
    *RESTING,
    *STATES,
)
"""All laws that a log alone can show to be broken."""

NAMES: tuple[str, ...] = tuple(law.name for law in LAWS)
"""Their names."""


def check_all(
    log: Log,
    *,
    stream: str = "",
    texts: Mapping[str, str] | Lookup | None = None,
    deep: bool = True,
    cut: bool = False,
    laws: Sequence[Law] = LAWS,
) -> None:
    """Hold a whole log to all laws.

    `stream` names the run when `log` is a store of several. `texts` finds the text of a part by its
    reference (a store brings its own); without it, briefs are judged as far as references tell.
    `deep=False` leaves out what renders, folds and plans again. `cut` says that the log may end
    anywhere, even inside an append. `laws` may hold laws of your own.

    Raises LawBroken for the first breach in order of the log, and DialecticError when an event is
    redacted or of an unknown type, or when the store has no such run.
    """
    for breach in broken(log, stream=stream, texts=texts, deep=deep, cut=cut, laws=laws):
        raise LawBroken(breach)


def broken(
    log: Log,
    *,
    stream: str = "",
    texts: Mapping[str, str] | Lookup | None = None,
    deep: bool = True,
    cut: bool = False,
    laws: Sequence[Law] = LAWS,
) -> tuple[Breach, ...]:
    """All breaches of a log, in its order; () when it keeps the laws. Arguments and errors as for
    `check_all`.
    """
    lookup = texts.__getitem__ if isinstance(texts, Mapping) else texts
    judges = _judges(tuple(laws), deep)
    if isinstance(log, Sequence):
        return _walk(log, Witness(lookup), judges, End(cut))
    store, stream = log, stream or _only_run(log)
    stored = Stored(store, stream)
    breaches = [
        Breach(law, 0, found.detail)
        for law, check in judges.get(Stored, ())
        if (found := check(Witness(lookup), stored)) is not None
    ]
    if breaches:
        # What was changed after it was written says nothing about who wrote it.
        return tuple(breaches)
    log = list(envelopes(store, stream, verify=False))
    seen = Witness(lookup or _texts_of(store, stream))
    return _walk(log, seen, judges, End(cut))


def explain(
    found: Log | Breach | LawBroken,
    *,
    stream: str = "",
    texts: Mapping[str, str] | Lookup | None = None,
    cut: bool = False,
) -> str:
    """The shortest story that shows how a law is broken: the law, the breach, one line per event
    that matters. For a log that is its first breach, with the names of the other laws that it
    breaks.
    """
    if isinstance(found, LawBroken):
        return tell(found.breach)
    if isinstance(found, Breach):
        return tell(found)
    breaches = broken(found, stream=stream, texts=texts, cut=cut)
    if not breaches:
        return "every law holds"
    others = dict.fromkeys(each.law.name for each in breaches[1:])
    others.pop(breaches[0].law.name, None)
    more = f"\nalso broken: {', '.join(others)}" if others else ""
    return tell(breaches[0]) + more


_Judges: TypeAlias = Mapping[type, tuple[tuple[Law, Check], ...]]


@lru_cache(maxsize=32)
def _judges(laws: tuple[Law, ...], deep: bool) -> _Judges:
    """The laws that judge each type."""
    judges: dict[type, tuple[tuple[Law, Check], ...]] = {}
    for law in laws:
        if deep or not law.deep:
            for kind in law.on:
                judges[kind] = (*judges.get(kind, ()), (law, law.check))
    return judges


def _walk(
    log: Sequence[Envelope | Event], seen: Witness, judges: _Judges, end: End
) -> tuple[Breach, ...]:
    breaches: list[tuple[int, Law, Found]] = []
    versions: list[int] = []

    def judge(kind: type, what: Any, number: int) -> None:
        for law, check in judges.get(kind, ()):
            # A state that is folded again from a broken log says nothing.
            if law.deep and kind is End and breaches:
                continue
            if (found := check(seen, what)) is not None:
                breaches.append((found.at or number, law, found))

    for number, each in enumerate(log, 1):
        if isinstance(each, Envelope):
            event = seen.event = known_event(each)
            seen.header = each.header
            versions.append(each.header.version)
            judge(Header, each.header, number)
        else:
            event = seen.event = each
            versions.append(number)
        judge(type(event), event, number)
        seen.take(event)
    seen.event = seen.header = None
    judge(End, end, len(log))
    return tuple(_breach(seen, versions, *each) for each in sorted(breaches, key=lambda b: b[0]))


def _breach(seen: Witness, versions: list[int], number: int, law: Law, found: Found) -> Breach:
    shown = sorted({at for at in (*found.because, number) if at})
    story = tuple((versions[at - 1], seen.events[at - 1]) for at in shown)
    return Breach(law, versions[number - 1] if number else 0, found.detail, story)


def _only_run(store: Store) -> str:
    streams = [entry.stream for entry in store.streams()]
    if len(streams) == 1:
        return streams[0]
    raise DialecticError(
        f"the store holds {len(streams)} runs",
        fix="say which one: stream=…",
        exit_code=ExitCode.USAGE,
    )


def _texts_of(store: Store, stream: str) -> Lookup:
    known: dict[str, str] = {}

    def lookup(ref: str) -> str:
        if ref not in known:
            found = store.parts((ref,))
            if ref not in found:
                raise IntegrityError(f"part {ref[:13]}… is missing", where=stream)
            known.update(found)
        return known[ref]

    return lookup
