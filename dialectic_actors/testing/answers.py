"""What stand-ins say: an answer that meets the contract of its turn, made of a few given words.

As a text, as a model would write it; what it amounts to is read by the contract. What a stand-in
decides (a score, a ranking, whether it asks) is drawn from the words, so that the same words always
decide the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from zlib import crc32

from dialectic_actors.actors.cast import terms_of
from dialectic_actors.actors.ports import Ask
from dialectic_actors.core.briefs import Brief, brief_of
from dialectic_actors.core.commands import AskAgain, Contribute
from dialectic_actors.core.contracts import Terms, read_answer
from dialectic_actors.core.marks import marks_of
from dialectic_events.calls import CallAnswered, CallRequested, Message
from dialectic_events.contents import ToolCall, write_content
from dialectic_events.parts import OURS, refer
from dialectic_events.turns import Turn
from dialectic_replay.run import Run

__all__ = ["heard", "kind_of", "marks_in", "missed", "request_for", "said", "spoken", "tool_calls"]

_MARK = re.compile(r"(### What the person[^\n]*\s*)?\[begin ([0-9a-f]{12})\]")


def kind_of(turn: str) -> str:
    """The kind of a turn, from its id; "" for an id that was not made by `turn_id`."""
    return "".join(turn.split("/")[-2:-1])


def marks_in(request: CallRequested) -> tuple[str, ...]:
    """The marks of the contributions that a request shows directly, in their order."""
    said = "".join(
        piece for message in request.messages for piece in message.parts if piece[:1] == OURS
    )
    return tuple(mark for answers, mark in _MARK.findall(said) if not answers)


def said(ask: Ask, words: str) -> str:
    """What a model would write to say `words` when it is asked this."""
    return spoken(ask.brief.turn.id, words, _cited(ask.brief))


def spoken(turn: str, words: str, marks: Sequence[str]) -> str:
    """What a model would write for a turn to say `words`; `marks` are those of what it is shown."""
    match kind_of(turn):
        case "question":
            return write_content({"questions": [words] if _asks(turn, words) else []})
        case "assessment":
            return write_content({"score": _draw(words) % 101, "reason": words})
        case "ballot":
            return write_content({"ranking": _ranked(marks, words), "reason": words})
        case "synthesis":
            return write_content(
                {
                    "solutionMarkdown": words,
                    "sections": [{"title": "All", "markdown": words, "from": list(marks[:1])}],
                    "tradeoffs": [],
                    "recommendations": [],
                    "unfulfilledMajorRequirements": [],
                    "openQuestions": [],
                    "confidence": _draw(words) % 101,
                    "dissent": [
                        {"objection": words, "restsOn": mark, "blocks": False} for mark in marks[:1]
                    ],
                }
            )
        case _:
            return words


def missed(turn: str, words: str) -> str:
    """What a model would write that misses the contract of a turn: prose where an object is wanted,
    else nothing that counts.
    """
    return words if kind_of(turn) in ("question", "assessment", "ballot", "synthesis") else "…"


def request_for(run: Run, turn: Turn) -> tuple[Message, ...]:
    """What a stand-in asks for a turn: one reference, and the marks of what it would be shown."""
    marks = _cited(brief_of(run, turn)) if turn.kind in ("ballot", "synthesis") else ()
    return (Message("user", (refer(turn.id), *(f"{OURS}[begin {mark}]" for mark in marks))),)


def heard(
    run: Run, turn: Turn, answer: CallAnswered, again: tuple[Message, ...]
) -> Contribute | AskAgain:
    """What an agent makes of an answer: a contribution, or the wish to ask `again`."""
    opened = run.opened
    speakers = opened.agents if opened is not None else ()
    agent = next((each for each in speakers if each.id == turn.speaker), None)
    terms = terms_of(opened, agent) if opened is not None and agent is not None else Terms()
    # What a plain text contributes does not depend on what its author was shown.
    plain = turn.kind in ("proposal", "critique", "refinement")
    brief = Brief(turn, "", (), ()) if plain else brief_of(run, turn)
    reading = read_answer(brief, answer, terms)
    if reading.made is not None:
        return Contribute(answer.call, answer, reading.made)
    return AskAgain(answer.call, answer, reading.findings, again, reading.fallback)


def _cited(brief: Brief) -> tuple[str, ...]:
    """The marks of the contributions that a brief shows directly."""
    shown = {each.turn for each in brief.shown if each.kind != "answer"}
    return tuple(mark for mark, each in marks_of(brief).items() if each.turn in shown)


def tool_calls(turn: str, offered: int, earlier: int) -> str:
    """What a model asks of the tools that it is offered: some ask once or twice, most do not."""
    if not offered or _draw(f"{turn} uses tools") % 4 or earlier > _draw(turn) % 3:
        return ""
    return write_content([ToolCall(f"t{earlier + 1}", "context_search", '{"term": "queue"}')])


def _asks(turn: str, words: str) -> bool:
    """Most ask in the first pass, few in those that follow."""
    return _draw(words) % (3 if "/c1/" in turn else 5) > (0 if "/c1/" in turn else 3)


def _ranked(marks: Iterable[str], words: str) -> list[str]:
    return sorted(dict.fromkeys(marks), key=lambda mark: _draw(f"{words} {mark}"))


def _draw(words: str) -> int:
    return crc32(words.encode())
