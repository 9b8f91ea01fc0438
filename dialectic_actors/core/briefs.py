"""What an agent is shown for a turn: a projection of exactly the turns that `sees` and `recalls`
name.

A brief depends on settled turns alone, never on timing. Earlier rounds are links of a chain that
many briefs share.
"""

from __future__ import annotations

from msgspec import Struct

from dialectic_events.turns import Kind, Turn
from dialectic_replay.run import Result, Run

__all__ = ["Brief", "Link", "Links", "Shown", "brief_of", "ground_of"]


class Shown(Struct, frozen=True):
    """One contribution as an agent is shown it. `target` is the turn that it answers, `to` that
    turn's speaker.
    """

    turn: str
    kind: Kind
    speaker: str
    round: int
    text: str
    target: str | None = None
    to: str | None = None


class Link(Struct, frozen=True):
    """What an earlier turn (named by `turn`) was shown: its own entries on top of the links that it
    recalled. A person's answers are left out: each turn is shown them by itself.
    """

    turn: str
    base: tuple[Link, ...]
    entries: tuple[Shown, ...]

    @property
    def tells(self) -> bool:
        """Whether anything was said in it."""
        pending = [self]
        while pending:
            link = pending.pop()
            if link.entries:
                return True
            pending.extend(link.base)
        return False


class Brief(Struct, frozen=True):
    """All that an agent may know when it takes `turn`: the problem, earlier rounds, and what this
    turn is about.

    The links of `history` share nothing with each other: a protocol recalls each earlier
    contribution once.
    """

    turn: Turn
    problem: str
    history: tuple[Link, ...]
    shown: tuple[Shown, ...]

    def earlier(self) -> tuple[Shown, ...]:
        """The history in order, each contribution once."""
        entries: dict[str, Shown] = {}
        pending: list[Link | tuple[Shown, ...]] = list(reversed(self.history))
        while pending:
            link = pending.pop()
            if isinstance(link, Link):
                pending.append(link.entries)
                pending.extend(reversed(link.base))
            else:
                entries.update((shown.turn, shown) for shown in link)
        return tuple(entries.values())


Links = dict[str, Link]
"""The links built so far, by turn: derived from settled turns, so they may be kept and shared."""


def brief_of(run: Run, turn: Turn, links: Links | None = None) -> Brief:
    """What `turn` is shown in this state; all that it waits for must be settled."""
    links = {} if links is None else links
    return Brief(
        turn=turn,
        problem=run.opened.problem if run.opened else "",
        history=tuple([_link(run, earlier, links) for earlier in turn.recalls]),
        shown=_entries(run, turn),
    )


def ground_of(run: Run, turn: Turn) -> tuple[Shown, ...]:
    """All contributions that a turn stands on: what it waits for, and what that waited for.

    This is what its tools may search; like a brief it does not depend on timing.
    """
    found: dict[str, Shown] = {}
    pending = list(reversed(turn.after))
    while pending:
        name = pending.pop()
        result = run.results.get(name)
        if name in found or result is None:
            continue
        found[name] = _shown(run, result)
        pending.extend(reversed(result.turn.after))
    return tuple(
        [shown for shown in found.values() if shown.text and run.made(shown.turn) is not None]
    )


def _link(run: Run, last: str, links: Links) -> Link:
    """The link of a settled turn, and on the way those it stands on (one for each round)."""
    if last in links:
        return links[last]
    pending = [last]
    while pending:
        turn = run.results[pending[-1]].turn
        missing = [earlier for earlier in turn.recalls if earlier not in links]
        if missing:
            pending.extend(missing)
            continue
        links[pending.pop()] = Link(
            turn.id,
            tuple(links[earlier] for earlier in turn.recalls),
            tuple(shown for shown in _entries(run, turn) if shown.kind != "answer"),
        )
    return links[last]


def _entries(run: Run, turn: Turn) -> tuple[Shown, ...]:
    return tuple(
        [
            _shown(run, seen)
            for other in turn.sees
            if (seen := run.results.get(other)) is not None and seen.outcome == "made"
        ]
    )


def _shown(run: Run, seen: Result) -> Shown:
    turn = seen.turn
    to = run.results[turn.target].turn.speaker if turn.target is not None else None
    return Shown(turn.id, turn.kind, turn.speaker, turn.round, seen.text, turn.target, to)
