"""What the live display costs: the processor's time of a process that hears 100 events a second and
shows them, beside one that hears and forgets them.

The peer is `rich.live` with a table of the same figures at the same rate. A terminal of 100 × 40 is
read by another process, as a terminal is.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from statistics import median

from benchmarks.cast import opening, turns
from benchmarks.table import Goal, Row, show
from dialectic_events.calls import CallAnswered, CallRequested, Usage
from dialectic_events.envelope import Envelope, Header
from dialectic_events.runs import RunOpened
from dialectic_events.turns import (
    CritiqueMade,
    ProposalMade,
    RefinementMade,
    SummaryMade,
    SynthesisMade,
)
from dialectic_events.union import Event, Made, schema_of, tag_of

__all__ = ["rows"]

SHAPE = 8, 4
RATE = 100
EVENTS = 600
DELTAS = 5
ROUNDS = 3
GOAL = 0.02
RUN = "deb-20260101-000000-show"
AT = datetime(2026, 1, 1, tzinfo=UTC)
MADE: Mapping[str, Callable[..., Made]] = {
    "proposal": ProposalMade,
    "critique": CritiqueMade,
    "refinement": RefinementMade,
    "summary": lambda **each: SummaryMade(
        **each, before_chars=1, after_chars=1, method="length-based"
    ),
    "synthesis": SynthesisMade,
}

Listen = Callable[[Envelope], None]
Hear = Callable[[str, str, str], None]


def _told(opened: RunOpened) -> Iterator[Event]:
    """A debate turn by turn, eight of them under way at a time."""
    yield opened
    listed = list(turns(*SHAPE))
    for start in range(0, len(listed), 8):
        some = listed[start : start + 8]
        for turn in some:
            if turn.carries is None:
                yield CallRequested(
                    call=f"{turn.id}#1",
                    turn=turn.id,
                    provider="measured",
                    model="gpt-4o",
                    messages=(),
                    deadline_s=60,
                    plan=turn,
                )
        for turn in some:
            made = MADE[turn.kind]
            if turn.carries is None:
                usage = Usage(1900, 380)
                call = f"{turn.id}#1"
                yield CallAnswered(
                    call=call, text="A queue.", model="gpt-4o", usage=usage, cost_usd=0.01
                )
                yield made(turn=turn.id, text="A queue.", call=call)
            else:
                yield made(turn=turn.id, text="A queue.", plan=turn)


def _log(opened: RunOpened) -> list[Envelope]:
    return [
        Envelope(
            version,
            Header(
                stream=RUN,
                version=version,
                id=f"e.{version}",
                type=tag_of(type(event)),
                schema=schema_of(type(event)),
                decided_at=AT,
                recorded_at=AT,
                causation="c",
                previous="0" * 64,
                commitment="0" * 64,
            ),
            event,
        )
        for version, event in enumerate(_told(opened), 1)
    ]


@contextmanager
def _ours(opened: RunOpened) -> Iterator[tuple[Listen, Hear]]:
    from dialectic_actors.cli.progress import watching

    with watching(opened, RUN, env={"TERM": "xterm"}) as watch:
        yield watch, watch.heard


@contextmanager
def _plain_rich(opened: RunOpened) -> Iterator[tuple[Listen, Hear]]:
    """A table of who speaks, drawn by `rich.live` as its documentation does."""
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table

    speaking: dict[str, str] = {}

    def table() -> Table:
        drawn = Table(title=f"{len(opened.agents)} agents")
        drawn.add_column("call")
        drawn.add_column("said")
        for call, tail in tuple(speaking.items()):
            drawn.add_row(call, tail)
        return drawn

    def listen(envelope: Envelope) -> None:
        event = envelope.event
        if isinstance(event, CallRequested):
            speaking[event.call] = ""
        elif isinstance(event, CallAnswered):
            speaking.pop(event.call, None)

    def hear(run: str, call: str, delta: str) -> None:
        if call in speaking:
            speaking[call] = (speaking[call] + delta)[-40:]

    console = Console(stderr=True, force_terminal=True)
    with Live(get_renderable=table, console=console, refresh_per_second=10):
        yield listen, hear


def _unseen(opened: RunOpened) -> AbstractContextManager[tuple[Listen, Hear]]:
    return nullcontext((lambda envelope: None, lambda run, call, delta: None))


WAYS: Mapping[str, Callable[[RunOpened], AbstractContextManager[tuple[Listen, Hear]]]] = {
    "ours": _ours,
    "rich": _plain_rich,
    "none": _unseen,
}


def _hear(way: str) -> float:
    """The processor's seconds per second of a process that hears the log at its pace."""
    opened, _ = opening(*SHAPE)
    log = _log(opened)[:EVENTS]
    with WAYS[way](opened) as (listen, hear):
        listen(log[0])
        time.sleep(0.5)
        cpu, began = time.process_time(), time.perf_counter()
        for number, envelope in enumerate(log[1:], 1):
            listen(envelope)
            for _ in range(DELTAS if isinstance(envelope.event, CallRequested) else 0):
                hear(RUN, getattr(envelope.event, "call", ""), "a few words ")
            time.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        return (time.process_time() - cpu) / (time.perf_counter() - began)


def _measured(way: str) -> float:
    """The same in a process of its own, its terminal read by this one."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    reader = threading.Thread(target=_drain, args=(master,), daemon=True)
    reader.start()
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.display", way],
        stdout=subprocess.PIPE,
        stderr=slave,
        check=True,
        text=True,
    )
    os.close(slave)
    reader.join()
    os.close(master)
    return float(json.loads(ended.stdout))


def _drain(master: int) -> None:
    try:
        while os.read(master, 65536):
            pass
    except OSError:
        return


def rows() -> list[Row]:
    """The share of one core that the display takes beside none, and what the peer takes."""
    taken = [{way: _measured(way) for way in WAYS} for _ in range(ROUNDS)]
    none = median(each["none"] for each in taken)
    ours, peer = (median(each[way] for each in taken) - none for way in ("ours", "rich"))
    name = f"live display at {RATE} events a second"
    return [Row(name, ours * 100, None, peer * 100, Goal(GOAL * 100, "ours"), "% of a core")]


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(_hear(sys.argv[1])))
    else:
        show(rows())
