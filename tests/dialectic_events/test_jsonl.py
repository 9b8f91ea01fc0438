"""Export and import: byte for byte, verified before anything is stored, the same when repeated."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dialectic_actors.testing.batches import batch_of, head_after, proposals
from dialectic_actors.testing.strategies import events, words
from dialectic_events.envelope import Head
from dialectic_events.errors import DialecticError, ExitCode, IntegrityError
from dialectic_events.jsonl import ImportReport, export, import_log
from dialectic_events.parts import refer, rope
from dialectic_events.store import Batch
from dialectic_events.stores import open_store
from dialectic_events.union import Event
from support.exported import FIRST, contents, small, stored
from support.runs import batch_with_parts, run_of, runs
from support.unknown import of_unknown_type


def forked(log: list[Event], at: int) -> tuple[Batch, Batch]:
    """A run, and a fork of it after version `at` that goes the same way."""
    run = batch_with_parts("deb-1", log)
    head = Head(at, run.records[at - 1].digest)
    return run, batch_with_parts("deb-2", log[at:] or log[-1:], head, parent="deb-1")


@given(runs(), st.data())
def test_an_export_of_an_import_is_the_same_bytes(log: list[Event], data: st.DataObject) -> None:
    """Runs, forks, and forks of forks that continue an ancestor further back."""
    at = data.draw(st.integers(1, len(log)))
    run, fork = forked(log, at)
    back = data.draw(st.integers(1, at))
    again = proposals("deb-3", ["again"], Head(back, run.records[back - 1].digest), parent="deb-2")
    source, target = stored(run, fork, again), open_store("memory:")
    names = data.draw(st.permutations(["deb-1", "deb-2", "deb-3"]))
    names = names[: data.draw(st.integers(1, 3))]
    lines = list(export(source, names))

    import_log(lines, target)

    assert lines == list(export(target, names))
    for name in names:
        bare = [replace(record, position=0) for record in source.read(name)]
        assert bare == [replace(record, position=0) for record in target.read(name)]


@given(st.lists(events(), min_size=1, max_size=5))
def test_any_events_survive_the_journey(log: list[Event]) -> None:
    """Also those that no run would hold, unless they name parts that nobody stored."""
    store = stored(batch_of("deb-1", log))
    try:
        lines = list(export(store, ["deb-1"]))
    except IntegrityError:
        return
    target = open_store("memory:")

    import_log(lines, target)

    assert lines == list(export(target, ["deb-1"]))


@given(
    st.recursive(
        words() | st.integers(-(2**53), 2**53) | st.booleans() | st.none(),
        lambda it: st.lists(it, max_size=3) | st.dictionaries(words(8), it, max_size=3),
        max_leaves=8,
    ),
    words(),
)
def test_an_unknown_type_is_carried_verbatim(value: object, text: str) -> None:
    """With the parts that it seems to name, spaces and all."""
    bound, binding = rope([refer(text)])
    shape = {"type": "later-made", "value": value, "text": bound, "absent": refer(text + "x")}
    payload = msgspec.json.encode(shape).replace(b'{"type":', b'{ "type" : ', 1)
    record = of_unknown_type(proposals("deb-1", ["one"]).records[0], payload)
    parts = {bound: binding, refer(text): text}
    source, target = stored(Batch("deb-1", 0, (record,), parts)), open_store("memory:")
    lines = list(export(source, ["deb-1"]))

    import_log(lines, target)

    assert lines == list(export(target, ["deb-1"]))
    assert payload == next(iter(target.read("deb-1"))).payload
    assert parts == target.parts([*parts])


@given(runs(max_rounds=1), st.data())
def test_importing_twice_changes_nothing(log: list[Event], data: st.DataObject) -> None:
    """And says so."""
    store = open_store("memory:")
    lines = list(export(stored(*forked(log, data.draw(st.integers(1, len(log))))), ["deb-2"]))

    first = import_log(lines, store)
    before = contents(store)
    second = import_log(lines, store)

    assert (("deb-1", "deb-2"), len(before)) == (first.added, first.events)
    assert ImportReport(unchanged=("deb-1", "deb-2")) == second
    assert before == contents(store)


@given(runs(max_rounds=1), st.data())
def test_a_longer_log_extends_a_shorter_one(log: list[Event], data: st.DataObject) -> None:
    """A run that went on elsewhere can be brought home; a shorter file changes nothing."""
    whole = batch_with_parts("deb-1", log)
    length = data.draw(st.integers(1, len(log)))
    early = stored(replace(whole, records=whole.records[:length]))
    short, lines = list(export(early, ["deb-1"])), list(export(stored(whole), ["deb-1"]))

    report = import_log(lines, early)

    assert len(log) - length == report.events
    assert (("deb-1",) if length < len(log) else ()) == report.extended
    assert lines == list(export(early, ["deb-1"]))
    assert ImportReport(unchanged=("deb-1",)) == import_log(short, early)


def test_other_events_of_the_same_name_are_refused() -> None:
    """Nothing of the file is stored, not even what would fit."""
    lines = list(export(stored(proposals("a", ["new"]), proposals("b", ["one"])), ["a", "b"]))
    store = stored(proposals("b", ["other"]))
    before = contents(store)

    with pytest.raises(DialecticError, match=r"b:1: the store has another run") as refused:
        import_log(lines, store)

    assert (ExitCode.FAILED, before) == (refused.value.exit_code, contents(store))


def test_a_fork_does_not_take_the_name_of_another_run() -> None:
    """Whichever of them is longer."""
    run = proposals("deb-1", ["one", "two"])
    fork = proposals("deb-2", ["three"], head_after(run), parent="deb-1")
    lines = list(export(stored(run, fork), ["deb-2"]))

    for others in (["x"], ["x", "y", "z", "w"]):
        with pytest.raises(DialecticError, match="another run"):
            import_log(lines, stored(proposals("deb-2", others)))


def test_each_line_is_what_the_format_says() -> None:
    """The whole of a small file, as another program would read it."""
    batch = proposals("deb-1", ["one"])
    record = batch.records[0]

    assert [
        FIRST,
        b'{"part":"%b","text":"one"}\n' % refer("one").encode(),
        b'{"header":%b,"payload":%b,"salt":"%b"}\n'
        % (record.header, record.payload or b"", (record.salt or b"").hex().encode()),
        b'{"head":{"stream":"deb-1","version":1,"digest":"%b"}}\n' % record.digest.encode(),
    ] == list(export(stored(batch), ["deb-1"]))


def test_a_part_comes_once_and_after_what_it_binds() -> None:
    """A reader that goes line by line never meets a name before the text."""
    lines = list(export(stored(batch_with_parts("deb-1", run_of(3, trouble=0.0))), ["deb-1"]))
    read = [msgspec.json.decode(line) for line in lines]
    parts = [line["part"] for line in read if "part" in line]
    ropes = [line for line in read if line.get("part", "").startswith("@")]

    assert len(parts) == len(set(parts))
    assert ropes
    for each in ropes:
        for bound in msgspec.json.decode(each["text"]):
            assert parts.index(bound) < parts.index(each["part"])


def test_long_chains_of_ropes_are_exported() -> None:
    """A history may be longer than a stack is deep."""
    refs, parts = [refer("x")], {refer("x"): "x"}
    for _ in range(3000):
        ref, text = rope([refs[-1]])
        refs.append(ref)
        parts[ref] = text
    record = of_unknown_type(
        proposals("deb-1", ["x"]).records[0], msgspec.json.encode({"last": refs[-1]})
    )
    lines = list(export(stored(Batch("deb-1", 0, (record,), parts)), ["deb-1"]))

    assert refs == [msgspec.json.decode(line)["part"] for line in lines[1:-2]]
    assert 1 == import_log(lines, open_store("memory:")).events


def test_an_export_of_nothing_is_a_file() -> None:
    """With nothing in it."""
    assert [FIRST] == list(export(open_store("memory:"), []))
    assert ImportReport() == import_log([FIRST], open_store("memory:"))


def test_an_unknown_run_is_not_exported() -> None:
    """And the error names it."""
    with pytest.raises(DialecticError, match="deb-9: there is no such run"):
        list(export(open_store("memory:"), ["deb-9"]))


@pytest.mark.parametrize("parts", [{}, {refer("one"): "two"}], ids=["missing", "changed"])
def test_a_log_with_a_faulty_part_is_not_exported(parts: dict[str, str]) -> None:
    """The file would be refused wherever it is read."""
    store = stored(replace(proposals("deb-1", ["one"]), parts=parts))

    with pytest.raises(IntegrityError, match="part"):
        list(export(store, ["deb-1"]))


@pytest.mark.parametrize("payload", [b'{"a":\n1}', b"[]", b" {}", b"null"])
def test_bytes_that_fit_on_no_line_are_not_exported(payload: bytes) -> None:
    """They would come back as other bytes."""
    record = of_unknown_type(proposals("deb-1", ["one"]).records[0], payload)

    with pytest.raises(IntegrityError, match=r"deb-1:1: .* on one line"):
        list(export(stored(Batch("deb-1", 0, (record,), {})), ["deb-1"]))


@given(runs(max_rounds=1), st.data())
def test_a_file_with_a_line_missing_is_refused(log: list[Event], data: st.DataObject) -> None:
    """Whichever it is; and nothing is stored."""
    lines = list(export(stored(batch_with_parts("deb-1", log)), ["deb-1"]))
    gone = data.draw(st.integers(0, len(lines) - 1))
    store = open_store("memory:")

    with pytest.raises(DialecticError):
        import_log([*lines[:gone], *lines[gone + 1 :]], store)

    assert () == contents(store)


@given(runs(max_rounds=1), st.data())
def test_a_file_with_lines_exchanged_is_refused(log: list[Event], data: st.DataObject) -> None:
    """Parts aside: they may come earlier than they must."""
    lines = list(export(stored(batch_with_parts("deb-1", log)), ["deb-1"]))
    places = [place for place, line in enumerate(lines) if not line.startswith(b'{"part"')]
    first, second = data.draw(st.sampled_from(list(pairwise(places))))
    moved = [*lines]
    moved[first], moved[second] = moved[second], moved[first]

    with pytest.raises(DialecticError):
        import_log(moved, open_store("memory:"))


@given(runs(max_rounds=1), st.data())
def test_a_changed_byte_is_found(log: list[Event], data: st.DataObject) -> None:
    """Anywhere in the file, and nothing is stored."""
    lines = list(export(stored(batch_with_parts("deb-1", log)), ["deb-1"]))
    number = data.draw(st.integers(0, len(lines) - 1))
    place = data.draw(st.integers(0, len(lines[number]) - 2))
    byte = data.draw(st.integers(0, 255).filter(lambda it: it != lines[number][place]))
    line = lines[number][:place] + bytes([byte]) + lines[number][place + 1 :]
    store = open_store("memory:")

    with pytest.raises(DialecticError) as refused:
        import_log([*lines[:number], line, *lines[number + 1 :]], store)

    assert refused.value.where.startswith("line ")
    assert () == contents(store)


def test_somebody_who_writes_during_the_import_is_not_overwritten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The store refuses the append, and the import says so."""
    lines = small()
    store = stored(proposals("deb-1", ["one"]))
    append = store.append

    def late(batches: list[Batch]) -> object:
        head = store.head("deb-1")
        append([proposals("deb-1", ["meanwhile"], head, command="other")])
        return append(batches)

    monkeypatch.setattr(store, "append", late)
    with pytest.raises(DialecticError, match="during the import"):
        import_log(lines, store)


def test_a_log_moves_between_stores_of_different_kinds(tmp_path: Path) -> None:
    """The bytes do not depend on where events are kept."""
    run, fork = forked(run_of(5, trouble=0.1), 4)
    lines = list(export(stored(run, fork), ["deb-2"]))

    with open_store(tmp_path / "log.db") as store:
        report = import_log(lines, store)
        assert ("deb-1", "deb-2") == report.added
        assert lines == list(export(store, ["deb-2"]))
        assert ImportReport(unchanged=("deb-1", "deb-2")) == import_log(lines, store)
