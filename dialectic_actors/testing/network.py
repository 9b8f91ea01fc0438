"""Shutting the network: while a test runs, whatever would reach another machine fails.

Which runs may reach a model is decided by those who call this.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dialectic_actors.api.sockets import watching
from dialectic_events.errors import DialecticError, ExitCode

__all__ = ["NetworkShut", "network_open", "network_shut"]

_CONNECTIONS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_LOOKUPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})


class NetworkShut(DialecticError):
    """Something tried to reach the network while it was shut."""

    def __init__(self, target: str) -> None:
        super().__init__(
            f"a test tried to reach {target}, and the network is shut while it runs",
            fix="answer from a cassette or with `answers`, or do it outside of the test",
            exit_code=ExitCode.USAGE,
        )


class _Door:
    """The one door of this process."""

    shut = 0
    """How many have shut it."""


def _refuse(event: str, arguments: tuple[object, ...]) -> NetworkShut | None:
    if not _Door.shut:
        return None
    if event in _CONNECTIONS:
        # A local socket has a path for an address, a connected one that sends has none.
        address = arguments[1]
        if isinstance(address, tuple) and len(address) > 1:
            return NetworkShut(f"{address[0]} (port {address[1]})")
    elif event in _LOOKUPS and arguments[0] is not None:
        return NetworkShut(str(arguments[0]))
    return None


@contextmanager
def network_shut() -> Iterator[None]:
    """Let every attempt to connect, send or look up a name fail with NetworkShut inside the block,
    in all threads of the process. Local sockets (of a path) stay as they are.
    """
    with watching(_refuse):
        _Door.shut += 1
        try:
            yield
        finally:
            _Door.shut -= 1


@contextmanager
def network_open() -> Iterator[None]:
    """Open the network again inside a block of `network_shut`: for a recording."""
    shut, _Door.shut = _Door.shut, 0
    try:
        yield
    finally:
        _Door.shut = shut
