"""What is said on stderr while a run goes on: a plain line per event, or the live display where a
person sits before a terminal.

How far the run has come is folded in `course`; nothing is decided here.
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from dialectic_actors.cli.course import Course
from dialectic_actors.cli.terminal import is_lively, say
from dialectic_actors.core.forecast import forecast
from dialectic_events.calls import CallAnswered, Ending
from dialectic_events.envelope import Envelope
from dialectic_events.runs import RunOpened
from dialectic_events.turns import Contribution, TurnFailed

__all__ = ["Progress", "Watch", "opening_line", "watching"]

_WORTH_SAYING_MS = 100


class Watch(Protocol):
    """Who follows a run: hears its events, and what is not an event."""

    is_live: bool
    """Whether words on their way are shown."""

    @property
    def course(self) -> Course:
        """How far the run has come."""
        ...

    def __call__(self, envelope: Envelope) -> None:
        """Hear an event of the run, once it is durable."""
        ...

    def heard(self, run: str, call: str, delta: str) -> None:
        """Hear more of what a call is being answered."""
        ...

    def asks(self, waiting: Callable[[], Mapping[str, str]]) -> None:
        """Ask `waiting` from now on what calls wait for that are not sent yet: reasons by call."""
        ...

    def paused(self) -> AbstractContextManager[None]:
        """Say nothing for a while, because somebody else speaks with the person."""
        ...


@contextmanager
def watching(
    opened: RunOpened,
    ref: str,
    *,
    past: Iterable[Envelope] = (),
    verbose: bool = False,
    plain: bool = False,
    quiet: bool = False,
    env: Mapping[str, str] | None = None,
) -> Iterator[Watch]:
    """Follow a run while the block is entered: live where it can be, in lines elsewhere and when
    `plain`, not at all when `quiet`. `past` are the events that a resumed run has already.
    """
    env = os.environ if env is None else env
    # Diagnostics write to the same terminal, beside everything that is drawn.
    lively = not plain and not env.get("DIALECTIC_DIAGNOSTICS") and is_lively(sys.stderr, env)
    progress = Progress(opened, verbose=verbose, quiet=quiet, terse=lively and not quiet)
    for envelope in past:
        progress.recall(envelope)
    if not quiet:
        say(opening_line(opened, ref))
    if verbose:
        from dialectic_actors.cli.account import cast_lines

        for line in cast_lines(opened):
            say(line)
    if not lively or quiet:
        yield progress
        return
    from dialectic_actors.cli.live_display import LiveDisplay

    with LiveDisplay(progress, ref, sys.stderr, env) as display:
        yield display


class Progress:
    """Says each event of a run once it is durable; those that others imply only when `verbose`, and
    only what is lost when `terse`, because a picture shows the rest.
    """

    is_live = False

    def __init__(
        self,
        opened: RunOpened,
        *,
        verbose: bool = False,
        quiet: bool = False,
        terse: bool = False,
    ) -> None:
        self.course = Course(opened)
        self._verbose = verbose
        self._quiet = quiet
        self._terse = terse
        self._lines: deque[str] = deque()
        self._asked: set[str] = set()
        self._is_paused = False

    def __call__(self, envelope: Envelope) -> None:
        """Hear an event and say it."""
        self.take(envelope, time.monotonic())
        self._say()

    def heard(self, run: str, call: str, delta: str) -> None:
        """Lines are for what is durable: words on their way are not said."""

    def asks(self, waiting: Callable[[], Mapping[str, str]]) -> None:
        """A call that waits is no event."""

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Keep the lines until the block is left."""
        self._is_paused = True
        try:
            yield
        finally:
            self._is_paused = False
            self._say()

    def recall(self, envelope: Envelope) -> None:
        """Take an event in without saying it: those of a run that is taken up again."""
        self.course.take(envelope, time.monotonic())

    def take(self, envelope: Envelope, now_s: float) -> None:
        """Take an event in that was heard at `now_s`, and keep the lines that it is worth."""
        moment = self.course.take(envelope, now_s)
        if self._verbose or (
            isinstance(envelope.event, TurnFailed) if self._terse else moment.importance != "low"
        ):
            self.keep(f"{self._count()} {moment.title}{self._price(envelope)}")
        for turn in self.course.asked():
            if turn.id not in self._asked and not self._terse:
                asker = self.course.speaker_of(turn.target)
                self.keep(f"{self._count()} {turn.speaker} is asked to answer {asker}")
            self._asked.add(turn.id)

    def keep(self, line: str) -> None:
        """Keep a line until it can be said; from any thread."""
        if not self._quiet:
            self._lines.append(line)

    def taken(self) -> list[str]:
        """The lines that were kept, for whoever says them now."""
        lines = []
        while self._lines:
            lines.append(self._lines.popleft())
        return lines

    def _say(self) -> None:
        if not self._is_paused:
            for line in self.taken():
                say(line)

    def _count(self) -> str:
        known = len(self.course.known)
        return f"[{self.course.done:>{len(str(known))}}/{known}{'+' if self._may_grow else ''}]"

    @property
    def _may_grow(self) -> bool:
        return self.course.is_open and self.course.at_most > len(self.course.known)

    def _price(self, envelope: Envelope) -> str:
        """What the calls behind a contribution took, or an answer alone."""
        event, run = envelope.event, self.course.run
        if isinstance(event, CallAnswered):
            endings: list[Ending] = [event]
        elif isinstance(event, Contribution):
            calls = (run.calls[call] for call in run.attempts.get(event.turn, ()))
            endings = [call.ended for call in calls if call.ended is not None]
        else:
            return ""
        words = []
        if (took_ms := sum(each.latency_ms for each in endings)) >= _WORTH_SAYING_MS:
            words.append(f"{took_ms / 1000:.1f} s")
        if usages := [each.usage for each in endings if each.usage is not None]:
            tokens = (sum(u.input_tokens for u in usages), sum(u.output_tokens for u in usages))
            words.append("{}+{} tokens".format(*tokens))
        if cost := sum(each.cost_usd or 0.0 for each in endings):
            words.append(f"${cost:.4f}")
        return f" ({', '.join(words)})" if words else ""


def opening_line(opened: RunOpened, ref: str) -> str:
    """Who debates, how long at most, and how many calls that takes when all goes well."""
    (stage,) = opened.stages
    least, most = (sum(each.most_calls for each in way.planned) for way in forecast(opened, stage))
    models = sorted({f"{m.provider}/{m.name}" for agent in opened.agents for m in agent.route})
    rounds = f"{'at most ' if stage.stop is not None else ''}{stage.rounds}"
    calls = f"{'at most ' if least < most else ''}{most} calls on {', '.join(models)}"
    judge = "a vote" if stage.synthesis == "voting" else "a judge"
    asking = "questions first, " if stage.clarifications is not None else ""
    return (
        f"{ref}: {len(stage.agents)} agent{_s(len(stage.agents))}, {asking}"
        f"{rounds} round{_s(stage.rounds)}, {judge}; {calls}"
    )


def _s(count: int) -> str:
    return "" if count == 1 else "s"
