"""Laws of questions, decisions, votes and verdicts: what is asked of a person, and what follows
from what was answered, measured and counted.

Which turns there are is not judged here.
"""

from __future__ import annotations

from dialectic_actors.core.convergence import measure
from dialectic_actors.core.voting import count
from dialectic_actors.testing.laws.stating import Found, Law, law
from dialectic_actors.testing.laws.witness import Witness
from dialectic_events.calls import CallRequested
from dialectic_events.contents import Answered, Question, Verdict, read_content
from dialectic_events.turns import (
    AnswerGiven,
    AssessmentMade,
    BallotCast,
    QuestionAsked,
    StopDecided,
    SynthesisMade,
    Turn,
)
from dialectic_replay.words import words_of

__all__ = ["DECIDING"]


@law(
    "decided-by-measure",
    10,
    "A debate stops before its last round exactly when its measure reaches the threshold; after "
    "the last one nobody asks.",
    StopDecided,
)
def decided_by_measure(seen: Witness, event: StopDecided) -> Found | None:
    """The rule, the value measured again, and what follows from it."""
    stages = seen.run.opened.stages if seen.run.opened else ()
    rule = next((stage.stop for stage in stages), None)
    if rule is None or (event.rule, event.threshold) != (rule.rule, rule.threshold):
        return Found(f"{event.turn} decides by a rule that the run was not opened with")
    if event.plan.round >= stages[0].rounds:
        return Found(f"{event.turn} decides after the last round")
    if any(other not in seen.run.results for other in event.plan.sees):
        return None
    value = _assessed(seen, event.plan) if rule.rule == "quality" else _converged(seen, event.plan)
    if value != event.value:
        return Found(f"{event.turn} says {event.value}, measured again it is {value}")
    if event.stop != (value is not None and value >= rule.threshold):
        return Found(f"{event.turn} does not decide by its value")
    return None


def _assessed(seen: Witness, plan: Turn) -> float | None:
    events = [seen.run.results[other].event for other in plan.sees]
    return next((each.score for each in events if isinstance(each, AssessmentMade)), None)


def _converged(seen: Witness, plan: Turn) -> float | None:
    texts: dict[str, dict[str, str]] = {"proposal": {}, "refinement": {}}
    for other in plan.sees:
        text = seen.run.made(other)
        kind = seen.run.results[other].turn.kind
        if text is not None and kind in texts:
            texts[kind][seen.run.results[other].turn.speaker] = text
    found = measure(texts["proposal"], texts["refinement"])
    return found.value if found is not None else None


@law(
    "elected-by-ballots",
    10,
    "A vote is won by the refinement with most points, whatever the order of the ballots.",
    SynthesisMade,
)
def elected_by_ballots(seen: Witness, event: SynthesisMade) -> Found | None:
    """Who may win, that all ballots were counted, and that the winner's words are the solution."""
    turn = seen.plan.get(event.turn)
    if turn is None or any(other not in seen.run.results for other in turn.sees):
        return None
    if seen.fate(turn) != "decided":
        return Found(f"{event.turn} counts votes of none") if event.standings else None
    ballots = {
        other: each.ranking
        for other in turn.sees
        if isinstance(each := seen.run.results[other].event, BallotCast)
    }
    candidates = [
        other
        for other in turn.sees
        if seen.plan[other].kind == "refinement" and seen.run.made(other) is not None
    ]
    stages = seen.run.opened.stages if seen.run.opened else ()
    lot = next((stage.shuffle for stage in stages), None) or 0
    backwards = dict(reversed(list(ballots.items())))
    counted = count(backwards, candidates[::-1], lot)
    if counted.standings != event.standings or counted.tied != event.tied:
        return Found(f"{event.turn}: counted again, the vote comes out otherwise")
    winner = next((each.turn for each in counted.standings), "")
    if (seen.run.made(winner) or "") not in words_of(event):
        return Found(f"{event.turn} does not say what won the vote")
    return None


@law(
    "dissent-has-its-author",
    9,
    "A verdict can be read, and each dissent in it names who spoke in the turn that it rests on.",
    SynthesisMade,
)
def dissent_has_its_author(seen: Witness, event: SynthesisMade) -> Found | None:
    """Every dissent that rests on a turn."""
    if event.form == "text":
        return None
    verdict = read_content(event.text, Verdict)
    if verdict is None:
        return Found(f"{event.turn} holds no verdict")
    for each in verdict.dissent:
        turn = seen.run.turns.get(each.turn)
        if each.turn and (turn is None or turn.speaker != each.author):
            return Found(f"a dissent of {each.turn} is said to be of {each.author or 'nobody'}")
    return None


@law(
    "answers-what-was-asked",
    9,
    "A person's answers are to the questions of that turn, each once and in their order.",
    AnswerGiven,
)
def answers_what_was_asked(seen: Witness, event: AnswerGiven) -> Found | None:
    """Ids and words of the questions."""
    turn = seen.plan.get(event.turn)
    put = seen.run.results.get(turn.target or "") if turn is not None else None
    asked = put.event if put is not None else None
    if turn is None or not isinstance(asked, QuestionAsked):
        return Found(f"{event.turn} answers what nobody asked")
    if not asked.questions:
        return Found(f"{event.turn} answers {turn.target}, which asks nothing")
    questions = read_content(asked.text, list[Question]) or []
    answers = read_content(event.text, list[Answered]) or []
    if [(each.id, each.question) for each in questions] != [
        (each.id, each.question) for each in answers
    ]:
        return Found(f"{event.turn} answers other questions than were asked")
    return (
        Found(f"{event.turn} leaves an answer blank")
        if not all(each.answer.strip() for each in answers)
        else None
    )


@law(
    "asked-for-cause",
    10,
    "Another pass of questions comes only after one in which somebody asked.",
    CallRequested,
)
def asked_for_cause(seen: Witness, event: CallRequested) -> Found | None:
    """The questions of the pass before."""
    turn = seen.plan.get(event.turn)
    if turn is None or turn.kind != "question" or turn.round == 1:
        return None
    asked = (each.event for each in seen.run.results.values())
    if any(
        isinstance(each, QuestionAsked)
        and each.questions
        and seen.run.turns[each.turn].round == turn.round - 1
        for each in asked
    ):
        return None
    return Found(f"{event.turn} asks again, and nobody had a question")


DECIDING: tuple[Law, ...] = (
    decided_by_measure,
    elected_by_ballots,
    dissent_has_its_author,
    answers_what_was_asked,
    asked_for_cause,
)
