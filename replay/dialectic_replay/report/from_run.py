"""What a report tells of a run: a reading of its fold.

Nothing is decided and nothing is worded for the page; what an event says in words is in `words`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from dialectic_events.calls import CallAnswered
from dialectic_events.contents import Answered, Question, read_content
from dialectic_events.runs import Agent, Model, RunOpened, Source, Summarization
from dialectic_events.turns import (
    AnswerGiven,
    QuestionAsked,
    StopDecided,
    SummaryMade,
    SynthesisMade,
    Turn,
)
from dialectic_replay.order import in_order, target_speaker
from dialectic_replay.report.paper import VOTE, Answer, Entry, Paper, Person, Round, Spent
from dialectic_replay.run import Call, Result, Run
from dialectic_replay.spend import Tally, spend
from dialectic_replay.tools import tool_rounds
from dialectic_replay.words import words_of

__all__ = ["paper_of_run", "people_of"]

_APART = ("question", "answer", "synthesis")
"""What has a section of its own."""


def paper_of_run(run: Run, ref: str, began: datetime | None = None) -> Paper:
    """What there is to tell of a run so far; `began` is when its first event was recorded, in the
    time zone of the reader.
    """
    opened = run.opened
    judges = {stage.judge for stage in opened.stages} if opened is not None else set()
    people = tuple(people_of(opened)) if opened is not None else ()
    told = [turn for turn in in_order(run) if turn.kind not in _APART and _matters(run, turn)]
    numbers = sorted({turn.round for turn in told if turn.round})
    synthesis = _synthesis(run)
    return Paper(
        ref=ref,
        problem=opened.problem if opened is not None else "",
        status=run.status,
        began=began,
        reason=run.reason,
        agents=tuple(each for each in people if each.id not in judges),
        judges=tuple(each for each in people if each.id in judges),
        answers=tuple(_answers(run)),
        rounds=tuple(
            Round(number, tuple(_entry(run, turn) for turn in told if turn.round == number))
            for number in numbers
        ),
        conclusion=tuple(_entry(run, turn) for turn in told if not turn.round),
        solution=None if synthesis is None else synthesis.text,
        synthesized_by="" if synthesis is None else _by(synthesis),
        failures=tuple(_failures(run)),
        spent=tuple(_spent(run)),
    )


def _matters(run: Run, turn: Turn) -> bool:
    """Whether a turn is worth a line: a summary that nobody needed is not."""
    result = run.results.get(turn.id)
    return turn.kind != "summary" or result is None or result.outcome != "skipped"


def people_of(opened: RunOpened) -> Iterator[Person]:
    """All agents of a run, its judge among them."""
    sources = {source.name: source for source in opened.sources}
    for agent in opened.agents:
        yield Person(
            id=agent.id,
            name=agent.name,
            role=agent.role,
            models=_each(agent.route, "name"),
            providers=_each(agent.route, "provider"),
            temperature=agent.temperature,
            prompts=tuple(_prompts(agent, sources)),
            summaries=_summaries(agent.summarization),
            tools=tuple(name.rpartition("/")[2] for name in agent.tools),
        )


def _each(route: tuple[Model, ...], field: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(getattr(model, field) for model in route))


def _prompts(agent: Agent, sources: dict[str, Source]) -> Iterator[str]:
    """Where the words come from that make the agent: the role, and prompts of its own."""
    own = [source for name, source in sources.items() if name.endswith(f"/{agent.id}")]
    for source in dict.fromkeys((sources.get(agent.source), *own)):
        if source is not None:
            kind = "" if source.name == agent.source else f"{source.name.split('/')[1]}: "
            yield kind + (source.path or source.origin)


def _summaries(stated: Summarization | None) -> str:
    if stated is None:
        return "off"
    return f"from {stated.threshold:,} to {stated.max_length:,} {stated.unit}"


def _answers(run: Run) -> Iterator[Answer]:
    """The questions of each agent, in the order of its passes, with their answers."""
    asked: dict[str, dict[str, Answer]] = {}
    for turn in in_order(run):
        result = run.results.get(turn.id)
        match result.event if result is not None else None:
            case QuestionAsked(text=text):
                for each in read_content(text, tuple[Question, ...]) or ():
                    answer = Answer(turn.speaker, each.id, each.question, None)
                    asked.setdefault(turn.speaker, {})[each.id] = answer
            case AnswerGiven(text=text):
                agent = target_speaker(run, turn) or turn.speaker
                for told in read_content(text, tuple[Answered, ...]) or ():
                    answer = Answer(agent, told.id, told.question, told.answer)
                    asked.setdefault(agent, {})[told.id] = answer
    for answers in asked.values():
        yield from answers.values()


def _entry(run: Run, turn: Turn) -> Entry:
    result = run.results.get(turn.id)
    asked = tool_rounds(run, turn.id)
    call = _call(run, turn, result)
    calls = [each.call for each in asked]
    calls += [] if call is None or call in calls else [call]
    text, note = _said(run, turn, result)
    return Entry(
        kind=turn.kind,
        speaker=turn.speaker,
        to=(target_speaker(run, turn) or "") if turn.kind == "critique" else "",
        text=text,
        note=note,
        latency_ms=sum(map(_latency_ms, calls)) if calls else None,
        tokens=_tokens(calls),
        tools=tuple(f"{call.name} {call.arguments}" for each in asked for call in each.calls),
    )


def _latency_ms(call: Call) -> int:
    """What the answer took, and the tools that it asked for."""
    model = call.ended.latency_ms if call.ended is not None else 0
    return model + (call.used.latency_ms if call.used is not None else 0)


def _tokens(calls: list[Call]) -> int | None:
    """The tokens of some calls; None when one does not say."""
    usages = [call.ended.usage if call.ended is not None else None for call in calls]
    known = [usage.input_tokens + usage.output_tokens for usage in usages if usage is not None]
    return sum(known) if known and len(known) == len(usages) else None


def _said(run: Run, turn: Turn, result: Result | None) -> tuple[str, str]:
    """What came of a turn: its words, and a note on them."""
    if result is None:
        return "", "Not settled yet."
    if result.outcome != "made":
        return result.text, "It failed:" if result.outcome == "failed" else "It was skipped:"
    if turn.carries is not None and result.text == run.made(turn.carries):
        return "", f"Carried over: the refinement of round {run.turns[turn.carries].round}."
    match result.event:
        case SummaryMade() as made:
            cut = ", and was cut there" if made.cut else ""
            sizes = f"{made.before_chars:,} characters became {made.after_chars:,}{cut}"
            return result.text, f"{sizes} ({made.method})."
        case StopDecided() as decided:
            return "", words_of(decided)
        case _:
            return result.text, ""


def _call(run: Run, turn: Turn, result: Result | None) -> Call | None:
    """The answer that a turn rests on; of a turn without one, its last call that asked no tool."""
    if result is not None and result.call is not None:
        return run.calls.get(result.call)
    attempts = run.attempts.get(turn.id, ())
    last = run.calls[attempts[-1]] if attempts else None
    asks = last is not None and isinstance(last.ended, CallAnswered) and last.ended.tools
    return None if asks else last


def _synthesis(run: Run) -> Result | None:
    made = (r for r in run.results.values() if r.turn.kind == "synthesis" and r.outcome == "made")
    return next(made, None)


def _by(result: Result) -> str:
    event = result.event
    if isinstance(event, SynthesisMade) and event.standings:
        return VOTE
    return result.turn.speaker


def _failures(run: Run) -> Iterator[str]:
    for turn in in_order(run):
        result = run.results.get(turn.id)
        if result is not None and result.outcome == "failed":
            yield f"{turn.id}: {result.text}"


def _spent(run: Run) -> Iterator[Spent]:
    spent = spend(run)
    for agent, tally in (*spent.by_agent.items(), ("Total", spent.total)):
        yield _row(agent, tally)


def _row(agent: str, tally: Tally) -> Spent:
    known = tally.unpriced < tally.calls + tally.lost or not tally.calls
    return Spent(
        agent=agent,
        calls=tally.calls,
        failed=tally.failed,
        input_tokens=tally.input_tokens,
        output_tokens=tally.output_tokens,
        latency_ms=tally.latency_ms,
        cost_usd=tally.cost_usd if known else None,
    )
