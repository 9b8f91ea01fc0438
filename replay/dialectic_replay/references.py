"""References as people write them, git's way: `@`, `@~1`, an id, a unique prefix or suffix;
positions after a colon.

A position is a version (`REF:42`, `REF:-1`), the beginning of a round (`REF:r2`), or a turn
(`REF:r2/critique/a>b`, with or without its stage and the `agent-` of ids). Pure: whoever looks
things up hands in the ids and events.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from dialectic_events.envelope import Envelope
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.turns import Turn

__all__ = ["Reference", "find_run", "find_version", "parse_reference"]


class Reference(Struct, frozen=True):
    """A run, as it was written, and a position in it; "" is its end."""

    run: str
    position: str = ""

    @property
    def text(self) -> str:
        """The reference as it is written."""
        return f"{self.run}:{self.position}" if self.position else self.run


def parse_reference(text: str, at: str | None = None) -> Reference:
    """Split `REF:POS`; `at` is a position given apart. Raises DialecticError (exit 2) when there
    are two, and for what is not UTF-8: no log can hold it.
    """
    try:
        f"{text}{at}".encode()
    except UnicodeEncodeError:
        raise _usage("the reference is not UTF-8", "dialectic ls shows the runs") from None
    run, _, position = text.partition(":")
    if at is not None and position:
        raise _usage(f"the position is given twice, {position} and {at}", "give it once")
    return Reference(run or "@", at if at is not None else position)


def find_run(written: str, ids: Sequence[str]) -> str:
    """The id of the run that is meant; `ids` are the newest first. Raises DialecticError (exit 2)
    when none or many are.
    """
    if written in ids:
        return written
    if match := re.fullmatch(r"@(?:~(\d{0,18}))?", written):
        back = 0 if "~" not in written else int(match[1] or 1)
        if back < len(ids):
            return ids[back]
        raise _usage(
            f"there are only {len(ids)} runs" if ids else "there are no runs yet",
            "dialectic ls" if ids else 'dialectic debate "…" makes one',
        )
    found = [each for each in ids if each.startswith(written) or each.endswith(written)]
    if len(found) == 1:
        return found[0]
    if found:
        raise _usage(
            f"{written!r} may mean {', '.join(found[:5])}{' …' if len(found) > 5 else ''}",
            "write more of the id",
        )
    close = difflib.get_close_matches(written, ids, 1)
    raise _usage(
        f"there is no run {written!r}",
        f"did you mean {close[0]}?" if close else "dialectic ls shows the runs",
    )


def find_version(position: str, envelopes: Iterable[Envelope]) -> int:
    """The version that a position means: of the event itself, before a round's first event, or a
    turn's last event.

    Raises DialecticError (exit 2) when the log has no such place.
    """
    log = list(envelopes)
    last = log[-1].header.version if log else 0
    if not position:
        return last
    if re.fullmatch(r"-?\d{1,18}", position):
        number = int(position)
        version = last + 1 + number if number < 0 else number
        if 0 <= version <= last:
            return version
        raise _nowhere(f"there is no event {position}; the last one is {last}", log)
    if match := re.fullmatch(r"r(\d{1,18})", position):
        return _before_round(int(match[1]), log)
    return _of_turn(position, log)


def _before_round(round: int, log: Sequence[Envelope]) -> int:
    for envelope in log:
        plan = getattr(envelope.event, "plan", None)
        if isinstance(plan, Turn) and plan.round == round:
            return envelope.header.version - 1
    raise _nowhere(f"round {round} did not begin", log)


def _of_turn(position: str, log: Sequence[Envelope]) -> int:
    found = [(envelope.header.version, _turn(envelope)) for envelope in log]
    names = {name for _, name in found if name is not None}
    meant = {name for name in names if position in (name, _short(name))}
    meant = meant or _by_short_names(position, names)
    if meant:
        return max(version for version, name in found if name in meant)
    close = difflib.get_close_matches(position, [_short(name) for name in names], 1)
    if close:
        raise _usage(f"there is no turn {position!r}", f"did you mean {close[0]}?")
    raise _nowhere(f"there is no turn {position!r}", log)


def _turn(envelope: Envelope) -> str | None:
    """The turn that an event is about: its own, or that of its call."""
    turn, call = (getattr(envelope.event, name, None) for name in ("turn", "call"))
    if isinstance(turn, str):
        return turn
    return call.rpartition("#")[0] if isinstance(call, str) else None


def _short(turn: str) -> str:
    """A turn's id without its stage, which people may leave out."""
    return turn.partition("/")[2]


def _by_short_names(position: str, names: Iterable[str]) -> set[str]:
    """The turns of `names` that a position means when agents are named without their `agent-`: one,
    be it in several stages. Raises DialecticError (exit 2) when it may mean others.
    """
    meant = {name for name in names if _is_shorter(position, name)}
    whole = sorted({_short(name) or name for name in meant})
    if len(whole) > 1:
        raise _usage(f"{position!r} may mean {', '.join(whole)}", "write it in full")
    return meant


def _is_shorter(position: str, turn: str) -> bool:
    """Whether a position names a turn without the `agent-` that ids of agents begin with."""
    where, _, who = position.rpartition("/")
    place, _, ids = turn.rpartition("/")
    names, agents = who.split(">"), ids.split(">")
    return (
        where in (place, _short(place))
        and len(names) == len(agents)
        and all(agent in (name, f"agent-{name}") for name, agent in zip(names, agents, strict=True))
    )


def _nowhere(what: str, log: Sequence[Envelope]) -> DialecticError:
    run = log[-1].header.stream if log else "REF"
    return _usage(what, f"dialectic log {run} shows what there is")


def _usage(what: str, fix: str) -> DialecticError:
    return DialecticError(what, fix=fix, exit_code=ExitCode.USAGE)
