"""Who owns a run: one claim of a process, named so that others on the same machine can tell
whether it still stands.
"""

from __future__ import annotations

import os
import socket
from itertools import count
from pathlib import Path

from dialectic_events.store import Lease, LeaseHeld, Store

__all__ = ["acquire", "is_gone", "release", "this_process"]

_numbers = count(1)
_standing: set[str] = set()
"""The claims of this process that were not given up."""


def this_process() -> str:
    """The name of this process: host, process id, and when it started."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}"


def is_gone(owner: str) -> bool:
    """Whether an owner is known to be gone: same machine, and no such process or claim any more."""
    process, _, _ = owner.rpartition("#")
    if process == this_process():
        return owner not in _standing
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


def acquire(store: Store, stream: str, ttl_s: float) -> Lease:
    """Own a run, in the place of a dead owner if need be. Raises LeaseHeld while a living one has
    it. No two claims have the same name: a process does not take a run up twice either.
    """
    owner = f"{this_process()}#{next(_numbers)}"
    _standing.add(owner)
    try:
        return _acquire(store, stream, owner, ttl_s)
    except BaseException:
        _standing.discard(owner)
        raise


def release(store: Store, lease: Lease) -> None:
    """Give a run up. If the store cannot take it back now, the next claim displaces this one."""
    _standing.discard(lease.owner)
    store.release(lease)


def _acquire(store: Store, stream: str, owner: str, ttl_s: float) -> Lease:
    try:
        return store.acquire(stream, owner, ttl_s)
    except LeaseHeld as held:
        if not is_gone(held.owner):
            raise
        return store.acquire(stream, owner, ttl_s, displace=held.owner)


def _started(pid: int) -> str:
    """When a process started, in the kernel's ticks; "" where the system does not say. A reused id
    has another start.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
