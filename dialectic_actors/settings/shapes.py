"""The shape of a debate configuration as people write it: keys, types, bounds, defaults, and what
each key does.

Editors' schemas and the reference page are drawn from here. What the keys mean together is decided
by `debate`.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from dialectic_events.runs import Condensing, History, Synthesis

__all__ = [
    "AgentShape",
    "ConfigurationShape",
    "DebateShape",
    "FailureShape",
    "JudgeShape",
    "LimitsShape",
    "ModelShape",
    "SummarizationShape",
    "TerminationShape",
    "ToolShape",
    "VoiceShape",
]

Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Milliseconds = Annotated[int, Meta(ge=1, le=604_800_000)]
Wait = Annotated[float, Meta(ge=0, le=86_400)]
Deadline = Annotated[float, Meta(gt=0, le=604_800)]
Path = Annotated[str, Meta(description="A file, relative to the configuration's directory.")]
Name = Annotated[str, Meta(min_length=1, max_length=200)]


class SummarizationShape(
    Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True
):
    """When an agent's own perspective is condensed. An agent's keys stand over the debate's."""

    enabled: Annotated[bool, Meta(description="Whether anything is condensed.")] | UnsetType = UNSET
    threshold: (
        Annotated[Count, Meta(description="Condense what has grown to so many units.")] | UnsetType
    ) = UNSET
    max_length: (
        Annotated[Count, Meta(description="The most units a summary may have.")] | UnsetType
    ) = UNSET
    unit: (
        Annotated[
            Literal["characters", "tokens"],
            Meta(description="What `threshold` and `maxLength` count."),
        ]
        | UnsetType
    ) = UNSET
    method: (
        Annotated[
            Condensing,
            Meta(description="Condense everything anew, or the last summary and what followed."),
        ]
        | UnsetType
    ) = UNSET
    prompt_path: (
        Annotated[Path, Meta(description="A text that replaces what a role asks of a summary.")]
        | UnsetType
    ) = UNSET


class ToolShape(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A tool by its name."""

    name: Annotated[Name, Meta(description="A built-in tool, or one that a package brings.")]


class ModelShape(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A model and who provides it."""

    provider: Annotated[Name, Meta(description="Who provides it.")]
    model: Annotated[Name, Meta(description="What the provider calls it.")]


class VoiceShape(Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """What agents and the judge have in common."""

    provider: Annotated[Name, Meta(description="Who provides the model.")] | UnsetType = UNSET
    model: Annotated[Name, Meta(description="What the provider calls it.")] | UnsetType = UNSET
    models: (
        Annotated[
            tuple[Name | ModelShape, ...],
            Meta(
                min_length=1,
                max_length=20,
                description="In place of `provider` and `model`: models to fall back on, in order, "
                'each as "provider/model" or {provider, model}.',
            ),
        ]
        | UnsetType
    ) = UNSET
    temperature: (
        Annotated[float, Meta(ge=0, le=2, description="Sent with each call; left out, it is not.")]
        | UnsetType
    ) = UNSET
    system_prompt_path: (
        Annotated[Path, Meta(description="A text that replaces the role's persona.")] | UnsetType
    ) = UNSET
    summary_prompt_path: (
        Annotated[Path, Meta(description="A text that replaces what the role asks of a summary.")]
        | UnsetType
    ) = UNSET
    clarification_prompt_path: (
        Annotated[Path, Meta(description="A text added to what the role asks questions about.")]
        | UnsetType
    ) = UNSET
    summarization: SummarizationShape = SummarizationShape()
    enabled: Annotated[bool, Meta(description="Whether it takes part; a judge always does.")] = True
    tools: Annotated[
        tuple[ToolShape, ...], Meta(max_length=50, description="The tools it may ask for.")
    ] = ()
    tool_call_limit: (
        Annotated[
            int,
            Meta(ge=1, le=1000, description="Answers of one turn in which it may ask for tools."),
        ]
        | UnsetType
    ) = UNSET


class AgentShape(VoiceShape, frozen=True, kw_only=True):
    """One agent. It names `provider` and `model`, or `models`."""

    id: Annotated[Name, Meta(description="How the log and the command line call it: unique.")]
    name: Annotated[Name, Meta(description="How people call it.")]
    role: Annotated[Name, Meta(description="The role that it speaks for.")]


class JudgeShape(VoiceShape, frozen=True, kw_only=True):
    """The judge."""

    id: Annotated[Name, Meta(description="How the log calls it.")] = "judge-main"
    name: Annotated[Name, Meta(description="How people call it.")] = "Technical Judge"
    role: Annotated[Name, Meta(description="The role whose checklist it weighs by.")] = "generalist"


class LimitsShape(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Bounds of attempts, waits and deadlines; times in seconds."""

    attempts: Annotated[
        int, Meta(ge=1, le=100, description="Attempts per turn and model of a route.")
    ] = 3
    repairs: Annotated[
        int, Meta(ge=0, le=100, description="How often an answer that misses its form is repaired.")
    ] = 1
    backoff_s: Annotated[Wait, Meta(description="The wait before a second attempt.")] = 1.0
    backoff_max_s: Annotated[Wait, Meta(description="The longest wait before an attempt.")] = 60.0
    call_deadline_s: Annotated[
        float, Meta(gt=0, le=86_400, description="How long one call may take.")
    ] = 300.0
    round_deadline_s: (
        Annotated[Deadline, Meta(description="How long one round may take; left out: any time.")]
        | UnsetType
    ) = UNSET
    run_deadline_s: (
        Annotated[Deadline, Meta(description="How long the debate may take; left out: any time.")]
        | UnsetType
    ) = UNSET


class TerminationShape(
    Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True
):
    """When a debate ends before its last round."""

    type: Annotated[
        Literal["fixed", "convergence", "quality"],
        Meta(
            description="Never; when refinements hardly change and the agents agree; "
            "when the judge finds the solution good enough."
        ),
    ] = "fixed"
    threshold: (
        Annotated[
            float,
            Meta(
                gt=0,
                le=100,
                description="The value to reach, 0 to 1; above 1 it is read as so many of 100. "
                "Left out: 0.9.",
            ),
        ]
        | UnsetType
    ) = UNSET


class FailureShape(Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """What it means that a turn fails for good."""

    quorum: Annotated[
        int, Meta(ge=1, le=1000, description="So many agents must contribute to each round.")
    ] = 1
    on_failure: Annotated[
        Literal["continue", "stop", "rest"],
        Meta(
            description="Go on without the turn while there is a quorum; or stop; or rest, when "
            "the provider may be back later, until the run is resumed."
        ),
    ] = "continue"


class DebateShape(Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """How the debate is run."""

    rounds: Annotated[int, Meta(ge=1, le=1000, description="How many rounds, at most.")] = 3
    history: (
        Annotated[
            History,
            Meta(description="Whose earlier rounds an agent is shown; left out: its own."),
        ]
        | UnsetType
    ) = UNSET
    include_full_history: (
        Annotated[bool, Meta(description="Older form: true is `own`, false `current`.")] | UnsetType
    ) = UNSET
    limits: LimitsShape = LimitsShape()
    timeout_per_round: (
        Annotated[Milliseconds, Meta(description="Older form of `limits.round_deadline_s`, in ms.")]
        | UnsetType
    ) = UNSET
    timeout: (
        Annotated[Milliseconds, Meta(description="Older form of `limits.run_deadline_s`, in ms.")]
        | UnsetType
    ) = UNSET
    termination_condition: TerminationShape = TerminationShape()
    synthesis_method: Annotated[
        Synthesis,
        Meta(description="Who concludes: the judge, a vote, or the judge section by section."),
    ] = "judge"
    authors: Annotated[
        Literal["hidden", "named"], Meta(description="Whether the judge learns who wrote what.")
    ] = "hidden"
    failure: FailureShape = FailureShape()
    summarization: SummarizationShape = SummarizationShape()
    interactive_clarifications: Annotated[
        bool, Meta(description="Whether agents ask you questions first; so does --clarify.")
    ] = False
    clarifications_max_per_agent: Annotated[
        int, Meta(ge=1, le=100, description="Questions that an agent may ask in a pass.")
    ] = 5
    clarifications_max_iterations: Annotated[
        int, Meta(ge=1, le=100, description="Passes of questions, at most.")
    ] = 3
    orchestrator_type: (
        Annotated[
            Literal["classic", "state-machine"],
            Meta(description="Of the older tool. One engine runs every debate."),
        ]
        | UnsetType
    ) = UNSET
    trace: (
        Annotated[
            Literal["langfuse"],
            Meta(description="Of the older tool. Nothing is sent: the log records every call."),
        ]
        | UnsetType
    ) = UNSET


class ConfigurationShape(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A debate configuration."""

    editor_schema: Annotated[
        object, Meta(description="For editors: where the schema of this file lies.")
    ] = msgspec.field(default=UNSET, name="$schema")

    agents: (
        Annotated[
            tuple[AgentShape, ...],
            Meta(
                description="Who debates. Left out: an architect, a performance engineer and an "
                "advocate of simplicity."
            ),
        ]
        | UnsetType
    ) = UNSET
    judge: JudgeShape | UnsetType = UNSET
    debate: DebateShape = DebateShape()
