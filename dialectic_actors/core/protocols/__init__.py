"""Protocols: pure code that says which turns there are, found by `name@version`.

A protocol is a generator over what it may read. It yields every turn that can be known now and asks
`results` where it must branch; an unsettled answer ends the listing there, so that settling more
only ever adds turns. A released version is never changed: unfinished runs go on under the rules
they began with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from dialectic_actors.core.protocols import debate
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.runs import Stage
from dialectic_events.turns import Turn
from dialectic_replay.run import Result

__all__ = ["PROTOCOLS", "Protocol", "Results", "Unsettled", "known_turns", "protocol_of"]


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


def protocol_of(stage: Stage) -> Protocol:
    """The protocol that a stage uses. Raises DialecticError when this program does not know it."""
    protocol = PROTOCOLS.get(stage.protocol)
    if protocol is None:
        raise DialecticError(
            f"this version does not know the protocol {stage.protocol!r}",
            where=f"stage {stage.name}",
            fix="upgrade dialectic-actors; the log can still be shown, exported and verified",
            exit_code=ExitCode.CONFIGURATION,
        )
    return protocol


def known_turns(
    protocol: Protocol, stage: Stage, results: Mapping[str, Result]
) -> tuple[list[Turn], str | None]:
    """All turns that can be known now, and the turn whose result the protocol waits for (None:
    there are no more).
    """
    turns: list[Turn] = []
    listing = protocol(stage, Results(results))
    while True:
        try:
            turns.append(next(listing))
        except StopIteration:
            return turns, None
        except Unsettled as wait:
            return turns, wait.turn
