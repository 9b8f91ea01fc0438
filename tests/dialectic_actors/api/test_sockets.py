"""Watching sockets: everybody hears of each, nobody any more once the block is left."""

from __future__ import annotations

import socket
from contextlib import suppress

import pytest

from dialectic_actors.api.sealed import SocketRefused, sealed
from dialectic_actors.api.sockets import watching


def test_all_who_watch_hear_of_a_socket_and_the_first_refusal_is_raised() -> None:
    """A refusal does not keep others from hearing; who has left hears nothing."""
    heard: list[str] = []

    def listen(event: str, arguments: tuple[object, ...]) -> None:
        heard.append(event)

    def refuse(event: str, arguments: tuple[object, ...]) -> Exception:
        listen(event, arguments)
        return PermissionError("first")

    with (
        watching(listen),
        watching(refuse),
        watching(lambda event, arguments: PermissionError("second")),
        watching(listen),
        pytest.raises(PermissionError, match="first"),
    ):
        socket.getaddrinfo("model.invalid", 443)
    socket.socket().close()

    assert ["socket.getaddrinfo"] * 3 == heard


def test_every_seal_is_broken_and_not_only_the_first_to_refuse() -> None:
    """Whoever sealed a stretch is told, even when others had sealed it too."""
    with (
        pytest.raises(SocketRefused),
        sealed(),
        pytest.raises(SocketRefused),
        sealed(),
        suppress(SocketRefused),
    ):
        socket.socket()
