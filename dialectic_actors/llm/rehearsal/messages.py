"""What a rehearsal takes from the messages themselves: the limits that a model is told, and what
tools said.
"""

from __future__ import annotations

import re

from dialectic_actors.actors.ports import Ask
from dialectic_actors.llm.rehearsal.reading import quote

__all__ = ["looked_up", "question_limit", "summary_limit"]

_CHARACTERS_PER_TOKEN = 3
"""Fewer than anybody counts, so that the limit holds by every estimate."""


def question_limit(ask: Ask, default: int) -> int:
    """How many questions may be asked; `default` where the prompt does not say."""
    stated = _last(r"\b(\d{1,9}) (questions?)\b", ask)
    return int(stated[1]) if stated else default


def summary_limit(ask: Ask, default: int) -> int:
    """How many characters a summary may have; `default` where the prompt does not say."""
    stated = _last(r"\b(\d{1,9}) (characters|tokens)\b", ask)
    if stated is None:
        return default
    return int(stated[1]) * (_CHARACTERS_PER_TOKEN if stated[2] == "tokens" else 1)


def looked_up(ask: Ask) -> str:
    """What the tool said, as a sentence; empty when none was asked."""
    asked = [tool for each in ask.messages for tool in each.tools]
    said = [each.text for each in ask.messages if each.role == "tool"]
    if not (asked and said):
        return ""
    return f"I asked `{quote(asked[-1].name, 40).strip('“”')}`, which says {quote(said[-1], 160)}."


def _last(pattern: str, ask: Ask) -> re.Match[str] | None:
    """The last match in the prompt: the task stands behind all that is shown."""
    prompt = next((each.text for each in ask.messages if each.role == "user"), "")
    return next(reversed([*re.finditer(pattern, prompt)]), None)
