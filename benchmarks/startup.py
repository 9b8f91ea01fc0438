"""What a command costs before it does anything: processes are started, in shuffled rounds.

The limit is the bare interpreter; the peer of `--version` is `node`, as fast as people expect.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.cast import hold, opening
from benchmarks.orchestration import answering
from benchmarks.table import Goal, Row, show
from dialectic_events.stores.sqlite import SqliteStore

__all__ = ["rows"]

ROUNDS = 9
RUNS = 20
# What the installed script does; it need not be on the path.
OURS = [
    sys.executable,
    "-c",
    "import sys; from dialectic_actors.__main__ import main; sys.exit(main())",
]
BARE = [sys.executable, "-c", "pass"]


def _took_ms(command: list[str], cwd: Path) -> float:
    began = perf_counter()
    subprocess.run(command, cwd=cwd, stdout=subprocess.DEVNULL, check=True)
    return (perf_counter() - began) * 1e3


def rows() -> list[Row]:
    """A version, a help text, and a listing of some runs."""
    commands = {"bare": BARE} | {each: [*OURS, each] for each in ("--version", "--help", "ls")}
    if (node := shutil.which("node")) is not None:
        commands["node"] = [node, "-e", "0"]
    times: dict[str, list[float]] = {name: [] for name in commands}
    with TemporaryDirectory(dir=".") as name:
        folder = Path(name).resolve()
        with SqliteStore(folder / "debates" / "log.db") as store:
            openings = {f"deb-20260101-000000-{n:04}": opening(3, 1, n) for n in range(RUNS)}
            hold(store, answering, openings, perf_counter)
        for _ in range(ROUNDS):
            for each in random.sample(list(commands), len(commands)):
                times[each].append(_took_ms(commands[each], folder))
    ms = {each: median(took) for each, took in times.items()}
    bare, version = ms["bare"], ms["--version"]
    return [
        Row("dialectic --version", version, bare, ms.get("node"), Goal(2.5, "x limit"), "ms"),
        Row("dialectic --version, beside node", version, bare, ms.get("node"), Goal(1), "ms"),
        Row("dialectic --help", ms["--help"], bare, None, Goal(9, "x limit"), "ms"),
        Row(f"dialectic ls, {RUNS} runs", ms["ls"], bare, None, Goal(9, "x limit"), "ms"),
    ]


if __name__ == "__main__":
    show(rows())
