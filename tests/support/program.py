"""The command as a stranger runs it: a process of its own, in a directory of its own, with an
environment that holds nothing of this one's keys and settings.

No assertions in here; a test says what it expects.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from support.checkout import checkout_environment
from support.forked import run_forked
from support.terminals import Terminal

_FOREIGN = ("OPENAI", "OPENROUTER", "DIALECTIC", "COLUMNS", "PYTHONIOENCODING", "ARGS", "PROBLEM")


class Ended(Struct, frozen=True):
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


def environment(url: str | None = None) -> dict[str, str]:
    """The environment of a command: with a key for the server at `url`, or without any."""
    clean = {
        name: value
        for name, value in checkout_environment().items()
        if not name.startswith(_FOREIGN)
    }
    clean["DIALECTIC_CONFIG_DIR"] = ""
    keys = {} if url is None else {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": url}
    return clean | keys


def command(*arguments: str) -> list[str]:
    """The command line."""
    return [sys.executable, "-m", "dialectic_actors", *arguments]


def dialectic(
    cwd: Path,
    *arguments: str,
    url: str | None = None,
    stdin: bytes = b"",
    network: bool = True,
    variables: Mapping[str, str] | None = None,
) -> Ended:
    """Run a command to its end; without `network`, every connection raises."""
    code, out, err = run_forked(
        cwd,
        arguments,
        env=environment(url) | dict(variables or {}),
        stdin=stdin,
        network=network,
        timeout_s=120,
    )
    return Ended(code, out.decode(), err.decode())


def started(
    cwd: Path, *arguments: str, url: str | None = None, stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """A command under way, its output piped."""
    return subprocess.Popen(
        command(*arguments),
        cwd=cwd,
        env=environment(url),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def on_terminal(
    cwd: Path, on: Terminal, *arguments: str, url: str | None = None
) -> subprocess.Popen[bytes]:
    """A command whose three streams are a terminal."""
    env = environment(url) | {"TERM": "xterm-256color"}
    env.pop("CI", None)
    return subprocess.Popen(
        command(*arguments),
        cwd=cwd,
        env=env,
        stdin=on.slave,
        stdout=on.slave,
        stderr=on.slave,
        start_new_session=True,
    )
