"""What a run takes from its surroundings: the problem, and the environment with its `.env` file.

Both are read before the first call. Neither a key nor the problem is ever put into a message.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import BinaryIO

from dialectic_actors.settings.files import SIZE_LIMIT, decode_text, read_text
from dialectic_events.errors import DialecticError, ExitCode

__all__ = ["read_env_file", "read_problem"]

_GIVE = 'give it as an argument in quotes, or as a file with -p ("-p -" reads standard input)'


def read_problem(text: str | None, path: Path | None, stdin: BinaryIO) -> str:
    """The problem, given as `text` (trimmed) or in the file at `path` (as it stands; `-` is
    `stdin`).

    Raises DialecticError (exit 2) unless exactly one of both is given and holds readable,
    non-blank text.
    """
    if text is not None and path is not None:
        raise _usage("the problem is given twice", "give either the argument or -p, not both")
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


def read_env_file(path: Path | None, cwd: Path) -> Mapping[str, str]:
    """The process environment over the variables in `path`, or in `.env` under `cwd` if there is
    one.

    Raises DialecticError (exit 1) when the file that was named does not exist or cannot be read.
    """
    file = cwd / (path or ".env")
    if path is None and not file.exists():
        return dict(os.environ)
    from dotenv import dotenv_values

    fix = "check the path after --env-file, or leave it out"
    text = read_text(file, fix=fix, exit_code=ExitCode.FAILED)
    # A `$` in a key is part of the key.
    values = dotenv_values(stream=StringIO(text), interpolate=False)
    return {name: value for name, value in values.items() if value is not None} | dict(os.environ)


def _from_file(path: Path, stdin: BinaryIO) -> str:
    if str(path) == "-":
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
