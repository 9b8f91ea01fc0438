"""What a run takes from its surroundings: the problem, and the environment with its `.env` file.

Both are read before the first call. Neither a key nor the problem is ever put into a message.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import BinaryIO

from dialectic_actors.settings.files import SIZE_LIMIT, decode_text, read_text
from dialectic_events.errors import DialecticError, ExitCode

__all__ = ["check_problem", "read_env_file", "read_problem"]

logger = logging.getLogger(__name__)

_GIVE = 'give it as an argument in quotes, or as a file with -p; "-" is standard input'
_STDIN = "-"


def read_problem(text: str | None, path: Path | None, stdin: BinaryIO) -> str:
    """The problem, given as `text` (trimmed) or in the file at `path` (as it stands); `-` for
    either is what `stdin` holds.

    Raises DialecticError (exit 2) unless exactly one of both is given and holds readable,
    non-blank text.
    """
    if text is not None and path is not None:
        raise _usage("the problem is given twice", "give either the argument or -p, not both")
    if text == _STDIN:
        path = Path(_STDIN)
    if path is not None:
        return _from_file(path, stdin)
    if text is None:
        raise _usage("no problem is given", _GIVE)
    problem = text.strip()
    if not problem:
        raise _usage("the problem is blank", _GIVE)
    if len(problem.encode(errors="surrogatepass")) > SIZE_LIMIT:
        raise _usage(f"the problem is larger than {SIZE_LIMIT:,} bytes", "shorten it")
    if "\0" in problem:
        raise _usage("the problem is binary, not text", "give readable text")
    try:
        problem.encode()
    except UnicodeEncodeError:
        raise _usage("the problem is not UTF-8", "convert it to UTF-8") from None
    return problem


def check_problem(problem: object) -> None:
    """Raises DialecticError (exit 2) unless a program gives a text that is not blank."""
    if not isinstance(problem, str):
        what = f"the problem is no text, but of type {type(problem).__name__}"
        raise _usage(what, 'give it as a text: debate("…")')
    if not problem.strip():
        raise _usage("the problem is blank", "say it")


def read_env_file(path: Path | None, cwd: Path) -> Mapping[str, str]:
    """The process environment over the variables in `path`, or in `.env` under `cwd` if there is
    one.

    A line that sets nothing is left out, with a warning. Raises DialecticError (exit 4) when the
    file that was named does not exist or cannot be read.
    """
    file = cwd / (path or ".env")
    if path is None and not file.exists():
        return dict(os.environ)
    text = read_text(file, fix="check the path after --env-file, or leave it out")
    return _variables(text, file) | dict(os.environ)


def _variables(text: str, file: Path) -> dict[str, str]:
    """What the text of a `.env` file sets."""
    # `dotenv_values` knows neither the file's name nor the line that it warns of; and a `$` in a
    # key is part of the key.
    from dotenv.parser import parse_stream

    values: dict[str, str | None] = {}
    for each in parse_stream(StringIO(text)):
        if each.error:
            blank = each.original.string.partition(each.original.string.strip())[0]
            line = each.original.line + blank.count("\n")
            logger.warning("%s:%d: left out, since it sets nothing: write NAME=value", file, line)
        elif each.key is not None:
            values[each.key] = each.value
    return {name: value for name, value in values.items() if value is not None}


def _from_file(path: Path, stdin: BinaryIO) -> str:
    if str(path) == _STDIN:
        name = "standard input"
        problem = decode_text(stdin, name, ExitCode.USAGE)
    else:
        name = str(path)
        problem = read_text(path, fix="check the path after -p", exit_code=ExitCode.USAGE)
    if not problem.strip():
        raise DialecticError(
            "the problem is blank", where=name, fix="write it there", exit_code=ExitCode.USAGE
        )
    return problem


def _usage(what: str, fix: str) -> DialecticError:
    return DialecticError(what, fix=fix, exit_code=ExitCode.USAGE)
