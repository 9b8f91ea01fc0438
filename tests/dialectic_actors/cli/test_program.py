"""The command tree: its table, its help, its errors."""

from __future__ import annotations

import errno
import os
import re

import click
import pytest

from dialectic_actors import Store
from dialectic_actors.cli.program import COMMANDS, program, run

PAGES = [(name,) for name in COMMANDS] + [("audit", "verify"), ()]


def page(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str], flag: str = "-h") -> str:
    """The help of a command."""
    assert 0 == run([*arguments, flag])
    return capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_command_says_of_itself(name: str) -> None:
    """Every command of the table exists under its name and is described in it."""
    command = program.get_command(click.Context(program), name)

    assert command is not None
    assert name == command.name
    assert COMMANDS[name][2].split()[0] == (command.help or "").split()[0]


@pytest.mark.parametrize("arguments", PAGES, ids=" ".join)
def test_every_help_page_says_its_options_and_an_example(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each option has a line of words, and a command line to try stands on the page."""
    text = page(arguments, capsys)

    command: click.Command | None = program
    context = click.Context(program, info_name="dialectic")
    for name in arguments:
        assert isinstance(command, click.Group)
        command = command.get_command(context, name)
    assert command is not None
    options = [each for each in command.params if isinstance(each, click.Option)]
    assert [] == [each.name for each in options if not each.help or each.opts[-1] not in text]
    assert re.search(rf"  dialectic {' '.join(arguments)}|key: dialectic debate", text)


@pytest.mark.parametrize("arguments", PAGES, ids=" ".join)
def test_help_fits_a_terminal_and_is_asked_for_in_three_ways(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """`-h`, `--help` and `help COMMAND` are one page of at most 80 columns."""
    short, long = page(arguments, capsys), page(arguments, capsys, "--help")
    assert 0 == run(["help", *arguments])

    assert short == long == capsys.readouterr().out
    assert [] == [line for line in short.splitlines() if len(line) > 80]


@pytest.mark.parametrize(
    ("arguments", "what", "fix"),
    [
        (["lss"], "there is no command 'lss'", "did you mean ls?"),
        (["audit", "verfy"], "there is no command 'verfy'", "did you mean verify?"),
        (["qqq"], "there is no command 'qqq'", "dialectic --help lists them"),
        (["ls", "--jsn"], "there is no option --jsn", "did you mean --json?"),
        (["ls", "-n", "0"], "invalid value for '-n'", "dialectic ls --help shows what it takes"),
        (["import"], "missing argument 'FILE'", "dialectic import --help shows what it takes"),
    ],
)
def test_a_mistaken_command_line_is_one_error_with_a_remedy(
    arguments: list[str], what: str, fix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Mistakes of usage look like every other error, and end with exit code 2."""
    code = run(arguments)

    said = capsys.readouterr()
    assert (2, "") == (code, said.out)
    assert said.err.startswith(f"error: {what}")
    assert said.err.endswith(f"  fix:   {fix}\n")
    assert 1 == said.err.count("error: ")


@pytest.mark.parametrize(
    ("variable", "arguments", "what"),
    [
        ("DIALECTIC_DEBATE_ROUNDS", ["debate", "x"], "'two' is not a valid integer"),
        ("DIALECTIC_CONFIG_SHOW_OFFLINE", ["config", "show"], "'two' is not a valid boolean"),
        ("DIALECTIC_LS_NUMBER", ["ls"], "'two' is not a valid integer range"),
    ],
)
def test_a_variable_that_stands_for_an_option_is_named_when_it_is_refused(
    variable: str,
    arguments: list[str],
    what: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nobody looks on the command line for what was never written there."""
    monkeypatch.setenv(variable, "two")

    code = run(arguments)

    said = capsys.readouterr()
    assert (4, "") == (code, said.out)
    assert said.err.startswith(f"error: {what}")
    assert f"  where: environment variable {variable}\n" in said.err
    assert f"unset {variable}" in said.err


def test_what_a_shell_would_redirect_is_quoted_in_examples(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An example is pasted: `a>b` without quotes writes a file `b`."""
    bare = re.compile(r"dialectic[^']*\w>\w")

    assert [] == [each for each in PAGES if bare.search(page(each, capsys))]


def test_what_is_said_before_a_command_is_handed_on(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    """`dialectic --json --store X ls` is `dialectic ls --json --store X`; the later one wins."""
    place = str(tmp_path_factory.mktemp("empty") / "log.db")
    Store(place).close()
    outputs = []
    for arguments in (
        ["--json", "--store", place, "ls"],
        ["ls", "--json", "--store", place],
        ["--store", "redis:x", "ls", "--json", "--store", place],
    ):
        assert 0 == run(arguments)
        outputs.append(capsys.readouterr().out)

    assert 1 == len(set(outputs))
    assert "dialectic.ls/1" in outputs[0]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS])
def test_a_full_disk_is_one_error_with_a_remedy(
    code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is no defect, and a trace of the program helps nobody."""

    def full(*arguments: object, **named: object) -> None:
        raise OSError(code, os.strerror(code), "/a/place")

    monkeypatch.setattr(program, "main", full)

    assert 1 == run(["ls"])
    said = capsys.readouterr().err
    assert said.startswith(f"error: {os.strerror(code)}")
    assert "  where: /a/place" in said
    assert "  fix:   " in said
    assert "Traceback" not in said


def test_an_unforeseen_error_is_said_in_full_and_made_harmless(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A defect shows where it is; what a model put into its message moves no cursor."""

    def broken(*arguments: object, **named: object) -> None:
        raise ValueError("model said \x1b[2J")

    monkeypatch.setattr(program, "main", broken)

    assert 1 == run(["ls"])
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "model said ␛[2J" in said
    assert "\x1b" not in said
