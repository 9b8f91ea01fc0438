"""The reference pages that are drawn from the code say what the code says today."""

import pytest

from dialectic_actors.cli.program import COMMANDS
from dialectic_events.union import EVENT_TYPES
from docs.generate import pages
from support.checkout import ROOT


@pytest.mark.parametrize("name", sorted(pages()))
def test_a_generated_page_is_up_to_date(name: str) -> None:
    """Whoever changes the code runs `make docs`."""
    assert pages()[name] == (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_every_event_and_every_command_has_its_place() -> None:
    """Nothing is left out of a reference."""
    texts = pages()

    assert [] == [t for t in EVENT_TYPES if f"\n### {t}\n" not in texts["reference/events.md"]]
    assert [] == [c for c in COMMANDS if f"\n## dialectic {c}\n" not in texts["reference/cli.md"]]
