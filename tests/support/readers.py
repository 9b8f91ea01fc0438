"""A reader of a page: does in a fresh directory what the page says, and returns what was printed.

Commands are run by the shell, with `dialectic` and `python3` of this environment and `make debate`
as the Makefile has it. The address of a model server takes the place of the one that pages name.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from support.checkout import ROOT
from support.loopback import serving
from support.pages import Command, File, Program, Server, Step
from support.program import environment
from support.transcripts import RUN_ID, Ids, pattern

__all__ = ["Reader", "make_debate"]

ADDRESS = "http://localhost:8000/v1"
PATIENCE_S = 60.0


class Reader:
    """One who follows a page in `folder`, which is empty; programs are put into `programs`. A
    context manager: servers listen as long as it is entered.
    """

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder = folder
        self._server = ADDRESS
        self._servers = ExitStack()
        self._env = environment() | {"TZ": "UTC", "HOME": str(programs)}
        self._env["PATH"] = f"{programs}{os.pathsep}{os.environ['PATH']}"
        self._ids: Ids = {}
        self._code = 0
        python = shlex.quote(sys.executable)
        for name, words in {
            "dialectic": f'exec {python} -m dialectic_actors "$@"',
            "python3": f'exec {python} "$@"',
            "make": make_debate((ROOT / "Makefile").read_text(encoding="utf-8")),
        }.items():
            script = programs / name
            script.write_text(f"#!/bin/sh\n{words}\n", encoding="utf-8")
            script.chmod(0o755)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._servers.close()

    def follow(self, step: Step) -> tuple[re.Pattern[str], str] | None:
        """Do one step: what the page says it prints, and what it printed; None for a step that
        prints nothing by its nature.
        """
        match step:
            case File(_, name, text):
                (self._folder / name).write_text(text, encoding="utf-8")
                return None
            case Server(_, options):
                self._servers.close()
                self._server = self._servers.enter_context(serving(options)).url
                return None
            case Program(_, text, shown):
                return self._compared(shown, self._run([sys.executable, "-c", text], None))
            case Command(_, text, shown):
                if text.startswith("export "):
                    self._export(text)
                    return None
                # The exit code of the command before, for `echo $?`.
                script = f"(exit {self._code}); {_alone(self._really(text))}"
                return self._compared(shown, self._run(["sh", "-c", script], _cue(step, self._ids)))

    def _really(self, text: str) -> str:
        """A command with the ids and the address that hold here."""
        text = text.replace(ADDRESS, self._server)
        return RUN_ID.sub(lambda shown: self._ids.get(shown[0], shown[0]), text)

    def _export(self, text: str) -> None:
        for word in shlex.split(text)[1:]:
            name, _, value = word.partition("=")
            self._env[name] = value

    def _compared(self, shown: tuple[str, ...], printed: str) -> tuple[re.Pattern[str], str]:
        printed = printed.replace(self._server, ADDRESS)
        expected = pattern(shown, self._ids)
        if found := expected.fullmatch(printed):
            for name, id in found.groupdict().items():
                self._ids[name.removeprefix("run_").replace("_", "-")] = id
        return expected, printed

    def _run(self, words: list[str], stop: tuple[re.Pattern[str], signal.Signals] | None) -> str:
        """What a command prints, on both streams; it gets the signal of `stop` as soon as it
        prints a line like that.
        """
        process = subprocess.Popen(
            words,
            cwd=self._folder,
            env={name: value.replace(ADDRESS, self._server) for name, value in self._env.items()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        lines: list[str] = []
        with process, _ended_in_time(process):
            assert process.stdout is not None
            for line in process.stdout:
                lines.append(line)
                if stop is not None and stop[0].fullmatch(line):
                    process.send_signal(stop[1])
                    stop = None
        self._code = process.returncode if process.returncode >= 0 else 128 - process.returncode
        last = lines[-1:] and not lines[-1].endswith("\n")
        return "".join(lines) + ("\n" if last else "")


def make_debate(makefile: str) -> str:
    """The recipe of `make debate`, as a script that takes `PROBLEM=…` and `ARGS=…`."""
    default = re.search(r"^PROBLEM \?= (.+)$", makefile, re.MULTILINE)
    recipe = re.search(r"^debate:.*\n\t@?(.+)$", makefile, re.MULTILINE)
    if default is None or recipe is None:
        raise ValueError("the Makefile has no debate with a default problem")
    line = recipe[1].replace("$(BIN)/", "").replace("$(ARGS)", "$ARGS").replace("$$", "$")
    return (
        'test "$1" = debate || { echo "only make debate is run in examples"; exit 2; }\n'
        f"shift\nPROBLEM={shlex.quote(default[1])}\n"
        'for word; do export "$word"; done\n'
        f"exec {line}"
    )


def _alone(text: str) -> str:
    """A simple command takes the shell's place, so that a signal reaches it."""
    return f"exec {text}" if re.fullmatch(r"dialectic [^|;&<>]*", text) else text


def _cue(command: Command, ids: Ids) -> tuple[re.Pattern[str], signal.Signals] | None:
    """The line after which the reader stops a command, and how."""
    if command.stop is None:
        return None
    before = [line for line in command.shown[: command.stop] if line.strip() != "…"]
    how = signal.SIGINT if command.shown[command.stop] == "^C" else signal.SIGKILL
    return pattern(before[-1:], ids), how


@contextmanager
def _ended_in_time(process: subprocess.Popen[str]) -> Iterator[None]:
    guard = threading.Timer(PATIENCE_S, process.kill)
    guard.start()
    try:
        yield
    finally:
        guard.cancel()
