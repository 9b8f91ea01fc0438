"""How people name the agents and turns of a run: shorter than its log does.

`security` may stand for the agent `agent-security` whose role that is, `judge` for the judge, and
the stage of a turn is left out when the run has only one. What a turn is belongs elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from dialectic_actors.core.turn_ids import segment
from dialectic_actors.settings.suggestions import did_you_mean
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.runs import RunOpened

__all__ = ["Names"]


class Names:
    """The names of one run. `agents` are the ids of all, the judge among them."""

    def __init__(self, opened: RunOpened) -> None:
        self._stages = tuple(segment(stage.name) for stage in opened.stages)
        self.agents = tuple(agent.id for agent in opened.agents)
        self._agents = {id: id for id in self.agents}
        judges = {stage.judge for stage in opened.stages}
        roles = Counter(agent.role for agent in opened.agents if agent.id not in judges)
        for agent in opened.agents:
            self._agents.setdefault(segment(agent.id), agent.id)
            if roles[agent.role] == 1 and agent.id not in judges:
                self._agents.setdefault(agent.role, agent.id)
        if len(judges) == 1:
            self._agents.setdefault("judge", *judges)

    def is_agent(self, name: str) -> bool:
        """Whether `name` means an agent of the run."""
        return name in self._agents

    def agent(self, name: str) -> str:
        """The id of the agent that `name` means. Raises DialecticError when it means none."""
        if name not in self._agents:
            raise DialecticError(
                f"no agent of this run is called `{name}`",
                fix=did_you_mean(name, self._agents),
                exit_code=ExitCode.USAGE,
            )
        return self._agents[name]

    def spelled(self, name: str) -> str:
        """`name` with its last segment (`speaker` or `speaker>target`) as the log spells it."""
        where, slash, who = name.rpartition("/")
        agents = (segment(self._agents.get(each, each)) for each in who.split(">"))
        return f"{where}{slash}{'>'.join(agents)}"

    def find(self, name: str, known: Collection[str]) -> str | None:
        """The turn among the ids in `known` that `name` means; None when there is none."""
        spelled = self.spelled(name)
        candidates = (name, spelled, *(f"{stage}/{spelled}" for stage in self._stages))
        return next((each for each in candidates if each in known), None)

    def turn(self, name: str, known: Collection[str]) -> str:
        """Like `find`, but raises DialecticError that suggests what may have been meant."""
        found = self.find(name, known)
        if found is None:
            raise DialecticError(
                f"this run has no turn `{name}`",
                fix=did_you_mean(self.spelled(name), [self.short(each) for each in known]),
                exit_code=ExitCode.USAGE,
            )
        return found

    def short(self, turn: str) -> str:
        """A turn's id, or a call's, without its stage when the run has only one."""
        return turn.removeprefix(f"{self._stages[0]}/") if len(self._stages) == 1 else turn
