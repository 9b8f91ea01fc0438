"""`make bench`: run all benchmarks, or those that are named, and print what they measured.

Must not go in here: how anything is measured.
"""

from __future__ import annotations

import sys
from importlib import import_module

from benchmarks.table import show

NAMES = (
    "machine",
    "startup",
    "append",
    "growth",
    "prompts",
    "tokens",
    "replay",
    "actors",
    "orchestration",
    "client",
    "wall",
    "overlap",
    "hundred",
    "simulation",
    "display",
)


def main() -> None:
    """Each benchmark in turn, so that none disturbs another."""
    unknown = set(sys.argv[1:]) - set(NAMES)
    if unknown:
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    for name in sys.argv[1:] or NAMES:
        print(f"\n{name}")
        show(import_module(f"benchmarks.{name}").rows())


main()
