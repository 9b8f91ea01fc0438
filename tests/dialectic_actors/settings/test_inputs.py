"""The problem and the environment: exactly one source each, or a clear refusal."""

import os
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.settings import read_env_file, read_problem
from dialectic_events.errors import DialecticError, ExitCode

NOTHING = BytesIO()


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_an_inline_problem_is_trimmed_and_a_file_is_taken_raw(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    """Only blank text is refused; the rest reaches the agents as it was written."""
    path = tmp_path_factory.mktemp("problem") / "p.md"
    path.write_bytes(text.encode())
    if not text.strip():
        for inline, file in ((text, None), (None, path)):
            with pytest.raises(DialecticError):
                read_problem(inline, file, NOTHING)
        return
    assert text.strip() == read_problem(text, None, NOTHING)
    raw = text.removeprefix("\ufeff")
    if raw.strip():
        assert raw == read_problem(None, path, NOTHING)
        assert raw == read_problem(None, Path("-"), BytesIO(text.encode()))


def test_every_unusable_problem_has_its_own_message(tmp_path: Path) -> None:
    """Each mistake is named, none is confused with another, and all end with exit code 2."""
    files = {
        "blank.md": b" \n",
        "binary.md": b"a\0b",
        "latin.md": b"caf\xe9",
        "huge.md": b"x" * 1_000_001,
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    attempts: list[tuple[str | None, Path | None, bytes]] = [
        (None, None, b""),
        ("a", tmp_path / "blank.md", b""),
        *((None, tmp_path / name, b"") for name in files),
        (None, tmp_path / "missing.md", b""),
        (None, tmp_path, b""),
    ]
    messages = []
    for text, path, stdin in attempts:
        with pytest.raises(DialecticError) as caught:
            read_problem(text, path, BytesIO(stdin))
        assert ExitCode.USAGE == caught.value.exit_code
        assert caught.value.fix
        messages.append(caught.value.what)

    assert len(attempts) == len(set(messages))


@pytest.mark.parametrize("text", ["", "  ", "a\0b", "caf\udce9", "x" * 1_000_001])
def test_an_unusable_inline_problem_is_refused(text: str) -> None:
    """An argument is held to the same rules as a file."""
    with pytest.raises(DialecticError) as caught:
        read_problem(text, None, NOTHING)
    assert ExitCode.USAGE == caught.value.exit_code


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_problem_is_refused(tmp_path: Path) -> None:
    """Missing permission is named as such."""
    path = tmp_path / "p.md"
    path.write_text("x", "utf-8")
    path.chmod(0)
    with pytest.raises(DialecticError, match="cannot be read"):
        read_problem(None, path, NOTHING)


def test_the_process_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that is set already is not replaced; the others are added."""
    monkeypatch.setenv("DIALECTIC_TEST_A", "process")
    text = "DIALECTIC_TEST_A=file\nexport DIALECTIC_TEST_B='quoted $HOME'\nDIALECTIC_TEST_C\n"
    (tmp_path / ".env").write_text(text, "utf-8")

    environment = read_env_file(None, tmp_path)

    assert "process" == environment["DIALECTIC_TEST_A"]
    assert "quoted $HOME" == environment["DIALECTIC_TEST_B"]
    assert "DIALECTIC_TEST_C" not in environment
    assert "DIALECTIC_TEST_B" not in os.environ


def test_a_missing_default_env_file_is_silent(tmp_path: Path) -> None:
    """Most people have none."""
    assert dict(os.environ) == read_env_file(None, tmp_path)


def test_a_missing_named_env_file_fails(tmp_path: Path) -> None:
    """A file that was asked for must be there."""
    with pytest.raises(DialecticError) as caught:
        read_env_file(Path("nope.env"), tmp_path)
    assert ExitCode.CONFIGURATION == caught.value.exit_code
    assert "--env-file" in caught.value.fix


def test_a_line_that_sets_nothing_is_left_out_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """By file and line, its words are not repeated: they may be half of a key."""
    file = tmp_path / "own.env"
    file.write_text('A_B=1\n\n\nsk-secret is = no line\n# a remark\nA_C="2\nA_D=3\n', "utf-8")

    environment = read_env_file(file, tmp_path)

    assert ("1", "3") == (environment["A_B"], environment["A_D"])
    assert "A_C" not in environment
    assert [f"{file}:4", f"{file}:6"] == [each.partition(": ")[0] for each in caplog.messages]
    assert "NAME=value" in caplog.text
    assert "sk-secret" not in caplog.text


@given(st.binary(max_size=60).filter(lambda text: text.strip() != b"-"))
def test_a_dash_is_the_problem_on_standard_input(text: bytes) -> None:
    """As an argument it means what it means after `-p`, with the same refusals."""

    def read(argument: str | None, path: Path | None) -> object:
        try:
            return read_problem(argument, path, BytesIO(text))
        except DialecticError as refused:
            return str(refused)

    assert read(None, Path("-")) == read("-", None)
