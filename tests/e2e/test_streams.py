"""The standard streams as shells hand them over: closed, as a `-`, as a device, through a pipe."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from support.program import Ended, command, dialectic, environment

OFFLINE = ("--offline", "-a", "architect,kiss", "-r", "1", "-q")
DEBATE = ("debate", "Design a rate limiter", *OFFLINE)
TO_STDOUT = {
    "a sign": ("-o", "-"),
    "a device": ("-o", "/dev/stdout"),
    "a descriptor": ("-o", "/dev/fd/1"),
}


def in_shell(cwd: Path, redirection: str, *arguments: str, stdin: bytes = b"") -> Ended:
    """Run a command line that a shell redirects."""
    line = f"exec {shlex.join(command(*arguments))} {redirection}"
    ended = subprocess.run(
        ["sh", "-c", line],
        check=False,
        cwd=cwd,
        env=environment(),
        input=stdin,
        capture_output=True,
        timeout=120,
    )
    return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with one finished debate."""
    cwd = tmp_path_factory.mktemp("recorded")
    assert 0 == dialectic(cwd, *DEBATE).code
    return cwd


@pytest.mark.parametrize(
    ("redirection", "arguments", "code"),
    [
        ("<&-", DEBATE, 0),
        (">&-", DEBATE, 0),
        ("2>&-", DEBATE[:-1], 0),
        ("<&- >&- 2>&-", DEBATE, 0),
        (">&-", ("ls",), 0),
        (">&-", ("export",), 0),
        (">&-", ("doctor", "--offline"), 4),
        (">&-", ("--version",), 0),
        ("2>&-", ("ls", "--round", "2"), 2),
    ],
)
def test_what_is_said_to_a_closed_stream_goes_nowhere(
    redirection: str, arguments: tuple[str, ...], code: int, recorded: Path
) -> None:
    """The exit code stays that of the command, and nothing of one stream is said on another."""
    ended = in_shell(recorded, redirection, *arguments)

    assert code == ended.code, ended
    assert "Traceback" not in ended.out + ended.err
    assert "error: " not in ended.out


def test_a_problem_that_is_a_dash_is_read_from_standard_input(tmp_path: Path) -> None:
    """As everywhere; the same debate as with `-p -`."""
    problem = b"Design a rate limiter\nfor two regions\n"

    ended = dialectic(tmp_path, "debate", "-", *OFFLINE, stdin=problem)
    other = dialectic(tmp_path, "debate", "-p", "-", *OFFLINE, stdin=problem)

    assert (0, other.out) == (ended.code, ended.out)
    assert "Design a rate limiter" in dialectic(tmp_path, "ls").out


@pytest.mark.parametrize("output", TO_STDOUT.values(), ids=TO_STDOUT)
@pytest.mark.parametrize("arguments", [DEBATE, ("resume",), ("report",), ("export",)])
def test_an_output_may_be_standard_output(
    output: tuple[str, ...], arguments: tuple[str, ...], recorded: Path, tmp_path: Path
) -> None:
    """What a pipe gets is what it gets without the option, and no file is made."""
    if arguments != DEBATE:
        arguments = (*arguments, "--store", str(recorded / "debates" / "log.db"))

    plain = in_shell(tmp_path, "| cat", *arguments)
    ended = in_shell(tmp_path, "| cat", *arguments, *output)

    assert plain.out
    assert (plain.code, plain.out) == (ended.code, ended.out), ended.err
    assert {"debates"} >= {each.name for each in tmp_path.iterdir()}
