"""From a brief to a request: templates are cut at their placeholders, and what goes in is never
expanded again.

A request is a list of parts: the template's own words (shared by every call of its kind), the
problem, the texts shown. Earlier rounds are ropes, so that a request stays small while the history
grows. Every text from outside stands between marks that carry its own digest, which no text can
contain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from string import Template

from msgspec import Struct

from dialectic_actors.core.briefs import Brief, Link, Shown
from dialectic_actors.core.contracts import Terms, answer_schema
from dialectic_actors.core.roles import Role
from dialectic_events.calls import CallAnswered, CallRequested, Message
from dialectic_events.contents import ToolResult
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.parts import OURS, refer, rope
from dialectic_events.turns import Kind, Turn

__all__ = ["PLACEHOLDERS", "Renderer", "Request", "cut", "template_of"]

_MATERIAL = frozenset({"problem", "focus", "history", "shown"})

PLACEHOLDERS: Mapping[str, frozenset[str]] = {
    "system": frozenset({"persona", "checklist"}),
    **dict.fromkeys(("proposal", "critique", "refinement"), _MATERIAL),
    **dict.fromkeys(("assessment", "ballot", "synthesis", "merge"), _MATERIAL),
    **dict.fromkeys(("question", "summary"), _MATERIAL | {"limit"}),
}
"""What each template may ask for."""

_TELLS_AUTHORS: frozenset[Kind] = frozenset(("assessment", "ballot", "synthesis"))
"""Who weighs texts against each other is told which are by the same author."""


class Request(Struct, frozen=True):
    """Messages as lists of references, the reference of the answer's JSON Schema, and the texts
    behind those that are named for the first time.
    """

    messages: tuple[Message, ...]
    parts: Mapping[str, str]
    schema_part: str | None = None


def template_of(turn: Turn, terms: Terms) -> str:
    """The name of the template that asks for a turn."""
    return "merge" if turn.kind == "synthesis" and terms.synthesis == "merge" else turn.kind


@lru_cache(maxsize=256)
def cut(name: str, text: str) -> tuple[tuple[str, str], ...]:
    """A template as (words, placeholder) pairs; the last placeholder is "".

    Raises DialecticError for a placeholder that `name` does not have.
    """
    pieces: list[tuple[str, str]] = []
    words, end = "", 0
    for match in Template.pattern.finditer(text):
        words += text[end : match.start()]
        end = match.end()
        if match["escaped"] is not None:
            words += "$"
            continue
        placeholder = match["named"] or match["braced"]
        if placeholder not in PLACEHOLDERS[name]:
            raise DialecticError(
                f"the template has no {match[0]!r}",
                where=f"prompts/{name}.md line {text.count(chr(10), 0, match.start()) + 1}",
                fix="use "
                + ", ".join(f"${each}" for each in sorted(PLACEHOLDERS[name]))
                + "; write $$ for a $",
                exit_code=ExitCode.CONFIGURATION,
            )
        pieces.append((words, placeholder))
        words = ""
    return (*pieces, (words + text[end:], ""))


class Renderer:
    """Writes the requests of one agent. What it remembers (references, ropes) could be computed
    again at any time.
    """

    def __init__(
        self,
        role: Role,
        templates: Mapping[str, str],
        names: Mapping[str, str],
        refs: dict[str, str],
        terms: Terms | None = None,
    ) -> None:
        """`templates` by name; `names` by which agents are known to who judges them, by id; `refs`
        (by text) is known to the log already and grows; `terms` of the contracts.
        """
        self.terms = terms or Terms()
        self._role = role
        self._templates = templates
        self._names = names
        self._refs = refs
        self._ropes: dict[str, str] = {}
        self._system: Message | None = None

    def request(self, brief: Brief) -> Request:
        """What to send for a brief."""
        parts: dict[str, str] = {}
        if self._system is None:
            self._system = Message("system", self._fill("system", self._persona(parts), parts))
        name = template_of(brief.turn, self.terms)
        task = Message("user", self._fill(name, self._material(brief, parts), parts))
        schema = answer_schema(brief.turn, self.terms)
        schema_part = self._add(schema, parts) if schema is not None else None
        return Request((self._system, task), parts, schema_part)

    def again(
        self, request: CallRequested, answer: CallAnswered, findings: Sequence[str]
    ) -> Request:
        """What to send next when an answer missed what `findings` say: all that was asked and what
        tools said to it, and of the answers that missed the last one only.
        """
        parts: dict[str, str] = {}
        listed = "\n".join(f"- {each}" for each in findings)
        missed = f"Your answer missed what was asked:\n{listed}\n\nAnswer again, completely."
        asked = request.messages[:-2] if _asks_again(request) else request.messages
        said = Message("assistant", (self._add(answer.text, parts),))
        return Request((*asked, said, Message("user", (self._add(missed, parts),))), parts)

    def further(
        self, request: CallRequested, answer: CallAnswered, results: Sequence[ToolResult]
    ) -> Request:
        """What to send next when an answer asked for tools: all that was said, and what the tools
        say.
        """
        parts: dict[str, str] = {}
        words = (self._add(answer.text, parts),) if answer.text else ()
        asked = Message("assistant", words, tools=self._add(answer.tools, parts))
        told = [
            Message("tool", (self._add(each.content, parts),), answers=each.id) for each in results
        ]
        return Request((*request.messages, asked, *told), parts)

    def _fill(
        self, name: str, values: Mapping[str, Sequence[str]], parts: dict[str, str]
    ) -> tuple[str, ...]:
        """A template with references for its words and values."""
        refs: list[str] = []
        for words, placeholder in cut(name, self._templates[name]):
            if words:
                refs.append(self._add(words, parts))
            refs.extend(values.get(placeholder, ()))
        return tuple(refs)

    def _persona(self, parts: dict[str, str]) -> Mapping[str, Sequence[str]]:
        checklist = "\n".join(f"- {each.name}: {each.question}" for each in self._role.checklist)
        return {
            "persona": (self._add(self._role.system_prompt.strip(), parts),),
            "checklist": (self._add(checklist, parts),) if checklist else (),
        }

    def _material(self, brief: Brief, parts: dict[str, str]) -> Mapping[str, Sequence[str]]:
        """The values of the placeholders."""
        focus = self._role.focus.get(brief.turn.kind, self._role.description)
        history = [self._rope(link, brief.turn, parts) for link in brief.history if link.tells]
        if history:
            history.insert(0, f"{OURS}## Earlier rounds\n\n")
        return {
            "problem": (self._add(brief.problem, parts),),
            "focus": (self._add(focus.strip(), parts),),
            "history": history,
            "shown": self._shown(brief, parts),
            "limit": (OURS + self._limit(brief.turn),),
        }

    def _limit(self, turn: Turn) -> str:
        """How much is asked for at most, in words."""
        if turn.kind == "question":
            return f"{self.terms.questions} question{'s' if self.terms.questions != 1 else ''}"
        summary = self.terms.summarization
        return f"{summary.max_length} {summary.unit}" if summary is not None else "2500 characters"

    def _shown(self, brief: Brief, parts: dict[str, str]) -> list[str]:
        refs: list[str] = []
        critiques = 0
        for shown in brief.shown:
            critiques += shown.kind == "critique" and shown.to == brief.turn.speaker
            heading = self._heading(shown, brief.turn, critiques)
            refs.extend(self._block(heading, shown.text, parts))
        return refs

    def _block(self, heading: str, text: str, parts: dict[str, str]) -> tuple[str, str, str]:
        ref = self._add(text, parts)
        mark = ref[:12]
        return f"{OURS}{heading}\n\n[begin {mark}]\n", ref, f"{OURS}\n[end {mark}]\n\n"

    def _rope(self, link: Link, turn: Turn, parts: dict[str, str]) -> str:
        """One reference for a link and all that it stands on; its parts are added when it is first
        bound.
        """
        for each in _from_the_lowest(link, self._ropes):
            strands = [self._ropes[base.turn] for base in each.base]
            for shown in each.entries:
                strands.extend(self._block(self._heading(shown, turn, 0), shown.text, parts))
            ref, text = rope(strands)
            self._ropes[each.turn] = ref
            parts[ref] = text
        return self._ropes[link.turn]

    def _heading(self, shown: Shown, turn: Turn, number: int) -> str:
        """How a text is announced to who takes `turn`: whose it is, as far as that is told."""
        if shown.kind == "answer":
            return "### What the person answered before the debate"
        when = f" (round {shown.round})" if shown.round else ""
        if turn.kind in _TELLS_AUTHORS or (turn.kind == "summary" and not turn.round):
            author = self._names.get(shown.speaker, shown.speaker)
            to = (
                f" to {self._names.get(shown.to, shown.to)}"
                if shown.kind == "critique" and shown.to
                else ""
            )
            return f"### {shown.kind.capitalize()} by {author}{to}{when}"
        if shown.speaker == turn.speaker:
            return f"### Your {shown.kind}{when}"
        if shown.turn == turn.target:
            return f"### The {shown.kind} under review{when}"
        if shown.kind == "critique" and shown.to == turn.speaker:
            return f"### Critique{f' {number}' if number else ''} of your proposal{when}"
        return f"### A colleague's {shown.kind}{when}"

    def _add(self, text: str, parts: dict[str, str]) -> str:
        ref = self._refs.get(text)
        if ref is None:
            ref = self._refs[text] = refer(text)
            parts[ref] = text
        return ref


def _asks_again(request: CallRequested) -> bool:
    """Whether a request ends with an answer that missed, and what it missed."""
    return any(said.role == "assistant" and said.tools is None for said in request.messages[-2:-1])


def _from_the_lowest(link: Link, bound: Mapping[str, str]) -> Iterator[Link]:
    """The link and those it stands on, as far as they are not bound yet, each after its base."""
    pending, done = [link], set(bound)
    while pending:
        each = pending[-1]
        missing = [base for base in each.base if base.turn not in done]
        if missing:
            pending.extend(missing)
            continue
        pending.pop()
        if each.turn not in done:
            done.add(each.turn)
            yield each
