"""Diagnostics: off unless somebody asks for them, and then apart from data and talk."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from dialectic_actors.cli.diagnostics import VARIABLE, configure
from dialectic_events.errors import DialecticError, ExitCode


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back as it was."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)


@pytest.mark.parametrize("value", [None, "", "  "])
def test_nothing_is_set_up_unless_asked_for(value: str | None, root: logging.Logger) -> None:
    """Without the variable, logging stays as whoever embeds us has it."""
    before = root.handlers[:]

    configure({} if value is None else {VARIABLE: value})

    assert before == root.handlers


def test_a_record_is_one_line_of_json_on_stderr(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the line holds, a program can read it."""
    configure({VARIABLE: "info"})

    logging.getLogger("dialectic_actors.x").info("told %s", "one\ntwo")
    logging.getLogger("dialectic_actors.x").debug("not shown")

    out, err = capsys.readouterr()
    record = json.loads(err)
    assert ("", "told one\ntwo", "info") == (out, record["event"], record["level"])
    assert "dialectic_actors.x" == record["logger"]


def test_an_unknown_level_is_refused_with_the_known_ones() -> None:
    """A setting acts or is refused."""
    with pytest.raises(DialecticError, match="loud") as caught:
        configure({VARIABLE: "loud"})

    assert ExitCode.CONFIGURATION == caught.value.exit_code
    assert "debug" in caught.value.fix
