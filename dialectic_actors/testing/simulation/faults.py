"""Which faults a simulated run may meet, and the swarm that draws a mixture for each seed.

A fault that is switched off never strikes; what strikes when is a choice of the schedule.
"""

from __future__ import annotations

from random import Random
from typing import Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

__all__ = ["CALM", "SWITCHES", "TROUBLES", "Faults", "Trouble", "swarm"]

Trouble = Literal[
    "rate-limited",
    "server",
    "timeout",
    "connection",
    "empty",
    "malformed",
    "bad-request",
    "auth",
    "lost",
    "says-nothing",
]
"""What can come of a call instead of an answer that may stand: an error class; "lost", an answer
that never comes, so that the deadline ends the call; "says-nothing", an answer that misses its
contract.
"""

TROUBLES: tuple[Trouble, ...] = get_args(Trouble)


class Faults(Struct, frozen=True, omit_defaults=True):
    """What may go wrong in a simulated run.

    Of the provider: `failing` calls in a hundred end as one of `troubles`, chosen by `provider` (a
    seed) and the call's id, so that no order of delivery changes it; in an `outage`, so many first
    attempts of every turn fail; `latency` spreads the time that answers take. Of messages:
    `duplicates` delivers orders and endings twice, `ghosts` lets another ending of a call come
    late. Of the process: `crashes` kills it at any step, append or start of a call; `breaks` makes
    an actor fail; `stalls` stops a process for longer than its lease may last; `rival` starts a
    second one that wants the same run. Of the store: `full` refuses an append (no space, or a lock
    that somebody holds), `slow` lets a commit take long. Of the person: `interrupts` suspends the
    run, `absent` never takes a suspended run up again, `away` is not there when asked, `elsewhere`
    answers from another process. `haste` lets time pass while mail waits.

    After `steps` steps all faults end, so that what remains must come to its end. `schedule` are
    the choices of the run, in order; once they are used up it goes on calmly.
    """

    provider: int = 0
    failing: int = 0
    troubles: tuple[Trouble, ...] = ()
    outage: int = 0
    latency: bool = False
    duplicates: bool = False
    ghosts: bool = False
    crashes: bool = False
    breaks: bool = False
    stalls: bool = False
    rival: bool = False
    full: bool = False
    slow: bool = False
    interrupts: bool = False
    absent: bool = False
    away: bool = False
    elsewhere: bool = False
    haste: bool = False
    steps: int = 600
    schedule: tuple[int, ...] = ()


CALM = Faults()
"""Nothing goes wrong."""

SWITCHES = tuple(name for name in Faults.__struct_fields__ if isinstance(getattr(CALM, name), bool))
"""The faults that are on or off."""


def swarm(seed: int) -> Faults:
    """A mixture of faults for a seed: each is on in some runs and off in others, since faults that
    are always on hide what only their absence shows (swarm testing, Groce and others, 2012).
    """
    random = Random(seed)
    switches = {name: random.random() < 0.3 for name in SWITCHES}
    troubles = tuple(trouble for trouble in TROUBLES if random.random() < 0.4)
    failing = random.choice((0, 0, 10, 30)) if troubles else 0
    return replace(
        CALM, provider=random.randrange(32), failing=failing, troubles=troubles, **switches
    )
