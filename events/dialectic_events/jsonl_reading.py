"""An exported log as a whole: everything in it is verified, line by line, against everything before
it.

Nothing is stored here. What is refused, and why, is said with the number of its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from dialectic_events.chain import Chain
from dialectic_events.envelope import Head, Header, Record, digest_of
from dialectic_events.errors import DialecticError, ExitCode, IntegrityError
from dialectic_events.jsonl_lines import EventLine, HeadLine, PartLine, format_line, read_line
from dialectic_events.parts import check, strands
from dialectic_events.references import is_reference, refs_named

__all__ = ["LogFile", "read_log"]

LOG_BYTES = 1024 * 1024 * 1024
_AGAIN = "export the run again where it came from: dialectic export -o FILE"
# A run's name is typed after commands and names a file: no path, option or reference passes.
_STREAM = re.compile(r"\w[\w.%+=-]{0,199}", re.ASCII)

_read_header = msgspec.json.Decoder(Header).decode


class LogFile:
    """What a file holds: the records of each stream, parents before their forks, and all parts."""

    def __init__(self) -> None:
        self.streams: dict[str, list[Record]] = {}
        self.parts: dict[str, str] = {}
        self._parents: dict[str, str | None] = {}
        self._unnamed: set[str] = set()
        self._ends_with_part = False
        self._chain: Chain | None = None
        self._open = ""

    def take(self, line: bytes) -> None:
        """Take in the next line. Raises IntegrityError when it does not fit to those before it."""
        said = read_line(line)
        self._ends_with_part = isinstance(said, PartLine)
        match said:
            case PartLine(ref, text):
                self._take_part(ref, text)
            case EventLine() as event:
                self._take_event(event)
            case HeadLine(stream, head):
                self._take_head(stream, head)

    def end(self) -> None:
        """No line is left. Raises IntegrityError when one is missing, or a part was in vain."""
        if self._chain is not None:
            raise IntegrityError(f"the file ends within {self._open}: its head is missing")
        # Parts are written right before the event that names them.
        if self._unnamed and self._ends_with_part:
            raise IntegrityError("the file ends early: its last head is missing")
        if self._unnamed:
            raise IntegrityError(f"part {min(self._unnamed)[:13]}… is named by no event")

    def _take_part(self, ref: str, text: str) -> None:
        if not is_reference(ref):
            raise IntegrityError(f"{ref[:40]!r} is no reference")
        if ref in self.parts:
            raise IntegrityError(f"part {ref[:13]}… is there twice")
        check(ref, text)
        self._name(_strands(ref, text))
        self.parts[ref] = text
        self._unnamed.add(ref)

    def _name(self, refs: Iterable[str]) -> None:
        for ref in refs:
            if ref not in self.parts:
                raise IntegrityError(f"part {ref[:13]}… does not come before its first use")
            self._unnamed.discard(ref)

    def _take_event(self, line: EventLine) -> None:
        try:
            header = _read_header(line.header)
        except msgspec.MsgspecError as error:
            raise IntegrityError(f"the header is unreadable: {error}") from error
        if line.payload is None:
            raise IntegrityError("the payload is gone and no redaction says so")
        if self._chain is None:
            self._chain = self._begin(header)
        elif header.stream != self._open:
            raise IntegrityError(f"{self._open} has not ended yet: its head is missing")
        elif header.parent is not None:
            raise IntegrityError("only the first event of a stream can name a parent")
        record = Record(
            stream=header.stream,
            version=header.version,
            digest=digest_of(line.header),
            header=line.header,
            payload=line.payload,
            salt=line.salt,
        )
        self._chain.check(record)
        named = refs_named(header.type, header.schema, line.payload)
        self._name(ref for ref in named.refs if named.certain or ref in self.parts)
        self.streams[header.stream].append(record)

    def _begin(self, header: Header) -> Chain:
        stream, parent = header.stream, header.parent
        if not _STREAM.fullmatch(stream):
            raise IntegrityError(f"{stream[:40]!r} is no name of a stream")
        if stream in self.streams:
            raise IntegrityError(f"{stream} has ended already")
        before = Head()
        if parent is not None:
            before = self._head_at(parent, header.version - 1)
        self.streams[stream] = []
        self._parents[stream] = parent
        self._open = stream
        return Chain(before)

    def _head_at(self, stream: str, version: int) -> Head:
        """What a fork continues, somewhere in the lineage of `stream`."""
        found: str | None = stream
        while found in self.streams:
            records = self.streams[found]
            place = version - records[0].version
            if place >= 0:
                if place < len(records):
                    return Head(version, records[place].digest)
                break
            found = self._parents[found]
        raise IntegrityError(f"it continues {stream}:{version}, which is not before it")

    def _take_head(self, stream: str, head: Head) -> None:
        if self._chain is None or stream != self._open:
            raise IntegrityError(f"the head of {stream[:40]!r} does not follow its events")
        if head != self._chain.head:
            raise IntegrityError("the head is not that of the events before it")
        self._chain = None


def read_log(lines: Iterable[bytes]) -> LogFile:
    """What a file holds, wholly verified.

    Raises IntegrityError with the line number at the first fault, DialecticError when the file is
    no exported log, of a later format, or too large to be verified in memory.
    """
    file, numbered = LogFile(), _numbered(lines)
    _check_format(next(numbered, (1, b""))[1])
    size, number = 0, 1
    for number, line in numbered:
        size += len(line)
        if size > LOG_BYTES:
            raise DialecticError(
                f"the file is larger than {LOG_BYTES} bytes",
                where=f"line {number}",
                fix="export fewer runs at a time",
                exit_code=ExitCode.USAGE,
            )
        try:
            file.take(line)
        except IntegrityError as error:
            raise _at(number, error) from error
    try:
        file.end()
    except IntegrityError as error:
        raise _at(number, error) from error
    return file


def _numbered(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    return ((number, line.removesuffix(b"\n")) for number, line in enumerate(lines, 1))


def _check_format(first: bytes) -> None:
    if first == format_line():
        return
    if first.startswith(b'{"dialectic":"log","format":'):
        what, fix = "its format is not known to this version", "upgrade dialectic-actors"
    else:
        what, fix = "this is no exported log", "name a file that `dialectic export` wrote"
    raise DialecticError(what, where="line 1", fix=fix, exit_code=ExitCode.USAGE)


def _at(number: int, error: IntegrityError) -> IntegrityError:
    where = f"line {number} ({error.where})" if error.where else f"line {number}"
    return IntegrityError(error.what, where=where, fix=_AGAIN)


def _strands(ref: str, text: str) -> tuple[str, ...]:
    try:
        return strands(ref, text)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise IntegrityError(f"part {ref[:13]}… binds no references: {error}") from error
