"""A stretch of work during which this process opens no socket.

Python reports every use of a socket to its audit hooks before it happens, whoever asks; a hook of
ours refuses it. A hook cannot be taken away, so there is one, and it only looks while it is sealed.
Nothing else may be refused here.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from dialectic_events.errors import DialecticError, ExitCode

__all__ = ["SocketRefused", "sealed"]

_HARMLESS = frozenset({"socket.gethostname"})
"""What asks the machine for its own name, and reaches nobody."""


class SocketRefused(DialecticError):
    """Something wanted a socket where none may be opened. `what` names the call and its address."""

    def __init__(self, attempt: str) -> None:
        super().__init__(
            f"a socket was asked for and refused: {attempt}",
            fix="what decides a run must not look anything up; move it behind a model call",
            exit_code=ExitCode.GATE,
        )


class _Seal:
    """How many stretches are under way, and what was refused meanwhile."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.depth = 0
        self.refused: list[str] = []

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        """The audit hook."""
        if self.depth and event.startswith("socket.") and event not in _HARMLESS:
            # The first argument is the socket itself, if there is one already.
            words = arguments if event in _NAMED_BY_ALL else arguments[1:]
            attempt = f"{event} {', '.join(map(repr, words))}".rstrip()
            self.refused.append(attempt)
            raise SocketRefused(attempt)


_NAMED_BY_ALL = frozenset(
    {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}
)


@cache
def _seal() -> _Seal:
    seal = _Seal()
    sys.addaudithook(seal.hear)
    return seal


@contextmanager
def sealed() -> Iterator[None]:
    """Refuse every socket, in all threads of this process, until the block is left; afterwards all
    is as before.

    Raises SocketRefused where a socket is asked for, and again at the end of the block if whoever
    asked kept that to itself. Subprocesses are not watched.
    """
    seal = _seal()
    with seal.lock:
        seal.depth += 1
        before = len(seal.refused)
    try:
        yield
        if len(seal.refused) > before:
            raise SocketRefused(seal.refused[before])
    finally:
        with seal.lock:
            seal.depth -= 1
            if not seal.depth:
                seal.refused.clear()
