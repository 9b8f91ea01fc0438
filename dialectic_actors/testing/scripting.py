"""What a test makes agents say: answers by agent, kind or turn, as a script of the provider
`scripted` is written.

Everything else an agent says comes from the provider behind it. Nothing is counted here, so that a
turn that is asked again hears the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, get_args

from dialectic_actors.core.protocols import known_turns, protocol_of
from dialectic_actors.llm.scripted import Script, Step
from dialectic_actors.settings.suggestions import did_you_mean
from dialectic_actors.testing.names import Names
from dialectic_events.calls import Ending
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.runs import RunOpened
from dialectic_events.turns import Kind, Turn

if TYPE_CHECKING:
    from dialectic_actors.actors.ports import Ask
    from dialectic_actors.llm.providers import Provider

__all__ = ["Answer", "Answers", "Prompted", "Step", "script_of"]

Answer = str | Step
"""A text, or a `Step`: a text or an error, with tokens and cost. It comes at once, whatever its
`latency_ms`."""

Answers = Mapping[str, Answer | Sequence[Answer | Sequence[Answer]]]
"""Answers by agent, kind of turn, `kind/agent`, turn, or a glob of the latter two.

Of an agent a list is one answer per turn, in the order of its turns; of a turn, one per attempt; of
a kind, one per round. The last of a list stays.
"""


class Prompted:
    """A provider before another: what the script has an answer to is not asked there."""

    def __init__(self, script: Script, behind: Provider) -> None:
        self.concurrency = behind.concurrency
        self._script = script
        self._behind = behind

    async def complete(self, ask: Ask) -> Ending:
        """The scripted ending, at once; else that of the provider behind."""
        step = self._script.step(ask)
        if step is None:
            return await self._behind.complete(ask)
        return step.ending(ask, "scripted")

    async def aclose(self) -> None:
        """Close the provider behind."""
        await self._behind.aclose()


def script_of(answers: Answers, opened: RunOpened) -> Script:
    """The script of a run's answers. Raises DialecticError (exit 2) for a key that fits no turn of
    the run, or that has no answer.
    """
    names, turns = Names(opened), _planned(opened)
    script: dict[str, Any] = {}
    # A turn that is named itself goes before its agent, whichever was written first.
    for key in sorted(answers, key=names.is_agent, reverse=True):
        value = answers[key]
        if not isinstance(value, str | Step) and not value:
            raise _refused(f"`{key}` has an empty list of answers", "write at least one")
        if names.is_agent(key):
            script |= _by_turn(names.agent(key), value, turns)
        else:
            script[_key(key, names, turns)] = _listed(value)
    return Script(answers=script)


def _by_turn(agent: str, value: Any, turns: Mapping[str, Turn]) -> dict[str, Any]:
    """An agent's answers in the order of the turns that it is asked for."""
    if isinstance(value, str | Step):
        return {agent: value}
    asked = [turn.id for turn in turns.values() if turn.speaker == agent and not turn.carries]
    taken = {id: _listed(value[min(n, len(value) - 1)]) for n, id in enumerate(asked)}
    # For turns that a protocol only knows of later.
    return {agent: [_listed(value[-1])], **taken}


def _key(key: str, names: Names, turns: Mapping[str, Turn]) -> str:
    """A key as the script has it: a kind, a pair, a turn's id or a glob."""
    turn = names.find(key, turns)
    if turn is not None:
        return turn
    if key in get_args(Kind):
        return key
    kind, slash, agent = key.partition("/")
    pair = f"{kind}/{names.agent(agent)}" if slash and names.is_agent(agent) else key
    told = [name for turn in turns.values() for name in _callings(turn, names)]
    if not any(fnmatchcase(name, pair) for name in told):
        known = (*names.agents, *get_args(Kind), *told)
        raise _refused(f"no turn of this run is meant by `{key}`", did_you_mean(key, known))
    return pair


def _callings(turn: Turn, names: Names) -> tuple[str, ...]:
    return f"{turn.kind}/{turn.speaker}", turn.id, names.short(turn.id)


def _planned(opened: RunOpened) -> dict[str, Turn]:
    """The turns that are known when the run is opened, by id."""
    listed = (known_turns(protocol_of(stage), stage, {})[0] for stage in opened.stages)
    return {turn.id: turn for turns in listed for turn in turns}


def _listed(value: Any) -> Any:
    """`value` with lists for all sequences, as scripts have them."""
    return value if isinstance(value, str | Step) else [_listed(each) for each in value]


def _refused(what: str, fix: str) -> DialecticError:
    return DialecticError(what, where="answers", fix=fix, exit_code=ExitCode.USAGE)
