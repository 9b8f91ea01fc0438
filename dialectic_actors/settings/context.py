"""What a debate has beside its problem: a directory that tools read, or a file whose text joins the
problem.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from dialectic_actors.settings.files import read_text
from dialectic_events.errors import DialecticError, ExitCode

__all__ = ["CONTEXT_CHARACTERS", "Context", "read_context"]

CONTEXT_CHARACTERS = 5_000
"""Characters of a context file that join the problem."""


class Context(Struct, frozen=True):
    """The absolute `directory` for tools, the `text` to put after the problem, and what a person
    should know about it.
    """

    directory: Path | None = None
    text: str = ""
    notices: tuple[str, ...] = ()


def read_context(path: Path | None) -> Context:
    """The context at `path`. Raises DialecticError (exit 2) when there is nothing that can be
    read.
    """
    if path is None:
        return Context()
    if path.is_dir():
        return Context(directory=_recordable(path.resolve()))
    fix = "name a directory whose files the agents' tools may read, or a file of text"
    words = read_text(path, fix=fix, exit_code=ExitCode.USAGE).strip()
    if not words:
        return Context(notices=(f"the context {path} is blank and changes nothing",))
    size, cut = len(words), words[:CONTEXT_CHARACTERS].rstrip()
    notice = f"the context {path} is cut: {CONTEXT_CHARACTERS:,} of {size:,} characters are used"
    return Context(
        text=f"\n\n## Additional context\n\n{cut}\n",
        notices=(notice,) if size > CONTEXT_CHARACTERS else (),
    )


def _recordable(directory: Path) -> Path:
    """`directory`, if a log can hold its name."""
    try:
        str(directory).encode()
    except UnicodeEncodeError:
        raise DialecticError(
            "the path of the context is not UTF-8",
            where=str(directory),
            fix="rename the directory",
            exit_code=ExitCode.USAGE,
        ) from None
    return directory
