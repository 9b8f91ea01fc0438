"""What a configuration means as a whole: rounds, histories, ends, limits, and how they go with who
speaks.

Single agents belong to `voices`, mere notices to `notices`.
"""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from dialectic_actors.settings.debate import AgentSettings, Settings
from dialectic_actors.settings.documents import Document, Steps
from dialectic_actors.settings.misfits import invalid
from dialectic_actors.settings.notices import notices_of, of_summaries
from dialectic_actors.settings.shapes import (
    AgentShape,
    ConfigurationShape,
    DebateShape,
    LimitsShape,
    TerminationShape,
)
from dialectic_actors.settings.voices import Refuse, Voices, method_of
from dialectic_events.runs import Clarifications, FailurePolicy, History, Limits, StopRule

__all__ = ["settings_of"]

VOTERS = 3
"""Fewer agents, none of whom may rank its own, could only tie."""


def settings_of(
    document: Document, shape: ConfigurationShape, path: str | None, refuse: Refuse
) -> Settings:
    """The settings that a document states, from the file at `path`; each problem is given to
    `refuse`, and what is wrong keeps its default.
    """
    return _Meaning(document, refuse).settings(shape, path)


class _Meaning:
    """Gives the fields of one document their meaning."""

    def __init__(self, document: Document, refuse: Refuse) -> None:
        self._document = document
        self._refuse = refuse

    def settings(self, shape: ConfigurationShape, path: str | None) -> Settings:
        debate = shape.debate
        history = self._history(debate)
        voices = Voices(self._document, debate, history, self._refuse)
        agents = voices.agents(shape.agents)
        judge = voices.judge(shape.judge)
        clarifications = Clarifications(
            debate.clarifications_max_per_agent, debate.clarifications_max_iterations
        )
        person = clarifications.person if debate.interactive_clarifications else None
        voices.check_ids(shape.agents, agents, judge, person)
        self._check_size(debate, agents)
        return Settings(
            agents=agents,
            judge=judge,
            rounds=debate.rounds,
            history=history,
            limits=self._limits(debate),
            stop=_stop(debate.termination_condition),
            synthesis=debate.synthesis_method,
            authors=debate.authors,
            failure=FailurePolicy(debate.failure.quorum, debate.failure.on_failure),
            clarify=debate.interactive_clarifications,
            clarifications=clarifications,
            summarization=voices.summarization,
            condensing=method_of(debate.summarization),
            summary_prompt=voices.summary_prompt,
            notices=(*notices_of(shape, history), *of_summaries((*agents, judge))),
            disabled=_disabled(shape.agents),
            path=path,
        )

    def _history(self, shape: DebateShape) -> History:
        full = shape.include_full_history
        if shape.history is UNSET:
            return "current" if full is False else "own"
        if full is not UNSET and (shape.history == "current") == full:
            what = f"history `{shape.history}` contradicts includeFullHistory"
            self._invalid(("debate", "history"), what, "remove `includeFullHistory`")
        return shape.history

    def _limits(self, debate: DebateShape) -> Limits:
        shape = debate.limits
        limits = Limits(
            attempts=shape.attempts,
            repairs=shape.repairs,
            backoff_s=shape.backoff_s,
            backoff_max_s=shape.backoff_max_s,
            call_deadline_s=shape.call_deadline_s,
            round_deadline_s=self._deadline("timeoutPerRound", debate.timeout_per_round, shape),
            run_deadline_s=self._deadline("timeout", debate.timeout, shape),
        )
        if limits.backoff_max_s < limits.backoff_s:
            what = (
                f"waits of at least {limits.backoff_s:g} s cannot end at {limits.backoff_max_s:g} s"
            )
            place: Steps = ("debate", "limits", "backoff_max_s")
            self._invalid(place, what, "raise backoff_max_s or lower backoff_s")
        return limits

    def _deadline(self, key: str, older: int | UnsetType, limits: LimitsShape) -> float | None:
        """A deadline in seconds, stated among the limits or by its older `key` in milliseconds."""
        name = "run_deadline_s" if key == "timeout" else "round_deadline_s"
        deadline = limits.run_deadline_s if key == "timeout" else limits.round_deadline_s
        if older is UNSET:
            return None if deadline is UNSET else deadline
        if deadline is not UNSET:
            what = f"`{key}` and `limits.{name}` state the same deadline"
            self._invalid(("debate", key), what, "remove one of them")
        return older / 1000

    def _check_size(self, debate: DebateShape, agents: tuple[AgentSettings, ...]) -> None:
        """Refuse what so few agents cannot do."""
        if debate.synthesis_method == "voting" and len(agents) < VOTERS:
            what = f"a vote needs {VOTERS} agents, and {len(agents)} debate"
            self._invalid(("debate", "synthesisMethod"), what, "add agents, or set it to `judge`")
        if debate.failure.quorum > len(agents) > 0:
            what = f"a quorum of {debate.failure.quorum} needs as many agents, not {len(agents)}"
            self._invalid(("debate", "failure", "quorum"), what, "lower it, or add agents")

    def _invalid(self, steps: Steps, what: str, fix: str) -> None:
        self._refuse(invalid(self._document, steps, what, fix))


def _stop(shape: TerminationShape) -> StopRule | None:
    if shape.type == "fixed":
        return None
    if shape.threshold is UNSET:
        return StopRule(shape.type)
    # The older tool counted to 100, and its example said 0.9.
    share = shape.threshold / 100 if shape.threshold > 1 else shape.threshold
    return StopRule(shape.type, share)


def _disabled(shapes: tuple[AgentShape, ...] | UnsetType) -> tuple[str, ...]:
    off = [] if shapes is UNSET else [shape for shape in shapes if not shape.enabled]
    return tuple(dict.fromkeys(name for shape in off for name in (shape.id, shape.role)))
