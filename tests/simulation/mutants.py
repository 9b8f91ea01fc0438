"""The suite of planted bugs, from the core outwards, and changes that break nothing.

Each is one edit of one function. A bug that the laws cannot find is no reason to leave it out here:
it is a reason to look for the law.
"""

from __future__ import annotations

from simulation.feature_mutants import FEATURES
from simulation.planting import Mutant

__all__ = ["HARMLESS", "MUTANTS"]

_DECIDE = "dialectic_actors.core.decide"
_ASKING = "dialectic_actors.core.asking"
_COMPUTED = "dialectic_actors.core.computed"
_AGENDA = "dialectic_actors.core.agenda:Agenda"
_RETRY = "dialectic_actors.core.retry"
_BRIEFS = "dialectic_actors.core.briefs"
_FOLD = "dialectic_replay.run"
_DEBATE = "dialectic_actors.actors.debate:DebateBehavior"
_AGENT = "dialectic_actors.actors.agent:AgentBehavior"
_SHELL = "dialectic_actors.runtime.shells:DebateActor"
_LOG = "dialectic_actors.runtime.log:LogActor"
_LIVE = "dialectic_actors.runtime.live"
_SUPERVISOR = "dialectic_actors.runtime.supervisor:SupervisorActor"

_CORE = (
    Mutant(
        "ending-recorded-twice",
        "The ending of a call is recorded although it is known already.",
        f"{_DECIDE}:_ended",
        "call is not None and call.ended is None",
        "call is not None",
    ),
    Mutant(
        "turn-settled-twice",
        "An answer settles a turn that is settled already.",
        f"{_ASKING}:open_turn",
        "known is None or known.requested.turn in run.results or run.ended",
        "known is None or run.ended",
    ),
    Mutant(
        "old-answer-counts",
        "An answer to an earlier attempt is taken for that to the last.",
        f"{_ASKING}:open_turn",
        "run.attempts[known.requested.turn][-1] == call",
        "call in run.attempts[known.requested.turn]",
    ),
    Mutant(
        "call-placed-twice",
        "A repeated order places a call for a turn that has one.",
        f"{_DECIDE}:_decided",
        "effect = agenda.outstanding.get(turn)\n            if run.status",
        "effect = agenda.outstanding.get(turn) or TakeTurn(agenda.turns[turn])\nif run.status",
    ),
    Mutant(
        "taken-up-twice",
        "A repeated taking up of the run declares running calls lost.",
        f"{_DECIDE}:_taken_up",
        "run.opened is None or run.ended or run.claim == claim",
        "run.opened is None or run.ended",
    ),
    Mutant(
        "lost-call-not-recorded",
        "A call that died with its sender is sent again without a word.",
        f"{_DECIDE}:_taken_up",
        "return (*resumed, *lost)",
        "return resumed",
    ),
    Mutant(
        "failure-called-conclusion",
        "A run whose last turn was not made is called concluded.",
        f"{_DECIDE}:_conclusion",
        'final.outcome != "made"',
        'final.outcome == "failed"',
    ),
    Mutant(
        "attempt-off-by-one",
        "Attempts are counted from zero.",
        f"{_ASKING}:_call",
        "len(calls) + 1",
        "len(calls)",
    ),
    Mutant(
        "delay-forgotten",
        "The next attempt is asked for without its delay.",
        f"{_ASKING}:after_failure",
        "delay_s=attempt.delay_s",
        "delay_s=0.0",
    ),
    Mutant(
        "repair-limit-passed",
        "One repair more is asked for than the run allows.",
        f"{_ASKING}:after_miss",
        "repairs >= _opened(run).limits.repairs",
        "repairs > _opened(run).limits.repairs",
    ),
    Mutant(
        "ready-too-early",
        "A turn is ready when all but one that it waits for are settled.",
        f"{_AGENDA}._settle",
        "if not self._waiting[dependent]:",
        "if self._waiting[dependent] <= 1:",
    ),
    Mutant(
        "dependent-forgotten",
        "The first turn that waits for a settled one is not told.",
        f"{_AGENDA}._settle",
        "self._dependents.get(turn, ())",
        "self._dependents.get(turn, ())[1:]",
    ),
    Mutant(
        "concluded-too-early",
        "The last refinement is taken for the conclusion.",
        f"{_AGENDA}._plan",
        'turn.kind == "synthesis"',
        'turn.kind == "refinement"',
    ),
    Mutant(
        "answer-never-read",
        "An answer that was recorded, and not read before the run came to rest, is left unread.",
        f"{_AGENDA}._end",
        "self._add(ReadAnswer(run.turns[turn], ending))",
        "pass",
    ),
    Mutant(
        "failed-turn-seen",
        "A turn is shown others that contributed nothing.",
        f"{_COMPUTED}:resolved",
        "made = [other for other in turn.sees if run.made(other) is not None]",
        "made = list(turn.sees)",
    ),
    Mutant(
        "retry-counted-twice",
        "Each failure counts as two.",
        f"{_RETRY}:next_attempt",
        "failures = sum(_counts(call, tried) for call in counted)",
        "failures = 2 * sum(_counts(call, tried) for call in counted)",
    ),
    Mutant(
        "limit-checked-after-the-call",
        "Whether an attempt is still allowed is asked after it was made.",
        f"{_RETRY}:next_attempt",
        "failures < limits.attempts",
        "failures - 1 < limits.attempts",
    ),
    Mutant(
        "wrong-model",
        "After the last attempt of a model the route begins again.",
        f"{_RETRY}:next_attempt",
        "Attempt(following, 0.0",
        "Attempt(route[0][1], 0.0",
    ),
    Mutant(
        "retry-after-ignored",
        "The provider's own word on when to come back is ignored.",
        f"{_RETRY}:next_attempt",
        "max(delay, hint_s)",
        "delay",
    ),
    Mutant(
        "leaking-brief",
        "A brief shows all that was contributed so far.",
        f"{_BRIEFS}:_entries",
        "for other in turn.sees",
        "for other in run.results",
    ),
    Mutant(
        "losing-brief",
        "A brief lacks the first of the earlier turns that it recalls.",
        f"{_BRIEFS}:brief_of",
        "for earlier in turn.recalls",
        "for earlier in turn.recalls[1:]",
    ),
)

_MEANING = (
    Mutant(
        "order-dependent-fold",
        "A result rests on the answer to the call that was requested last, not to its own.",
        f"{_FOLD}:_apply",
        'Result(turn, "made", words_of(event), event.call, event)',
        """Result(turn, "made", next(
            (call.ended.text for call in reversed(run.calls.values())
             if isinstance(call.ended, CallAnswered) and event.call), words_of(event)
        ), event.call, event)""",
    ),
    Mutant(
        "loss-not-counted",
        "That a call was lost is not remembered.",
        f"{_FOLD}:_apply",
        "replace(call, lost=call.lost + 1)",
        "call",
    ),
    Mutant(
        "wrong-previous-digest",
        "An event names the payload before it as its predecessor, not the event.",
        "dialectic_events.envelope:seal",
        "previous = digest_of(header)",
        "previous = commit(salt, payload)",
    ),
    Mutant(
        "admission-skipped",
        "The store appends without looking at leases and versions.",
        "dialectic_events.stores.memory:MemoryStore.append",
        "judge(batch, self) or self._add(batch)",
        "self._add(batch)",
    ),
    Mutant(
        "lease-unchecked",
        "An append under a lease that was lost is accepted.",
        "dialectic_events.stores.admission:judge",
        "batch.lease is not None and",
        "False and",
    ),
)

_ACTORS = (
    Mutant(
        "act-before-persist",
        "The debate acts on what it decided while that is being made durable.",
        f"{_DEBATE}._decide",
        "return (Append(tuple(groups)),)",
        """
        self.state = draft
        return (Append(tuple(groups)), *self._start())
        """,
    ),
    Mutant(
        "lost-stash",
        "What arrives while events are being made durable is dropped.",
        f"{_DEBATE}._heard",
        "self._stash.append(message)",
        "self._stash += [message] if self._draft is None else []",
    ),
    Mutant(
        "overtaken-orders-forgotten",
        "Orders whose events were refused are not decided again.",
        f"{_DEBATE}._overtaken",
        "[*self._pending, *self._stash]",
        "self._stash",
    ),
    Mutant(
        "overtaken-tail-ignored",
        "What somebody else appended is not taken in.",
        f"{_DEBATE}._overtaken",
        "for event in tail:",
        "for event in ():",
    ),
    Mutant(
        "restart-ignored",
        "What was in flight at an actor that broke is thought to be so still.",
        f"{_DEBATE}._heard",
        "self._forget(address)\n            return [",
        "return [",
    ),
    Mutant(
        "delay-not-waited-for",
        "The next attempt is placed at once, whatever delay was decided.",
        f"{_DEBATE}._begin",
        "request.delay_s > 0",
        "request.delay_s < 0",
    ),
    Mutant(
        "released-before-durable",
        "The gateway forgets an ending when it is decided, not when it is durable.",
        f"{_DEBATE}._decide",
        "return (Append(tuple(groups)),)",
        """
        ended = (getattr(order.command, "ending", None) for order in orders)
        return (Release(tuple(each.call for each in ended if each)), Append(tuple(groups)))
        """,
    ),
    Mutant(
        "rest-not-noticed",
        "A suspended run is not seen to be at rest.",
        f"{_DEBATE}.at_rest",
        'run.ended or run.status == "suspended"',
        "run.ended",
    ),
    Mutant(
        "agent-remembers",
        "An agent answers every request with the brief that it was shown first.",
        f"{_AGENT}.receive",
        "self._renderer.request(brief)",
        'self._renderer.request(self.__dict__.setdefault("first", brief))',
    ),
    Mutant(
        "order-named-twice",
        "An answer that is read from the log goes under the name of the order that recorded it.",
        f"{_AGENT}.receive",
        '"read"',
        '"end"',
    ),
)

_RUNTIME = (
    Mutant(
        "wrong-expected-version",
        "An append expects the version at which it would end.",
        f"{_SHELL}._append",
        "context.stream, self._head.version, tuple(records)",
        "context.stream, head.version, tuple(records)",
    ),
    Mutant(
        "head-not-moved",
        "After an append the debate goes on from where the stream ended before it.",
        f"{_SHELL}._outcome",
        "self._head = head\n            context.stored.update(fresh)",
        "context.stored.update(fresh)",
    ),
    Mutant(
        "tail-off-by-one",
        "Of what somebody else appended, one event too many is read.",
        f"{_SHELL}._overtaken",
        "self._head.version + 1",
        "max(self._head.version, 1)",
    ),
    Mutant(
        "parts-not-gathered",
        "An append lacks the texts that its requests are made of.",
        f"{_SHELL}._append",
        "self._gather(refs_beside(event), fresh)",
        "pass",
    ),
    Mutant(
        "parts-counted-too-early",
        "Texts count as stored before their append is durable.",
        f"{_SHELL}._append",
        "context.texts.update(fresh)",
        "context.texts.update(fresh)\ncontext.stored.update(fresh)",
    ),
    Mutant(
        "parts-not-durable",
        "The store keeps events, and not the texts that they name.",
        "dialectic_events.stores.memory:MemoryStore.append",
        "self._parts |=",
        "{} |",
    ),
    Mutant(
        "stale-lease-ignored",
        "A process that lost its lease tries again instead of leaving.",
        f"{_SHELL}._outcome",
        "case StaleLease(owner):",
        """
        case StaleLease():
            return self._overtaken(context.store.head(context.stream))
        case StaleLease(owner) if False:
        """,
    ),
    Mutant(
        "log-stays-busy",
        "After a commit the log goes on as if that were still under way.",
        f"{_LOG}.on_receive",
        "self._busy = False",
        "return",
    ),
    Mutant(
        "told-before-committed",
        "The log reports a commit before it has been made.",
        f"{_LOG}._flush",
        "self._writer.submit(lambda: self._commit(group))",
        """
        from dialectic_events.envelope import Head
        from dialectic_events.store import Appended
        lasts = [asked.batch.records[-1] for asked in group]
        ends = tuple(Appended(Head(last.version, last.digest), 0) for last in lasts)
        self.actor_ref.tell(_Flushed(group, ends))
        self._writer.submit(lambda: self._append(group))
        """,
    ),
    Mutant(
        "write-error-swallowed",
        "What a full disk refused is reported as stored.",
        f"{_LOG}._append",
        "if len(group) == 1:",
        """
        if len(group) == 1:
            from dialectic_events.envelope import Head
            from dialectic_events.store import Appended
            last = group[0].batch.records[-1]
            return (Appended(Head(last.version, last.digest), 0),)
        """,
    ),
    Mutant(
        "first-order-forgotten",
        "A debate that broke before its first append is not told again what to begin with.",
        f"{_LIVE}:LiveRun._rebuild_debate",
        "Restarted(DEBATE) if self._has_begun() else self._first",
        "Restarted(DEBATE)",
    ),
    Mutant(
        "loaded-one-short",
        "A run that is taken up lacks its last event.",
        f"{_LIVE}:load",
        "last=head.version)",
        "last=max(head.version - 1, 1))",
    ),
    Mutant(
        "restart-not-told",
        "The debate is not told that an agent is a new one.",
        f"{_SUPERVISOR}.on_receive",
        "run.tell_debate(Restarted(message.address))",
        "pass",
    ),
)

MUTANTS: tuple[Mutant, ...] = (*_CORE, *FEATURES, *_MEANING, *_ACTORS, *_RUNTIME)
"""Every one must be found."""

HARMLESS: tuple[Mutant, ...] = (
    Mutant(
        "effects-in-another-order",
        "Effects are started in the opposite order.",
        f"{_DEBATE}._start",
        "for each, effect in wanted.items()",
        "for each, effect in reversed(wanted.items())",
    ),
    Mutant(
        "burst-decided-one-by-one",
        "Orders that arrive together are decided each on its own.",
        f"{_DEBATE}.receive",
        "and not more",
        "",
    ),
    Mutant(
        "started-again-and-again",
        "What is in flight is started again: whoever is asked twice does it once.",
        f"{_DEBATE}._begin",
        "address = self.in_flight[each] = address_of(effect.turn)",
        "address = address_of(effect.turn)",
    ),
    Mutant(
        "repeat-taken-for-a-conflict",
        "The store does not recognize a repeated append: the debate reads what is there instead.",
        "dialectic_events.stores.admission:judge",
        "_recorded(batch, log) or VersionConflict(head)",
        "VersionConflict(head)",
    ),
)
"""No law is broken by these, and none may be said to be."""
