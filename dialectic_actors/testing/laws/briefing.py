"""Laws of the brief: a request says what its turn sees and recalls, and nothing else.

Leak and loss are judged by the texts in a request alone; rendering is done again by the core's own
renderer.
"""

from __future__ import annotations

from collections.abc import Iterator

from dialectic_actors.actors.cast import cast_of
from dialectic_actors.core.briefs import brief_of
from dialectic_actors.testing.laws.stating import Found, Law, law
from dialectic_actors.testing.laws.witness import Lookup, Witness
from dialectic_events.calls import CallAnswered, CallRequested
from dialectic_events.parts import ROPE, refer, references, strands
from dialectic_events.runs import RunOpened

__all__ = ["BRIEFING"]


@law(
    "brief-leaks-nothing",
    9,
    "A request holds no contribution but those that its turn sees or recalls.",
    CallRequested,
)
def brief_leaks_nothing(seen: Witness, event: CallRequested) -> Found | None:
    """All parts of a request; those behind a rope only when texts can be looked up."""
    parts = _parts(seen, event)
    made = [ref for ref in parts if ref in seen.made and ref not in seen.shown]
    if made:
        allowed = set(_allowed(seen, event))
        for ref in sorted(made):
            if allowed.isdisjoint(seen.made[ref]) and not _own_answer(seen, event, ref):
                leaked = seen.made[ref][0]
                return Found(f"{event.call} is shown {leaked}", seen.turns_at(leaked))
    # What was shown before anybody contributed it is nobody's contribution.
    seen.shown.update(ref for ref in parts if ref not in seen.made)
    return None


@law(
    "brief-loses-nothing",
    9,
    "A request holds every contribution that its turn sees or recalls.",
    CallRequested,
)
def brief_loses_nothing(seen: Witness, event: CallRequested) -> Found | None:
    """All parts of a request, when texts can be looked up."""
    if seen.lookup is None or not _has_prompts(seen.run.opened):
        return None
    parts = _parts(seen, event)
    for turn in _allowed(seen, event):
        text = seen.run.made(turn)
        if text is not None and refer(text) not in parts:
            return Found(f"{event.call} is not shown {turn}", seen.turns_at(turn))
    return None


@law(
    "brief-renders-again",
    9,
    "A request is what its brief, rendered again from the stored sources, says; one that mends an "
    "answer repeats it with that answer.",
    CallRequested,
    deep=True,
)
def brief_renders_again(seen: Witness, event: CallRequested) -> Found | None:
    """First attempts and repairs, when texts can be looked up."""
    opened, lookup = seen.run.opened, seen.lookup
    if lookup is None or opened is None or not _has_prompts(opened):
        return None
    if event.why == "contract":
        return _mends(seen, event)
    if event.plan is None:
        return None
    turn = event.plan
    renderer = cast_of(opened, lookup).renderer(turn.speaker)
    request = renderer.request(brief_of(seen.run, turn))
    if (request.messages, request.schema_part) == (event.messages, event.schema_part):
        return None
    return Found(f"{event.call} asks with other words", seen.turns_at(*turn.sees))


def _mends(seen: Witness, event: CallRequested) -> Found | None:
    calls = [seen.run.calls[call] for call in seen.run.attempts.get(event.turn, ())]
    if not calls:
        return None
    last = calls[-1]
    asked, repeated = last.requested.messages, event.messages[:-2]
    left = asked[len(repeated) :]
    # Of an earlier repair, the answer that missed and what it missed are left out again.
    mended = [message.role for message in left] == ["assistant", "user"] and not left[0].tools
    if asked[: len(repeated)] != repeated or (left and not mended):
        return Found(f"{event.call} does not repeat what was asked", seen.calls_at(event.turn))
    answer = event.messages[-2].parts if len(event.messages) > 1 else ()
    if isinstance(last.ended, CallAnswered) and answer != (refer(last.ended.text),):
        return Found(f"{event.call} does not hold the answer", seen.calls_at(event.turn))
    return None


def _own_answer(seen: Witness, event: CallRequested, ref: str) -> bool:
    """Whether a text is what the turn's own earlier call was answered: a repair shows it again."""
    endings = (seen.run.calls[call].ended for call in seen.run.attempts.get(event.turn, ()))
    return any(isinstance(each, CallAnswered) and refer(each.text) == ref for each in endings)


def _allowed(seen: Witness, event: CallRequested) -> Iterator[str]:
    """The turns that a request may show: what its turn sees, and all that it recalls saw."""
    plan = event.plan or seen.run.turns.get(event.turn)
    if plan is None:
        return
    yield from plan.sees
    pending, met = list(plan.recalls), set[str]()
    while pending:
        recalled = pending.pop()
        if recalled not in met and recalled in seen.run.results:
            met.add(recalled)
            for other in seen.run.results[recalled].turn.sees:
                if seen.run.results[other].turn.kind != "answer":
                    yield other
            pending.extend(seen.run.results[recalled].turn.recalls)


def _parts(seen: Witness, event: CallRequested) -> frozenset[str]:
    """The references of all plain parts of a request."""
    parts = set[str]()
    for message in event.messages:
        for ref in references(message.parts):
            if not ref.startswith(ROPE):
                parts.add(ref)
            elif seen.lookup is not None:
                parts |= _bound(seen, ref, seen.lookup)
    return frozenset(parts)


def _bound(seen: Witness, rope: str, lookup: Lookup) -> frozenset[str]:
    """The references of all plain parts behind a rope; ropes share most of what they hold."""
    pending = [rope]
    while pending:
        refs = strands(pending[-1], lookup(pending[-1]))
        missing = [ref for ref in refs if ref.startswith(ROPE) and ref not in seen.strands]
        if missing:
            pending.extend(missing)
            continue
        plain = {ref for ref in refs if not ref.startswith(ROPE)}
        nested = (seen.strands[ref] for ref in refs if ref.startswith(ROPE))
        seen.strands[pending.pop()] = frozenset(plain.union(*nested))
    return seen.strands[rope]


def _has_prompts(opened: RunOpened | None) -> bool:
    return opened is not None and any(each.name == "prompt/system" for each in opened.sources)


BRIEFING: tuple[Law, ...] = (brief_leaks_nothing, brief_loses_nothing, brief_renders_again)
