"""Answers that a person wrote down beforehand, read strictly: in a file, or as a program has them.

Which agents and questions there are is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from dialectic_actors.settings.documents import Document, Steps, read_document
from dialectic_events.errors import DialecticError, ExitCode

__all__ = ["Answers", "answers_of", "read_answers"]

_SHAPE = "a list of texts, or a mapping from agents to lists and from questions to texts"


class Answers(Struct, frozen=True):
    """Answers to the questions of a run, counted from its first: `in_order` those of all agents,
    `named` those of an agent (by its id or role) or of one question (by its id). `document` is the
    file that states them.
    """

    in_order: tuple[str, ...] = ()
    named: Mapping[str, str | tuple[str, ...]] = {}
    document: Document | None = None

    def refusal(self, steps: Steps, what: str, fix: str) -> DialecticError:
        """The error of what stands at `steps`: exit 4 in a file, 2 elsewhere."""
        if self.document is None:
            where, code = "answers", ExitCode.USAGE
        else:
            where, code = self.document.where(steps), ExitCode.CONFIGURATION
        return DialecticError(what, where=where, fix=fix, exit_code=code)


def read_answers(path: Path) -> Answers:
    """The answers in a JSON, YAML or TOML file. Raises DialecticError (exit 4) with file, line and
    field for anything else.
    """
    document = read_document(path, fix="check the path of the answers")
    return _answers(document.value, Answers(document=document))


def answers_of(value: Mapping[str, str | Sequence[str]] | Sequence[str]) -> Answers:
    """The answers that a program gives. Raises DialecticError (exit 2) for what are none."""
    if isinstance(value, str):
        raise Answers().refusal((), "the answers are one text", f"give {_SHAPE}")
    plain: object = dict(value) if isinstance(value, Mapping) else list(value)
    return _answers(plain, Answers())


def _answers(value: object, none: Answers) -> Answers:
    match value:
        case list() | tuple():
            return Answers(in_order=_texts(value, (), none), document=none.document)
        case dict():
            named = {
                key: _texts([inner], (key,), none)[0]
                if isinstance(inner, str)
                else _texts(inner, (key,), none)
                for key, inner in value.items()
            }
            return Answers(named=named, document=none.document)
        case _:
            raise none.refusal((), "these are no answers", f"write {_SHAPE}")


def _texts(value: object, steps: Steps, none: Answers) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise none.refusal(steps, "is neither a text nor a list of texts", _QUOTE)
    for index, each in enumerate(value):
        if not isinstance(each, str):
            raise none.refusal((*steps, index), "is not a text", _QUOTE)
        try:
            each.encode()
        except UnicodeEncodeError:
            what = "an answer is not UTF-8"
            raise none.refusal((*steps, index), what, "convert it to UTF-8") from None
    return tuple(value)


_QUOTE = 'put it into quotes; "" stands for no answer'
