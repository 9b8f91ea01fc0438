"""Settings of the older tool that do not act in this version: which are refused, which only get a
notice.

A setting leaves this module when the code that makes it act arrives.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET, UnsetType

from dialectic_actors.settings.documents import Document
from dialectic_actors.settings.shapes import (
    AgentShape,
    ConfigurationShape,
    DebateShape,
    JudgeShape,
    SummarizationShape,
    invalid,
    one_of,
)

__all__ = ["notices_of", "refuse_unsupported"]

_TOOL_CALLS = 10
_QUESTIONS = 5
_ITERATIONS = 3


def refuse_unsupported(document: Document, shape: ConfigurationShape) -> None:
    """Raise DialecticError (exit 4) for a setting without which the result would differ."""
    debate = shape.debate
    steps = ("debate", "terminationCondition", "type")
    rule = debate.termination_condition.type
    if rule in ("convergence", "quality"):
        what = f"stopping by {rule} does not act in this version, and every round would be paid for"
        raise invalid(document, steps, what, "set it to `fixed` and choose `debate.rounds`")
    one_of(document, steps, rule, ("fixed",))
    synthesis = ("debate", "synthesisMethod")
    method = debate.synthesis_method
    if method in ("voting", "merge"):
        what = (
            f"synthesis by {method} does not act in this version, and a judge concludes otherwise"
        )
        raise invalid(document, synthesis, what, "set it to `judge`")
    one_of(document, synthesis, method, ("judge",))
    if debate.interactive_clarifications:
        what = "clarifications do not act in this version, and the agents would lack the answers"
        fix = "set it to false and state the answers in the problem"
        raise invalid(document, ("debate", "interactiveClarifications"), what, fix)
    if shape.judge is not UNSET and not shape.judge.enabled:
        what = "a debate is concluded by its judge, who cannot be disabled"
        raise invalid(document, ("judge", "enabled"), what, "remove `enabled`")
    if debate.orchestrator_type is not UNSET:
        kinds = ("classic", "state-machine")
        one_of(document, ("debate", "orchestratorType"), debate.orchestrator_type, kinds)
    if debate.trace is not UNSET:
        one_of(document, ("debate", "trace"), debate.trace, ("langfuse",))


def notices_of(shape: ConfigurationShape) -> tuple[str, ...]:
    """One line for each setting that is valid, asks for a change, and does not act yet."""
    lines: list[str] = []
    for index, agent in enumerate(() if shape.agents is UNSET else shape.agents):
        lines.extend(_of_voice(f"agents[{index}]", agent))
    if shape.judge is not UNSET:
        lines.extend(_of_voice("judge", shape.judge))
    elif shape.agents is not UNSET:
        lines.append("`judge` is not configured: the built-in judge concludes, on openai/gpt-4")
    lines.extend(_of_debate(shape.debate))
    return tuple(lines)


def _of_voice(place: str, voice: AgentShape | JudgeShape) -> Iterator[str]:
    full = "agents are shown full texts"
    if voice.summary_prompt_path is not UNSET:
        yield _inert(f"{place}.summaryPromptPath", full)
    if voice.clarification_prompt_path is not UNSET:
        yield _inert(f"{place}.clarificationPromptPath", "no questions are asked")
    if _summarizes(voice.summarization):
        yield _inert(f"{place}.summarization", full)
    if voice.tools:
        yield _inert(f"{place}.tools", "agents answer without tools")
    if voice.tool_call_limit not in (UNSET, _TOOL_CALLS):
        yield _inert(f"{place}.toolCallLimit", "agents answer without tools")


def _of_debate(debate: DebateShape) -> Iterator[str]:
    if debate.timeout_per_round is not UNSET:
        instead = "`debate.limits.call_deadline_s` bounds each call"
        yield _inert("debate.timeoutPerRound", instead)
    if _summarizes(debate.summarization):
        yield _inert("debate.summarization", "agents are shown full texts")
    if debate.clarifications_max_per_agent not in (UNSET, _QUESTIONS):
        yield _inert("debate.clarificationsMaxPerAgent", "no questions are asked")
    if debate.clarifications_max_iterations not in (UNSET, _ITERATIONS):
        yield _inert("debate.clarificationsMaxIterations", "no questions are asked")
    if debate.orchestrator_type == "state-machine":
        yield _inert("debate.orchestratorType", "one engine runs every debate")
    if debate.trace is not UNSET:
        yield _inert("debate.trace", "the event log records every call")


def _summarizes(shape: SummarizationShape | UnsetType) -> bool:
    return shape is not UNSET and shape.enabled is not False


def _inert(place: str, instead: str) -> str:
    return f"`{place}` does not act in this version: {instead}"
