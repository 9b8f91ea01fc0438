"""Logs as JSON lines, byte for byte: for archives, for other stores, for another program that
checks them.

A file begins with its format; a part comes before the first event that names it; a stream ends with
its head. What is imported is verified as a whole before any of it is stored. Files are opened and
closed by others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import msgspec
from msgspec import Struct

from dialectic_events.chain import verified
from dialectic_events.envelope import Head, Header, Record, read_header
from dialectic_events.errors import DialecticError, ExitCode, IntegrityError
from dialectic_events.jsonl_lines import event_line, format_line, head_line, part_line
from dialectic_events.jsonl_reading import LogFile, read_log
from dialectic_events.parts import check, strands
from dialectic_events.references import Named, refs_named
from dialectic_events.store import Appended, Batch, Store, StreamEntry

__all__ = ["ImportReport", "export", "import_log"]

_STRETCH = 256


class ImportReport(Struct, frozen=True):
    """What became of each stream of a file, and how many events were stored."""

    added: tuple[str, ...] = ()
    extended: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    events: int = 0


def export(store: Store, streams: Sequence[str]) -> Iterator[bytes]:
    """The lines of `streams` and of all that they were forked from, each stream once and whole,
    parents first.

    What is handed on is verified on the way. Raises DialecticError for an unknown stream,
    IntegrityError at the first event or text that is not what was written, or fits on no line.
    """
    entries = {entry.stream: entry for entry in store.streams()}
    lineage = list(_lineage(entries, streams))
    yield format_line() + b"\n"
    seen: set[str] = set()
    for entry in lineage:
        head = Head(entry.last.version, entry.last.digest)
        records = store.read(entry.stream, entry.first.version, head.version)
        pairs = verified(records, after=_before(store, entry), known=head)
        while stretch := list(islice(pairs, _STRETCH)):
            for line in _lines(store, stretch, seen):
                yield line + b"\n"
        yield head_line(entry.stream, head) + b"\n"


def import_log(lines: Iterable[bytes] | LogFile, store: Store) -> ImportReport:
    """Verify a whole exported log, unless it was read already, and what the store has of its
    streams; then store what it does not have yet. A repeat changes nothing.

    A stream that the file carries further is extended. Raises IntegrityError with the line at the
    first fault, or with the event where the store's own copy is not what was written,
    DialecticError when the file is no exported log or the store has other events under the same
    name; then nothing was stored.
    """
    file = lines if isinstance(lines, LogFile) else read_log(lines)
    _check_copies(store, file.streams)
    batches = [
        batch
        for stream, records in file.streams.items()
        if (batch := _news(store, stream, records)) is not None
    ]
    if batches:
        batches[0] = msgspec.structs.replace(batches[0], parts=file.parts)
        _append(store, batches)
    changed = {batch.stream: batch.expected for batch in batches}
    return ImportReport(
        added=tuple(stream for stream, expected in changed.items() if not expected),
        extended=tuple(stream for stream, expected in changed.items() if expected),
        unchanged=tuple(stream for stream in file.streams if stream not in changed),
        events=sum(len(batch.records) for batch in batches),
    )


def _lineage(entries: Mapping[str, StreamEntry], streams: Sequence[str]) -> Iterator[StreamEntry]:
    """The streams and their ancestors, each once, parents first."""
    done: set[str] = set()
    for stream in streams:
        branch: list[StreamEntry] = []
        name: str | None = stream
        while name is not None and name not in done:
            entry = entries.get(name)
            if entry is None:
                raise DialecticError(
                    "there is no such run",
                    where=name,
                    fix="dialectic ls names those that there are",
                    exit_code=ExitCode.USAGE,
                )
            done.add(name)
            branch.append(entry)
            name = _parent(entry, entries)
        yield from reversed(branch)


def _parent(entry: StreamEntry, entries: Mapping[str, StreamEntry]) -> str | None:
    """The stream that this one continues. Raises IntegrityError when the store does not have it."""
    try:
        parent = read_header(entry.first).parent
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        what = f"the header is unreadable: {error}"
        raise IntegrityError(what, where=_place(entry.first)) from error
    if parent is not None and parent not in entries:
        what = f"it continues {parent[:40]!r}, which this store does not have"
        raise IntegrityError(what, where=_place(entry.first))
    return parent


def _before(store: Store, entry: StreamEntry) -> Head:
    """What the first event of a stream continues, in the lineage of its parent."""
    parent, version = read_header(entry.first).parent, entry.first.version - 1
    found = () if parent is None else store.read(parent, version, version)
    return next((Head(version, record.digest) for record in found), Head())


def _place(record: Record) -> str:
    return f"{record.stream}:{record.version}"


def _lines(store: Store, pairs: Sequence[tuple[Record, Header]], seen: set[str]) -> Iterator[bytes]:
    """The lines of some events, each after the parts that no line before it holds."""
    named = [(record, _named(record, header)) for record, header in pairs]
    places: dict[str, str] = {}
    for record, each in named:
        for ref in each.refs:
            places.setdefault(ref, _place(record))
    texts = _texts(store, {ref: at for ref, at in places.items() if ref not in seen}, seen)
    for record, each in named:
        for ref in each.refs:
            try:
                for needed in _needed(ref, texts, seen):
                    seen.add(needed)
                    yield part_line(needed, texts[needed])
            except KeyError as missing:
                if each.certain:
                    raise IntegrityError(
                        f"part {str(missing)[1:14]}… is missing", where=_place(record)
                    ) from None
        yield event_line(record)


def _named(record: Record, header: Header) -> Named:
    try:
        return refs_named(header.type, header.schema, record.payload or b"")
    except IntegrityError as error:
        raise IntegrityError(error.what, where=_place(record)) from error


def _texts(store: Store, wanted: Mapping[str, str], seen: set[str]) -> dict[str, str]:
    """The texts behind references and behind all that they bind, as far as the store has them.

    `wanted` says of each reference which event names it.
    """
    texts: dict[str, str] = {}
    while wanted:
        bound: dict[str, str] = {}
        for ref, text in store.parts(sorted(wanted)).items():
            check(ref, text, wanted[ref])
            try:
                bound |= dict.fromkeys(strands(ref, text), wanted[ref])
            except (msgspec.MsgspecError, RecursionError):
                continue
            texts[ref] = text
        wanted = {ref: at for ref, at in bound.items() if ref not in seen and ref not in texts}
    return texts


def _needed(ref: str, texts: Mapping[str, str], seen: set[str]) -> list[str]:
    """A reference and all that it binds, as far as it was not seen yet, each after what it binds
    itself.

    Raises KeyError when the text of one is not there.
    """
    order: dict[str, None] = {}
    pending = [ref]
    while pending:
        each = pending[-1]
        if each in seen or each in order:
            pending.pop()
            continue
        missing = [it for it in strands(each, texts[each]) if it not in seen and it not in order]
        if missing:
            pending.extend(reversed(missing))
        else:
            pending.pop()
            order[each] = None
    return list(order)


def _check_copies(store: Store, streams: Iterable[str]) -> None:
    """Raise IntegrityError unless what the store has of these streams could be exported again."""
    try:
        for _ in export(store, [each for each in streams if store.head(each).version]):
            pass
    except IntegrityError as error:
        raise IntegrityError(
            f"the copy in this store is not what was written: {error.what}",
            where=error.where,
            fix="dialectic import FILE --store other.db, and go on there",
        ) from error


def _news(store: Store, stream: str, records: Sequence[Record]) -> Batch | None:
    """What the store does not have of a stream; None when it has all. Raises DialecticError on
    other events.
    """
    head, first = store.head(stream), records[0].version
    if not head.version:
        return Batch(stream, 0, tuple(records), {})
    common = store.read(stream, first, min(head.version, records[-1].version))
    same = [stored.header == read.header for stored, read in zip(common, records, strict=False)]
    if not same or not all(same):
        at = first + same.index(False) if same else first
        raise DialecticError(
            "the store has another run of this name",
            where=f"{stream}:{at}",
            fix="import into another store (--store)",
        )
    news = tuple(records[len(same) :])
    return Batch(stream, head.version, news, {}) if news else None


def _append(store: Store, batches: Sequence[Batch]) -> None:
    for batch, outcome in zip(batches, store.append(batches), strict=True):
        if not isinstance(outcome, Appended):
            raise DialecticError(
                "somebody else wrote to this run during the import",
                where=batch.stream,
                fix="import again; what is stored already stays as it is",
                exit_code=ExitCode.RESUMABLE,
            )
