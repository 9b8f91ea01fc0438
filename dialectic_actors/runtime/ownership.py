"""Who owns a run: one claim of a process, named so that others on the same machine can tell
whether it still stands.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from functools import cache
from itertools import count
from pathlib import Path

from dialectic_events.store import Lease, LeaseHeld, Store

__all__ = ["Claims", "our_claims", "this_process"]


class Claims:
    """What one process claims. `process` names it; `process_is_gone` tells whether another one is
    known to be dead.
    """

    def __init__(self, process: str, process_is_gone: Callable[[str], bool]) -> None:
        self._process = process
        self._process_is_gone = process_is_gone
        self._numbers = count(1)
        self._standing: set[str] = set()

    def acquire(self, store: Store, stream: str, ttl_s: float) -> Lease:
        """Own a run, in the place of a dead owner if need be. Raises LeaseHeld while a living one
        has it. No two claims have the same name: a process does not take a run up twice either.
        """
        owner = f"{self._process}#{next(self._numbers)}"
        self._standing.add(owner)
        try:
            return self._acquire(store, stream, owner, ttl_s)
        except BaseException:
            self._standing.discard(owner)
            raise

    def release(self, store: Store, lease: Lease) -> None:
        """Give a run up. If the store cannot take it back now, the next claim displaces this
        one.
        """
        self._standing.discard(lease.owner)
        store.release(lease)

    def is_gone(self, owner: str) -> bool:
        """Whether an owner is known to be gone: its process, or that claim of ours."""
        process, _, _ = owner.rpartition("#")
        if process == self._process:
            return owner not in self._standing
        return self._process_is_gone(process)

    def _acquire(self, store: Store, stream: str, owner: str, ttl_s: float) -> Lease:
        try:
            return store.acquire(stream, owner, ttl_s)
        except LeaseHeld as held:
            if not self.is_gone(held.owner):
                raise
            return store.acquire(stream, owner, ttl_s, displace=held.owner)


@cache
def our_claims() -> Claims:
    """The claims of this process: one account of them, however many systems it hosts."""
    return Claims(this_process(), _is_gone)


def this_process() -> str:
    """The name of this process: host, process id, and when it started."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}"


def _is_gone(process: str) -> bool:
    """Whether a process is known to be dead: same machine, and no such process any more."""
    place, _, started = process.rpartition(":")
    host, _, pid = place.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _started(int(pid)) != started


def _started(pid: int) -> str:
    """When a process started, in the kernel's ticks; "" where the system does not say. A reused id
    has another start.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
