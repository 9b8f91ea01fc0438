"""Asking a person for answers: a dialogue on a terminal, or lines from a pipe.

Questions go to stderr, each answer is one line of stdin. One thread asks, about one agent after the
other; what is answered is decided elsewhere.
"""

from __future__ import annotations

import os
import select
import sys
import termios
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from dialectic_actors.cli.terminal import one_line, safe, say
from dialectic_events.contents import Question
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.runs import RunOpened

if TYPE_CHECKING:
    from dialectic_actors.api.respondent import Respondent

__all__ = ["Dialogue", "asking", "dialogue", "refuse_answers"]

Pause = Callable[[], AbstractContextManager[None]]
Reply = Callable[[Sequence[str] | None], None]
Settled = Callable[[Sequence[Question]], bool]

_CHUNK_BYTES = 65_536
_STDERR = 2


class _Asked(Struct, frozen=True):
    turn: str
    asker: str
    questions: tuple[Question, ...]
    reply: Reply


class _Withdrawn(Exception):
    """Nobody needs the answer any more."""


class Dialogue:
    """The `Person` who reads stderr and writes lines to `source`. `names` are those of the agents;
    nothing else is said while a person is asked (`pause`). Questions that are taken back though
    they are not `settled` stay open. A context manager.
    """

    def __init__(
        self,
        source: int,
        names: Mapping[str, str],
        *,
        is_terminal: bool,
        pause: Pause = nullcontext,
        settled: Settled = lambda _: True,
    ) -> None:
        self.by = "terminal" if is_terminal else "lines"
        self._source, self._names, self._pause = source, names, pause
        self._is_terminal, self._settled = is_terminal, settled
        self._asked: SimpleQueue[_Asked | None] = SimpleQueue()
        self._open: set[str] = set()
        self._read = b""
        self._has_ended = False
        self._woken, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._work, name="dialogue", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._open.clear()
        self._asked.put(None)
        os.write(self._wake, b"!")
        # A terminal that was stopped (Ctrl-S) may keep the thread; nobody waits for it.
        self._thread.join(timeout=1.0)
        if not self._thread.is_alive():
            os.close(self._wake)
            os.close(self._woken)
            self._say_what_is_left()

    def _say_what_is_left(self) -> None:
        """Lines that answered nothing, of those that were read; what was not is left to others."""
        left = 0 if self._is_terminal else len(self._read.splitlines())
        if left:
            say(f"{left} more line{'s' * (left > 1)} of input answered no question")

    def put(
        self, run: str, turn: str, asker: str, questions: Sequence[Question], reply: Reply
    ) -> None:
        """Ask when those before have been asked."""
        self._open.add(turn)
        self._asked.put(_Asked(turn, asker, tuple(questions), reply))

    def withdraw(self, run: str, turn: str) -> None:
        """End the prompt, or ask no more."""
        if turn in self._open:
            self._open.discard(turn)
            os.write(self._wake, b"!")

    def _work(self) -> None:
        while (asked := self._asked.get()) is not None:
            with self._pause():
                if self._is_terminal and not self._has_ended:
                    self._forget_typed()
                self._take(asked)
                while not self._asked.empty() and (asked := self._asked.get()) is not None:
                    self._take(asked)
            if asked is None:
                return

    def _take(self, asked: _Asked) -> None:
        """Put an agent's questions, one after the other."""
        if asked.turn not in self._open:
            return
        answers = None if self._has_ended else self._answers(asked)
        if asked.turn in self._open:
            self._open.discard(asked.turn)
            asked.reply(answers)

    def _answers(self, asked: _Asked) -> list[str] | None:
        count = len(asked.questions)
        say("")
        say(f"{self._named(asked.asker)} asks{'' if count == 1 else f' {count} questions'}:")
        answers: list[str] = []
        try:
            for each in asked.questions:
                first, *rest = each.question.strip().splitlines() or [""]
                say("\n".join([f"  {each.id}  {first}", *(f"    {line}" for line in rest)]))
                _show("  > ")
                line = self._line(asked.turn)
                if line is None:
                    self._has_ended = True
                    _show("\n")
                    if answers:
                        say(f"  not recorded: an agent's {count} questions are answered together")
                    return None
                if not self._is_terminal:
                    _show(f"{line}\n")
                answers.append(line)
        except _Withdrawn:
            _show("\n")
            if self._settled(asked.questions):
                say("  no answer is needed any more")
            if self._is_terminal:
                self._forget_typed()
            return None
        return answers

    def _line(self, turn: str) -> str | None:
        """The next line, trimmed; None at the end of all lines. Raises _Withdrawn."""
        while b"\n" not in self._read:
            if turn not in self._open:
                raise _Withdrawn
            ready, _, _ = select.select([self._source, self._woken], [], [])
            if self._woken in ready:
                os.read(self._woken, _CHUNK_BYTES)
            elif not (chunk := self._chunk()):
                last, self._read = self._read, b""
                return _text(last) if last else None
            else:
                self._read += chunk
        line, _, self._read = self._read.partition(b"\n")
        return _text(line)

    def _chunk(self) -> bytes:
        try:
            return os.read(self._source, _CHUNK_BYTES)
        except OSError:
            # The terminal was closed.
            return b""

    def _forget_typed(self) -> None:
        """What was typed before a question was shown does not answer it."""
        self._read = b""
        with suppress(termios.error):
            termios.tcflush(self._source, termios.TCIFLUSH)

    def _named(self, agent: str) -> str:
        name = one_line(self._names.get(agent, agent))
        return name if name == agent else f"{name} ({one_line(agent)})"


def dialogue(
    opened: RunOpened,
    *,
    pause: Pause = nullcontext,
    settled: Settled = lambda _: True,
    no_input: bool = False,
) -> Dialogue | None:
    """Who is asked at stdin; None when nobody can be."""
    try:
        source = sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):
        return None
    is_terminal = os.isatty(source)
    # Nobody answers what is shown to nobody. What stands in for `sys.stderr` does not know.
    if no_input or (is_terminal and not os.isatty(_STDERR)):
        return None
    names = {agent.id: agent.name for agent in opened.agents}
    return Dialogue(source, names, is_terminal=is_terminal, pause=pause, settled=settled)


def refuse_answers(answers: Path | None, opened: RunOpened) -> None:
    """Refuse answers to a run that asks nothing. Raises DialecticError (exit 2)."""
    if answers is not None and not _asks(opened):
        raise DialecticError(
            "there are answers, and nobody asks",
            where=str(answers),
            fix="let the agents ask with --clarify, or leave --answers out",
            exit_code=ExitCode.USAGE,
        )


@contextmanager
def asking(
    respondent: Respondent, opened: RunOpened, pause: Pause, *, no_input: bool, quiet: bool
) -> Iterator[None]:
    """Let a person at stdin answer what a run asks while the block is entered, unless it asks
    nothing. Afterwards it is said which answers nobody asked for.
    """
    if not _asks(opened):
        yield
        return
    settled = respondent.asked.is_settled
    person = dialogue(opened, pause=pause, settled=settled, no_input=no_input)
    if person is None:
        yield
    else:
        respondent.hand_over(person, in_order=person.by == "lines")
        with person:
            yield
    for line in () if quiet else respondent.unused():
        say(f"note: {line}")


def _asks(opened: RunOpened) -> bool:
    return any(stage.clarifications is not None for stage in opened.stages)


def _text(line: bytes) -> str:
    return line.decode(errors="replace").strip()


def _show(words: str) -> None:
    """Words without an end of line."""
    with suppress(OSError):
        sys.stderr.write(safe(words))
        sys.stderr.flush()
