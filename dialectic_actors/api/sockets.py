"""Every use of a socket in this process, told before it happens to those who watch.

Python's audit hooks hear of it in any thread, whichever library asks. A hook cannot be taken away,
so there is one, and it only looks while somebody watches. What is refused is for them to say.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

__all__ = ["Watcher", "watching"]

Watcher = Callable[[str, tuple[object, ...]], Exception | None]
"""Hears the audit event and its arguments; what it returns is raised where the socket is used."""

_watchers: list[Watcher] = []


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Let `watcher` hear every use of a socket, in all threads, until the block is left. All who
    watch hear of each; the first refusal is raised. Subprocesses are not watched.
    """
    _install()
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    # Called for every audited event of the process from now on, so the common case comes first.
    if _watchers and event.startswith("socket."):
        for refusal in [watcher(event, arguments) for watcher in tuple(_watchers)]:
            if refusal is not None:
                raise refusal


@cache
def _install() -> None:
    sys.addaudithook(_hear)
