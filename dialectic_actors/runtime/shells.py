"""The actors of one run: mailboxes around behaviors, performing what these ask for.

A shell adds what pure code may not have: time, salts, references to other actors. It decides
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, assert_never

import msgspec

from dialectic_actors.actors.agent import AgentBehavior, SummarizerBehavior
from dialectic_actors.actors.debate import DebateBehavior
from dialectic_actors.actors.messages import (
    DEBATE,
    Abandoned,
    AgentMessage,
    Append,
    Committed,
    DebateMessage,
    Deed,
    Due,
    Ended,
    Overtaken,
    Place,
    Recall,
    Release,
    Tell,
    Use,
    Used,
    Wait,
    address_of,
)
from dialectic_actors.actors.ports import Ask, Prompt
from dialectic_actors.core.briefs import Brief, Shown
from dialectic_actors.core.effects import MakeCall, UseTools
from dialectic_actors.runtime.context import Failed, Noticed, RunContext, tell
from dialectic_actors.runtime.dispatcher import Cancel, Dispatcher, MailboxActor
from dialectic_actors.runtime.log import StoreBatch, Stored
from dialectic_events.calls import CallRequested, Ending, Message, ToolsUsed
from dialectic_events.contents import ToolCall, ToolSpec, read_content, write_content
from dialectic_events.envelope import Envelope, Head, Record, Stamp, read_header, seal
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.parts import strands
from dialectic_events.store import Appended, Batch, StaleLease, VersionConflict
from dialectic_events.union import Event, refs_beside
from dialectic_replay.read import envelopes, known_event

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["AgentActor", "DebateActor", "Shell"]


class Shell(MailboxActor):
    """An actor that reports its own end to the supervisor."""

    def __init__(self, dispatcher: Dispatcher, context: RunContext, address: str) -> None:
        super().__init__(dispatcher)
        self.context = context
        self.address = address

    def on_failure(
        self,
        exception_type: type[BaseException] | None,
        exception_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Tell the supervisor, who decides what comes of it."""
        reason = f"{type(exception_value).__name__}: {exception_value}"
        self.context.failed(Failed(self.context.stream, self.address, reason))


class AgentActor(Shell):
    """Speaks for one agent of a run, or condenses for all of them."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        context: RunContext,
        address: str,
        behavior: AgentBehavior | SummarizerBehavior,
    ) -> None:
        super().__init__(dispatcher, context, address)
        self._behavior = behavior

    def on_receive(self, message: AgentMessage) -> None:
        """Let the behavior answer, and pass its answer on."""
        if self.context.is_over:
            return
        for deed in self._behavior.receive(message):
            self.context.tell(deed.to, deed.message)


class DebateActor(Shell):
    """Owns the stream of one run."""

    def __init__(
        self, dispatcher: Dispatcher, context: RunContext, behavior: DebateBehavior, head: Head
    ) -> None:
        super().__init__(dispatcher, context, DEBATE)
        self.behavior = behavior
        self._head = head
        self._appending: tuple[tuple[Record, ...], tuple[Event, ...], dict[str, str]] | None = None
        self._timers: dict[str, Cancel] = {}
        self._resting = False

    def on_receive(self, message: DebateMessage | Stored | Noticed) -> None:
        """Let the behavior answer, do what it asks for, and say so when the run comes to rest."""
        if self.context.is_over:
            return
        answer: DebateMessage | None
        if isinstance(message, Stored):
            answer = self._outcome(message)
        elif isinstance(message, Noticed):
            answer = self._noticed(message.head)
        else:
            answer = message
        if answer is None:
            return
        for deed in self.behavior.receive(answer, more=not self.actor_inbox.empty()):
            self._perform(deed)
        if self.behavior.at_rest and not self._resting:
            self._resting = True
            self.context.rested(self.behavior.state.run)

    def on_stop(self) -> None:
        """Leave no timer behind."""
        for cancel in self._timers.values():
            cancel()

    def on_failure(
        self,
        exception_type: type[BaseException] | None,
        exception_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave no timer behind either: the debate that comes next sets its own."""
        self.on_stop()
        super().on_failure(exception_type, exception_value, traceback)

    def _perform(self, deed: Deed) -> None:
        context = self.context
        match deed:
            case Tell(to, message):
                context.tell(to, message)
            case Append(groups):
                self._append(groups)
            case Place(effect, brief):
                self._place(effect, brief)
            case Wait(effect, delay_s):
                # One that was begun already goes on: a new agent does not make a wait longer.
                if effect not in self._timers:
                    self._timers[effect] = self.dispatcher.call_later(
                        delay_s, lambda: self._due(effect)
                    )
            case Release(calls):
                for call in calls:
                    context.world.gateway.release(context.stream, call)
            case Recall():
                context.world.gateway.recall(context.stream)
            case Use(used, ground):
                self._use(used, ground)
            case _:
                assert_never(deed)

    def _place(self, effect: MakeCall, brief: Brief) -> None:
        context, turn = self.context, effect.turn
        address = address_of(turn)

        def reply(ending: Ending) -> None:
            context.tell(address, Ended(turn, brief, effect.request, ending))

        if address in context.abandoned:
            # Nobody is there to read the answer, so it is not paid for.
            self.actor_ref.tell(Abandoned(address, context.abandoned[address], {}))
        else:
            context.world.gateway.start(self._ask(effect.request, brief), reply)

    def _use(self, effect: UseTools, ground: Sequence[Shown]) -> None:
        """Have tools used beside the loop, and tell the speaker what they say."""
        context, turn, answer = self.context, effect.turn, effect.answer
        calls = read_content(answer.tools, list[ToolCall]) or []
        offered = [each.name for each in self._specs(effect.request)]

        def use() -> None:
            began = context.world.clock()
            said = tuple(context.world.tools.use(context.stream, calls, ground, offered))
            latency_ms = round((context.world.clock() - began).total_seconds() * 1000)
            used = ToolsUsed(call=answer.call, results=write_content(said), latency_ms=latency_ms)
            told = Used(turn, effect.request, answer, used, known=False)
            self.dispatcher.call(lambda: context.tell(address_of(turn), told))

        context.world.errands.submit(use)

    def _due(self, effect: str) -> None:
        self._timers.pop(effect, None)
        tell(self.actor_ref, Due(effect))

    def _ask(self, request: CallRequested, brief: Brief) -> Ask:
        context = self.context
        return Ask(
            run=context.stream,
            call=request.call,
            provider=request.provider,
            model=request.model,
            messages=tuple([self._prompt(each) for each in request.messages]),
            deadline_s=request.deadline_s,
            temperature=request.temperature,
            seed=self._seed(),
            brief=brief,
            role=context.roles[brief.turn.speaker],
            schema=context.text(request.schema_part) if request.schema_part else None,
            tools=self._specs(request),
        )

    def _specs(self, request: CallRequested) -> tuple[ToolSpec, ...]:
        """The tools that a request offers."""
        return tuple(
            msgspec.json.decode(self.context.text(each), type=ToolSpec) for each in request.tools
        )

    def _prompt(self, message: Message) -> Prompt:
        context = self.context
        words = context.words(message.parts)
        if message.role in ("system", "user"):
            return Prompt(message.role, words)
        asked = context.text(message.tools) if message.tools is not None else ""
        calls = read_content(asked, tuple[ToolCall, ...]) or ()
        return Prompt(message.role, words, calls, message.answers)

    def _seed(self) -> int:
        opened = self.behavior.state.run.opened
        return opened.seed if opened is not None else 0

    def _append(self, groups: Sequence[tuple[str, tuple[Event, ...]]]) -> None:
        """Seal what was decided and hand it to the log, with the parts that it is the first to
        name.
        """
        context = self.context
        now, head = context.world.clock(), self._head
        records: list[Record] = []
        fresh: dict[str, str] = {}
        for command, events in groups:
            salts = tuple(islice(context.world.salts, len(events)))
            sealed, texts = seal(context.stream, events, head, Stamp(command, now, now), salts)
            records.extend(sealed)
            fresh.update(texts)
            for event in events:
                self._gather(refs_beside(event), fresh)
            head = Head(sealed[-1].version, sealed[-1].digest)
        context.texts.update(fresh)
        self._appending = (tuple(records), tuple([e for _, group in groups for e in group]), fresh)
        batch = Batch(context.stream, self._head.version, tuple(records), fresh, context.lease)
        context.log.tell(StoreBatch(batch, self._stored))

    def _gather(self, refs: Iterable[str], fresh: dict[str, str]) -> None:
        """Add the texts of references that the store does not have yet, and of what their ropes
        bind.
        """
        stored = self.context.stored
        pending = [ref for ref in refs if ref not in stored and ref not in fresh]
        while pending:
            ref = pending.pop()
            fresh[ref] = text = self.context.text(ref)
            bound = strands(ref, text)
            pending += [each for each in bound if each not in stored and each not in fresh]

    def _stored(self, stored: Stored) -> None:
        tell(self.actor_ref, stored)

    def _outcome(self, stored: Stored) -> DebateMessage | None:
        """What the outcome of an append means to the behavior; None when the run ends here."""
        if self._appending is None:
            raise RuntimeError("the outcome of an append that was never asked for")
        records, events, fresh = self._appending
        self._appending = None
        context = self.context
        match stored.outcome:
            case Appended(head, position, repeated=False):
                self._head = head
                context.stored.update(fresh)
                self._announce(records, events, position)
                return Committed(head)
            case Appended(head) | VersionConflict(head):
                # A repeat was stored by an earlier debate of this run, under salts of its own.
                return self._overtaken(head)
            case StaleLease(owner):
                context.broken(
                    DialecticError(
                        f"another process ({owner or 'gone by now'}) took this run over; "
                        "nothing more was written here",
                        where=context.stream,
                        fix=f"dialectic resume {context.stream}, once that process is gone",
                        exit_code=ExitCode.RESUMABLE,
                    )
                )
                return None
            case Exception() as error:
                context.broken(error)
                return None

    def _noticed(self, head: Head) -> Overtaken | None:
        """What somebody else appended while nothing of ours was under way, if anything.

        Only if the run is still ours: another owner's calls are in the log as well.
        """
        if self._appending is not None or not self.context.is_ours():
            return None
        return self._overtaken(max(head, self._head, key=lambda each: each.version))

    def _overtaken(self, head: Head) -> Overtaken:
        """Read what somebody else appended, no further than `head`: what follows is read later."""
        context, first = self.context, self._head.version + 1
        tail = tuple(
            envelopes(context.store, context.stream, first=first, last=head.version, verify=False)
        )
        self._head = head
        context.announce(tail)
        return Overtaken(tuple(map(known_event, tail)), head)

    def _announce(self, records: Sequence[Record], events: Sequence[Event], last: int) -> None:
        context, first = self.context, last - len(records) + 1
        if context.listener is None:
            context.heard = records[-1].version
            return
        context.announce(
            Envelope(first + index, read_header(record), event)
            for index, (record, event) in enumerate(zip(records, events, strict=True))
        )
