"""Malformed and hostile files are refused with their place, whatever their format."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_events.errors import DialecticError, ExitCode
from support.configurations import outcome, refusal


@given(st.text(max_size=200), st.sampled_from([".json", ".yaml", ".toml", ".conf"]))
def test_no_text_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, text: str, suffix: str
) -> None:
    """Arbitrary text loads or is refused as a configuration, never with another error."""
    folder = tmp_path_factory.mktemp("settings")
    result = outcome(folder, text, f"c{suffix}")
    if isinstance(result, DialecticError):
        assert ExitCode.CONFIGURATION == result.exit_code
        assert result.fix


@pytest.mark.parametrize(
    ("text", "name", "place"),
    [
        ('{"debate":\n  {"rounds": 2,}}', "c.json", ":2:"),
        ('{"debate": {"rounds": 1,\n"rounds": 2}}', "c.json", ":2:1"),
        ("debate:\n  rounds: 1\n  rounds: 2\n", "c.yaml", ":3:3"),
        ("debate:\n\trounds: 2\n", "c.yaml", ":2:1"),
        ("debate: &a [*a]\n", "c.yaml", ":1:"),
        ("debate: !!python/name:os.system x\n", "c.yaml", ":1:9"),
        ("debate: {1: 2}\n", "c.yaml", ":1:10"),
        ("[debate]\nrounds =\n", "c.toml", ":2:"),
        ("[debate]\nrounds = 0\n", "c.toml", ":2: debate.rounds"),
    ],
)
def test_malformed_text_is_refused_with_its_line(
    tmp_path: Path, text: str, name: str, place: str
) -> None:
    """Syntax errors and repeated keys are found where they are."""
    assert f"{name}{place}" in refusal(tmp_path, text, name).where


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[" * 100_000, "c.json"),
        ('{"a":' * 100 + "1" + "}" * 100, "c.json"),
        ("[" * 100_000, "c.yaml"),
        ("a = " + "[" * 5_000, "c.toml"),
        ('{"debate": {"rounds": 1e999}}', "c.json"),
        ("debate: {limits: {backoff_s: .nan}}", "c.yaml"),
        ("debate = {limits = {backoff_s = nan}}", "c.toml"),
        ('{"judge": {"name": "\\ud800"}}', "c.json"),
        ('{"debate": {"rounds": ' + "9" * 5_000 + "}}", "c.json"),
        ("[" * 900 + ",".join("1" * 200_000) + "]" * 900, "c.json"),
        ("\n" * 1_000 + "- 1", "c.conf"),
        ("# a\n\n" * 1_000 + "- 1", "c.conf"),
        ("debate: !!bool maybe", "c.yaml"),
        ("debate: !!int ''", "c.yaml"),
        ("debate: !!timestamp soon", "c.yaml"),
        ("", "c.yaml"),
        ("# nothing\n", "c.yaml"),
        ("null", "c.json"),
        (" " * 1_000_001, "c.json"),
    ],
)
def test_hostile_text_is_refused(tmp_path: Path, text: str, name: str) -> None:
    """Depth, size and values that no log can hold are bounded."""
    assert refusal(tmp_path, text, name).fix


def test_an_alias_bomb_is_refused(tmp_path: Path) -> None:
    """Aliases are expanded within a bound, in an instant."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert "aliases" in refusal(tmp_path, "\n".join(lines), "c.yaml").what
