"""A stretch of work during which this process opens no socket. Nothing else may be refused here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dialectic_actors.api.sockets import watching
from dialectic_events.errors import DialecticError, ExitCode

__all__ = ["SocketRefused", "sealed"]

_HARMLESS = frozenset({"socket.gethostname"})
"""What asks the machine for its own name, and reaches nobody."""

_NAMED_BY_ALL = frozenset(
    {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}
)


class SocketRefused(DialecticError):
    """Something wanted a socket where none may be opened. `what` names the call and its address."""

    def __init__(self, attempt: str) -> None:
        super().__init__(
            f"a socket was asked for and refused: {attempt}",
            fix="what decides a run must not look anything up; move it behind a model call",
            exit_code=ExitCode.GATE,
        )


@contextmanager
def sealed() -> Iterator[None]:
    """Refuse every socket, in all threads of this process, until the block is left; afterwards all
    is as before.

    Raises SocketRefused where a socket is asked for, and again at the end of the block if whoever
    asked kept that to itself. Subprocesses are not watched.
    """
    refused: list[str] = []

    def refuse(event: str, arguments: tuple[object, ...]) -> SocketRefused | None:
        if event in _HARMLESS:
            return None
        # The first argument is the socket itself, if there is one already.
        words = arguments if event in _NAMED_BY_ALL else arguments[1:]
        refused.append(f"{event} {', '.join(map(repr, words))}".rstrip())
        return SocketRefused(refused[-1])

    with watching(refuse):
        yield
    if refused:
        raise SocketRefused(refused[0])
