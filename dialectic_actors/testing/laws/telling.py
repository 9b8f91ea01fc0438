"""A breach told to people: the law, what broke it, and the few events that show it.

Text from models and logs is quoted and cut; nothing is judged here.
"""

from __future__ import annotations

from typing import assert_never

from dialectic_actors.testing.laws.stating import Breach, Law
from dialectic_events.calls import CallAnswered, CallFailed, CallLost, CallRequested, ToolsUsed
from dialectic_events.runs import (
    DeadlinePassed,
    RunConcluded,
    RunFailed,
    RunOpened,
    RunResumed,
    RunSuspended,
)
from dialectic_events.turns import Contribution, StopDecided, TurnFailed, TurnSkipped
from dialectic_events.union import Event, tag_of

__all__ = ["LawBroken", "describe", "tell"]

_EXCERPT = 48


class LawBroken(AssertionError):
    """A log breaks a law. The message tells the story; `law`, `version` and `detail` say it to
    programs.
    """

    def __init__(self, breach: Breach) -> None:
        super().__init__(tell(breach))
        self.breach = breach

    @property
    def law(self) -> Law:
        """The law that is broken."""
        return self.breach.law

    @property
    def version(self) -> int:
        """The version of the event to blame."""
        return self.breach.version

    @property
    def detail(self) -> str:
        """What is wrong, in one sentence."""
        return self.breach.detail


def tell(breach: Breach) -> str:
    """A breach as text: the law, the breach, one line for each event of its story."""
    lines = [
        f"{breach.law.name} (law {breach.law.number}): {breach.law.statement}",
        *f"broken at version {breach.version}: {breach.detail}".splitlines(),
    ]
    for version, event in breach.story:
        mark = ">" if version == breach.version else " "
        lines.append(f"{mark} {version:>4}  {tag_of(type(event)):<15}  {describe(event)}".rstrip())
    return "\n".join(_plain(line) for line in lines)


def describe(event: Event) -> str:
    """One event in a few words; its text is quoted and cut."""
    match event:
        case RunOpened():
            return "; ".join(
                f"{stage.protocol} of {', '.join(stage.agents)}, rounds: {stage.rounds}"
                for stage in event.stages
            )
        case CallRequested():
            return _asked(event)
        case CallAnswered():
            return f"{event.call} says {_quoted(event.text)}"
        case CallFailed():
            return f"{event.call} fails: {event.error}"
        case CallLost():
            return f"{event.call} lost, found by {event.claim}"
        case Contribution():
            carries = event.plan.carries if event.plan is not None else None
            whence = f"from {event.call}" if event.call is not None else f"carries {carries}"
            return f"{event.turn} {whence}: {_quoted(event.text)}"
        case DeadlinePassed():
            return f"round {event.round}, after {event.after_s:g} s"
        case StopDecided():
            value = "nothing" if event.value is None else f"{event.value:.2f}"
            verb = "stops" if event.stop else "goes on"
            return f"{event.turn} {verb}: {event.rule} of {value}, threshold {event.threshold:.2f}"
        case ToolsUsed():
            return f"the tools of {event.call} say {_quoted(event.results)}"
        case TurnFailed() | TurnSkipped():
            return f"{event.turn}: {_quoted(event.reason)}"
        case RunSuspended():
            return f"{_quoted(event.reason)}, waits for {', '.join(event.waits_for) or 'nothing'}"
        case RunResumed():
            return f"taken up by {event.claim}"
        case RunConcluded():
            return event.outcome
        case RunFailed():
            return _quoted(event.reason)
        case _:
            assert_never(event)


def _asked(event: CallRequested) -> str:
    words = [event.call, "asks", event.model]
    if event.why != "first":
        words.append(f"because of {event.why}")
    if event.delay_s:
        words.append(f"after {event.delay_s} s")
    if event.plan is not None and event.plan.sees:
        words.append(f"and sees {', '.join(event.plan.sees)}")
    return " ".join(words)


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _EXCERPT else f"{text[: _EXCERPT - 1]}…")


def _plain(line: str) -> str:
    """A line that no terminal takes for orders."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in line)
