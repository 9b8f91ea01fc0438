"""Files from strangers: each fault is found, named with its line, and nothing is stored."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dialectic_actors.testing.batches import proposals
from dialectic_events.envelope import Head, Record, commit, digest_of, read_header
from dialectic_events.errors import DialecticError, ExitCode, IntegrityError
from dialectic_events.jsonl import import_log
from dialectic_events.jsonl_lines import event_line, head_line, part_line
from dialectic_events.parts import refer, rope
from dialectic_events.stores import open_store
from support.exported import FIRST, contents, small
from support.unknown import of_unknown_type


@given(st.lists(st.binary(max_size=60), max_size=4))
def test_any_bytes_are_refused_as_an_error_for_people(lines: list[bytes]) -> None:
    """Never as a failure of the program."""
    with pytest.raises(IntegrityError, match="line 2"):
        import_log([FIRST, b"x", *lines], open_store("memory:"))


def changed_header(record: Record, **changes: object) -> Record:
    """The record with another header, consistently sealed."""
    header = msgspec.json.encode(msgspec.structs.replace(read_header(record), **changes))
    return replace(record, header=header, digest=digest_of(header))


def with_payload(payload: bytes, type: str = "later-made") -> list[bytes]:
    """A file of one event with this payload, consistently sealed."""
    record = of_unknown_type(proposals("deb-1", ["one"]).records[0], payload, type)
    return [FIRST, event_line(record), head_line("deb-1", Head(1, record.digest))]


def without_salt() -> list[bytes]:
    """A file whose event has a payload and no salt."""
    lines = small()
    at = lines[2].index(b',"salt":')
    return [*lines[:2], lines[2][:at] + b',"salt":null}\n', *lines[3:]]


def shifted_salt() -> list[bytes]:
    """A file whose event fits its commitment, with a salt of another length."""
    record = proposals("deb-1", ["one"]).records[0]
    payload = record.payload or b""
    header = changed_header(record, commitment=commit(b"short", payload))
    return [
        FIRST,
        part_line(refer("one"), "one"),
        event_line(replace(header, payload=payload, salt=b"short")),
    ]


def _named(stream: str) -> Callable[[], list[bytes]]:
    """A log whose run has this name."""
    return lambda: [
        FIRST,
        part_line(refer("x"), "x"),
        event_line(proposals(stream, ["x"]).records[0]),
    ]


HOSTILE: dict[str, tuple[Callable[[], list[bytes]], str]] = {
    "a key twice in a line": (
        lambda: [*small()[:1], small()[1].replace(b'{"part"', b'{"part":"x","part"'), *small()[2:]],
        "line 2: .*form of an export",
    ),
    "another key": (
        lambda: [FIRST, b'{"part":"x","text":"y","more":1}'],
        "line 2: .*unknown field",
    ),
    "spaces": (lambda: [FIRST, small()[1].replace(b'":"', b'": "', 1)], "line 2: .*form of an"),
    "a windows line": (lambda: [FIRST, small()[1].replace(b"\n", b"\r\n")], "line 2: .*form of an"),
    "another kind": (lambda: [FIRST, b'{"note":1}'], "line 2: it is no part"),
    "an empty line": (lambda: [FIRST, b"\n"], "line 2: it is no part"),
    "a number for a text": (lambda: [FIRST, b'{"part":"x","text":1}'], "line 2: .*Expected `str`"),
    "no reference": (lambda: [FIRST, part_line("one", "one")], "line 2: 'one' is no reference"),
    "another text": (lambda: [FIRST, part_line(refer("one"), "two")], "line 2: .*digest"),
    "a rope of nothing": (
        lambda: [FIRST, part_line("@" + refer("x"), "x")],
        "line 2: .*binds no references",
    ),
    "a rope of strangers": (
        lambda: [FIRST, part_line(*rope([refer("x")]))],
        "line 2: .*before its first use",
    ),
    "a part twice": (lambda: [*small()[:2], *small()[1:]], "line 3: .*is there twice"),
    "a part for nobody": (
        lambda: [FIRST, part_line(refer("x"), "x"), *small()[1:]],
        "named by no event",
    ),
    "a key twice in a payload": (
        lambda: with_payload(b'{"a":1,"a":2}'),
        "line 2: .*a key is there twice",
    ),
    "deep nesting": (
        lambda: with_payload(b'{"a":' + b"[" * 70 + b"]" * 70 + b"}"),
        "line 2: .*nested more than 64 deep",
    ),
    "bottomless nesting": (
        lambda: with_payload(b'{"a":' + b"[" * 99_999 + b"]" * 99_999 + b"}"),
        "line 2: it is unreadable",
    ),
    "no event of its type": (
        lambda: with_payload(b'{"type":"run-failed"}', "run-failed"),
        "line 2: .*no valid 'run-failed'",
    ),
    "a payload of another type": (
        lambda: with_payload(b'{"type":"run-concluded","outcome":"partial"}', "run-failed"),
        "line 2: .*another type",
    ),
    "a lone surrogate": (lambda: with_payload(b'{"a":"\\ud800"}'), "line 2: .*unreadable"),
    "no salt": (without_salt, r"line 3 \(deb-1:1\): the payload was changed"),
    "a short salt": (shifted_salt, "line 3: .*16 bytes"),
    "a header that is none": (
        lambda: [FIRST, b'{"header":{},"payload":{},"salt":null}'],
        "line 2: the header is unreadable",
    ),
    "a redaction that nobody recorded": (
        lambda: [
            *small()[:2],
            event_line(replace(proposals("deb-1", ["one"]).records[0], payload=None, salt=None)),
        ],
        "line 3: the payload is gone",
    ),
    "events after the head": (lambda: [*small(), *small()[2:]], "line 7: deb-1 has ended already"),
    "a head of nothing": (lambda: [FIRST, head_line("x", Head())], "line 2: the head of 'x'"),
    "another head": (
        lambda: [*small()[:-1], head_line("deb-1", Head(2, "0" * 64))],
        "line 6: the head is not that",
    ),
    "no head": (lambda: small()[:-1], "line 5: the file ends within deb-1"),
    "cut off before an event": (lambda: small()[:2], "line 2: the file ends early: its last head"),
    "cut off within a line": (lambda: [*small()[:2], small()[2][:-9]], "line 3: it is unreadable"),
    "a text of nobody": (
        lambda: [FIRST, part_line(refer("x"), "x"), *small()[1:]],
        "line 7: part .* is named by no event",
    ),
    "a stream within another": (
        lambda: [*small()[:3], event_line(proposals("deb-2", ["one"]).records[0])],
        "line 4: deb-1 has not ended yet",
    ),
    "a fork of nothing": (
        lambda: [
            FIRST,
            part_line(refer("x"), "x"),
            event_line(proposals("deb-2", ["x"], Head(3, "0" * 64), parent="deb-1").records[0]),
        ],
        "line 3: it continues deb-1:3",
    ),
    "a fork beyond the end": (
        lambda: [
            *small(),
            part_line(refer("x"), "x"),
            event_line(proposals("deb-2", ["x"], Head(3, "0" * 64), parent="deb-1").records[0]),
        ],
        "line 8: it continues deb-1:3",
    ),
    "a parent in the middle": (
        lambda: [
            *small()[:4],
            event_line(
                changed_header(proposals("deb-1", ["one", "two"]).records[1], parent="deb-1")
            ),
        ],
        "line 5: only the first event",
    ),
    **{
        f"the name {name[:9]!r}": (_named(name), "line 3: .*no name of a stream")
        for name in ("a\nb", "a" * 201, "", "/x", "../../x", "-x", ".x", "a b", "a;b", "@", "a:1")
    },
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_its_line(name: str) -> None:
    """And nothing of it is stored."""
    lines, message = HOSTILE[name]
    store = open_store("memory:")

    with pytest.raises(IntegrityError, match=message) as refused:
        import_log(lines(), store)

    assert "dialectic export" in refused.value.fix
    assert () == contents(store)


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is far above any debate."""
    monkeypatch.setattr("dialectic_events.jsonl_lines.LINE_BYTES", 40)
    with pytest.raises(IntegrityError, match="line 2: it is longer than 40 bytes"):
        import_log(small(), open_store("memory:"))


def test_a_file_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it fills the memory."""
    monkeypatch.setattr("dialectic_events.jsonl_reading.LOG_BYTES", 90)
    with pytest.raises(DialecticError, match="larger than 90 bytes"):
        import_log(small(), open_store("memory:"))


@pytest.mark.parametrize(
    ("first", "message"),
    [
        (b'{"dialectic":"log","format":2}', "upgrade"),
        (b"{}", "no exported log"),
        (b"", "no exported log"),
    ],
)
def test_another_format_is_refused(first: bytes, message: str) -> None:
    """A later one with the way out, any other as what it is."""
    with pytest.raises(DialecticError, match=message) as refused:
        import_log([first], open_store("memory:"))

    assert ExitCode.USAGE == refused.value.exit_code
