"""What a debate will ask for, told before it begins: the fewest turns and the most, when nothing
fails.

Both are listings of the protocol itself, with results as a run would settle them, so a forecast
follows whatever the protocol does. Sizes and prices are no business of this module.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from msgspec import Struct

from dialectic_actors.core.asking import WITH_TOOLS
from dialectic_actors.core.protocols import known_turns, protocol_of
from dialectic_actors.core.protocols.framing import union
from dialectic_events.runs import RunOpened, Stage, StopRule
from dialectic_events.turns import Kind, QuestionAsked, StopDecided, Turn
from dialectic_replay.run import Result

__all__ = ["Planned", "Way", "forecast", "longest"]

_READS = 500
"""How often a protocol may branch; one that goes on for ever is told as far as that."""

_WITHOUT_CALL: frozenset[Kind] = frozenset(("answer", "stop"))


class Planned(Struct, frozen=True):
    """A turn that asks a model, what it is shown of each kind at most, and how many calls it takes:
    one, and one for each use of tools that its speaker is allowed.
    """

    turn: Turn
    shown: Mapping[Kind, int]
    most_calls: int = 1


class Way(Struct, frozen=True):
    """One way through a debate: the turns that ask a model, in their order, and the longest chain
    of turns that wait for each other.
    """

    planned: tuple[Planned, ...]
    path: tuple[str, ...]


def forecast(opened: RunOpened, stage: Stage) -> tuple[Way, Way]:
    """The shortest and the longest way of a stage in which nothing fails.

    The shortest asks for what is asked in any case: nobody has a question, nothing is condensed,
    the first chance to stop is taken, no tool is used.
    """
    return _way(opened, stage, long=False), _way(opened, stage, long=True)


def longest(stage: Stage) -> tuple[Turn, ...]:
    """All turns of a stage in which everybody has questions and nothing ends it early."""
    return tuple(_played(stage, (), long=True)[0])


def _way(opened: RunOpened, stage: Stage, *, long: bool) -> Way:
    condensing = {agent.id for agent in opened.agents if agent.summarization is not None}
    turns, results = _played(stage, condensing, long=long)
    uses = {agent.id: agent.tool_call_limit if agent.tools else 0 for agent in opened.agents}
    kinds = {turn.id: turn.kind for turn in turns}
    seen: dict[str, tuple[str, ...]] = {}
    planned = list[Planned]()
    for turn in turns:
        seen[turn.id] = union(turn.sees, *(seen.get(each, ()) for each in turn.recalls))
        if _asks(stage, turn, results[turn.id]):
            shown = Counter(kinds[each] for each in seen[turn.id] if _told(results, each))
            extra = uses.get(turn.speaker, 0) if long and turn.kind in WITH_TOOLS else 0
            planned.append(Planned(turn, dict(shown), 1 + extra))
    return Way(tuple(planned), _path(turns, {each.turn.id for each in planned}))


def _played(
    stage: Stage, condensing: Collection[str], *, long: bool
) -> tuple[list[Turn], dict[str, Result]]:
    """All turns of a way, and how they were settled; `condensing` are those who may have what is
    behind them condensed.
    """
    protocol, results, turns = protocol_of(stage), dict[str, Result](), list[Turn]()
    for _ in range(_READS):
        try:
            turns, awaited = known_turns(protocol, stage, results)
        except Exception:
            # A protocol that others brought may stumble over what nobody said in earnest.
            break
        fresh = [turn for turn in turns if turn.id not in results]
        results.update((turn.id, _settled(stage, turn, condensing, long)) for turn in fresh)
        if awaited is None or awaited not in results:
            break
    return turns, results


def _settled(stage: Stage, turn: Turn, condensing: Collection[str], long: bool) -> Result:
    """What comes of a turn, as far as the next turns depend on it."""
    match turn.kind:
        case "question":
            asked = QuestionAsked(turn=turn.id, text="[]", plan=turn, questions=int(long))
            return Result(turn, "made", "", None, asked)
        case "stop":
            rule = stage.stop or StopRule("quality")
            decided = StopDecided(
                turn=turn.id,
                plan=turn,
                rule=rule.rule,
                measure="forecast",
                value=None,
                threshold=rule.threshold,
                stop=not long,
            )
            return Result(turn, "made", "", None, decided)
        case "answer" if not long:
            return Result(turn, "skipped", "")
        case "summary" if not long or turn.speaker not in condensing:
            return Result(turn, "skipped", "")
        case _:
            return Result(turn, "made", "")


def _asks(stage: Stage, turn: Turn, result: Result) -> bool:
    """Whether a model is asked: not for what people say, what is computed, carried or skipped."""
    if turn.kind in _WITHOUT_CALL or turn.carries is not None or result.outcome != "made":
        return False
    return not (turn.kind == "synthesis" and stage.synthesis == "voting")


def _told(results: Mapping[str, Result], turn: str) -> bool:
    return turn in results and results[turn].outcome == "made"


def _path(turns: list[Turn], asked: set[str]) -> tuple[str, ...]:
    """The longest chain of turns that wait for each other, those without a call left out."""
    chains: dict[str, tuple[str, ...]] = {}
    for turn in turns:
        longest = max((chains.get(other, ()) for other in turn.after), key=len, default=())
        chains[turn.id] = (*longest, turn.id) if turn.id in asked else longest
    return max(chains.values(), key=len, default=())
