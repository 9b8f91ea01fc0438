"""What a protocol would list: every branch that it can take, within stated bounds.

A protocol is somebody else's code: whatever it does here (raise, go on for ever, yield anything) is
a flaw that is named. Judging the turns is not this module's work.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType
from typing import Any, get_args

from msgspec import Struct

from dialectic_actors.core.protocols import Protocol, Results, Unsettled
from dialectic_events.runs import Stage
from dialectic_events.turns import Kind, QuestionAsked, StopDecided, Turn
from dialectic_replay.run import Result

__all__ = ["Bounds", "Branch", "Exploration", "Flaw", "explore"]

_KINDS = get_args(Kind)
_BESIDE: frozenset[Kind] = frozenset(("answer", "summary"))
"""What a turn may be shown without being about it."""

_LINES = 200_000
"""Lines of Python that a protocol may take from one turn to its next."""


class Bounds(Struct, frozen=True):
    """How far to look: turns per listing, branches, and what a turn may say (a protocol that reads
    texts branches on them).
    """

    turns: int = 1_000
    branches: int = 200
    texts: tuple[str, ...] = ("",)


class Flaw(Struct, frozen=True):
    """A rule that is broken, the turn (or stage) where, and how."""

    rule: str
    turn: str
    detail: str


class Branch(Struct, frozen=True):
    """One way through a protocol: all its turns, the results that led there, and the turn that it
    waits for although it never listed it.
    """

    turns: tuple[Turn, ...]
    results: Mapping[str, Result]
    waits_for: str | None = None


class Exploration(Struct, frozen=True):
    """All branches that were found, and the flaws met on the way. `complete` says that no bound cut
    the search short.
    """

    branches: tuple[Branch, ...]
    flaws: tuple[Flaw, ...]
    complete: bool


class _Listed(Struct, frozen=True):
    turns: tuple[Turn, ...]
    waits_for: str | None = None
    flaw: Flaw | None = None


class _Endless(BaseException):
    """Not an Exception, so that a protocol which catches everything is cut as well."""


def explore(protocol: Protocol, stage: Stage, bounds: Bounds | None = None) -> Exploration:
    """Every branch of `protocol` in `stage`: each result that it reads is made, failed or skipped
    as far as a run could settle it so.

    A loop inside of C code (`sum(itertools.count())`) cannot be cut; any other one is.
    """
    bounds = bounds or Bounds()
    branches: list[Branch] = []
    pending: list[tuple[dict[str, Result], tuple[Turn, ...]]] = [({}, ())]
    for _ in range(8 * bounds.branches):
        if not pending or len(branches) == bounds.branches:
            break
        results, before = pending.pop()
        listed = _list(protocol, stage, results, bounds, before)
        flaw = listed.flaw or _changed(before, listed.turns)
        awaited = next((turn for turn in listed.turns if turn.id == listed.waits_for), None)
        # Deeper listings repeat this one, so it is taken twice only where they may not.
        if listed.flaw is None and (flaw is not None or awaited is None):
            flaw = _unsteady(listed, _list(protocol, stage, results, bounds), stage) or flaw
        if flaw is not None:
            return Exploration(tuple(branches), (flaw,), complete=False)
        if awaited is None:
            branches.append(Branch(listed.turns, results, listed.waits_for))
        else:
            pending += [(after, listed.turns) for after in _futures(awaited, results, bounds)]
    flaws = {flaw: None for branch in branches[:16] for flaw in _orders(protocol, stage, branch)}
    return Exploration(tuple(branches), tuple(flaws), complete=not pending)


def _list(
    protocol: Protocol,
    stage: Stage,
    results: Mapping[str, Result],
    bounds: Bounds,
    before: Sequence[Turn] = (),
) -> _Listed:
    """One listing, cut where it goes wrong. Turns that repeat `before` are known to be turns."""
    turns: list[Turn] = []
    steps = _steps(protocol, stage, Results(results))
    while True:
        where = turns[-1].id if turns else stage.name
        try:
            turn = next(steps)
        except StopIteration:
            return _Listed(tuple(turns))
        except Unsettled as wait:
            return _Listed(tuple(turns), wait.turn)
        except _Endless:
            detail = f"no next turn within {_LINES:,} lines of Python"
            return _Listed(tuple(turns), flaw=Flaw("unbounded-rounds", where, detail))
        except (Exception, SystemExit) as error:
            flaw = Flaw("raises", where, f"{type(error).__name__}: {error}")
            return _Listed(tuple(turns), flaw=flaw)
        known = len(turns) < len(before) and turn == before[len(turns)]
        if not known and not _is_turn(turn):
            return _Listed(tuple(turns), flaw=Flaw("not-a-turn", where, f"it yields {turn!r:.80}"))
        turns.append(turn)
        if len(turns) > bounds.turns:
            detail = f"more than {bounds.turns:,} turns"
            return _Listed(tuple(turns), flaw=Flaw("unbounded-rounds", turn.id, detail))


def _steps(protocol: Protocol, stage: Stage, results: Results) -> Iterator[Turn]:
    """The turns of a protocol; _Endless is raised where none comes for too long."""
    left = 0

    def count(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal left
        left -= event == "line"
        if left < 0:
            raise _Endless
        return count

    listing: Iterator[Turn] | None = None
    while True:
        left, before = _LINES, sys.gettrace()
        sys.settrace(count)
        try:
            listing = protocol(stage, results) if listing is None else listing
            turn = next(listing)
        except StopIteration:
            return
        finally:
            sys.settrace(before)
        yield turn


def _is_turn(turn: object) -> bool:
    """Whether it is a Turn that would come back from the log as it went in."""
    if not isinstance(turn, Turn):
        return False
    tuples = (turn.after, turn.sees, turn.recalls)
    return (
        all(type(ids) is tuple for ids in tuples)
        and all(type(id) is str for ids in ((turn.id, turn.speaker), *tuples) for id in ids)
        and all(id is None or type(id) is str for id in (turn.target, turn.carries, turn.summary))
        and type(turn.round) is int
        and turn.kind in _KINDS
        and turn.id != ""
    )


def _unsteady(once: _Listed, again: _Listed, stage: Stage) -> Flaw | None:
    if once == again:
        return None
    known = set(once.turns)
    where = next((turn.id for turn in again.turns if turn not in known), stage.name)
    return Flaw("not-deterministic", where, "two listings of the same results differ")


def _changed(before: Sequence[Turn], turns: Sequence[Turn]) -> Flaw | None:
    known = {turn.id: turn for turn in turns}
    for turn in before:
        if turn.id not in known:
            return Flaw("not-monotone", turn.id, "it is gone once more turns are settled")
        if turn != known[turn.id] and _unique(turn.id, before):
            return Flaw("not-monotone", turn.id, "it changes once more turns are settled")
    return None


def _unique(id: str, turns: Sequence[Turn]) -> bool:
    return sum(turn.id == id for turn in turns) == 1


def _futures(
    turn: Turn, results: Mapping[str, Result], bounds: Bounds
) -> Iterator[dict[str, Result]]:
    """The ways in which `turn` can be settled, the made ones last, where a stack begins."""
    settled = [
        Result(turn, "skipped", "nothing to answer"),
        Result(turn, "failed", "as explored"),
        *(
            Result(turn, "made", text, None, event)
            for text in reversed(bounds.texts)
            for event in _decisions(turn)
        ),
    ]
    touched = [
        each
        for each in results.values()
        if turn.id in (each.turn.target, each.turn.carries, *each.turn.sees)
    ]
    for result in settled:
        after = {**results, turn.id: result}
        if _possible(result, after) and all(_possible(each, after) for each in touched):
            yield after


def _decisions(turn: Turn) -> tuple[QuestionAsked | StopDecided | None, ...]:
    """The facts on which a protocol may branch, beside the words: whether somebody asks, whether
    the debate stops.
    """
    match turn.kind:
        case "question":
            return tuple(QuestionAsked(turn=turn.id, text="[]", questions=n) for n in (0, 1))
        case "stop":
            return tuple(
                StopDecided(
                    turn=turn.id,
                    plan=turn,
                    rule="quality",
                    measure="explored",
                    value=float(stop),
                    threshold=1.0,
                    stop=stop,
                )
                for stop in (True, False)
            )
        case _:
            return (None,)


def _possible(result: Result, results: Mapping[str, Result]) -> bool:
    """Whether a run could settle a turn so, given what is known of the others. Any turn can fail:
    its agent may be gone.
    """
    turn = result.turn
    named = (turn.target, turn.carries, *turn.sees)
    made = {id: _says_something(results[id]) for id in named if id and id in results}
    carried = made.get(turn.carries) if turn.carries is not None else False
    nothing_to_answer = turn.target is not None and made.get(turn.target) is False
    beside = {id for id in turn.sees if id in results and results[id].turn.kind in _BESIDE}
    shown = [made.get(id) for id in turn.sees if id not in beside]
    nothing_shown = bool(shown) and all(each is False for each in shown)
    match result.outcome:
        case "failed":
            return True
        case "made":
            return carried is not False or not (nothing_to_answer or nothing_shown)
        case "skipped":
            may_lack = turn.target is not None and made.get(turn.target) is not True
            may_see_nothing = bool(shown) and not any(shown)
            is_short = turn.kind == "summary"
            return carried is not True and (may_lack or may_see_nothing or is_short)


def _says_something(result: Result) -> bool:
    """Whether there is something to answer or to be shown."""
    asks = not isinstance(result.event, QuestionAsked) or result.event.questions > 0
    return result.outcome == "made" and asks


def _orders(protocol: Protocol, stage: Stage, branch: Branch) -> Iterator[Flaw]:
    """Settle a branch in several orders, the results that it never read made or failed: no turn may
    vanish or change, and none may come that nobody was told to wait for.
    """
    turns, bounds = branch.turns, Bounds(turns=2 * len(branch.turns) + 1)
    named = {turn.id for turn in turns}
    middle = len(turns) // 2
    for order in (turns, turns[::-1], (*turns[middle:], *turns[:middle])):
        for outcome in ("made", "failed"):
            results: dict[str, Result] = {}
            before: tuple[Turn, ...] = ()
            stride = 1 + len(order) // 16
            for number, turn in enumerate(order, 1):
                read = branch.results.get(turn.id)
                results[turn.id] = read or Result(
                    turn, "made" if outcome == "made" else "failed", ""
                )
                if number % stride and number != len(order):
                    continue
                listed = _list(protocol, stage, results, bounds, turns)
                flaw = listed.flaw or _changed(before, listed.turns)
                unheard = [each.id for each in listed.turns if each.id not in named]
                if flaw is None and unheard and branch.waits_for is None:
                    detail = f"listed once {turn.id} is settled, which was never waited for"
                    flaw = Flaw("hidden-wait", unheard[0], detail)
                if flaw is not None:
                    yield flaw
                    return
                before = listed.turns
