"""The log actor: the single writer of a process. It groups the appends of many runs into one
durable commit.

A commit runs on a writer thread, so the loop goes on; whatever arrives meanwhile is the next group.
Nothing here knows what an event means.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import assert_never

import pykka
from msgspec import Struct

from dialectic_actors.runtime.dispatcher import Dispatcher, MailboxActor
from dialectic_events.store import Batch, Lease, Outcome, Store, StoreBusy

__all__ = ["LogActor", "Renew", "StoreBatch", "Stored"]

logger = logging.getLogger(__name__)


class StoreBatch(Struct, frozen=True):
    """Make a batch durable and tell the outcome to whoever asked."""

    batch: Batch
    reply_to: Callable[[Stored], None]


class Renew(Struct, frozen=True):
    """Prolong a lease, and say so if it was lost."""

    lease: Lease
    ttl_s: float
    lost: Callable[[], None]


class Stored(Struct, frozen=True):
    """What became of a batch; an exception when the store could not write at all."""

    outcome: Outcome | Exception


class _Flush(Struct, frozen=True):
    """Commit what has gathered."""


class _Flushed(Struct, frozen=True):
    """A commit is done."""

    group: tuple[StoreBatch, ...]
    outcomes: tuple[Outcome | Exception, ...]


class Writer:
    """One thread that runs what it is given, in order."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="dialectic-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[], None]) -> None:
        """Run `job` after those submitted before it."""
        self._jobs.put(job)

    def close(self) -> None:
        """Finish what was submitted, then end the thread."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception:
                # The jobs of other runs must still be done.
                logger.exception("a job of the writer failed")
            # While this waits for the next job, nothing of the last run may hang on to it.
            del job


class LogActor(MailboxActor):
    """Gathers batches while a commit is under way and commits them together."""

    def __init__(self, dispatcher: Dispatcher, store: Store, writer: Writer) -> None:
        super().__init__(dispatcher)
        self._store = store
        self._writer = writer
        self._gathered: list[StoreBatch] = []
        self._busy = False

    def on_receive(self, message: StoreBatch | Renew | _Flush | _Flushed) -> None:
        """Gather, flush, or hand outcomes back."""
        match message:
            case StoreBatch():
                self._gathered.append(message)
                if not self._busy:
                    # The flush queues behind whatever was told before it, so a burst is one commit.
                    self._busy = True
                    self.actor_ref.tell(_Flush())
            case Renew():
                self._writer.submit(lambda: self._renew(message))
            case _Flush():
                self._flush()
            case _Flushed(group, outcomes):
                for asked, outcome in zip(group, outcomes, strict=True):
                    asked.reply_to(Stored(outcome))
                self._busy = False
                if self._gathered:
                    self._busy = True
                    self.actor_ref.tell(_Flush())
            case _:
                assert_never(message)

    def _flush(self) -> None:
        group, self._gathered = tuple(self._gathered), []
        self._writer.submit(lambda: self._commit(group))

    def _commit(self, group: tuple[StoreBatch, ...]) -> None:
        """On the writer's thread: commit a group and say so, if somebody still listens."""
        flushed = _Flushed(group, self._append(group))
        logger.debug("a commit took %d batches", len(group))
        with contextlib.suppress(pykka.ActorDeadError):
            self.actor_ref.tell(flushed)

    def _append(self, group: Sequence[StoreBatch]) -> tuple[Outcome | Exception, ...]:
        """On the writer's thread: commit a group; if that fails as a whole, find out whose fault it
        is.
        """
        try:
            return tuple(self._store.append([asked.batch for asked in group]))
        except StoreBusy as error:
            # It was waited for long enough, and it is nobody's fault here.
            return (error,) * len(group)
        except Exception as error:
            if len(group) == 1:
                return (error,)
            return tuple(outcome for asked in group for outcome in self._append([asked]))

    def _renew(self, message: Renew) -> None:
        try:
            held = self._store.renew(message.lease, message.ttl_s)
        except Exception:
            # A store that cannot write now may do so before the lease runs out; the next append
            # will tell.
            held = True
        if not held:
            message.lost()
