"""Cheap commands stay cheap: what is not needed is not imported.

Nothing is timed here; the benchmarks measure, this lists modules.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.checkout import checkout_environment

HEAVY = {"aiohttp", "anyio", "asyncio", "openai", "pykka", "rich", "structlog", "yaml"}

COMMAND = """
import json, sys
from dialectic_actors.__main__ import main
sys.argv[0] = "dialectic"
status = 0
try:
    status = main()
except SystemExit as end:
    status = end.code
print()
print(json.dumps([status or 0, sorted(sys.modules)]))
"""

IMPORT = """
import json, sys
import dialectic_actors
print(json.dumps([0, sorted(sys.modules)]))
"""


def run_and_list_modules(code: str, directory: Path, *arguments: str) -> tuple[int, set[str]]:
    """Run `code` in a fresh interpreter; return its exit code and the modules it had loaded."""
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=directory,
        env=checkout_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == ended.returncode, ended.stderr
    status, modules = json.loads(ended.stdout.splitlines()[-1])
    return status, set(modules)


def test_importing_the_library_loads_nothing_heavy(tmp_path: Path) -> None:
    """A program may import the library without paying for parts that it does not use."""
    status, modules = run_and_list_modules(IMPORT, tmp_path)

    assert (0, set()) == (status, modules & HEAVY)


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("ls",), ("ls", "--json")])
def test_a_cheap_command_loads_nothing_heavy(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """Asking for the version, help or a listing in a pipe needs no client, loop or renderer."""
    status, modules = run_and_list_modules(COMMAND, tmp_path, *arguments)

    assert (0, set()) == (status, modules & HEAVY)
