"""What is read beside the problem: a directory for tools, or the beginning of a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.settings.context import CONTEXT_CHARACTERS, read_context
from dialectic_events.errors import DialecticError

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=40)


@given(WORDS, st.integers(0, 300))
def test_no_more_than_the_limit_of_a_file_joins_the_problem(
    tmp_path_factory: pytest.TempPathFactory, words: str, times: int
) -> None:
    """Its beginning under a heading; whoever loses something is told so."""
    path = tmp_path_factory.getbasetemp() / "context.txt"
    text = (words * times).strip()
    path.write_text(f" {text}\n", encoding="utf-8")

    found = read_context(path)

    whole = f"\n\n## Additional context\n\n{text[:CONTEXT_CHARACTERS].rstrip()}\n"
    assert (whole if text else "") == found.text
    assert (1 if not text or len(text) > CONTEXT_CHARACTERS else 0) == len(found.notices)
    assert found.directory is None


def test_a_directory_is_for_tools_and_adds_no_words(tmp_path: Path) -> None:
    """By its absolute place, links resolved."""
    (tmp_path / "here").mkdir()
    (tmp_path / "link").symlink_to("here")

    found = read_context(tmp_path / "link")

    assert ((tmp_path / "here").resolve(), "", ()) == (found.directory, found.text, found.notices)


@pytest.mark.parametrize("content", [None, b"\0", b"\xff"])
def test_what_cannot_be_read_is_an_error_of_usage(content: bytes | None, tmp_path: Path) -> None:
    """A mistyped path is found before the first call."""
    if content is not None:
        (tmp_path / "context").write_bytes(content)

    with pytest.raises(DialecticError) as caught:
        read_context(tmp_path / "context")

    assert 2 == caught.value.exit_code


def test_a_directory_whose_name_no_log_can_hold_is_refused(tmp_path: Path) -> None:
    """Before a run is opened that could not go on."""
    place = tmp_path / "\udcff"
    place.mkdir()
    with pytest.raises(DialecticError, match="not UTF-8") as caught:
        read_context(place)

    assert 2 == caught.value.exit_code
