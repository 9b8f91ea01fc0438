"""The one error that people meet: what is wrong, where, and what mends it.

Every room raises it or a subclass of it; the command line prints it and turns `exit_code` into its
own. Errors that only a program handles (a version conflict, say) live beside the port that raises
them.
"""

from __future__ import annotations

__all__ = ["DialecticError", "ExitCode", "IntegrityError"]


class ExitCode:
    """Exit codes of the command line (design section 7); 0 to 4 equal those of the seed."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    PROVIDER = 3
    CONFIGURATION = 4
    INTEGRITY = 5
    GATE = 6
    RESUMABLE = 7
    INTERRUPTED = 130


class DialecticError(Exception):
    """Something a person can act on.

    `what` says what is wrong, `where` names the file, line, field or run, `fix` is the command or
    edit that mends it.
    """

    def __init__(
        self, what: str, *, where: str = "", fix: str = "", exit_code: int = ExitCode.FAILED
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.fix = fix
        self.exit_code = exit_code

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        fix = f" ({self.fix})" if self.fix else ""
        return f"{where}{self.what}{fix}"


class IntegrityError(DialecticError):
    """The log is not what was written: a digest, an order or a part does not fit."""

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(what, where=where, fix=fix, exit_code=ExitCode.INTEGRITY)
