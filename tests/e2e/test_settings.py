"""A stranger begins a configuration, checks it, and debates with what it says."""

from __future__ import annotations

import json
from pathlib import Path

from support.program import dialectic


def opening(folder: Path) -> dict[str, object]:
    """The opening of the latest debate under `folder`."""
    shown = dialectic(folder, "show", "@:1", "--event", "--json")
    assert 0 == shown.code, shown.err
    found: dict[str, object] = json.loads(shown.out)
    return found


def test_from_init_to_a_debate(tmp_path: Path) -> None:
    """The starting file is checked, shown and debated with; another one is never written over."""
    assert 0 == dialectic(tmp_path, "init").code
    assert 2 == dialectic(tmp_path, "init").code
    checked = dialectic(tmp_path, "config", "check", network=False)
    assert (0, "") == (checked.code, checked.err)
    assert "3 rounds, exactly" in checked.out

    ended = dialectic(tmp_path, "debate", "Design a cache", "--offline", "-r", "1", network=False)
    assert 0 == ended.code, ended.err
    assert "architect, security, simplicity" in ended.err


def test_a_person_s_file_and_variables_act_in_every_project(tmp_path: Path) -> None:
    """They stand under the command line, and the log keeps what came of it."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "config.toml").write_text("[debate]\nrounds = 3\nauthors = 'named'\n", "utf-8")
    variables = {
        "DIALECTIC_CONFIG_DIR": str(own),
        "DIALECTIC_MODEL": "rehearsal",
        "DIALECTIC_ROUNDS": "1",
    }

    ended = dialectic(tmp_path, "debate", "Design a cache", variables=variables, network=False)
    assert 0 == ended.code, ended.err
    text = json.dumps(opening(tmp_path))
    assert '"rounds": 1' in text
    assert '"authors": "named"' in text
    assert '"provider": "rehearsal"' in text

    wrong = dialectic(tmp_path, "debate", "x", variables={**variables, "DIALECTIC_ROUNDS": "x"})
    assert 4 == wrong.code
    assert "environment DIALECTIC_ROUNDS" in wrong.err


def test_a_check_fails_with_all_that_is_wrong(tmp_path: Path) -> None:
    """The exit code stops a pipeline; stderr says what to mend."""
    (tmp_path / "debate-config.toml").write_text(
        '[debate]\nrounds = 0\n[[agents]]\nid = "a"\ntools = [\n  {nam = "x"},\n]\n', "utf-8"
    )
    ended = dialectic(tmp_path, "config", "check")

    assert (4, "") == (ended.code, ended.out)
    for words in (
        "debate-config.toml:2: debate.rounds",
        "debate-config.toml:6: agents[0].tools[0]",
    ):
        assert words in ended.err
