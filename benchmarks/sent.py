"""What the calls of a debate send: ours as the gateway is asked, and the seed's by its rules.

The seed's prompts are written by our renderer with our words, roles and headings, so that both
differ in what they show only: the problem, the texts, the history. Must not go in here: what is
compared.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import permutations
from time import perf_counter
from typing import NamedTuple

from benchmarks.cast import composed, hold
from benchmarks.orchestration import TEXT, Answering
from dialectic_actors.actors.cast import cast_of
from dialectic_actors.actors.ports import Ask
from dialectic_actors.core.briefs import Brief, Link, Shown
from dialectic_actors.core.contracts import CHARACTERS_PER_TOKEN
from dialectic_actors.settings import Settings
from dialectic_events.calls import Ending
from dialectic_events.parts import resolve
from dialectic_events.runs import RunOpened, Summarization
from dialectic_events.stores.memory import MemoryStore
from dialectic_events.turns import Kind, Turn
from dialectic_replay.run import Run

__all__ = ["ANSWER", "PREVIEW", "Sent", "sent_by_seed", "sent_by_us"]

ANSWER = 1600
"""Characters of an answer. A summary fills what it is allowed."""

PREVIEW = 100
"""Characters of a contribution in the seed's history: the most that its first line may have."""

RUN = "run"


class Sent(NamedTuple):
    """One call's prompt in tokens of four characters: all of it, and of that the problem, the texts
    it is about, and earlier rounds; the rest are our words.
    """

    turn: Turn
    tokens: float
    problem: float
    shown: float
    earlier: float

    @property
    def words(self) -> float:
        """Persona, template, headings."""
        return self.tokens - self.problem - self.shown - self.earlier


def _sent(brief: Brief, characters: int) -> Sent:
    counts = (
        characters,
        len(brief.problem),
        sum(len(each.text) for each in brief.shown),
        sum(len(each.text) for each in brief.earlier()),
    )
    return Sent(brief.turn, *(count / CHARACTERS_PER_TOKEN for count in counts))


class _Noting(Answering):
    """A gateway without models that notes how much it is sent."""

    def __init__(self) -> None:
        super().__init__(lambda index: ANSWER)
        self.sent: list[Sent] = []

    def words(self, ask: Ask) -> str:
        """An answer of the one size, or a summary that will be cut."""
        return TEXT if ask.brief.turn.kind == "summary" else super().words(ask)

    def start(self, ask: Ask, reply: Callable[[Ending], None]) -> None:
        """Note and answer."""
        self.sent.append(_sent(ask.brief, sum(len(prompt.text) for prompt in ask.messages)))
        super().start(ask, reply)


def sent_by_us(settings: Settings) -> tuple[list[Sent], Run]:
    """All calls of a debate that is really held, and the debate."""
    gateway = _Noting()

    @asynccontextmanager
    async def opened() -> AsyncIterator[_Noting]:
        yield gateway

    _, (run,) = hold(MemoryStore(), opened, {RUN: composed(settings)}, perf_counter)
    return gateway.sent, run


def sent_by_seed(settings: Settings) -> list[Sent]:
    """All calls that the seed would make for a debate of this shape, one agent after another."""
    return _Seed(*composed(settings)).held()


class _Seed:
    """The seed's rules for what a call holds (contract, 3.2 and 3.3)."""

    def __init__(self, opened: RunOpened, texts: dict[str, str]) -> None:
        cast = cast_of(opened, texts.__getitem__)
        (self._stage,) = opened.stages
        self._problem = opened.problem
        self._roles = {agent.id: agent.role for agent in opened.agents}
        self._condensing = {agent.id: agent.summarization for agent in opened.agents}
        self._renderers = {agent: cast.renderer(agent) for agent in cast.roles}
        self._texts = texts
        self._contributed: list[Shown] = []
        self._summaries: dict[str, Shown] = {}
        self._sent: list[Sent] = []

    def held(self) -> list[Sent]:
        """The debate's calls, phase by phase."""
        for round in range(1, self._stage.rounds + 1):
            self._summarize(round)
            self._propose(round)
            self._criticize(round)
            self._refine(round)
        self._conclude()
        return self._sent

    def _summarize(self, round: int) -> None:
        """An agent's own proposals and refinements of all rounds, once they are long enough."""
        for agent in self._stage.agents:
            own = self._by(agent, "proposal", "refinement")
            if (terms := self._due(agent, own)) is not None:
                self._ask("summary", agent, round, own)
                text = TEXT[: terms.max_length]
                self._summaries[agent] = Shown(f"{round}/{agent}", "summary", agent, round, text)

    def _propose(self, round: int) -> None:
        """Asked for in the first round, carried over in the others."""
        for agent in self._stage.agents if round == 1 else ():
            self._ask("proposal", agent, round, (), problem=self._problem)
        self._contribute(self._made("proposal", agent, round) for agent in self._stage.agents)

    def _criticize(self, round: int) -> None:
        """One proposal each, without the problem."""
        critiques = []
        for critic, author in permutations(self._stage.agents, 2):
            (target,) = (own for own in self._by(author, "proposal") if own.round == round)
            self._ask("critique", critic, round, (target,))
            critiques.append(self._made("critique", critic, round, author))
        self._contribute(critiques)

    def _refine(self, round: int) -> None:
        """The own proposal and its critiques, without the problem."""
        refinements = []
        for agent in self._stage.agents:
            now = [each for each in self._contributed if each.round == round]
            own = [e for e in now if e.kind == "proposal" and e.speaker == agent]
            self._ask("refinement", agent, round, (*own, *(e for e in now if e.to == agent)))
            refinements.append(self._made("refinement", agent, round))
        self._contribute(refinements)

    def _conclude(self) -> None:
        """The judge is shown all, or the last round alone when that is long; in this case it also
        pays for a summary that nobody reads.
        """
        judge, last = self._stage.judge, self._stage.rounds
        positions = ("proposal", "refinement")
        final = [e for e in self._contributed if e.round == last and e.kind in positions]
        shown = self._contributed
        if self._due(judge, final) is not None:
            self._ask("summary", judge, 0, final)
            shown = final
        self._ask("synthesis", judge, 0, shown, problem=self._problem)

    def _due(self, agent: str, texts: Sequence[Shown]) -> Summarization | None:
        terms = self._condensing[agent]
        size = sum(len(each.text) for each in texts)
        return terms if terms is not None and texts and size >= terms.threshold else None

    def _by(self, agent: str, *kinds: Kind) -> list[Shown]:
        return [e for e in self._contributed if e.speaker == agent and e.kind in kinds]

    def _made(self, kind: Kind, agent: str, round: int, to: str | None = None) -> Shown:
        name = f"{round}/{kind}/{agent}/{to}"
        return Shown(name, kind, agent, round, TEXT[:ANSWER], to=to)

    def _contribute(self, made: Iterable[Shown]) -> None:
        self._contributed.extend(made)

    def _ask(
        self, kind: Kind, agent: str, round: int, shown: Sequence[Shown], *, problem: str = ""
    ) -> None:
        turn = Turn(f"{round}/{kind}/{agent}", kind, agent, round)
        history = self._context(agent) if kind in ("critique", "refinement") else ()
        brief = Brief(turn, problem, history, tuple(shown))
        request = self._renderers[agent].request(brief)
        self._texts |= request.parts
        pieces = (piece for message in request.messages for piece in message.parts)
        texts = (text for piece in pieces for text in resolve(piece, self._texts.__getitem__))
        self._sent.append(_sent(brief, sum(map(len, texts))))

    def _context(self, agent: str) -> tuple[Link, ...]:
        """The last summary in place of everything, or one line for each contribution."""
        entry = self._summaries.get(agent)
        if entry is None:
            lines = (
                f"[{self._roles[each.speaker]}] {each.kind}: {each.text[:PREVIEW]}…"
                for each in self._contributed
            )
            entry = Shown("history", "summary", agent, 0, "\n".join(lines))
        name = f"{agent} after {len(self._contributed)}"
        return (Link(name, (), (entry,)),)
