"""The verifier that the log format page shows: it knows nothing of ours and judges as we do."""

import sys
from pathlib import Path

import pytest

from dialectic_actors.testing.batches import head_after, proposals
from dialectic_events.jsonl import export
from support.checkout import ROOT
from support.exported import stored
from support.pages import File, steps

PAGE = (ROOT / "docs" / "reference" / "log-format.md").read_text(encoding="utf-8")
(VERIFIER,) = (step.text for step in steps(PAGE) if isinstance(step, File))


def lineage() -> list[bytes]:
    """An exported run, a fork of it, and a fork of that one behind its parent's fork point."""
    root = proposals("deb-1", ["one", "zwei – ‘due’", "three"])
    fork = proposals("deb-2", ["four", "five"], head_after(root), parent="deb-1")
    again = proposals("deb-3", ["six"], head_after(fork), parent="deb-2")
    return list(export(stored(root, fork, again), ["deb-3"]))


def verify(lines: list[bytes], folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Run the page's program on a file of these lines. Raises whatever it raises."""
    file = folder / "run.jsonl"
    file.write_bytes(b"".join(lines))
    patch.setattr(sys, "argv", ["verify.py", str(file)])
    exec(compile(VERIFIER, "verify.py", "exec"), {"__name__": "__main__"})


def test_a_log_with_forks_is_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Versions and chain go on from parent to fork."""
    verify(lineage(), tmp_path, monkeypatch)

    printed = [line.split()[:4] for line in capsys.readouterr().out.splitlines()]
    assert [
        ["deb-1", "ok", "3", "events"],
        ["deb-2", "ok", "5", "events"],
        ["deb-3", "ok", "6", "events"],
    ] == printed


@pytest.mark.parametrize("number", range(len(lineage())))
def test_a_line_that_is_missing_is_found(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No line of an export is in it for nothing."""
    lines = lineage()
    del lines[number]

    with pytest.raises((SystemExit, KeyError, ValueError)):
        verify(lines, tmp_path, monkeypatch)


@pytest.mark.parametrize("number", range(len(lineage())))
def test_a_line_that_was_changed_is_found(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One digit is enough, wherever it is."""
    lines = lineage()
    line = lines[number]
    digit = max(line.rfind(b"%d" % each) for each in range(10))
    lines[number] = line[:digit] + b"%d" % ((line[digit] - 47) % 10) + line[digit + 1 :]
    assert line != lines[number]

    with pytest.raises((SystemExit, KeyError, ValueError)):
        verify(lines, tmp_path, monkeypatch)
