"""The supervisor: a broken actor is rebuilt under its logical address, a bounded number of times.

An agent remembers nothing, so a new one is told what was outstanding; a debate is folded anew from
the log. When the bound is reached, an agent's turns are given up and a debate's run is reported
broken: no further call is made for either.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Protocol

from dialectic_actors.actors.messages import DEBATE, Abandoned, Restarted
from dialectic_actors.runtime.context import Failed
from dialectic_actors.runtime.dispatcher import Dispatcher, MailboxActor
from dialectic_events.calls import Ending
from dialectic_events.errors import DialecticError

logger = logging.getLogger(__name__)

__all__ = ["RESTARTS", "Supervised", "SupervisorActor"]

RESTARTS = 3
"""How often an address of a run is restarted before it is abandoned."""


class Supervised(Protocol):
    """A run as its supervisor sees it. `failures` counts them by address."""

    failures: Counter[str]

    def rebuild(self, address: str) -> None:
        """Start a new actor at an address of the run."""
        ...

    def abandon(self, address: str, reason: str) -> None:
        """Let nobody live at an address any more."""
        ...

    def tell_debate(self, message: Restarted | Abandoned) -> None:
        """Tell the run's debate."""
        ...

    def held(self) -> Mapping[str, Ending]:
        """Endings that are not durable yet, by call."""
        ...

    def broken(self, error: Exception) -> None:
        """The run cannot go on in this process."""
        ...


class SupervisorActor(MailboxActor):
    """Decides what becomes of broken actors."""

    def __init__(self, dispatcher: Dispatcher, find: Callable[[str], Supervised | None]) -> None:
        super().__init__(dispatcher)
        self._find = find

    def on_receive(self, message: Failed) -> None:
        """Restart the actor that broke, or give it up."""
        run = self._find(message.run)
        if run is None:
            return
        run.failures[message.address] += 1
        # The reason may quote what a model said; it goes into the log, not into diagnostics.
        logger.warning(
            "%s of %s broke, %d times so far",
            message.address,
            message.run,
            run.failures[message.address],
        )
        spent = run.failures[message.address] > RESTARTS
        try:
            if message.address == DEBATE:
                self._debate(run, message, spent)
            elif spent:
                run.abandon(message.address, message.reason)
                run.tell_debate(Abandoned(message.address, message.reason, run.held()))
            else:
                run.rebuild(message.address)
                run.tell_debate(Restarted(message.address))
        except Exception as error:
            run.broken(
                DialecticError(
                    f"the actor {message.address} broke with {message.reason} "
                    f"and could not be rebuilt: {error}",
                    where=message.run,
                    fix=f"dialectic resume {message.run}",
                )
            )

    def _debate(self, run: Supervised, message: Failed, spent: bool) -> None:
        if spent:
            run.broken(
                DialecticError(
                    f"the debate actor broke {RESTARTS + 1} times, last with {message.reason}",
                    where=message.run,
                    fix=f"the log is intact: dialectic resume {message.run}",
                )
            )
        else:
            run.rebuild(DEBATE)
