"""How fast this machine is, beside the one on which the goals were set (the limit column).

Goals in microseconds were set there; `x limit` says by what to divide ours before comparing.
"""

from __future__ import annotations

import asyncio
import os
import sys
from hashlib import sha256
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.cast import dataflow, turns
from benchmarks.table import Row, show

__all__ = ["ASYNCIO_US", "asyncio_us", "rows"]

ROUNDS = 9
BODY = b"x" * 3100
DIGESTS = 2000
SYNCS = 50
LOOPS = 1_000_000
DEBATES = 30

SHA_US = 2.0
SYNC_US = 55.0
ASYNCIO_US = 6.5
"""Microseconds per turn of plain asyncio there."""


def _sha_us() -> float:
    began = perf_counter()
    for _ in range(DIGESTS):
        sha256(BODY).digest()
    return (perf_counter() - began) / DIGESTS * 1e6


def _sync_us(path: Path) -> float:
    """The median of a few, since one may take a hundred times another."""
    times = []
    with path.open("ab", buffering=0) as file:
        for _ in range(SYNCS):
            began = perf_counter()
            file.write(BODY)
            os.fdatasync(file.fileno())
            times.append(perf_counter() - began)
    return median(times) * 1e6


def _loop_ms() -> float:
    began = perf_counter()
    total = 0
    for index in range(LOOPS):
        total += index
    return (perf_counter() - began) * 1e3


def asyncio_us(agents: int, rounds: int, debates: int) -> float:
    """Microseconds per call of plain asyncio that takes the turns of so many debates at once."""
    listed = turns(agents, rounds)
    calls = sum(turn.carries is None for turn in listed) * debates

    async def call(turn: object) -> None:
        pass

    async def take_all() -> None:
        await asyncio.gather(*(dataflow(listed, call) for _ in range(debates)))

    began = perf_counter()
    asyncio.run(take_all())
    return (perf_counter() - began) / calls * 1e6


def rows() -> list[Row]:
    """Calibration; there is nothing to pass or to miss."""
    times = []
    with TemporaryDirectory(dir=".") as folder:
        for _ in range(ROUNDS):
            sync_us = _sync_us(Path(folder) / "file")
            times.append((_sha_us(), sync_us, _loop_ms(), asyncio_us(3, 1, DEBATES)))
    sha_us, sync_us, loop_ms, turn_us = (median(each) for each in zip(*times, strict=True))
    version = ".".join(map(str, sys.version_info[:3]))
    return [
        Row("sha256 of 3.1 KB", sha_us, SHA_US, None, None, "us"),
        Row("write + fdatasync of 3.1 KB", sync_us, SYNC_US, None, None, "us"),
        Row(f"1,000,000 additions, Python {version}", loop_ms, None, None, None, "ms"),
        Row("plain asyncio, per turn", turn_us, ASYNCIO_US, None, None, "us"),
    ]


if __name__ == "__main__":
    show(rows())
