"""What is said when a run has come to rest, however it did."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import click
import pytest
from msgspec.structs import replace

from dialectic_actors import DialecticError, Outcome
from dialectic_actors.api.files import write_atomically
from dialectic_actors.api.outcome import INTERRUPTED
from dialectic_actors.cli.conclusion import check_output, conclude, resumable
from dialectic_events.calls import CallAnswered
from dialectic_events.runs import RunFailed, RunSuspended
from dialectic_events.stores.sqlite import SqliteStore
from dialectic_replay.run import Run, fold
from support.drive import failing, finish

FULL = Path("/dev/full")


def at_rest(*without: str) -> Run:
    """A debate driven to its end, some calls of which fail."""
    return fold(finish(failing(*without)))


def suspended(reason: str) -> Run:
    """A debate that was stopped for a reason, after everything but its end."""
    return fold([*finish()[:-3], RunSuspended(reason=reason)])


@pytest.mark.parametrize(
    ("run", "code", "last"),
    [
        (at_rest(), 0, "read it all: dialectic show deb-1 --store x"),
        (suspended(INTERRUPTED), 130, "dialectic resume deb-1 --store x -e keys"),
        (suspended("auth: no such key"), 3, "dialectic resume deb-1 --store x -e keys"),
        (suspended("payment: no credit"), 3, "dialectic resume deb-1 --store x -e keys"),
        (suspended("the disk is full"), 7, "dialectic resume deb-1 --store x -e keys"),
        (fold([*finish()[:-1], RunFailed(reason="no quorum")]), 1, "dialectic log deb-1 --store x"),
    ],
    ids=["concluded", "interrupted", "auth", "payment", "stopped", "failed"],
)
def test_the_last_line_is_the_command_to_type_next(
    run: Run, code: int, last: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the options that it needs again: keys to resume, none to look. The exit code says how
    the run ended.
    """
    found = conclude(Outcome("deb-1", run), None, again=" --store x -e keys", there=" --store x")

    assert code == found
    assert capsys.readouterr().err.splitlines()[-1].endswith(last)


def test_whoever_is_missing_from_a_partial_run_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each failed turn has a line with its reason."""
    run = at_rest("critique/kiss>architect")

    code = conclude(Outcome("deb-1", run), None, json=False, verbose=False, again="")

    lines = capsys.readouterr().err.splitlines()
    failed = [r.turn.id for r in run.results.values() if r.outcome == "failed"]
    assert (1, True) == (code, bool(failed))
    assert failed == [line.split(":")[0].strip() for line in lines[1:-1]]
    assert "read it all: dialectic show deb-1" == lines[-1]


def test_whoever_failed_a_run_is_named_with_what_was_spent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The turn that ended it may only have waited for those that failed: they say why."""
    run = at_rest("proposal")

    code = conclude(Outcome("deb-1", run), None)

    first, *missing, last = capsys.readouterr().err.splitlines()
    failed = [r.turn.id for r in run.results.values() if r.outcome == "failed"]
    assert (3, True) == (code, len(failed) > 1)
    assert first.startswith(f"failed: {run.reason}; {len(failed)} calls")
    assert "no call was answered: dialectic doctor looks at endpoints and keys" == missing.pop()
    assert [f"  {turn}: bad-request: as told" for turn in failed] == missing
    assert "see what happened: dialectic log deb-1" == last


def test_a_second_interrupt_still_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    """The run is left as a crash would leave it: exit 130, and the command that resumes it."""
    with pytest.raises(click.exceptions.Exit) as left, resumable("deb-1", " -e keys"):
        raise KeyboardInterrupt

    assert 130 == left.value.exit_code
    assert "dialectic resume deb-1 -e keys" == capsys.readouterr().err.splitlines()[-1]


def test_a_full_disk_beside_the_run_still_says_how_to_go_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whoever stored the events of a run elsewhere lost some of that; the log has them all."""
    with pytest.raises(OSError, match="No space"), resumable("deb-1", " --store x"):
        raise OSError(errno.ENOSPC, "No space left on device")

    assert "dialectic resume deb-1 --store x" == capsys.readouterr().err.splitlines()[-1]


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
def test_a_solution_that_cannot_be_written_is_said_to_be_on_record(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """All that can be said is said before, and the command that writes it elsewhere comes last."""
    with pytest.raises(DialecticError, match="No space") as refused:
        conclude(Outcome("deb-1", at_rest()), FULL, there=" --store x")

    assert "read it all: dialectic show deb-1" in capsys.readouterr().err
    assert (str(FULL), 1) == (refused.value.where, refused.value.exit_code)
    assert refused.value.fix.endswith("dialectic show deb-1 --store x --solution")


def test_a_log_is_no_output(tmp_path: Path) -> None:
    """Whatever is written, nothing takes the place of a database."""
    path = tmp_path / "log.db"
    with SqliteStore(path):
        pass
    before = path.read_bytes()

    for write in (check_output, lambda place: write_atomically(place, "words")):
        with pytest.raises(DialecticError, match="is a database") as refused:
            write(path)
        assert (2, str(path)) == (refused.value.exit_code, refused.value.where)
    assert before == path.read_bytes()


@pytest.mark.parametrize(("cost_usd", "known"), [(None, None), (0.0, 0.0), (0.25, 0.25)])
def test_a_cost_that_nobody_knows_is_not_nothing(
    cost_usd: float | None, known: float | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rehearsal costs nothing; what a model without a price costs is unknown."""
    priced = [
        replace(each, cost_usd=cost_usd) if isinstance(each, CallAnswered) else each
        for each in finish()
    ]
    outcome = Outcome("deb-1", fold(priced))

    conclude(outcome, None, json=True)

    said = json.loads(capsys.readouterr().out)["data"]["cost_usd"]
    assert (known is None) == (outcome.cost_usd is None) == (said is None)
    assert ("unknown cost" in repr(outcome)) == (known is None)


def test_calls_that_were_cut_off_are_not_said_to_be_kept(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What was answered is kept; what was under way is sent again, and may be paid for twice."""
    events = finish()
    last = max(n for n, each in enumerate(events) if isinstance(each, CallAnswered))
    run = fold([*events[:last], RunSuspended(reason=INTERRUPTED)])

    conclude(Outcome("deb-1", run), None)

    answered = sum(isinstance(each, CallAnswered) for each in events) - 1
    said = capsys.readouterr().err
    assert f"{answered} answered and kept, 1 cut off: these are sent again" in said


def test_a_state_document_that_cannot_be_written_costs_nobody_the_solution(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is said, and the run is as concluded as before."""
    outcome = Outcome("deb-1", at_rest(), notices=("the state document x was not written",))

    assert 0 == conclude(outcome, None)
    assert "note: the state document x was not written" in capsys.readouterr().err


@pytest.mark.parametrize("name", [".", "none/solution.md"])
def test_an_output_that_cannot_be_written_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With exit code 2 and a remedy; an absent one and a new file are fine."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DialecticError) as refused:
        check_output(Path(name))

    assert (2, name) == (refused.value.exit_code, refused.value.where)
    check_output(None)
    check_output(Path("solution.md"))


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("auth: no such key", "the key was refused"),
        ("payment: no credit", "the account cannot pay"),
    ],
)
def test_what_only_a_person_can_mend_comes_with_advice(
    reason: str, advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before the command that goes on once it is mended."""
    _ = conclude(Outcome("deb-1", suspended(reason)), None)

    *_, said, command = capsys.readouterr().err.splitlines()
    assert said.startswith(advice)
    assert "dialectic resume deb-1" == command
