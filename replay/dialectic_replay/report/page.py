"""A report as Markdown. Words of models and people stand in fences, in cells, or as Markdown that
cannot leave its section.

Nothing is looked up here: all that is told stands in the paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from dialectic_replay.markdown import cell, fenced, nested, plain
from dialectic_replay.report.paper import Answer, Entry, Paper, Person, Round, Spent

__all__ = ["report"]

_TITLES = {
    "summary": "Summaries",
    "proposal": "Proposals",
    "critique": "Critiques",
    "refinement": "Refinements",
    "assessment": "Assessment",
    "stop": "Decision",
    "ballot": "Ballots",
}
_ALWAYS = ("proposal", "critique", "refinement")
"""What every round has; a round without one says so."""

_PEOPLE = (
    *("ID", "Name", "Role", "Model", "Provider", "Temperature"),
    *("Prompts", "Summaries", "Tools"),
)
_SPENT = ("Agent", "Calls", "Failed", "Input tokens", "Output tokens", "Latency", "Cost")


def report(paper: Paper, *, verbose: bool = False) -> str:
    """The page; `verbose` adds to each contribution what it took."""
    return "\n\n".join(filter(None, _blocks(paper, verbose))) + "\n"


def _blocks(paper: Paper, verbose: bool) -> Iterator[str]:
    title = next(filter(str.strip, paper.problem.splitlines()), paper.ref)
    yield f"# Debate: {plain(title)}"
    yield _subtitle(paper)
    yield fenced(paper.reason) if paper.reason else ""
    yield "## Problem Description"
    yield fenced(paper.problem)
    yield "## Agents"
    yield _people(paper.agents)
    yield from _answers(paper.answers)
    yield "## Judge"
    yield _people(paper.judges)
    yield "## Rounds"
    yield "" if paper.rounds else "*No rounds.*"
    for round in paper.rounds:
        yield from _round(round, verbose)
    if paper.conclusion:
        yield "## Conclusion"
        yield from _entries(paper.conclusion, "###", verbose)
    yield "## Final Synthesis"
    yield from _solution(paper)
    if paper.failures:
        yield "## Failures"
        yield from (_item(each) for each in paper.failures)
    if paper.spent:
        yield "## Totals"
        yield _table(_SPENT, map(_spent, paper.spent))


def _subtitle(paper: Paper) -> str:
    words = [f"`{plain(paper.ref)}`" if paper.ref.isascii() else plain(paper.ref)]
    if paper.began is not None:
        words.append(f"{paper.began:%Y-%m-%d %H:%M:%S %Z}".strip())
    return " · ".join((*words, plain(paper.status)))


def _people(people: Sequence[Person]) -> str:
    if not people:
        return "*None.*"
    return _table(_PEOPLE, map(_person, people))


def _person(person: Person) -> tuple[str, ...]:
    return (
        person.id,
        person.name or person.id,
        person.role,
        " → ".join(person.models),
        " → ".join(person.providers),
        "" if person.temperature is None else f"{person.temperature:g}",
        ", ".join(person.prompts),
        person.summaries,
        ", ".join(person.tools),
    )


def _spent(spent: Spent) -> tuple[str, ...]:
    return (
        spent.agent,
        str(spent.calls),
        str(spent.failed),
        f"{spent.input_tokens:,}",
        f"{spent.output_tokens:,}",
        _seconds(spent.latency_ms),
        "" if spent.cost_usd is None else f"${spent.cost_usd:.4f}",
    )


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *([cell(each) for each in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _answers(answers: Sequence[Answer]) -> Iterator[str]:
    if not answers:
        return
    yield "## Clarifications"
    for agent, its in groupby(answers, key=lambda each: each.agent):
        yield f"### {plain(agent)}"
        for each in its:
            yield f"**Question {plain(each.id)}**"
            yield fenced(each.question)
            yield "*Not answered yet.*" if each.answer is None else "**Answer**"
            yield "" if each.answer is None else fenced(each.answer)


def _round(round: Round, verbose: bool) -> Iterator[str]:
    yield f"### Round {round.number}"
    kinds = {entry.kind for entry in round.entries}
    for kind in (*_TITLES, *sorted(kinds.difference(_TITLES))):
        alike = [entry for entry in round.entries if entry.kind == kind]
        yield from _entries(alike, "####", verbose)
        if kind in _ALWAYS and not alike:
            yield f"#### {_TITLES[kind]}"
            yield f"*No {_TITLES[kind].lower()}.*"


def _entries(entries: Iterable[Entry], marks: str, verbose: bool) -> Iterator[str]:
    for kind, alike in groupby(entries, key=lambda entry: entry.kind):
        yield f"{marks} {_TITLES.get(kind) or plain(kind)}"
        for entry in alike:
            to = f" → {plain(entry.to)}" if entry.to else ""
            took = f" ({_took(entry)})" if verbose and _took(entry) else ""
            yield f"{marks}# {plain(entry.speaker)}{to}{took}"
            yield f"*{plain(entry.note)}*" if entry.note else ""
            yield "\n".join(_item(each) for each in entry.tools)
            yield fenced(entry.text) if entry.text else ""


def _took(entry: Entry) -> str:
    words = [] if entry.latency_ms is None else [_seconds(entry.latency_ms)]
    words += [] if entry.tokens is None else [f"{entry.tokens:,} tokens"]
    return ", ".join(words)


def _seconds(latency_ms: int) -> str:
    return f"{latency_ms / 1000:.1f} s"


def _solution(paper: Paper) -> Iterator[str]:
    if paper.solution is None:
        yield "*There is none.*"
        return
    if paper.synthesized_by:
        yield f"*By {plain(paper.synthesized_by)}.*"
    yield nested(paper.solution, 2)


def _item(text: str) -> str:
    return f"- {plain(text)}"
