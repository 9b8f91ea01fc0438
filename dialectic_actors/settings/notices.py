"""What a person should know about a configuration that is sound: settings that cannot matter beside
others, and how ambiguous ones were understood.

Nothing is refused here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import UNSET

from dialectic_actors.settings.debate import AgentSettings
from dialectic_actors.settings.shapes import (
    AgentShape,
    ConfigurationShape,
    DebateShape,
    JudgeShape,
    SummarizationShape,
)
from dialectic_events.runs import History

__all__ = ["notices_of", "of_summaries"]


def notices_of(shape: ConfigurationShape, history: History) -> tuple[str, ...]:
    """One line for each."""
    lines: list[str] = []
    if shape.agents is not UNSET and not shape.agents:
        lines.append("`agents` is empty: the built-in ones debate, on openai/gpt-4")
    for index, agent in enumerate(() if shape.agents is UNSET else shape.agents):
        if agent.enabled:
            lines.extend(_of_voice(f"agents[{index}]", agent, history))
    if shape.judge is not UNSET:
        lines.extend(_of_voice("judge", shape.judge, history))
        if _judgeless(shape.debate):
            lines.append(_idle("judge", "the agents vote, and nothing is asked of it"))
    elif shape.agents is not UNSET and not _judgeless(shape.debate):
        lines.append("`judge` is not configured: the built-in judge concludes, on openai/gpt-4")
    lines.extend(_of_debate(shape.debate, history))
    return tuple(lines)


def of_summaries(voices: Iterable[AgentSettings]) -> tuple[str, ...]:
    """One line for each way of condensing in use that may make a text longer."""
    ways = dict.fromkeys(voice.summarization for voice in voices)
    return tuple(
        f"`summarization` with maxLength {way.max_length} and threshold {way.threshold}: "
        "a summary may be longer than what it condenses"
        for way in ways
        if way is not None and way.max_length > way.threshold
    )


def _of_voice(place: str, voice: AgentShape | JudgeShape, history: History) -> Iterator[str]:
    if voice.tool_call_limit is not UNSET and not voice.tools:
        yield _idle(f"{place}.toolCallLimit", "no tools are listed")
    if history == "current":
        if _wanted(voice.summarization):
            yield _idle(f"{place}.summarization", _NO_HISTORY)
        if voice.summary_prompt_path is not UNSET:
            yield _idle(f"{place}.summaryPromptPath", _NO_HISTORY)


def _of_debate(debate: DebateShape, history: History) -> Iterator[str]:
    ends = debate.termination_condition
    place = "debate.terminationCondition.threshold"
    if ends.threshold is not UNSET and ends.type == "fixed":
        yield _idle(place, "the type is `fixed`")
    elif ends.threshold is not UNSET and ends.threshold >= 1:
        of = 1 if ends.threshold == 1 else 100
        yield f"`{place}` is read as {ends.threshold:g} of {of}"
    if history == "current" and _wanted(debate.summarization):
        yield _idle("debate.summarization", _NO_HISTORY)
    if debate.orchestrator_type == "state-machine":
        yield _idle("debate.orchestratorType", "one engine runs every debate")
    if debate.trace is not UNSET:
        yield _idle("debate.trace", "nothing is sent, the event log records every call")


_NO_HISTORY = "nobody is shown earlier rounds"


def _judgeless(debate: DebateShape) -> bool:
    voting = debate.synthesis_method == "voting"
    return voting and debate.termination_condition.type != "quality"


def _wanted(shape: SummarizationShape) -> bool:
    return shape != SummarizationShape() and shape.enabled is not False


def _idle(place: str, reason: str) -> str:
    return f"`{place}` changes nothing: {reason}"
