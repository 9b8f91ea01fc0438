"""Every event of every released version is still what it was, and is decided again as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialectic_actors import Store
from dialectic_actors.api.checks import check
from dialectic_events.union import EVENT_TYPES, tag_of
from dialectic_replay.read import known_event

LOGS = sorted(Path(__file__).parent.glob("*.jsonl"))


@pytest.fixture(params=LOGS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    """A golden log."""
    return Path(request.param)


def imported(path: Path) -> Store:
    """A store that holds a golden log."""
    store = Store("memory:")
    with path.open("rb") as lines:
        store.import_log(lines)
    return store


def test_a_golden_log_is_what_was_written_byte_for_byte(path: Path) -> None:
    """It verifies, and a store of today exports the same bytes."""
    with imported(path) as store:
        assert [store.resolve("@").run] == [found.ref for found in store.verify()]
        assert path.read_bytes() == b"".join(store.export())


def test_a_golden_log_is_replayed_to_its_end(path: Path) -> None:
    """Every event is of a known type, and the run ends, with a solution unless it failed."""
    with imported(path) as store:
        outcome = store["@"]
        assert store.version("@") == len([known_event(each) for each in store.log("@")])
        assert outcome.run.ended
        assert (outcome.status == "failed") == (outcome.solution is None)


def test_a_golden_log_is_decided_again_as_it_was(path: Path) -> None:
    """Today's code makes the same of it, event by event."""
    (found,) = check([path])

    assert () == found.divergences
    assert found.events > 0


def test_the_golden_logs_hold_every_type_of_event() -> None:
    """What is stored in no golden log would not be guarded."""
    met: set[str] = set()
    for path in LOGS:
        with imported(path) as store:
            met |= {tag_of(type(known_event(each))) for each in store.log("@")}

    assert set() == EVENT_TYPES.keys() - met
