"""The door: `dialectic` and `python -m dialectic_actors`. Asking for the version imports nothing
else.
"""

from __future__ import annotations

import sys

from dialectic_actors._version import __version__

__all__ = ["main"]


def main() -> int:
    """Run the command line and return its exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        # A caller may have closed it.
        if sys.stdout is not None:
            sys.stdout.write(__version__ + "\n")
        return 0
    from dialectic_actors.cli.program import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
