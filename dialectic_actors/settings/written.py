"""Settings in the words of a configuration file: loading what is written here gives them again."""

from __future__ import annotations

from typing import Any

from dialectic_actors.settings.debate import AgentSettings, PromptSettings, Settings
from dialectic_events.runs import Model, Summarization

__all__ = ["written"]


def written(settings: Settings) -> dict[str, Any]:
    """The content of a file that states all of `settings`, with absolute paths."""
    return {
        "agents": [_voice(agent, settings) for agent in settings.agents],
        "judge": _voice(settings.judge, settings),
        "debate": _debate(settings),
    }


def _debate(settings: Settings) -> dict[str, Any]:
    stop, failure, asked = settings.stop, settings.failure, settings.clarifications
    limits = {
        name: value
        for name in settings.limits.__struct_fields__
        if (value := getattr(settings.limits, name)) is not None
    }
    ends = {"type": "fixed"} if stop is None else {"type": stop.rule, "threshold": stop.threshold}
    debate = {
        "rounds": settings.rounds,
        "history": settings.history,
        "limits": limits,
        "terminationCondition": ends,
        "synthesisMethod": settings.synthesis,
        "authors": settings.authors,
        "failure": {"quorum": failure.quorum, "onFailure": failure.on_failure},
        "interactiveClarifications": settings.clarify,
        "clarificationsMaxPerAgent": asked.per_agent,
        "clarificationsMaxIterations": asked.passes,
    }
    if settings.history != "current":
        debate["summarization"] = {
            **_condensing(settings.summarization),
            "method": settings.condensing,
            **_path("promptPath", settings.summary_prompt),
        }
    return debate


def _voice(voice: AgentSettings, settings: Settings) -> dict[str, Any]:
    prompts = {prompt.kind: prompt for prompt in voice.prompts}
    summary = prompts.get("summary")
    content: dict[str, Any] = {
        "id": voice.id,
        "name": voice.name,
        "role": voice.role.name,
        **_models(voice.route),
    }
    if voice.temperature is not None:
        content["temperature"] = voice.temperature
    if voice.path is not None:
        content["systemPromptPath"] = voice.path
    if summary != settings.summary_prompt:
        content |= _path("summaryPromptPath", summary)
    content |= _path("clarificationPromptPath", prompts.get("question"))
    if voice.summarization != settings.summarization:
        content["summarization"] = _condensing(voice.summarization)
    if voice.tools:
        content["tools"] = [{"name": tool.name} for tool in voice.tools]
        content["toolCallLimit"] = voice.tool_call_limit
    return content


def _models(route: tuple[Model, ...]) -> dict[str, Any]:
    models = [{"provider": model.provider, "model": model.name} for model in route]
    return models[0] if len(models) == 1 else {"models": models}


def _condensing(summarization: Summarization | None) -> dict[str, Any]:
    if summarization is None:
        return {"enabled": False}
    return {
        "enabled": True,
        "threshold": summarization.threshold,
        "maxLength": summarization.max_length,
        "unit": summarization.unit,
    }


def _path(key: str, prompt: PromptSettings | None) -> dict[str, str]:
    return {} if prompt is None else {key: prompt.path}
