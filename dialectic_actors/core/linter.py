"""The protocol linter: what is wrong with a protocol before any model is asked, rule by rule.

Each rule is one small function over one branch of the protocol. No call is made and no run is
folded in here; going through the orders of a run is the walk's work (dialectic_actors.testing).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from dialectic_actors.core.exploration import Bounds, Branch, Exploration, Flaw, explore
from dialectic_actors.core.protocols import Protocol
from dialectic_events.runs import Stage
from dialectic_events.turns import Kind, Turn

__all__ = ["RULES", "Finding", "Rule", "judge", "lint"]

_OF_THE_JUDGE: frozenset[Kind] = frozenset(("summary", "assessment", "stop", "synthesis"))
"""What a judge may say without having contributed."""

Check = Callable[[Stage, Branch], Iterator[Flaw]]


class Finding(Struct, frozen=True):
    """What is wrong (`rule`), at which turn (or the stage's name), how it shows, and what mends
    it.
    """

    rule: str
    turn: str
    detail: str
    fix: str


class Rule(Struct, frozen=True):
    """A rule: why it stands, what mends a breach, and its check; None where listing the turns
    already shows the breach.
    """

    why: str
    fix: str
    check: Check | None = None


def lint(protocol: Protocol, stage: Stage, bounds: Bounds | None = None) -> tuple[Finding, ...]:
    """All that is wrong with `protocol` in `stage`, as far as `bounds` lets one look; () when
    nothing is.

    Raises nothing, whatever the protocol does.
    """
    return judge(stage, explore(protocol, stage, bounds))


def judge(stage: Stage, explored: Exploration) -> tuple[Finding, ...]:
    """The findings of an exploration, each rule and turn once."""
    flaws: dict[tuple[str, str], Flaw] = {}
    for flaw in explored.flaws:
        flaws.setdefault((flaw.rule, flaw.turn), flaw)
    for branch in explored.branches:
        for rule in RULES.values():
            for flaw in rule.check(stage, branch) if rule.check is not None else ():
                flaws.setdefault((flaw.rule, flaw.turn), flaw)
    return tuple(
        Finding(flaw.rule, flaw.turn, flaw.detail, RULES[flaw.rule].fix) for flaw in flaws.values()
    )


def _named(turn: Turn) -> Iterator[tuple[str, str]]:
    """All turns that a turn speaks of, with the field that does."""
    for field in ("after", "sees", "recalls"):
        yield from ((field, id) for id in getattr(turn, field))
    for field in ("target", "carries", "summary"):
        if id := getattr(turn, field):
            yield field, id


def _by_id(branch: Branch) -> dict[str, Turn]:
    return {turn.id: turn for turn in branch.turns}


def _reach(starts: Iterable[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    """All that `starts` lead to, themselves included."""
    reached: set[str] = set()
    pending = list(starts)
    while pending:
        each = pending.pop()
        if each not in reached:
            reached.add(each)
            pending.extend(edges.get(each, ()))
    return reached


def _after(branch: Branch) -> dict[str, tuple[str, ...]]:
    return {turn.id: turn.after for turn in branch.turns}


def _recalled(turn: str, turns: Mapping[str, Turn]) -> set[str]:
    """What recalling `turn` shows: all that it was shown, and all that this recalls in turn. A
    person's answers are shown to each turn by itself.
    """
    links = _reach((turn,), {id: each.recalls for id, each in turns.items()})
    shown = {seen for link in links if link in turns for seen in turns[link].sees}
    return {seen for seen in shown if seen not in turns or turns[seen].kind != "answer"}


def _finals(branch: Branch) -> list[Turn]:
    return [turn for turn in branch.turns if turn.kind == "synthesis"]


def _on_a_cycle(branch: Branch) -> set[str]:
    after = _after(branch)
    return {id for id in after if id in _reach(after[id], after)}


def _duplicate(stage: Stage, branch: Branch) -> Iterator[Flaw]:
    seen: set[str] = set()
    for turn in branch.turns:
        if turn.id in seen:
            yield Flaw("duplicate-id", turn.id, "it is listed twice")
        seen.add(turn.id)


def _unknown(stage: Stage, branch: Branch) -> Iterator[Flaw]:
    known = _by_id(branch)
    for turn in branch.turns:
        for field, id in _named(turn):
            if id not in known:
                yield Flaw("unknown-turn", turn.id, f"its {field} names {id}, which never comes")


def _later(stage: Stage, branch: Branch) -> Iterator[Flaw]:
    known, on_a_cycle = _by_id(branch), _on_a_cycle(branch)
    listed: set[str] = set()
    for turn in branch.turns:
        for field, id in _named(turn):
            if id in known and id not in listed and not {id, turn.id} <= on_a_cycle:
                yield Flaw("listed-later", turn.id, f"its {field} names {id}, listed after it")
        listed.add(turn.id)


def _cycle(stage: Stage, branch: Branch) -> Iterator[Flaw]:
    on_a_cycle = _on_a_cycle(branch)
    for turn in branch.turns:
        if turn.id in on_a_cycle:
            yield Flaw("cycle", turn.id, "it waits for itself")
            return


def _unawaited_sight(stage: Stage, branch: Branch) -> Iterator[Flaw]:
    for turn in branch.turns:
        for field in ("sees", "recalls"):
            for id in getattr(turn, field):
                if id not in turn.after:
                    yield Flaw(
                        "sees-what-may-not-exist", turn.id, f"its {field} names {id}, its after not"
                    )
        if turn.summary is not None and turn.summary not in turn.after:
            detail = f"its summary is {turn.summary}, its after does not name it"
            yield Flaw("sees-what-may-not-exist", turn.id, detail)


def _early_rebuttal(stage: Stage, branch: Branch) -> Iterator[Flaw]:
    for turn in branch.turns:
        if turn.kind in ("critique", "refinement") and turn.target is None:
            yield Flaw("answers-nothing", turn.id, f"a {turn.kind} without target")


def _rebuttal_before_claim(stage: Stage, branch: Branch) -> Iterator[Flaw]:
    for turn in branch.turns:
        if turn.target is not None and turn.target not in turn.after:
            detail = f"it answers {turn.target} without waiting for it"
            yield Flaw("rebuttal-before-claim", turn.id, detail)


def _unseen_target(stage: Stage, branch: Branch) -> Iterator[Flaw]:
    turns = _by_id(branch)
    for turn in branch.turns:
        shown = set(turn.sees).union(*(_recalled(each, turns) for each in turn.recalls))
        if turn.target is not None and turn.target not in shown:
            yield Flaw("target-unseen", turn.id, f"it answers {turn.target} without being shown it")


def _shown_twice(stage: Stage, branch: Branch) -> Iterator[Flaw]:
    turns = _by_id(branch)
    for turn in branch.turns:
        shown = set(turn.sees)
        twice = {id for id in turn.sees if turn.sees.count(id) > 1}
        for recalled in turn.recalls:
            more = _recalled(recalled, turns)
            twice |= shown & more
            shown |= more
        if twice:
            yield Flaw("shown-twice", turn.id, f"it is shown {min(twice)} more than once")


def _foreign_recall(stage: Stage, branch: Branch) -> Iterator[Flaw]:
    turns = _by_id(branch)
    for turn in branch.turns:
        for id in turn.recalls:
            speaker = turns[id].speaker if id in turns else turn.speaker
            judges = turn.kind == "synthesis" or turn.speaker == stage.judge
            if not judges and speaker != turn.speaker:
                yield Flaw("recalls-anothers", turn.id, f"{id} is a turn of {speaker}")


def _carry(stage: Stage, branch: Branch) -> Iterator[Flaw]:
    for turn in branch.turns:
        if turn.carries is not None and turn.carries not in turn.after:
            yield Flaw("carries-unawaited", turn.id, f"it does not wait for {turn.carries}")


def _carry_kind(stage: Stage, branch: Branch) -> Iterator[Flaw]:
    for turn in branch.turns:
        if turn.carries is not None and turn.kind != "proposal":
            yield Flaw("carries-no-proposal", turn.id, f"a {turn.kind} is carried over")


def _no_final(stage: Stage, branch: Branch) -> Iterator[Flaw]:
    if not _finals(branch) and branch.waits_for is None:
        yield Flaw("no-final", stage.name, f"no synthesis{_when(branch)}")


def _several_finals(stage: Stage, branch: Branch) -> Iterator[Flaw]:
    finals = _finals(branch)
    if len(finals) > 1:
        yield Flaw("several-finals", finals[1].id, f"{finals[0].id} is final already")


def _unreachable_stop(stage: Stage, branch: Branch) -> Iterator[Flaw]:
    if branch.waits_for is not None:
        detail = f"it waits for {branch.waits_for}, which is not listed{_when(branch)}"
        yield Flaw("unreachable-stop", stage.name, detail)
    after, stuck = _after(branch), _on_a_cycle(branch)
    for final in _finals(branch):
        for id in sorted(_reach(final.after, after)):
            if id not in after or id in stuck:
                yield Flaw("unreachable-stop", final.id, f"it waits for {id}, which never settles")


def _unheard(stage: Stage, branch: Branch) -> Iterator[Flaw]:
    finals = _finals(branch)
    # What the protocol reads, the rest of its listing waits for.
    heard = _reach((*(final.id for final in finals), *branch.results), _after(branch))
    for turn in branch.turns if finals else ():
        if turn.id not in heard:
            yield Flaw("unheard-turn", turn.id, f"{finals[-1].id} may end the run before it")


def _own_judge(stage: Stage, branch: Branch) -> Iterator[Flaw]:
    judges = {stage.judge, *(final.speaker for final in _finals(branch))}
    panel = {*stage.agents, *(t.speaker for t in branch.turns if t.kind not in _OF_THE_JUDGE)}
    for name in sorted(judges & panel):
        yield Flaw("judge-in-own-panel", stage.name, f"{name} judges what {name} contributed")


def _stranger(stage: Stage, branch: Branch) -> Iterator[Flaw]:
    for turn in branch.turns:
        is_person = turn.kind == "answer" and turn.speaker == _person(stage)
        if not is_person and turn.speaker not in (*stage.agents, stage.judge):
            yield Flaw("unknown-speaker", turn.id, f"{turn.speaker!r} is not on this stage")


def _person(stage: Stage) -> str | None:
    return stage.clarifications.person if stage.clarifications is not None else None


def _when(branch: Branch) -> str:
    read = [f"{id} is {result.outcome}" for id, result in branch.results.items()]
    return f" when {', '.join(read[-3:])}" if read else ""


RULES: Mapping[str, Rule] = {
    "raises": Rule(
        "A run that meets an exception cannot go on, today or when it is replayed.",
        "branch on the outcome of results; never assume that a turn was made",
    ),
    "not-a-turn": Rule(
        "Only a Turn with its declared types can be stored and read again.",
        "yield Turn(...) with texts and tuples of texts, and an id",
    ),
    "unbounded-rounds": Rule(
        "A run always ends, so its turns are bounded whatever the models say.",
        "bound the loop by stage.rounds, or state a higher bound of turns",
    ),
    "not-deterministic": Rule(
        "A replay must list what the run listed.",
        "read nothing but the stage and the results",
    ),
    "not-monotone": Rule(
        "A turn may be under way already when more results arrive.",
        "list a turn only once all that decides about it is settled, and never change it",
    ),
    "hidden-wait": Rule(
        "A listing is asked for again only when the result it waited for is settled.",
        "let results[...] raise Unsettled; do not catch it",
    ),
    "duplicate-id": Rule(
        "Two turns under one id would share one result.",
        "put what tells them apart (round, speaker, target) into turn_id(...)",
        _duplicate,
    ),
    "unknown-turn": Rule(
        "What never comes is waited for in vain.",
        "name turns of this branch only",
        _unknown,
    ),
    "listed-later": Rule(
        "Readers and replays meet turns in the order of the listing.",
        "yield a turn after those that it names",
        _later,
    ),
    "cycle": Rule(
        "Turns that wait for each other wait for ever.",
        "break the circle in `after`",
        _cycle,
    ),
    "sees-what-may-not-exist": Rule(
        "What an agent is shown would depend on who is faster.",
        "wait for it: add it to `after`",
        _unawaited_sight,
    ),
    "answers-nothing": Rule(
        "A critique or refinement is of something.",
        "give it a `target`",
        _early_rebuttal,
    ),
    "rebuttal-before-claim": Rule(
        "An answer to what was not said yet is skipped or made up.",
        "add the target to `after`",
        _rebuttal_before_claim,
    ),
    "target-unseen": Rule(
        "Nobody can answer what they were not shown.",
        "add the target to `sees`",
        _unseen_target,
    ),
    "shown-twice": Rule(
        "The same words twice in a prompt are paid for twice.",
        "leave out of `sees` what `recalls` shows, and recall links that share nothing",
        _shown_twice,
    ),
    "recalls-anothers": Rule(
        "A recalled history is one's own perspective; only the judge recalls everybody's.",
        "recall a turn of the same speaker; name what others said in `sees`",
        _foreign_recall,
    ),
    "carries-unawaited": Rule(
        "What is carried over must be there.",
        "add it to `after`",
        _carry,
    ),
    "carries-no-proposal": Rule(
        "What is carried over is recorded as a proposal.",
        "carry over to a proposal, or let the agent speak",
        _carry_kind,
    ),
    "no-final": Rule(
        "A run ends with its synthesis; without one it never does.",
        "yield one turn of the kind synthesis on every branch",
        _no_final,
    ),
    "several-finals": Rule(
        "The run ends with one of them, the others are paid for and lost.",
        "yield one synthesis on every branch",
        _several_finals,
    ),
    "unreachable-stop": Rule(
        "A run whose end cannot be reached stands still.",
        "read and wait for turns that this branch lists",
        _unreachable_stop,
    ),
    "unheard-turn": Rule(
        "A turn that the end does not wait for is lost or not, as it happens.",
        "let the synthesis, or a turn that leads to it, wait for it",
        _unheard,
    ),
    "judge-in-own-panel": Rule(
        "Who judges their own words does not judge.",
        "give the synthesis to somebody who contributed nothing else",
        _own_judge,
    ),
    "unknown-speaker": Rule(
        "A turn that nobody on the stage can take stops the run.",
        "let agents of stage.agents or stage.judge speak",
        _stranger,
    ),
}
"""Every rule by its name."""
