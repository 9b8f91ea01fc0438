"""The laws, looked at after every step of a simulated run.

It reads what became durable from the stored bytes, folds it on its own, holds it to the laws of a
log, and compares: the debate's state, what is sent, what a prompt shows, what the provider counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from dialectic_actors.actors.debate import DebateBehavior
from dialectic_actors.actors.ports import Ask
from dialectic_actors.core.agenda import Agenda
from dialectic_actors.core.decide import State, react
from dialectic_actors.testing.laws.checking import LAWS
from dialectic_actors.testing.laws.stating import End, Law
from dialectic_actors.testing.laws.witness import SETTLING, Witness
from dialectic_actors.testing.simulation.provider import Provider
from dialectic_events.calls import CallAnswered, CallFailed, CallLost, CallRequested
from dialectic_events.codec import Redacted, Unknown, decode
from dialectic_events.envelope import GENESIS, Header, Record, commit, digest_of, read_header
from dialectic_events.runs import RunOpened, RunResumed, RunSuspended
from dialectic_events.store import Appended, Batch, Outcome
from dialectic_events.turns import Turn
from dialectic_events.union import Event, refs_beside

__all__ = ["Breach", "Watch"]

_SAID = re.compile(r"«([^«»\n]*)»")

_REFUSALS = 20
"""So many appends in a row that store nothing are no race any more."""

_IDLE = 200
"""So many messages heard in a row, and nothing stored: nobody gets anywhere any more."""

_RESUMED = 30
"""So often taken up in a row, and no turn settled: whoever has it is the next to fail."""

_JUDGES: Mapping[type, Sequence[Law]] = {
    kind: tuple(law for law in LAWS if kind in law.on and not law.deep)
    for kind in {kind for law in LAWS for kind in law.on}
}
"""The laws of a log, as the kit states them for every log, by what they judge."""


class Breach(BaseException):
    """A law of design section 9 was broken: which, and how. No handler of the actors may survive
    it.
    """

    def __init__(self, law: int, detail: str) -> None:
        super().__init__(f"law {law}: {detail}")
        self.law, self.detail = law, detail


class Watch:
    """What is durable of one run, told by its bytes alone."""

    def __init__(self, stream: str, provider: Provider) -> None:
        self.stream = stream
        self.provider = provider
        self.records: list[Record] = []
        self.events: list[Event] = []
        self.state = State()
        self.texts: dict[str, str] = {}
        self.facts: Counter[bytes] = Counter()
        self._ids: set[str] = set()
        self._witness = Witness(self.texts.__getitem__)
        self._refused = 0
        self._idle = 0
        self._resumed = 0
        self._due_s: dict[str, float] = {}
        self._compared = 0

    def stored(self, batches: Sequence[Batch], outcomes: Sequence[Outcome], now_s: float) -> None:
        """Take in what an append made durable."""
        for batch, outcome in zip(batches, outcomes, strict=True):
            if isinstance(outcome, Appended) and not outcome.repeated:
                self._refused = self._idle = 0
                self.texts.update(batch.parts)
                for record in batch.records:
                    self._take_in(record, now_s)
            else:
                self._refused += 1
        if self._refused > _REFUSALS:
            raise Breach(10, f"livelock: {self._refused} appends in a row stored nothing")

    def _take_in(self, record: Record, now_s: float) -> None:
        if record.version != len(self.events) + 1:
            raise Breach(1, f"version {record.version} was stored after {len(self.events)}")
        header, payload = read_header(record), record.payload or b""
        self._chained(record, header)
        if header.id in self._ids:
            raise Breach(3, f"the event id {header.id} was given before")
        self._ids.add(header.id)
        try:
            event = decode(header.type, header.schema, payload, self.texts.__getitem__)
        except KeyError as unknown:
            raise Breach(11, f"{header.type} names {unknown}, which was never stored") from None
        if isinstance(event, Unknown | Redacted):
            raise Breach(11, f"{header.type} was written, and cannot be read")
        for ref in refs_beside(event):
            if ref not in self.texts:
                raise Breach(11, f"{header.type} names {ref[:13]}…, which was never stored")
        if self.state.run.ended and not isinstance(event, CallAnswered | CallFailed):
            raise Breach(10, f"{header.type} was recorded after the end")
        self._judge(event)
        if isinstance(event, CallRequested):
            self._due_s[event.call] = now_s + event.delay_s
        try:
            self.state.advance(event)
        except Exception as error:
            raise Breach(1, f"{header.type} cannot be folded: {error}") from error
        self.records.append(record)
        self.events.append(event)
        if isinstance(event, RunResumed):
            self._resumed += 1
        elif isinstance(event, SETTLING):
            self._resumed = 0
        if self._resumed > _RESUMED:
            raise Breach(10, f"livelock: taken up {self._resumed} times, and no turn was settled")
        if not isinstance(event, CallLost | RunSuspended | RunResumed):
            self.facts[payload] += 1

    def _chained(self, record: Record, header: Header) -> None:
        """What is stored can be verified: its own bytes, and what came before it."""
        if record.payload is None or record.salt is None:
            raise Breach(8, f"version {record.version} was stored without its payload")
        if header.commitment != commit(record.salt, record.payload):
            raise Breach(8, f"version {record.version} commits to another payload")
        if record.digest != digest_of(record.header):
            raise Breach(8, f"version {record.version} has a digest that is not its own")
        if header.previous != (self.records[-1].digest if self.records else GENESIS):
            raise Breach(8, f"version {record.version} does not follow the one before it")

    def _judge(self, what: Event | End) -> None:
        """Hold what is new, or the log as a whole, to the laws of every log."""
        for law in _JUDGES.get(type(what), ()):
            if (found := law.check(self._witness, what)) is not None:
                raise Breach(law.number, f"{law.name}: {found.detail}")
        if not isinstance(what, End):
            self._witness.take(what)

    def sent(self, ask: Ask, now_s: float, *, by_owner: bool) -> None:
        """A call is about to be sent to the provider."""
        call = self.state.run.calls.get(ask.call)
        if call is None:
            raise Breach(2, f"{ask.call} is sent, and no durable event asks for it")
        if call.ended is not None and by_owner:
            raise Breach(5, f"{ask.call} is sent again, although its ending is durable")
        if self.provider.counted[ask.call] > call.lost:
            raise Breach(
                5, f"{ask.call} is sent a second time, and was lost {call.lost} times only"
            )
        if now_s < self._due_s[ask.call] - 1e-6:
            raise Breach(4, f"{ask.call} is sent before its delay is over")
        turn = self.state.run.turns[call.requested.turn]
        said = {each for prompt in ask.messages for each in _SAID.findall(prompt.text)}
        known = self._shown(turn)
        if any(message.role == "assistant" for message in ask.messages):
            known |= self._own(ask.call) & said
        if said != known:
            leaked, missing = sorted(said - known), sorted(known - said)
            raise Breach(
                9,
                f"the prompt of {ask.call} "
                + " and ".join(
                    f"{verb} {', '.join(calls)}"
                    for verb, calls in (("shows", leaked), ("lacks", missing))
                    if calls
                ),
            )

    def heard(self, behavior: DebateBehavior) -> None:
        """The debate has handled a message: its state is the fold of the log."""
        self._idle += 1
        if self._idle > _IDLE:
            raise Breach(10, f"livelock: {self._idle} messages in a row led to nothing")
        live, durable = behavior.state.run, self.state.run
        if live.version > durable.version:
            raise Breach(2, f"version {live.version} was acted on before it was durable")
        if live.version != durable.version or live.version == self._compared:
            return
        for event in self.events[self._compared :]:
            turn, call = str(getattr(event, "turn", "")), str(getattr(event, "call", ""))
            if (
                live.turns.get(turn) != durable.turns.get(turn)
                or live.results.get(turn) != durable.results.get(turn)
                or live.calls.get(call) != durable.calls.get(call)
                or live.attempts.get(turn) != durable.attempts.get(turn)
            ):
                raise Breach(1, f"the debate knows {call or turn} otherwise than the log")
        self._compared = live.version
        if live.status != durable.status:
            raise Breach(1, f"the debate is {live.status}, the log says {durable.status}")
        if react(behavior.state).keys() != react(self.state).keys():
            raise Breach(1, "what is outstanding is not what the log asks for")

    def same(self, state: State) -> None:
        """Compare everything that a state knows."""
        if state.run != self.state.run:
            raise Breach(1, "the state is not the fold of the log")
        for name in Agenda.__slots__:
            if getattr(state.agenda, name) != getattr(self.state.agenda, name):
                raise Breach(1, f"the agenda's {name} is not what the log amounts to")

    def counted(self) -> None:
        """The log as a whole keeps its laws, and what it says was spent is what the provider
        counted, lost calls aside.
        """
        self._judge(End())
        calls = self.state.run.calls
        for call, count in self.provider.counted.items():
            known = calls.get(call)
            if known is None or count > 1 + known.lost:
                raise Breach(12, f"the provider counted {count} of {call}")
        for call, known in calls.items():
            if isinstance(known.ended, CallAnswered) and not self.provider.counted[call]:
                raise Breach(12, f"{call} was answered, and the provider never counted it")

    def _own(self, call: str) -> set[str]:
        """What the turn's own earlier answers said, which a repair shows again."""
        run = self.state.run
        endings = (run.calls[each].ended for each in run.attempts[call.rpartition("#")[0]])
        return {
            said
            for each in endings
            if isinstance(each, CallAnswered)
            for said in _SAID.findall(each.text)
        }

    def _shown(self, turn: Turn) -> set[str]:
        """The calls whose words a prompt for `turn` holds: those of `sees`, and what the links that
        it recalls were shown.
        """
        results, found = self.state.run.results, set[str]()
        pending, seen = [turn], set[str]()
        while pending:
            link = pending.pop()
            for each in link.sees:
                result = results.get(each)
                if result is not None and result.turn.kind == "answer" and link is not turn:
                    continue
                if result is not None and result.outcome == "made":
                    found.update(_SAID.findall(result.text))
            for earlier in link.recalls:
                if earlier not in seen and earlier in results:
                    seen.add(earlier)
                    pending.append(results[earlier].turn)
        opened = self.state.run.opened
        if isinstance(opened, RunOpened):
            found.update(_SAID.findall(opened.problem))
        return found
