"""A run as a test looks at it: what came of it, who said what, and who was shown what.

Everything is read from the log, and who saw what from the requests that were sent, so that a brief
that leaks is seen to leak. Nothing is run here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from msgspec import Struct

from dialectic_actors.actors.ports import Prompt
from dialectic_actors.api.files import write_atomically
from dialectic_actors.api.outcome import Outcome
from dialectic_actors.api.store import Store
from dialectic_actors.testing.cassettes import Shelf, read_cassette
from dialectic_actors.testing.names import Names
from dialectic_actors.testing.sent import Sent
from dialectic_events.envelope import Envelope
from dialectic_events.errors import DialecticError, ExitCode, IntegrityError
from dialectic_events.runs import RunOpened
from dialectic_events.turns import Kind
from dialectic_events.union import Event
from dialectic_replay.order import in_order
from dialectic_replay.read import known_event
from dialectic_replay.run import Run, fold
from dialectic_replay.spend import Spend

__all__ = ["Played", "PlayedTurn"]


class PlayedTurn(Struct, frozen=True):
    """A turn and what came of it.

    `id` leaves the stage out when the run has one. `text` is the contribution, or why there is
    none; `attempts` counts the calls, 0 for what was carried over or skipped.
    """

    id: str
    kind: Kind
    author: str
    round: int
    target: str | None
    outcome: Literal["made", "failed", "skipped", "open"]
    text: str
    attempts: int


class Played:
    """A run of `store`, which stays open as long as prompts are looked at; its log is verified on
    the way in. Raises IntegrityError when it is not what was written, DialecticError when there is
    no such run.

    Turns are named as in `r1/critique/security>architect`; an agent by its id or its role.
    """

    def __init__(self, store: Store, ref: str = "@", shelf: Shelf | None = None) -> None:
        self._store = store
        self._shelf = shelf or Shelf(Path("cassettes"))
        self.ref: str = store.resolve(ref).run
        self.log: tuple[Envelope, ...] = tuple(store.log(ref))
        self.events: tuple[Event, ...] = tuple(map(known_event, self.log))
        self.run: Run = fold(self.events)
        self._names = Names(self.opened)
        self._sent = Sent(store.port, self.run)

    @classmethod
    def load(cls, path: str | Path, shelf: Shelf | None = None) -> Self:
        """The newest run of an exported log. Raises IntegrityError when it was changed,
        DialecticError when the file is no log.
        """
        return cls(*read_cassette(Path(path)), shelf)

    def __repr__(self) -> str:
        debaters, rounds = (
            len(self.agents),
            max((t.round for t in self.run.turns.values()), default=0),
        )
        return (
            f"<Played {self.ref}: {self.outcome.status}, {_count(debaters, 'agent')}, "
            f"{_count(rounds, 'round')}, {_count(self.calls, 'call')}, "
            f"${self.outcome.cost_usd:.4f}>"
        )

    def __str__(self) -> str:
        lines = [repr(self)]
        for turn in self.turns():
            saw = ", ".join(self.saw(turn.id)) or "nothing"
            lines.append(
                f"  {turn.id}: {turn.outcome} by {_count(turn.attempts, 'call')}, saw {saw}"
            )
        return "\n".join(lines)

    @property
    def opened(self) -> RunOpened:
        """How the run was opened: its problem, agents, prompt sources, limits."""
        if self.run.opened is None:
            raise IntegrityError("its first event does not open a run", where=self.ref)
        return self.run.opened

    @property
    def outcome(self) -> Outcome:
        """What came of it: status, solution, spend, exit code."""
        return Outcome(self.ref, self.run)

    @property
    def solution(self) -> str | None:
        """The judge's synthesis, as Markdown; None when there is none."""
        return self.outcome.solution

    @property
    def calls(self) -> int:
        """How many model calls were asked for, repeats included."""
        return len(self.run.calls)

    @property
    def spend(self) -> Spend:
        """Tokens, cost and latency, in all and by agent, model and kind."""
        return self.outcome.spend

    @property
    def agents(self) -> tuple[str, ...]:
        """The ids of those who debate, in their order; the judge is not among them."""
        return tuple(dict.fromkeys(each for stage in self.opened.stages for each in stage.agents))

    def complete(self) -> bool:
        """Whether the run was concluded and no turn failed on the way."""
        return self.run.status == "concluded"

    def turns(self, kind: Kind | None = None) -> tuple[PlayedTurn, ...]:
        """All turns, or those of a kind, in the order in which people read them."""
        return tuple(each for each in self._turns.values() if kind in (None, each.kind))

    def turn(self, name: str) -> PlayedTurn:
        """One turn. Raises DialecticError for a name that means none."""
        return self._turns[self._id(name)]

    def saw(self, turn: str) -> tuple[str, ...]:
        """The turns whose words were sent when `turn` was asked for, in reading order; () when
        nobody was asked.

        Of turns that said the very same, those count that `turn` was meant to be shown.
        """
        return tuple(self._turns[id].id for id in self._sent.saw(self._id(turn)))

    def shown_to(self, agent: str, kind: Kind | None = None) -> tuple[PlayedTurn, ...]:
        """All contributions (of a kind) that an agent was shown in any of its turns, each once."""
        speaker = self._names.agent(agent)
        own = (id for id, turn in self._turns.items() if turn.author == speaker)
        seen = {shown for id in own for shown in self._sent.saw(id)}
        return tuple(
            turn for id, turn in self._turns.items() if id in seen and kind in (None, turn.kind)
        )

    def judge_inputs(self) -> tuple[PlayedTurn, ...]:
        """All contributions that the judge was shown."""
        judges = dict.fromkeys(stage.judge for stage in self.opened.stages)
        return tuple(turn for judge in judges for turn in self.shown_to(judge))

    def messages(self, turn: str, attempt: int = 1) -> tuple[Prompt, ...]:
        """The messages of the call that was sent for a turn; attempts count from 1. Raises
        DialecticError when there was no such call.
        """
        id = self._id(turn)
        calls = self.run.attempts.get(id, ())
        if not 1 <= attempt <= len(calls):
            raise DialecticError(
                f"there is no call {attempt} for `{self._turns[id].id}`",
                fix=f"it had {_count(len(calls), 'call')}",
                exit_code=ExitCode.USAGE,
            )
        sent = self.run.calls[calls[attempt - 1]].requested
        return tuple(Prompt(each.role, self.words(each.parts)) for each in sent.messages)

    def prompt(self, turn: str, attempt: int = 1) -> str:
        """The words that were sent for a turn: its messages, a blank line between them."""
        return "\n\n".join(message.text for message in self.messages(turn, attempt))

    def words(self, pieces: Iterable[str]) -> str:
        """What the pieces of a prompt stand for."""
        return self._sent.words(pieces)

    def assert_saw(self, turn: str, *turns: str) -> None:
        """Fail unless `turn` was shown exactly `turns`, in any order; without any: nothing."""
        __tracebackhide__ = True
        expected = {self._turns[self._id(name)].id for name in turns}
        shown = self.saw(turn)
        if set(shown) != expected:
            order = [each.id for each in self.turns()]
            lines = {
                "expected": sorted(expected, key=order.index),
                "shown": shown,
                "missing": sorted(expected - set(shown), key=order.index),
                "too much": [each for each in shown if each not in expected],
            }
            raise AssertionError(
                f"`{self.turn(turn).id}` was not shown what was expected\n{_table(lines)}"
            )

    def assert_not_saw(self, turn: str, unseen: str, *more: str) -> None:
        """Fail if `turn` was shown any of the others."""
        __tracebackhide__ = True
        shown = self.saw(turn)
        unwanted = [each for name in (unseen, *more) if (each := self.turn(name).id) in shown]
        if unwanted:
            lines = {"unwanted": unwanted, "shown": shown}
            raise AssertionError(
                f"`{self.turn(turn).id}` was shown what it must not see\n{_table(lines)}"
            )

    def assert_matches_cassette(self, name: str) -> None:
        """Fail at the first fact in which this run differs from a cassette: its event, its field
        and both values. Who recorded it when, in which order and how quickly is not compared.

        What becomes of a missing cassette is decided by `--dialectic-record`. Raises DialecticError
        for a name that is none, or that cannot be compared.
        """
        __tracebackhide__ = True
        from dialectic_actors.testing.differences import first_difference

        if self._shelf.records(name):
            self.save(self._shelf.path(name))
            return
        difference = first_difference(self.load(self._shelf.existing(name)), self)
        if difference is not None:
            raise AssertionError(
                f"the run is not what the cassette `{name}` holds\n{difference}\n"
                f"  if that is meant to be so: {self._shelf.command}=all"
            )

    def save(self, path: str | Path) -> Path:
        """Write the log as a cassette, whole or not at all."""
        return write_atomically(Path(path), b"".join(self._store.export([self.ref])))

    def short(self, id: str) -> str:
        """The id of a turn or call without its stage, when the run has only one."""
        return self._names.short(id)

    @cached_property
    def _turns(self) -> dict[str, PlayedTurn]:
        return {turn.id: self._played(turn.id) for turn in in_order(self.run)}

    def _played(self, id: str) -> PlayedTurn:
        turn, result = self.run.turns[id], self.run.results.get(id)
        return PlayedTurn(
            id=self.short(id),
            kind=turn.kind,
            author=turn.speaker,
            round=turn.round,
            target=None if turn.target is None else self.short(turn.target),
            outcome="open" if result is None else result.outcome,
            text="" if result is None else result.text,
            attempts=len(self.run.attempts.get(id, ())),
        )

    def _id(self, name: str) -> str:
        return self._names.turn(name, self._turns)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _table(lines: Mapping[str, Iterable[str]]) -> str:
    rows = {name: ", ".join(values) for name, values in lines.items()}
    return "\n".join(
        f"  {name + ':':9} {row or 'nothing'}"
        for name, row in rows.items()
        if row or name in ("expected", "shown")
    )
