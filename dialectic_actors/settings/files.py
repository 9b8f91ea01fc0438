"""Reading text that a person wrote: bounded, strictly decoded, with an error that names the file.

What the text means belongs to its reader.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import BinaryIO

from dialectic_events.errors import DialecticError, ExitCode

__all__ = ["SIZE_LIMIT", "decode_text", "read_text"]

SIZE_LIMIT = 1_000_000
"""Bytes that a file of settings or a problem may have."""


def read_text(
    path: Path, *, fix: str, exit_code: int = ExitCode.CONFIGURATION, regular: bool = False
) -> str:
    """The text of a UTF-8 file; a byte order mark is dropped. `regular` refuses pipes and devices.

    Raises DialecticError with `exit_code` when it is missing, unreadable, binary or over
    `SIZE_LIMIT`;
    `fix` is the advice for a path that leads to no file.
    """

    def refusal(what: str, mend: str) -> DialecticError:
        return DialecticError(what, where=str(path), fix=mend, exit_code=exit_code)

    try:
        if path.is_dir():
            raise refusal("is a directory, not a file", fix)
        if regular and path.exists() and not path.is_file():
            raise refusal("is not a regular file", fix)
        with path.open("rb") as file:
            return decode_text(file, str(path), exit_code)
    except FileNotFoundError:
        raise refusal("no such file", fix) from None
    except ValueError:
        raise refusal("the path holds a character that no path can hold", fix) from None
    except OSError as failed:
        reason = failed.strerror or errno.errorcode.get(failed.errno or 0, "unknown reason")
        raise refusal(f"cannot be read: {reason}", "check its permissions") from None


def decode_text(file: BinaryIO, name: str, exit_code: int) -> str:
    """Read and decode `file`, which messages call `name`; raises DialecticError as `read_text`
    does.
    """
    content = file.read(SIZE_LIMIT + 1)
    if len(content) > SIZE_LIMIT:
        what, fix = f"is larger than {SIZE_LIMIT:,} bytes", "shorten it"
    elif b"\0" in content:
        what, fix = "is binary, not text", "give a text file in UTF-8"
    else:
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as failed:
            line = content.count(b"\n", 0, failed.start) + 1
            name = f"{name}:{line}"
            what, fix = "is not UTF-8", "convert it to UTF-8"
    raise DialecticError(what, where=name, fix=fix, exit_code=exit_code)
