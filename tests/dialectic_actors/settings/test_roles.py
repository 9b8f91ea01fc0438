"""Built-in roles and prompts are checked as strictly as a person's files."""

import subprocess
import sys

import pytest

from dialectic_actors.settings import load_role
from dialectic_actors.settings.roles import check_template
from dialectic_events.errors import DialecticError, ExitCode
from support.checkout import checkout_environment


def test_an_unknown_role_is_refused_with_a_suggestion() -> None:
    """A misspelled role names the one that was meant."""
    with pytest.raises(DialecticError) as caught:
        load_role("architct")
    assert ExitCode.CONFIGURATION == caught.value.exit_code
    assert "`architect`" in caught.value.fix


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("$problem costs $ 5", "begins no placeholder"),
        ("$problem $persona", "`$persona`"),
        ("$history $shown", "`$problem`"),
        ("$problem $shown", "`$history`"),
        ("$problem $history", "`$shown`"),
    ],
)
def test_a_broken_template_is_refused_by_name(text: str, reason: str) -> None:
    """Placeholders that nothing fills, and material that nobody would be shown, are found early."""
    with pytest.raises(DialecticError) as caught:
        check_template("prompts/critique.md", text, "critique")
    assert reason in caught.value.what
    assert "prompts/critique.md" in caught.value.where


@pytest.mark.parametrize("kind", ["question", "summary"])
def test_a_limited_template_must_state_its_limit(kind: str) -> None:
    """A limit that is not told cannot be kept."""
    with pytest.raises(DialecticError) as caught:
        check_template(f"prompts/{kind}.md", "$problem $history $shown", kind)
    assert "`$limit`" in caught.value.what


def test_a_literal_dollar_sign_is_no_placeholder() -> None:
    """Prices may stand in a prompt."""
    check_template("prompts/critique.md", "$problem $history $shown costs $$5", "critique")


def test_importing_settings_loads_neither_yaml_nor_dotenv() -> None:
    """Start-up pays for the parsers only when there is something to parse."""
    code = "import sys, dialectic_actors.settings; print({'yaml', 'dotenv'} & sys.modules.keys())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=checkout_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "set()" == done.stdout.strip()
