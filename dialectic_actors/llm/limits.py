"""Who may call next: a queue that is fair between runs, so that a big one cannot starve the others.

A pure structure: it holds jobs, it does not run them. No task, clock or provider belongs in here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

__all__ = ["FairQueue"]

Job = TypeVar("Job")


class FairQueue(Generic[Job]):
    """Jobs of many runs before a bounded number of slots; the runs that wait take turns."""

    def __init__(self, capacity: int | None = None) -> None:
        """`capacity` is how many jobs may be out at once; None is no bound. Raises ValueError below
        1.
        """
        if capacity is not None and capacity < 1:
            raise ValueError(f"a queue with {capacity} slots would never let a job out")
        self.capacity = capacity
        self.out = 0
        # The order of the keys is the order in which the runs have their turn.
        self._waiting: dict[str, deque[Job]] = {}

    def put(self, run: str, job: Job) -> None:
        """Let `job` wait for its turn."""
        self._waiting.setdefault(run, deque()).append(job)

    def take(self) -> Iterator[Job]:
        """Let out the jobs for which there are slots, one of each waiting run in turn."""
        while self._waiting and (self.capacity is None or self.out < self.capacity):
            run = next(iter(self._waiting))
            jobs = self._waiting.pop(run)
            self.out += 1
            job = jobs.popleft()
            if jobs:
                self._waiting[run] = jobs
            yield job

    def free(self) -> None:
        """A job that was let out has ended. Raises ValueError when none is out."""
        if not self.out:
            raise ValueError("no job is out")
        self.out -= 1
