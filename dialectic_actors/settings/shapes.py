"""The shape of a debate configuration as people write it, and the errors of a file that has
another shape.

Only the form is judged here, field by field; what the fields mean together is decided by `debate`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from dialectic_actors.settings.documents import Document, Steps, field_path
from dialectic_actors.settings.suggestions import did_you_mean
from dialectic_events.errors import DialecticError, ExitCode

__all__ = [
    "AgentShape",
    "ConfigurationShape",
    "DebateShape",
    "JudgeShape",
    "LimitsShape",
    "SummarizationShape",
    "invalid",
    "one_of",
    "plain_name",
    "read_shape",
]

Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Temperature = Annotated[float, Meta(ge=0, le=2)]


class SummarizationShape(
    Struct, frozen=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True
):
    """When and how long texts are condensed."""

    enabled: bool | UnsetType = UNSET
    threshold: Count | UnsetType = UNSET
    max_length: Count | UnsetType = UNSET
    method: str | UnsetType = UNSET
    prompt_path: str | UnsetType = UNSET


class ToolShape(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A tool by its name."""

    name: str


class VoiceShape(Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """What agents and the judge have in common."""

    temperature: Temperature | UnsetType = UNSET
    system_prompt_path: str | UnsetType = UNSET
    summary_prompt_path: str | UnsetType = UNSET
    clarification_prompt_path: str | UnsetType = UNSET
    summarization: SummarizationShape | UnsetType = UNSET
    enabled: bool = True
    tools: tuple[ToolShape, ...] = ()
    tool_call_limit: Count | UnsetType = UNSET


class AgentShape(VoiceShape, frozen=True, kw_only=True):
    """One agent."""

    id: str
    name: str
    role: str
    model: str
    provider: str


class JudgeShape(VoiceShape, frozen=True, kw_only=True):
    """The judge; what is left out keeps its default."""

    id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    role: str | UnsetType = UNSET
    model: str | UnsetType = UNSET
    provider: str | UnsetType = UNSET


class LimitsShape(Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of attempts, waits and deadlines; waits in seconds."""

    attempts: Annotated[int, Meta(ge=1, le=100)] | UnsetType = UNSET
    repairs: Annotated[int, Meta(ge=0, le=100)] | UnsetType = UNSET
    backoff_s: Seconds | UnsetType = UNSET
    backoff_max_s: Seconds | UnsetType = UNSET
    call_deadline_s: Annotated[float, Meta(gt=0, le=86_400)] | UnsetType = UNSET


class TerminationShape(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """When a debate stops."""

    type: str = "fixed"
    threshold: Annotated[float, Meta(ge=0, le=100)] | UnsetType = UNSET


class DebateShape(Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """How the debate is run."""

    rounds: Annotated[int, Meta(ge=1, le=1000)] | UnsetType = UNSET
    history: str | UnsetType = UNSET
    include_full_history: bool | UnsetType = UNSET
    limits: LimitsShape = LimitsShape()
    termination_condition: TerminationShape = TerminationShape()
    synthesis_method: str = "judge"
    timeout_per_round: Annotated[int, Meta(gt=0)] | UnsetType = UNSET
    summarization: SummarizationShape | UnsetType = UNSET
    interactive_clarifications: bool = False
    clarifications_max_per_agent: Count | UnsetType = UNSET
    clarifications_max_iterations: Count | UnsetType = UNSET
    orchestrator_type: str | UnsetType = UNSET
    trace: str | UnsetType = UNSET


class ConfigurationShape(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole file."""

    agents: tuple[AgentShape, ...] | UnsetType = UNSET
    judge: JudgeShape | UnsetType = UNSET
    debate: DebateShape = DebateShape()


_TABLES: dict[str, type[Struct]] = {
    "": ConfigurationShape,
    "agents": AgentShape,
    "judge": JudgeShape,
    "debate": DebateShape,
    "debate.limits": LimitsShape,
    "debate.terminationCondition": TerminationShape,
    "debate.summarization": SummarizationShape,
    "agents.summarization": SummarizationShape,
    "judge.summarization": SummarizationShape,
    "agents.tools": ToolShape,
    "judge.tools": ToolShape,
}

_REPORT = re.compile(r"(.*) - at `\$([^`]*)`", re.DOTALL)
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`")
_KINDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_BOUNDS = {" >= ": " of at least ", " <= ": " of at most ", " > ": " above "}


def read_shape(document: Document) -> ConfigurationShape:
    """The configuration that `document` states. Raises DialecticError (exit 4) if it cannot."""
    try:
        return msgspec.convert(document.value, ConfigurationShape)
    except msgspec.ValidationError as failed:
        raise _misfit(document, str(failed)) from None


def invalid(document: Document, steps: Steps, what: str, fix: str) -> DialecticError:
    """The error of the value at `steps`."""
    return DialecticError(
        what, where=document.where(steps), fix=fix, exit_code=ExitCode.CONFIGURATION
    )


def one_of(document: Document, steps: Steps, value: str, known: Iterable[str]) -> str:
    """`value`, if it is among `known`; raises DialecticError with a suggestion otherwise."""
    names = tuple(known)
    if value not in names:
        what = f"{steps[-1]} cannot be `{value}`"
        raise invalid(document, steps, what, did_you_mean(value, names))
    return value


def plain_name(document: Document, steps: Steps, value: str) -> str:
    """`value`, if it is one line of at most 200 characters that is not blank."""
    if not value.strip() or len(value) > 200 or not value.isprintable():
        what = f"{steps[-1]} must be one line of 1 to 200 printable characters"
        raise invalid(document, steps, what, "write a short plain name")
    return value


def _misfit(document: Document, message: str) -> DialecticError:
    report = _REPORT.fullmatch(message)
    what, path = (report[1], report[2]) if report else (message, "")
    steps: Steps = tuple(name or int(index) for name, index in _STEP.findall(path))
    if unknown := _UNKNOWN.fullmatch(what):
        return _unknown_key(document, steps, unknown[1])
    if missing := _MISSING.fullmatch(what):
        name = missing[1]
        return invalid(document, steps, f"`{name}` is missing", f"add `{name}` here")
    for kind, words in _KINDS.items():
        what = what.replace(f"`{kind}`", words)
    for sign, words in _BOUNDS.items():
        what = what.replace(sign, words)
    fix = f"change `{field_path(steps)}`" if steps else "write the keys agents, judge and debate"
    return invalid(document, steps, what[:1].lower() + what[1:], fix)


def _unknown_key(document: Document, steps: Steps, key: str) -> DialecticError:
    table = ".".join(step for step in steps if isinstance(step, str))
    known = _keys(table)
    homes = [name for name in _TABLES if name and name != table and key in _keys(name)]
    fix = did_you_mean(key, known)
    if homes and not fix.startswith("did"):
        fix = f"`{key}` belongs under `{homes[0]}`"
    return invalid(document, (*steps, key), f"the key `{key}` is not known here", fix)


def _keys(table: str) -> tuple[str, ...]:
    return tuple(field.encode_name for field in msgspec.structs.fields(_TABLES[table]))
