"""Protocols to test with: sound ones drawn by Hypothesis, and for each rule of the linter one that
breaks it beside one that keeps it.

Nothing is run or judged in here. Hypothesis is needed by `protocols()` alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from dialectic_actors.core.protocols import Protocol, Results, Unsettled
from dialectic_actors.core.turn_ids import turn_id
from dialectic_events.runs import Stage
from dialectic_events.turns import Kind, Turn

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["EXAMPLES", "DrawnProtocol", "DrawnRound", "DrawnTurn", "Example", "protocols"]


class DrawnTurn(Struct, frozen=True):
    """One turn of a drawn protocol. Numbers point into what exists where the turn comes, modulo its
    count, so that every draw is sound for every stage.
    """

    kind: Kind
    speaker: int
    target: int = 0
    sees: tuple[int, ...] = ()
    waits: tuple[int, ...] = ()
    recalls: int | None = None
    carries: int | None = None


class DrawnRound(Struct, frozen=True):
    """Turns that may be listed together. With `reads` the round takes place only if that earlier
    turn is made (or, if `otherwise`, only if it is not).
    """

    turns: tuple[DrawnTurn, ...]
    reads: int | None = None
    otherwise: bool = False


class DrawnProtocol(Struct, frozen=True):
    """A sound protocol: rounds that branch on results, then one synthesis by the judge that waits
    for all that nobody else waited for. It is a Protocol: call it with a stage and results.
    """

    rounds: tuple[DrawnRound, ...]

    def __call__(self, stage: Stage, results: Results) -> Iterator[Turn]:
        """The turns that can be known now."""
        listed: dict[str, Turn] = {}
        for number, round in enumerate(self.rounds[: stage.rounds], 1):
            if round.reads is not None and listed:
                read = list(listed)[round.reads % len(listed)]
                if (results[read].outcome == "made") is round.otherwise:
                    continue
            for place, drawn in enumerate(round.turns):
                turn = _turn(stage, number, place, drawn, listed)
                listed[turn.id] = turn
                yield turn
        heard = {other for turn in listed.values() for other in turn.after}
        last = tuple(id for id in listed if id not in heard)
        name = turn_id(stage.name, 0, "synthesis", stage.judge)
        yield Turn(id=name, kind="synthesis", speaker=stage.judge, after=last, sees=last)


def _turn(
    stage: Stage, number: int, place: int, drawn: DrawnTurn, listed: Mapping[str, Turn]
) -> Turn:
    ids = list(listed)
    speaker = stage.agents[drawn.speaker % len(stage.agents)]
    kind: Kind = drawn.kind if ids else "proposal"
    target = ids[drawn.target % len(ids)] if kind != "proposal" else None
    own = [id for id in ids if listed[id].speaker == speaker]
    recalls = own[drawn.recalls % len(own)] if own and drawn.recalls is not None else None
    told = _told(recalls, listed)
    sees = (
        dict.fromkeys(id for n in drawn.sees if (id := ids[n % len(ids)]) not in told)
        if ids
        else {}
    )
    if target is not None and target not in told:
        sees[target] = None
    carries = None
    if kind == "proposal" and own and drawn.carries is not None:
        carries = own[drawn.carries % len(own)]
    waits = (ids[n % len(ids)] for n in drawn.waits if ids)
    after = dict.fromkeys(each for each in (*sees, target, recalls, carries, *waits) if each)
    return Turn(
        id=turn_id(stage.name, number, kind, speaker, str(place)),
        kind=kind,
        speaker=speaker,
        round=number,
        target=target,
        carries=carries,
        after=tuple(after),
        sees=tuple(sees),
        recalls=(recalls,) if recalls is not None else (),
    )


def _told(recalls: str | None, listed: Mapping[str, Turn]) -> set[str]:
    """All that recalling a turn shows."""
    told: set[str] = set()
    pending = [recalls] if recalls is not None else []
    while pending:
        turn = listed[pending.pop()]
        told.update(turn.sees)
        pending.extend(turn.recalls)
    return told


def protocols(*, rounds: int = 3, turns: int = 3) -> SearchStrategy[DrawnProtocol]:
    """Sound protocols of 1 to `rounds` rounds of 1 to `turns` turns each, and a synthesis.

    They lint clean and walk clean on every stage whose judge is none of its agents; a stage of
    fewer rounds takes the first ones.
    """
    from hypothesis import strategies as st

    number = st.integers(0, 7)
    some = st.lists(number, max_size=3).map(tuple)
    maybe = st.none() | number
    kinds: SearchStrategy[Kind] = st.sampled_from(("proposal", "critique", "refinement"))
    turn = st.builds(
        DrawnTurn,
        kind=kinds,
        speaker=number,
        target=number,
        sees=some,
        waits=some,
        recalls=maybe,
        carries=maybe,
    )
    round = st.builds(
        DrawnRound,
        turns=st.lists(turn, min_size=1, max_size=turns).map(tuple),
        reads=maybe,
        otherwise=st.booleans(),
    )
    listed = st.lists(round, min_size=1, max_size=rounds).map(tuple)
    return st.builds(DrawnProtocol, rounds=listed)


class Example(Struct, frozen=True):
    """For one rule: a protocol that `breaks` it and one, as near to it as can be, that `keeps` all
    rules; both for `stage`.
    """

    breaks: Protocol
    keeps: Protocol
    stage: Stage = Stage("debate", "example@1", ("ada", "ben"), "judge", 1)


CLAIM = Turn(id="debate/claim", kind="proposal", speaker="ada", round=1)
REBUTTAL = Turn(
    id="debate/rebuttal",
    kind="critique",
    speaker="ben",
    round=1,
    target=CLAIM.id,
    after=(CLAIM.id,),
    sees=(CLAIM.id,),
)
END = Turn(
    id="debate/end",
    kind="synthesis",
    speaker="judge",
    after=(CLAIM.id, REBUTTAL.id),
    sees=(CLAIM.id, REBUTTAL.id),
)
REPLY = Turn(
    id="debate/reply",
    kind="refinement",
    speaker="ada",
    round=1,
    target=CLAIM.id,
    after=(CLAIM.id, REBUTTAL.id),
    sees=(CLAIM.id, REBUTTAL.id),
)
AGAIN = Turn(id="debate/again", kind="proposal", speaker="ada", round=2, after=(REPLY.id,))
LAST = replace(END, after=(AGAIN.id,), sees=(AGAIN.id,))


def listing(*turns: Turn) -> Protocol:
    """A protocol that lists these turns, whatever comes of them."""

    def listed(stage: Stage, results: Results) -> Iterator[Turn]:
        yield from turns

    return listed


def _divides(stage: Stage, results: Results) -> Iterator[Turn]:
    yield CLAIM
    share = 1 // (results[CLAIM.id].outcome == "made")
    yield replace(REBUTTAL, round=share)
    yield END


def _minds_failure(stage: Stage, results: Results) -> Iterator[Turn]:
    yield CLAIM
    made = results[CLAIM.id].outcome == "made"
    yield replace(REBUTTAL, round=1 if made else 2)
    yield END


def _says_a_word(stage: Stage, results: Results) -> Iterator[Turn]:
    word: Any = "and so on"
    yield word


def _until_it_fails(stage: Stage, results: Results) -> Iterator[Turn]:
    yield from _proposals(results, 10**9)


def _until_it_fails_or_time_is_up(stage: Stage, results: Results) -> Iterator[Turn]:
    yield from _proposals(results, stage.rounds)


def _proposals(results: Results, most: int) -> Iterator[Turn]:
    last: tuple[str, ...] = ()
    for number in range(1, most + 1):
        turn = replace(CLAIM, id=f"debate/r{number}", round=number, after=last)
        yield turn
        last = (turn.id,)
        if number < most and results[turn.id].outcome != "made":
            break
    yield replace(END, after=last, sees=last)


class _Counting:
    """Remembers how often it was asked."""

    def __init__(self) -> None:
        self._asked = 0

    def __call__(self, stage: Stage, results: Results) -> Iterator[Turn]:
        self._asked += 1
        yield replace(CLAIM, round=self._asked)
        yield REBUTTAL
        yield END


def _hurries(stage: Stage, results: Results) -> Iterator[Turn]:
    try:
        made = results[CLAIM.id].outcome == "made"
    except Unsettled:
        made = False
    yield CLAIM
    yield replace(REBUTTAL, round=1 if made else 2)
    yield END


def _hides_its_wait(stage: Stage, results: Results) -> Iterator[Turn]:
    yield CLAIM
    yield REBUTTAL
    yield END
    try:
        results[CLAIM.id]
    except Unsettled:
        return
    yield replace(REBUTTAL, id="debate/late")


def _waits(stage: Stage, results: Results) -> Iterator[Turn]:
    yield CLAIM
    ids = [CLAIM.id]
    if results[CLAIM.id].outcome == "made":
        yield REBUTTAL
        ids.append(REBUTTAL.id)
    yield replace(END, after=tuple(ids), sees=tuple(ids))


def _ends_if_all_goes_well(stage: Stage, results: Results) -> Iterator[Turn]:
    yield CLAIM
    yield REBUTTAL
    if results[REBUTTAL.id].outcome == "made":
        yield END


def _reads_what_never_comes(stage: Stage, results: Results) -> Iterator[Turn]:
    yield CLAIM
    yield REBUTTAL
    if results["debate/nowhere"].outcome == "made":
        yield END


SOUND = listing(CLAIM, REBUTTAL, END)
ROUNDS = listing(CLAIM, REBUTTAL, REPLY, AGAIN, LAST)
_BOTH = ("debate/claim", "debate/rebuttal")
_CARRYING = replace(AGAIN, carries=REPLY.id)
_RECALLING = replace(AGAIN, recalls=(REPLY.id,))

EXAMPLES: Mapping[str, Example] = {
    "raises": Example(_divides, _minds_failure),
    "not-a-turn": Example(_says_a_word, SOUND),
    "unbounded-rounds": Example(_until_it_fails, _until_it_fails_or_time_is_up),
    "not-deterministic": Example(_Counting(), SOUND),
    "not-monotone": Example(_hurries, _minds_failure),
    "hidden-wait": Example(_hides_its_wait, _waits),
    "duplicate-id": Example(listing(CLAIM, CLAIM, REBUTTAL, END), SOUND),
    "unknown-turn": Example(
        listing(CLAIM, replace(REBUTTAL, after=(*REBUTTAL.after, "debate/nowhere")), END), SOUND
    ),
    "listed-later": Example(listing(REBUTTAL, CLAIM, END), SOUND),
    "cycle": Example(listing(replace(CLAIM, after=(REBUTTAL.id,)), REBUTTAL, END), SOUND),
    "sees-what-may-not-exist": Example(
        listing(
            CLAIM,
            REBUTTAL,
            replace(REPLY, after=(CLAIM.id,)),
            replace(LAST, after=(REPLY.id, REBUTTAL.id), sees=(REPLY.id,)),
        ),
        ROUNDS,
    ),
    "answers-nothing": Example(listing(CLAIM, replace(REBUTTAL, target=None), END), SOUND),
    "rebuttal-before-claim": Example(
        listing(CLAIM, replace(REBUTTAL, after=(), sees=()), END), SOUND
    ),
    "target-unseen": Example(listing(CLAIM, replace(REBUTTAL, sees=()), END), SOUND),
    "shown-twice": Example(
        listing(
            CLAIM,
            REBUTTAL,
            REPLY,
            replace(_RECALLING, after=(CLAIM.id, REPLY.id), sees=(CLAIM.id,)),
            LAST,
        ),
        listing(CLAIM, REBUTTAL, REPLY, _RECALLING, LAST),
    ),
    "recalls-anothers": Example(
        listing(CLAIM, REBUTTAL, REPLY, replace(_RECALLING, speaker="ben"), LAST),
        listing(CLAIM, REBUTTAL, REPLY, _RECALLING, LAST),
    ),
    "carries-unawaited": Example(
        listing(
            CLAIM,
            REBUTTAL,
            REPLY,
            replace(_CARRYING, after=(REBUTTAL.id,)),
            replace(LAST, after=(AGAIN.id, REPLY.id)),
        ),
        listing(CLAIM, REBUTTAL, REPLY, _CARRYING, LAST),
    ),
    "carries-no-proposal": Example(
        listing(
            CLAIM,
            REBUTTAL,
            replace(REPLY, carries=CLAIM.id),
            replace(LAST, after=(REPLY.id,), sees=(REPLY.id,)),
        ),
        listing(CLAIM, REBUTTAL, REPLY, _CARRYING, LAST),
    ),
    "no-final": Example(_ends_if_all_goes_well, SOUND),
    "several-finals": Example(
        listing(
            CLAIM, REBUTTAL, END, replace(END, id="debate/end-again", after=(*END.after, END.id))
        ),
        SOUND,
    ),
    "unreachable-stop": Example(_reads_what_never_comes, SOUND),
    "unheard-turn": Example(
        listing(CLAIM, REBUTTAL, replace(END, after=_BOTH[:1], sees=_BOTH[:1])), SOUND
    ),
    "judge-in-own-panel": Example(listing(CLAIM, REBUTTAL, replace(END, speaker="ben")), SOUND),
    "unknown-speaker": Example(listing(CLAIM, replace(REBUTTAL, speaker="eve"), END), SOUND),
}
"""One example for every rule of the linter, by its name."""
