"""Turns that the core settles by itself, and turns whose material depends on what was contributed.

All that a turn waits for is settled when it is looked at here: carried over, skipped, below its
threshold, decided by a measure, counted from ballots; or it is asked for, with what it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from dialectic_actors.core.briefs import brief_of
from dialectic_actors.core.contracts import CHARACTERS_PER_TOKEN
from dialectic_actors.core.convergence import MEASURE, Convergence, measure
from dialectic_actors.core.voting import count
from dialectic_events.contents import (
    Answered,
    Dissent,
    Question,
    Verdict,
    read_content,
    write_content,
)
from dialectic_events.runs import RunOpened, Stage, Summarization
from dialectic_events.turns import (
    AnswerGiven,
    AssessmentMade,
    BallotCast,
    Kind,
    ProposalMade,
    QuestionAsked,
    StopDecided,
    SynthesisMade,
    Turn,
    TurnSkipped,
)
from dialectic_replay.run import Run

__all__ = ["Computed", "answered", "computed", "perspective", "questions_of", "resolved"]

Computed = ProposalMade | StopDecided | SynthesisMade | TurnSkipped

_BESIDE: frozenset[Kind] = frozenset(("answer", "summary"))
"""What a turn may be shown without being about it."""


def resolved(run: Run, turn: Turn) -> Turn:
    """`turn` with exactly what it is shown: what was contributed, each text once."""
    if turn.summary is not None:
        condensed = run.results[turn.summary]
        if condensed.outcome == "made":
            left = [other for other in turn.sees if other not in condensed.turn.sees]
            turn = replace(turn, sees=(turn.summary, *left), recalls=(), summary=None)
        else:
            turn = replace(turn, summary=None)
    made = [other for other in turn.sees if run.made(other) is not None]
    sees = tuple([other for other in made if not _recalled(run, turn, other)])
    return replace(turn, sees=sees) if sees != turn.sees else turn


def computed(run: Run, stage: Stage, turn: Turn) -> Computed | None:
    """What the core settles `turn` with; None when somebody must be asked."""
    if turn.carries is not None and (text := run.made(turn.carries)) is not None:
        return ProposalMade(turn=turn.id, text=text, plan=turn)
    if (reason := _needless(run, turn)) is not None:
        return TurnSkipped(turn=turn.id, plan=turn, reason=reason)
    match turn.kind:
        case "stop":
            return _stop(run, stage, turn)
        case "synthesis" if stage.synthesis == "voting":
            return _elected(run, stage, turn)
        case _:
            return None


def perspective(run: Run, turn: Turn) -> int:
    """How many characters a summary would condense."""
    brief = brief_of(run, turn)
    return sum(len(each.text) for each in (*brief.earlier(), *brief.shown))


def answered(
    turn: Turn, questions: Sequence[Question], answers: Sequence[str], by: str
) -> AnswerGiven:
    """A person's answers to the questions that `turn` puts, in their order: blank or missing ones
    are `NA`. `by` says how they came.
    """
    given = [*answers, *[""] * len(questions)]
    text = write_content(
        [
            Answered(question.id, question.question, answer.strip() or "NA")
            for question, answer in zip(questions, given, strict=False)
        ]
    )
    return AnswerGiven(turn=turn.id, text=text, plan=turn, by=by)


def questions_of(run: Run, turn: Turn) -> tuple[Question, ...]:
    """The questions that an answer turn puts to a person."""
    result = run.results.get(turn.target or "")
    if result is None or not isinstance(result.event, QuestionAsked):
        return ()
    return tuple(read_content(result.event.text, list[Question]) or ())


def _needless(run: Run, turn: Turn) -> str | None:
    """Why nobody needs to be asked for this turn."""
    if turn.target is not None:
        # A protocol may forget to wait for it; then there is nothing to answer either.
        if run.made(turn.target) is None:
            return f"{turn.target} made no contribution"
        asked = run.results[turn.target].event
        if isinstance(asked, QuestionAsked) and not asked.questions:
            return "nothing was asked"
    about = [
        other
        for other in turn.sees
        if other not in run.results or run.results[other].turn.kind not in _BESIDE
    ]
    if about and all(run.made(other) is None for other in about):
        return "nobody contributed what it would be shown"
    if turn.kind == "summary":
        return _short(run, turn)
    return None


def _short(run: Run, turn: Turn) -> str | None:
    """Whether there is too little to condense."""
    terms = _summarization(run.opened, turn.speaker)
    if terms is None:
        return "summaries are off for its agent"
    size = perspective(run, resolved(run, turn))
    if terms.unit == "tokens":
        size = -(-size // CHARACTERS_PER_TOKEN)
    if size >= terms.threshold:
        return None
    return f"{size} {terms.unit} are below the threshold of {terms.threshold}"


def _stop(run: Run, stage: Stage, turn: Turn) -> StopDecided | None:
    rule = stage.stop
    if rule is None:
        return None
    found = _converged(run, turn) if rule.rule == "convergence" else None
    value = found.value if found is not None else None
    if rule.rule == "quality":
        value = _assessed(run, turn)
    return StopDecided(
        turn=turn.id,
        plan=turn,
        rule=rule.rule,
        measure=MEASURE if rule.rule == "convergence" else "judge",
        value=value,
        threshold=rule.threshold,
        stop=value is not None and value >= rule.threshold,
        stability=found.stability if found is not None else None,
        agreement=found.agreement if found is not None else None,
    )


def _converged(run: Run, turn: Turn) -> Convergence | None:
    return measure(_texts(run, turn.sees, "proposal"), _texts(run, turn.sees, "refinement"))


def _assessed(run: Run, turn: Turn) -> float | None:
    events = (run.results[other].event for other in turn.sees)
    return next((event.score for event in events if isinstance(event, AssessmentMade)), None)


def _texts(run: Run, turns: Iterable[str], kind: Kind) -> dict[str, str]:
    return {
        run.results[turn].turn.speaker: text
        for turn in turns
        if run.results[turn].turn.kind == kind and (text := run.made(turn)) is not None
    }


def _elected(run: Run, stage: Stage, turn: Turn) -> SynthesisMade:
    """The refinement that the agents ranked highest; who ranked another one first dissents."""
    events = [run.results[other].event for other in turn.sees]
    ballots = {event.turn: event for event in events if isinstance(event, BallotCast)}
    candidates = [
        other
        for other in turn.sees
        if run.results[other].turn.kind == "refinement" and run.made(other) is not None
    ]
    rankings = {name: ballot.ranking for name, ballot in ballots.items()}
    counted = count(rankings, candidates, stage.shuffle or 0)
    winner = counted.standings[0].turn
    dissent = [
        Dissent(ballot.text, run.results[name].turn.speaker, name)
        for name, ballot in ballots.items()
        if ballot.ranking[0] != winner and run.results[name].turn.speaker != _speaker(run, winner)
    ]
    verdict = Verdict(solution=run.made(winner) or "", dissent=tuple(dissent))
    return SynthesisMade(
        turn=turn.id,
        text=write_content(verdict),
        plan=turn,
        standings=counted.standings,
        tied=counted.tied,
    )


def _speaker(run: Run, turn: str) -> str:
    return run.results[turn].turn.speaker


def _summarization(opened: RunOpened | None, speaker: str) -> Summarization | None:
    agents = opened.agents if opened is not None else ()
    return next((agent.summarization for agent in agents if agent.id == speaker), None)


def _recalled(run: Run, turn: Turn, seen: str) -> bool:
    """Whether `seen` was carried over from a turn whose words `turn` recalls already."""
    carried = run.results[seen].turn.carries
    if carried is None or not turn.recalls or run.made(carried) is None:
        return False
    return any(carried in run.results[earlier].turn.sees for earlier in turn.recalls)
