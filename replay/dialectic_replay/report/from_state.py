"""What a report tells of a state document: one of ours, or one that `dialectic` wrote.

Tolerant: keys that nobody knows are passed over, and what an old version did not record is empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.turns import AssessmentMade, BallotCast, StopDecided, Turn
from dialectic_replay.report import paper
from dialectic_replay.report.paper import VOTE, Answer, Entry, Paper, Person, Spent
from dialectic_replay.report.state_shapes import (
    Assessment,
    Ballot,
    Decision,
    Metadata,
    Round,
    Solution,
    Sources,
    State,
    Summary,
    Tally,
)
from dialectic_replay.words import words_of

__all__ = ["paper_of_state"]


def paper_of_state(
    document: object, where: str = "", people: Sequence[Person] | None = None, judge: str = ""
) -> Paper:
    """What there is to tell of a state document that was read from `where`.

    `people` are the agents of a configuration, `judge` is the id of its judge: those that spoke
    are matched by id. Without them, a row is made of what each contribution says. Times are left in
    their own zone. Raises DialecticError (exit 2) for what is no state of a debate.
    """
    try:
        state = msgspec.convert(document, State, strict=False)
    except msgspec.ValidationError as error:
        raise DialecticError(
            f"it is no state of a debate: {error}",
            where=where,
            fix="name a file debates/<id>.json, or a run of the log",
            exit_code=ExitCode.USAGE,
        ) from None
    solution = state.final_solution
    return Paper(
        ref=state.id,
        problem=state.problem,
        status=state.status,
        began=state.created_at,
        reason=state.status_reason,
        agents=_agents(state, people, judge),
        judges=_judges(state, people, judge),
        answers=tuple(_answers(state)),
        rounds=tuple(_rounds(state)),
        conclusion=tuple(_conclusion(state)),
        solution=None if solution is None else solution.description,
        synthesized_by="" if solution is None else _by(solution),
        failures=tuple(f"{f.turn}: {f.reason}" for f in state.failures if f.outcome == "failed"),
        spent=() if state.spend is None else tuple(_spent(state.spend)),
    )


def _agents(state: State, people: Sequence[Person] | None, judge: str) -> tuple[Person, ...]:
    """Those who spoke: as configured, else as their contributions tell."""
    prompts = _prompts(state)
    spoke: dict[str, Person] = {}
    for round in state.rounds:
        for each in round.contributions:
            known = spoke.get(each.agent_id)
            model = each.metadata.model
            models = (*(known.models if known is not None else ()), *([model] if model else []))
            spoke[each.agent_id] = Person(
                id=each.agent_id,
                role=each.agent_role,
                models=tuple(dict.fromkeys(models)),
                prompts=prompts.get(each.agent_id, ()),
            )
    if people is None:
        return tuple(spoke[id] for id in sorted(spoke))
    configured = {person.id: person for person in people if person.id != judge}
    return tuple(configured.get(id, spoke[id]) for id in sorted(spoke))


def _judges(state: State, people: Sequence[Person] | None, judge: str) -> tuple[Person, ...]:
    found = tuple(person for person in people or () if person.id == judge)
    if found or state.final_solution is None or not state.final_solution.synthesized_by:
        return found
    name = state.final_solution.synthesized_by
    return (Person(id=name, prompts=_prompts(state).get(name, ())),)


def _prompts(state: State) -> Mapping[str, tuple[str, ...]]:
    stated = state.prompt_sources or Sources()
    every = [*stated.agents, *([stated.judge] if stated.judge is not None else [])]
    return {each.agent_id or each.id: (each.path or each.source,) for each in every}


def _by(solution: Solution) -> str:
    return VOTE if solution.vote else solution.synthesized_by


def _answers(state: State) -> Iterator[Answer]:
    for agent in state.clarifications:
        for each in agent.items:
            yield Answer(agent.agent_id, each.id, each.question, each.answer or None)


def _rounds(state: State) -> Iterator[paper.Round]:
    before: dict[str, str] = {}
    for each in state.rounds:
        number = each.round_number
        later = (
            *(_assessed(a) for a in state.assessments if a.round_number == number),
            *(_decided(d) for d in state.stop_decisions if d.round_number == number),
        )
        yield paper.Round(number, (*_entries(each, before), *later))
        before = {c.agent_id: c.content for c in each.contributions if c.type == "refinement"}


def _assessed(told: Assessment) -> Entry:
    made = AssessmentMade(turn="", text=told.reason, score=told.score)
    return _entry("assessment", told.agent_id, told.metadata, text=words_of(made))


def _decided(told: Decision) -> Entry:
    decided = StopDecided(
        turn="",
        plan=Turn("", "stop", ""),
        rule=told.rule,
        measure=told.measure,
        value=told.value,
        threshold=told.threshold,
        stop=told.stop,
        stability=told.stability,
        agreement=told.agreement,
    )
    return Entry(kind="stop", speaker=told.rule, note=words_of(decided))


def _conclusion(state: State) -> Iterator[Entry]:
    if state.judge_summary is not None:
        yield _summary("", state.judge_summary)
    yield from map(_cast, state.ballots)


def _cast(told: Ballot) -> Entry:
    cast = BallotCast(turn="", text=told.reason, ranking=tuple(told.ranking))
    return _entry("ballot", told.agent_id, told.metadata, text=words_of(cast))


def _entries(round: Round, before: Mapping[str, str]) -> Iterator[Entry]:
    """What was said in a round; `before` are the refinements of the one before it."""
    for agent, summary in sorted(round.summaries.items()):
        yield _summary(agent, summary)
    for each in sorted(round.contributions, key=lambda c: (c.agent_id, c.target_agent_id)):
        carried = each.type == "proposal" and before.get(each.agent_id) == each.content
        note = f"Carried over: the refinement of round {round.round_number - 1}."
        yield _entry(
            each.type,
            each.agent_id,
            each.metadata,
            to=each.target_agent_id,
            text="" if carried else each.content,
            note=note if carried else "",
        )


def _summary(agent: str, summary: Summary) -> Entry:
    told = summary.metadata
    note = ""
    if told.before_chars is not None and told.after_chars is not None:
        note = f"{told.before_chars:,} characters became {told.after_chars:,} ({told.method})."
    return _entry("summary", agent or summary.agent_id, told, text=summary.summary, note=note)


def _entry(
    kind: str, speaker: str, took: Metadata, *, text: str, to: str = "", note: str = ""
) -> Entry:
    return Entry(
        kind=kind,
        speaker=speaker,
        to=to,
        text=text,
        note=note,
        latency_ms=None if took.latency_ms is None else int(took.latency_ms),
        tokens=took.tokens_used,
        tools=tuple(_tools(took)),
    )


def _tools(metadata: Metadata) -> Iterator[str]:
    for call in metadata.tool_calls:
        yield f"{call.get('name', '')} {call.get('arguments', '')}".strip()


def _spent(spend: Tally) -> Iterator[Spent]:
    for agent, tally in (*spend.by_agent.items(), ("Total", spend)):
        priced = tally.unpriced_calls < tally.calls + tally.lost_calls or not tally.calls
        yield Spent(
            agent=agent,
            calls=tally.calls,
            failed=tally.failed_calls,
            input_tokens=tally.input_tokens,
            output_tokens=tally.output_tokens,
            latency_ms=tally.latency_ms,
            cost_usd=tally.cost_usd if priced else None,
        )
