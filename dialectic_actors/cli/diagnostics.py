"""Diagnostics: what the program says of itself, beside what it says to people. Never the log.

Off by default, and then neither structlog nor logging is set up: a defect still prints its trace.
Messages hold ids and counts only; prompts and answers do not belong in here.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from dialectic_events.errors import DialecticError, ExitCode

__all__ = ["VARIABLE", "configure"]

VARIABLE = "DIALECTIC_DIAGNOSTICS"
_LEVELS = ("debug", "info", "warning", "error")


def configure(env: Mapping[str, str]) -> None:
    """Print diagnostics as JSON lines on stderr, from the level that the variable names.

    Raises DialecticError (exit 4) when it names none.
    """
    level = env.get(VARIABLE, "").strip().lower()
    if not level:
        return
    if level not in _LEVELS:
        raise DialecticError(
            f"{level!r} is no level of diagnostics",
            where=f"environment variable {VARIABLE}",
            fix=f"set it to one of {', '.join(_LEVELS)}, or unset it",
            exit_code=ExitCode.CONFIGURATION,
        )
    import logging

    import structlog

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
