"""What a log says of its model calls, in the terms of the loopback server's ledger.

The digest of a prompt is computed anew from the stored parts, so log and ledger are two witnesses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from dialectic_actors import Store
from dialectic_events.calls import CallAnswered, CallLost, CallRequested
from dialectic_events.envelope import Envelope
from dialectic_events.parts import resolve
from dialectic_replay.run import Run
from support.loopback import Ledger

_INCIDENTAL = ("latency_ms", "response_id")


def facts(envelopes: Iterable[Envelope]) -> Counter[str]:
    """The multiset of facts that an undisturbed and a disturbed run share."""
    found: Counter[str] = Counter()
    for envelope in envelopes:
        fact: dict[str, Any] = msgspec.to_builtins(envelope.event)
        if fact["type"] in ("call-lost", "run-suspended", "run-resumed"):
            continue
        kept = {name: value for name, value in fact.items() if name not in _INCIDENTAL}
        found[msgspec.json.encode(kept, order="deterministic").decode()] += 1
    return found


def asked(store: Store, ref: str) -> dict[str, str]:
    """The whole prompt of each call, by call."""

    def text(part: str) -> str:
        return store.port.parts([part])[part]

    return {
        event.call: "\n".join(
            "".join(each for part in message.parts for each in resolve(part, text))
            for message in event.messages
        )
        for event in (envelope.event for envelope in store.log(ref))
        if isinstance(event, CallRequested)
    }


def prompts(store: Store, ref: str) -> dict[str, str]:
    """The digest of each call's prompt, by call."""
    return {call: sha256(prompt.encode()).hexdigest() for call, prompt in asked(store, ref).items()}


def answered(store: Store, ref: str) -> dict[str, CallAnswered]:
    """The answers on record, by call."""
    events = (envelope.event for envelope in store.log(ref))
    return {event.call: event for event in events if isinstance(event, CallAnswered)}


def lost(store: Store, ref: str) -> Counter[str]:
    """How often each call was lost."""
    events = (envelope.event for envelope in store.log(ref))
    return Counter(event.call for event in events if isinstance(event, CallLost))


def sent(ledger: Ledger) -> Counter[str]:
    """How often each prompt was answered by the server."""
    return Counter(entry.digest for entry in list(ledger.requests) if entry.status == 200)


def tokens(run: Run) -> tuple[int, int]:
    """Input and output tokens, as the log states them."""
    usages = [call.ended.usage for call in run.calls.values() if call.ended is not None]
    stated = [usage for usage in usages if usage is not None]
    return sum(u.input_tokens for u in stated), sum(u.output_tokens for u in stated)


def log_of(cwd: Path) -> Store:
    """The log that commands leave in a directory."""
    return Store(cwd=cwd, env={}, must_exist=True)
