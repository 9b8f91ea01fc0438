"""A store as people use it: references, listings, points of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from dialectic_actors import DialecticError, Outcome, Store, debate
from dialectic_actors.api.files import write_atomically
from dialectic_actors.api.runs import continue_run
from dialectic_actors.testing.batches import batch_of
from dialectic_events.calls import CallFailed
from dialectic_events.runs import RunResumed, RunSuspended
from dialectic_replay.read import known_event

SMALL: dict[str, Any] = {"agents": ["architect", "kiss"], "rounds": 2, "offline": True}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Outcome]]:
    """A directory with three runs, the oldest first."""
    cwd = tmp_path_factory.mktemp("place")
    return cwd, [debate(f"Design {what}", cwd=cwd, **SMALL) for what in ("a", "b", "c")]


@pytest.fixture
def store(place: tuple[Path, list[Outcome]]) -> Store:
    """Its log."""
    return Store(cwd=place[0], env={}, must_exist=True)


@pytest.fixture
def refs(place: tuple[Path, list[Outcome]]) -> list[str]:
    """The ids of its runs, the oldest first."""
    return [outcome.ref for outcome in place[1]]


def test_runs_are_listed_the_newest_first(store: Store, refs: list[str]) -> None:
    """A listing tells what the first and the last event of each run tell."""
    listed = store.runs()

    assert refs[::-1] == [entry.ref for entry in listed]
    assert ("concluded", "Design c", store.version("@")) == (
        listed[0].status,
        listed[0].problem,
        listed[0].events,
    )


def test_a_run_has_many_names(store: Store, refs: list[str]) -> None:
    """The latest, the ones before it, the whole id, its unique end."""
    for written, run in (
        ("@", refs[2]),
        ("", refs[2]),
        ("@~", refs[1]),
        ("@~1", refs[1]),
        ("@~2", refs[0]),
        (refs[0], refs[0]),
        (refs[1][-4:], refs[1]),
        (f"{refs[1]}:3", refs[1]),
        ("@~2:r1", refs[0]),
    ):
        assert run == store.resolve(written).run


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("@~3", "there are only 3 runs"),
        ("deb-", "'deb-' may mean"),
        ("nothing", "there is no run 'nothing'"),
        ("@:0x", "there is no turn '0x'"),
        ("@:999", "there is no event 999"),
        ("@:-999", "there is no event -999"),
        ("@:r3", "round 3 did not begin"),
        ("@:r1/propose/agent-kiss", "there is no turn 'r1/propose/agent-kiss'"),
    ],
)
def test_a_name_that_means_nothing_is_refused(written: str, what: str, store: Store) -> None:
    """The error repeats what was written and says where to look."""
    with pytest.raises(DialecticError, match=what.replace("(", r"\(")) as caught:
        store.version(written)

    assert 2 == caught.value.exit_code
    assert caught.value.fix


def test_a_position_given_twice_is_refused(store: Store) -> None:
    """`REF:3 --at 4` says two things."""
    with pytest.raises(DialecticError, match="the position is given twice"):
        store.resolve("@:3", "4")


def test_positions_mean_events(store: Store) -> None:
    """Numbers count from both ends, a round means the moment before it, a turn its last event."""
    last = store.version("@")

    assert (1, last, last - 1) == (
        store.version("@:1"),
        store.version("@:-1"),
        store.version("@:-2"),
    )
    assert 1 == store.version("@:r1")
    critique = store.version("@:r2/critique/agent-kiss>agent-architect")
    assert critique == store.version("@:debate/r2/critique/agent-kiss>agent-architect")
    begun = store["@:r2"].run
    assert {1} == {turn.round for turn in begun.turns.values()}
    settled = store[f"@:{critique}"].run.results
    assert "debate/r2/critique/agent-kiss>agent-architect" in settled


def test_a_run_at_a_point_is_what_its_log_said_by_then(store: Store) -> None:
    """Every version can be looked at, from nothing to the end."""
    last = store.version("@")

    assert [*range(last + 1)] == [store.replay(f"@:{n}").version for n in range(last + 1)]
    assert ("empty", "concluded") == (store["@:0"].status, store["@"].status)
    assert [n for n in range(last + 1) if store[f"@:{n}"].solution] == [last - 1, last]


def test_the_store_of_a_directory_above_is_found(
    place: tuple[Path, list[Outcome]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Like git: the nearest log upward; where there is none, the one of this directory."""
    below = place[0] / "x" / "y"
    below.mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(below)

    with Store.find() as found:
        assert 3 == len(found.runs())
        assert f"<Store sqlite:{place[0]}/debates/log.db>" == repr(found)


def test_an_export_is_imported_and_exported_the_same(store: Store, tmp_path: Path) -> None:
    """Bytes in, bytes out; the second import changes nothing."""
    lines = list(store.export())
    with Store("memory:", cwd=tmp_path, env={}) as other:
        first, second = other.import_log(lines), other.import_log(lines)

        assert (3, 3) == (len(first.added), len(second.unchanged))
        assert lines == list(other.export())
        assert list(store.verify()) == list(other.verify())


def test_no_log_is_an_error_only_for_those_who_look(tmp_path: Path) -> None:
    """Looking makes no file."""
    with pytest.raises(DialecticError, match="there is no log here yet"):
        Store(cwd=tmp_path, env={}, must_exist=True)

    assert [] == list(tmp_path.iterdir())


def test_a_file_is_replaced_whole_and_keeps_its_rights(tmp_path: Path) -> None:
    """Through a link as well; no draft is left behind."""
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("old", encoding="utf-8")
    file.chmod(0o600)
    link.symlink_to(file)

    write_atomically(link, "new")

    assert ("new", 0o600, True) == (
        file.read_text(encoding="utf-8"),
        file.stat().st_mode & 0o777,
        link.is_symlink(),
    )
    assert ["file", "link"] == sorted(each.name for each in tmp_path.iterdir())


def test_a_listing_survives_whatever_another_program_stored() -> None:
    """Payloads that are no objects, and problems that are no references, are shown without one."""
    with Store("memory:") as store:
        for number, payload in enumerate((b"[1]", b'{"problem":"hello"}', b'{"problem":7}', b"?")):
            batch = batch_of(f"run-{number}", [RunSuspended(reason="x")])
            (record,) = batch.records
            store.port.append([replace(batch, records=(replace(record, payload=payload),))])

        assert ["", "", "", ""] == [entry.problem for entry in store.runs()]


def test_a_name_in_a_log_is_no_path(tmp_path: Path) -> None:
    """Whatever a run is called, its state document lies beside the others."""
    with Store(cwd=tmp_path / "here") as store:
        debate("Design a cache", store=store, agents=["kiss"], rounds=1, offline=True)
        (first,) = [*store.port.streams()]
        events = [known_event(each) for each in store.log(first.stream)]
        store.port.append([batch_of("../../out", events)])

        outcome = continue_run(store, "../../out", env={})

    assert outcome.state_file is not None
    assert tmp_path / "here" / "debates" == outcome.state_file.parent
    assert [] == [*tmp_path.glob("*.json")]


def test_a_run_that_rests_is_listed_so_when_its_last_calls_end_later() -> None:
    """They are recorded after the suspension, and do not make it go on."""
    late = CallFailed(call="x#1", error="cancelled")
    with Store("memory:") as store:
        store.port.append([batch_of("rests", [RunSuspended(reason="auth: no"), late, late])])
        store.port.append([batch_of("goes-on", [RunResumed(claim="one"), late])])
        store.port.append([batch_of("long", [RunSuspended(reason="x"), *[late] * 600])])

        assert {"rests": "suspended", "goes-on": "unfinished", "long": "unfinished"} == {
            entry.ref: entry.status for entry in store.runs()
        }
