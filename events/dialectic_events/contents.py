"""What a typed text holds: shapes that are written as canonical JSON and stored as a part.

A verdict, questions, answers, what tools were asked and said: words of models and people in a form
that programs read. How they are shown to people is decided elsewhere.
"""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec
from msgspec import Struct

__all__ = [
    "Answered",
    "Dissent",
    "Question",
    "Section",
    "ToolCall",
    "ToolResult",
    "ToolSpec",
    "Verdict",
    "read_content",
    "write_content",
]

T = TypeVar("T")


class Dissent(Struct, frozen=True, omit_defaults=True):
    """An objection that remains: who holds it, the turn it rests on, and whether it blocks. What
    the judge did not say, or said of a turn that it was not shown, is empty.
    """

    objection: str
    author: str = ""
    turn: str = ""
    blocks: bool = False


class Section(Struct, frozen=True, omit_defaults=True):
    """A part of a merged solution, and the turns that it comes from."""

    title: str
    markdown: str
    turns: tuple[str, ...] = ()


class Verdict(Struct, frozen=True, omit_defaults=True):
    """What the judge concluded. What was not stated is empty; `confidence` is 0 to 100, None when
    not stated. `sections` are those of a merged solution.
    """

    solution: str = ""
    tradeoffs: tuple[str, ...] = ()
    recommendations: tuple[str, ...] = ()
    unmet_requirements: tuple[str, ...] = ()
    open_questions: tuple[str, ...] = ()
    dissent: tuple[Dissent, ...] = ()
    confidence: int | None = None
    sections: tuple[Section, ...] = ()


class Question(Struct, frozen=True):
    """A question to the person whose problem it is; its id is unique in the run."""

    id: str
    question: str


class Answered(Struct, frozen=True):
    """A question with its answer; `NA` when the person had none."""

    id: str
    question: str
    answer: str


class ToolCall(Struct, frozen=True):
    """A model asks for a tool; `arguments` as it wrote them, JSON or not."""

    id: str
    name: str
    arguments: str


class ToolResult(Struct, frozen=True):
    """What a tool said to the call `id`: its result as JSON, or what went wrong."""

    id: str
    name: str
    status: Literal["success", "error"]
    content: str


class ToolSpec(Struct, frozen=True):
    """A tool as a model is told of it; `parameters` is a JSON Schema."""

    name: str
    description: str
    parameters: dict[str, object]


def write_content(value: object) -> str:
    """The canonical form of a content."""
    return msgspec.json.encode(value, order="deterministic").decode()


def read_content(text: str, kind: type[T]) -> T | None:
    """The content in `text`; None when it holds none (an imported log may say anything)."""
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
