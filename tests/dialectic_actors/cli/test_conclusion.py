"""What is said when a run has come to rest, however it did."""

from __future__ import annotations

import errno
from pathlib import Path

import click
import pytest

from dialectic_actors import DialecticError, Outcome
from dialectic_actors.api.outcome import INTERRUPTED
from dialectic_actors.cli.conclusion import check_output, conclude, resumable
from dialectic_events.runs import RunFailed, RunSuspended
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
