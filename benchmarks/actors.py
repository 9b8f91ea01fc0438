"""What actors cost: a hop from one to the next, and ten thousand of them doing nothing.

The limit is an `asyncio.Queue` per task, with none of an actor's guarantees; the peer is
`pykka.ThreadingActor`. Must not go in here: assertions.
"""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import pykka

from benchmarks.table import Goal, Row, show
from dialectic_actors.runtime.dispatcher import Dispatcher, LoopDispatcher, MailboxActor

__all__ = ["rows"]

RING = 100
HOPS = 20_000
ROUNDS = 7
IDLE = 10_000


class LoopRunner(MailboxActor):
    """Passes a countdown on around the ring, on the loop."""

    def __init__(self, dispatcher: Dispatcher, finish: Callable[[], None]) -> None:
        super().__init__(dispatcher)
        self.finish = finish
        self.successor: pykka.ActorRef[Any] = self.actor_ref

    def on_receive(self, message: Any) -> None:
        """Learn the successor, or send the countdown to it."""
        if isinstance(message, pykka.ActorRef):
            self.successor = message
        elif message:
            self.successor.tell(message - 1)
        else:
            self.finish()


class ThreadRunner(pykka.ThreadingActor):
    """Passes a countdown on around the ring, on a thread of its own."""

    use_daemon_thread = True

    def __init__(self, finish: Callable[[], None]) -> None:
        super().__init__()
        self.finish = finish
        self.successor: pykka.ActorRef[Any] = self.actor_ref

    on_receive = LoopRunner.on_receive


def close_ring(runners: Sequence[pykka.ActorRef[Any]]) -> None:
    """Tell every runner who comes after it."""
    for runner, successor in pairwise([*runners, runners[0]]):
        runner.tell(successor)


async def loop_hop_us() -> float:
    """Return the microseconds per hop of actors on this event loop."""
    dispatcher, finished = LoopDispatcher(asyncio.get_running_loop()), asyncio.Event()
    runners = [LoopRunner.start(dispatcher, finished.set) for _ in range(RING)]
    close_ring(runners)
    await asyncio.sleep(0)
    began = perf_counter()
    runners[0].tell(HOPS)
    await finished.wait()
    took_s = perf_counter() - began
    await asyncio.gather(*(runner.stop(block=False) for runner in runners))
    dispatcher.close()
    return took_s / HOPS * 1e6


def thread_hop_us() -> float:
    """Return the microseconds per hop of actors with threads."""
    finished = threading.Event()
    runners = [ThreadRunner.start(finished.set) for _ in range(RING)]
    close_ring(runners)
    began = perf_counter()
    runners[0].tell(HOPS)
    finished.wait()
    took_s = perf_counter() - began
    for runner in runners:
        runner.stop()
    return took_s / HOPS * 1e6


async def queue_hop_us() -> float:
    """Return the microseconds per hop of bare tasks with a queue each."""
    queues: list[asyncio.Queue[int]] = [asyncio.Queue() for _ in range(RING)]
    finished = asyncio.Event()

    async def pass_on(mine: asyncio.Queue[int], successor: asyncio.Queue[int]) -> None:
        while True:
            if left := await mine.get():
                successor.put_nowait(left - 1)
            else:
                finished.set()

    tasks = [asyncio.create_task(pass_on(*pair)) for pair in pairwise([*queues, queues[0]])]
    await asyncio.sleep(0)
    began = perf_counter()
    queues[0].put_nowait(HOPS)
    await finished.wait()
    took_s = perf_counter() - began
    for task in tasks:
        task.cancel()
    return took_s / HOPS * 1e6


class Idler(MailboxActor):
    """Waits for mail that never comes."""


def status(field: str) -> int:
    """Return a number of this process as the kernel counts it, in its own unit (KB, threads)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    raise LookupError(field)


async def print_idle() -> None:
    """Print the KB per idle actor and the threads of this process; run it in a fresh one."""
    dispatcher = LoopDispatcher(asyncio.get_running_loop())
    gc.collect()
    before_kb = status("VmRSS")
    idlers = [Idler.start(dispatcher) for _ in range(IDLE)]
    await asyncio.sleep(0.1)
    gc.collect()
    print((status("VmRSS") - before_kb) / len(idlers), status("Threads"))


def idle() -> tuple[float, int]:
    """Return the KB per idle actor and the threads, measured in a process of their own."""
    code = "import asyncio; from benchmarks import actors; asyncio.run(actors.print_idle())"
    command = [sys.executable, "-c", code]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, capture_output=True, check=True, cwd=root, text=True)
    each_kb, threads = done.stdout.split()
    return float(each_kb), int(threads)


def rows() -> list[Row]:
    """Measure in alternating rounds, so that a busy machine is equally unfair to all."""
    ours, limit, peer = [], [], []
    for _ in range(ROUNDS):
        ours.append(asyncio.run(loop_hop_us()))
        peer.append(thread_hop_us())
        limit.append(asyncio.run(queue_hop_us()))
    each_kb, threads = idle()
    return [
        Row("actor hop", median(ours), median(limit), median(peer), Goal(0.3), "us"),
        Row(f"{IDLE:,} idle actors, each", each_kb, None, None, Goal(8, "ours"), "KB"),
        Row(f"{IDLE:,} idle actors, in all", threads, None, None, Goal(8, "ours"), "threads"),
    ]


if __name__ == "__main__":
    show(rows())
