"""Commands in processes that are forked from one which has imported the program already.

To load the program and the SDK takes a command longer than most debates of a test; this way it is
done once. All else is as a stranger has it: a process of its own with its own directory,
environment, streams and end. Processes that a test kills, interrupts or gives a terminal are
started from nothing (support.program), and so is everything that a page of the documentation shows.
"""

from __future__ import annotations

import functools
import os
import runpy
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from unittest import mock

PRELOADED = [
    "dialectic_actors.api.runs",
    "dialectic_actors.cli.debate",
    "dialectic_actors.cli.program",
    "dialectic_actors.llm.openai_dialect",
    "dialectic_actors.llm.rehearsal",
    "dialectic_actors.runtime.system",
    "openai.resources.chat",
    "openai.resources.responses",
    "support.forked",
]


def run_forked(
    cwd: Path,
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    stdin: bytes,
    network: bool,
    timeout_s: float,
) -> tuple[int, bytes, bytes]:
    """Run a command to its end: its exit code and what it wrote to stdout and stderr.

    Raises TimeoutError when it has not ended in time; it has been killed then.
    """
    context = _server(env["PYTHONPATH"])
    read, write = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = context.Process(
            target=_become, args=(cwd, tuple(arguments), dict(env), read, out, err, network)
        )
        process.start()
        read.close()
        with os.fdopen(os.dup(write.fileno()), "wb") as pipe:
            write.close()
            pipe.write(stdin)
        process.join(timeout_s)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutError(f"{' '.join(arguments)}: no end after {timeout_s} s")
        code = process.exitcode
        process.close()
        return code, out.read_bytes(), err.read_bytes()


@functools.cache
def _server(path: str) -> ForkServerContext:
    """The process that has imported the program, once for each process of tests."""
    context = get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    with mock.patch.dict(os.environ, {"PYTHONPATH": path}):
        ensure_running()
    return context


def _become(
    cwd: Path,
    arguments: tuple[str, ...],
    env: dict[str, str],
    stdin: Connection,
    out: Path,
    err: Path,
    network: bool,
) -> None:
    for stream, place in enumerate((stdin.fileno(), _opened(out), _opened(err))):
        os.dup2(place, stream)
    stdin.close()
    sys.stdin = os.fdopen(0, encoding="utf-8")
    sys.stdout = os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace")
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    if not network:
        without_network()
    sys.argv = ["dialectic", *arguments]
    runpy.run_module("dialectic_actors", run_name="__main__")


def _opened(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)


def without_network() -> None:
    """Let every connection of this process raise."""

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a socket was used")

    for name in ("connect", "connect_ex"):
        setattr(socket.socket, name, refused)
    socket.getaddrinfo = refused  # type: ignore[assignment]
