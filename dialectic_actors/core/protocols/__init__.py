"""Protocols: pure code that says which turns there are, found by `name@version`.

A protocol is a generator over what it may read. It yields every turn that can be known now and asks
`results` where it must branch; an unsettled answer ends the listing there, so that settling more
only ever adds turns. A released version is never changed: unfinished runs go on under the rules
they began with. Looking for protocols outside of this process is a shell's work, not ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from types import FunctionType

from dialectic_actors.core.protocols import debate
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.runs import Stage
from dialectic_events.turns import Turn
from dialectic_replay.run import Result

__all__ = [
    "PROTOCOLS",
    "Protocol",
    "Results",
    "Unsettled",
    "fixed_turns",
    "installed",
    "is_known",
    "known_turns",
    "names",
    "protocol_of",
    "register",
]


class Unsettled(Exception):
    """A protocol asked for the result of a turn that is not settled yet."""

    def __init__(self, turn: str) -> None:
        super().__init__(turn)
        self.turn = turn


class Results:
    """What a protocol may read: the results of settled turns, and nothing else."""

    def __init__(self, results: Mapping[str, Result]) -> None:
        self._results = results

    def __getitem__(self, turn: str) -> Result:
        """The result of a turn. Raises Unsettled, which ends the listing until it is there."""
        result = self._results.get(turn)
        if result is None:
            raise Unsettled(turn)
        return result


Protocol = Callable[[Stage, Results], Iterator[Turn]]

PROTOCOLS: Mapping[str, Protocol] = {"debate@1": debate.turns}
"""The built-in protocols."""

_brought: dict[str, Protocol] = {}
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*@[1-9][0-9]*")


def names() -> tuple[str, ...]:
    """All protocols that this process knows, the built-in ones first."""
    return tuple(dict.fromkeys((*PROTOCOLS, *_brought)))


def is_known(name: str) -> bool:
    """Whether a stage may use the protocol `name` in this process."""
    return name in _brought or name in PROTOCOLS


def register(name: str, protocol: Protocol) -> None:
    """Let stages of this process use `protocol` under `name` (`name@version`); a repeat changes
    nothing.

    Raises DialecticError for a name that is not `name@version`, and for one that is taken: runs
    that began under a version go on under it, so its rules are never replaced.
    """
    _refuse_misnamed(name, protocol)
    taken = _brought.get(name) or PROTOCOLS.get(name)
    if taken is not None and taken is not protocol:
        stem, _, version = name.partition("@")
        raise DialecticError(
            f"the protocol {name!r} is taken by {_where(taken)}",
            where=_where(protocol),
            fix=f"register other rules as {stem}@{int(version) + 1}",
            exit_code=ExitCode.CONFIGURATION,
        )
    if taken is None:
        _brought[name] = protocol


@contextmanager
def installed(name: str, protocol: Protocol) -> Iterator[None]:
    """Within the block, `name` is `protocol`, whatever it was before: for tests of this process.

    Raises DialecticError for a name that is not `name@version`.
    """
    _refuse_misnamed(name, protocol)
    before = _brought.get(name)
    _brought[name] = protocol
    try:
        yield
    finally:
        if before is None:
            del _brought[name]
        else:
            _brought[name] = before


def protocol_of(stage: Stage) -> Protocol:
    """The protocol that a stage uses. Raises DialecticError when this process does not know it."""
    protocol = _brought.get(stage.protocol) or PROTOCOLS.get(stage.protocol)
    if protocol is None:
        raise DialecticError(
            f"this version does not know the protocol {stage.protocol!r}",
            where=f"stage {stage.name}",
            fix="install the package that brings it, or upgrade dialectic-actors; the log can still"
            " be shown, exported and verified",
            exit_code=ExitCode.CONFIGURATION,
        )
    return protocol


def _refuse_misnamed(name: str, protocol: Protocol) -> None:
    if _NAME.fullmatch(name) is None:
        raise DialecticError(
            f"{name!r} is no name of a protocol",
            where=_where(protocol),
            fix="write name@version in lower case, such as panel@1",
            exit_code=ExitCode.CONFIGURATION,
        )


def _where(protocol: Protocol) -> str:
    kind = protocol if hasattr(protocol, "__qualname__") else type(protocol)
    return f"{kind.__module__}.{kind.__qualname__}"


def known_turns(
    protocol: Protocol, stage: Stage, results: Mapping[str, Result]
) -> tuple[list[Turn], str | None]:
    """All turns that can be known now, and the turn whose result the protocol waits for (None:
    there are no more).
    """
    if isinstance(protocol, FunctionType) and (fixed := fixed_turns(protocol, stage)) is not None:
        return list(fixed), None
    turns: list[Turn] = []
    listing = protocol(stage, Results(results))
    while True:
        try:
            turns.append(next(listing))
        except StopIteration:
            return turns, None
        except Unsettled as wait:
            return turns, wait.turn


# The seed is part of a stage, so few runs share a listing: it serves those that are folded again.
@lru_cache(maxsize=4)
def fixed_turns(protocol: Protocol, stage: Stage) -> tuple[Turn, ...] | None:
    """All turns of a protocol that asks for no result, the same in every run of such a stage; None
    when it does ask.
    """
    unread = _Unread({})
    try:
        turns = tuple(protocol(stage, unread))
    except Unsettled:
        return None
    return None if unread.was_asked else turns


class _Unread(Results):
    """No results, and whether somebody asked for one (who may have caught the answer)."""

    was_asked = False

    def __getitem__(self, turn: str) -> Result:
        self.was_asked = True
        raise Unsettled(turn)
