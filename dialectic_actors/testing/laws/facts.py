"""Same facts: what two logs of one run owe to each other, whatever the order of delivery and
wherever a process died.

Equality is that of multisets, so a fact that is missing twice differs from one missing once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from dialectic_actors.testing.laws.stating import Breach, Law
from dialectic_actors.testing.laws.telling import LawBroken, describe
from dialectic_events.calls import CallLost
from dialectic_events.envelope import Envelope
from dialectic_events.runs import RunResumed, RunSuspended
from dialectic_events.union import Event, tag_of
from dialectic_replay.read import known_event

__all__ = ["SAME_FACTS", "Difference", "compare", "same_facts"]

SAME_FACTS = Law(
    "same-facts",
    4,
    "The same answers come to the same facts, in whichever order they are delivered and wherever a "
    "process died on the way.",
    lambda seen, event: None,
    (),
)
"""Laws 4 and 5: of two logs, so no check of one shows it."""

_UNSTABLE = frozenset(("latency_ms", "response_id", "claim"))


class Difference(Struct, frozen=True):
    """What one log says and another does not: facts with the version at which each stands, one for
    every time that it is said too often. False when there is none.
    """

    missing: tuple[tuple[int, Event], ...] = ()
    added: tuple[tuple[int, Event], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.added)

    def __str__(self) -> str:
        lines = [
            f"{mark} {version:>4}  {tag_of(type(event)):<15}  {describe(event)}"
            for mark, facts in (("-", self.missing), ("+", self.added))
            for version, event in facts
        ]
        return "\n".join(lines) or "the same facts"


def compare(
    expected: Iterable[Envelope | Event], actual: Iterable[Envelope | Event], *, rests: bool = False
) -> Difference:
    """What `actual` lacks (`missing`) and has beyond (`added`) `expected`.

    Left out: envelopes, latencies, the provider's response ids, claims, lost calls; and, unless
    `rests`, when runs came to rest and were taken up again.
    """
    left, right = _facts(expected, rests=rests), _facts(actual, rests=rests)
    return Difference(_beyond(left, right), _beyond(right, left))


def same_facts(
    expected: Iterable[Envelope | Event], actual: Iterable[Envelope | Event], *, rests: bool = False
) -> None:
    """Hold two logs of the same answers to laws 4 and 5; see `compare` for what counts.

    Raises LawBroken, with the version of the first fact that `actual` has beyond `expected` (or, if
    it only lacks some, of the first that it lacks).
    """
    difference = compare(expected, actual, rests=rests)
    if difference:
        first = (difference.added or difference.missing)[0][0]
        detail = f"{len(difference.missing)} facts are missing, {len(difference.added)} are new"
        raise LawBroken(Breach(SAME_FACTS, first, f"{detail}\n{difference}"))


_Facts = dict[bytes, list[tuple[int, Event]]]


def _facts(log: Iterable[Envelope | Event], *, rests: bool) -> _Facts:
    facts: _Facts = {}
    for number, each in enumerate(log, 1):
        event = known_event(each) if isinstance(each, Envelope) else each
        version = each.header.version if isinstance(each, Envelope) else number
        if isinstance(event, CallLost) or (
            not rests and isinstance(event, RunSuspended | RunResumed)
        ):
            continue
        payload = msgspec.to_builtins(event)
        stable = {key: value for key, value in payload.items() if key not in _UNSTABLE}
        key = msgspec.json.encode(stable, order="deterministic")
        facts.setdefault(key, []).append((version, event))
    return facts


def _beyond(left: _Facts, right: _Facts) -> tuple[tuple[int, Event], ...]:
    """What `left` says more often than `right`."""
    surplus = Counter({key: len(facts) for key, facts in left.items()})
    surplus.subtract({key: len(facts) for key, facts in right.items()})
    return tuple(
        sorted(
            (fact for key, count in surplus.items() if count > 0 for fact in left[key][-count:]),
            key=lambda fact: fact[0],
        )
    )
