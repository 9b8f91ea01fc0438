"""`python -m dialectic_actors.testing.simulation`: run seeds, save and shrink what breaks a law.

`--seeds N` or `--from A --seeds N`; `--story SEED` tells one run; a saved case is told by its path.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dialectic_actors.testing.simulation.campaign import Tally, campaign, experiment
from dialectic_actors.testing.simulation.cases import read_case, write_case
from dialectic_actors.testing.simulation.run import SimulationFailed, simulate
from dialectic_actors.testing.simulation.shrinking import shrink
from dialectic_actors.testing.simulation.story import Story
from dialectic_events.errors import DialecticError


def main() -> int:
    """Run what the arguments ask for; 1 when a law was broken."""
    parser = argparse.ArgumentParser(prog="python -m dialectic_actors.testing.simulation")
    parser.add_argument("case", nargs="?", type=Path, help="a saved case to run and tell")
    parser.add_argument("--seeds", type=int, default=1_000, help="how many seeds (1000)")
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--jobs", type=int, default=None, help="processes (one for each core)")
    parser.add_argument("--story", type=int, metavar="SEED", help="tell the run of one seed")
    parser.add_argument("--save", type=Path, default=Path(), help="where failures are saved (.)")
    given = parser.parse_args()
    if given.case is not None:
        return _tell_case(given.case)
    if given.story is not None:
        return _tell_seed(given.story)
    tally = campaign(
        range(given.first, given.first + given.seeds), jobs=given.jobs, heard=_progress
    )
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    sys.stdout.write(
        f"{tally.runs} runs, {tally.steps} steps, {tally.events} events in {tally.seconds:.1f} s: "
        f"{tally.steps / tally.seconds:,.0f} steps/s; {len(tally.broken)} broke a law\n"
    )
    _save(tally, given.save)
    return 1 if tally.broken else 0


def _progress(tally: Tally) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{tally.runs} runs, {len(tally.broken)} broken")


def _save(tally: Tally, folder: Path) -> None:
    """Shrink and save one failure of each law."""
    one_each = {case.broke.partition(":")[0]: (seed, case) for seed, case in tally.broken}
    for seed, case in one_each.values():
        try:
            case.run()
        except SimulationFailed as failure:
            smallest = shrink(failure)
            path = folder / f"seed-{seed}.json"
            write_case(path, smallest)
            sys.stdout.write(
                f"seed {seed}: {smallest.summary}\n"
                f"  {len(smallest.events)} events; saved as {path}\n"
                f"  python -m dialectic_actors.testing.simulation {path}\n"
            )


def _tell_case(path: Path) -> int:
    try:
        case = read_case(path)
    except (DialecticError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(case.story() + "\n")
    return 0


def _tell_seed(seed: int) -> int:
    story = Story()
    try:
        simulate(*experiment(seed), seed=seed, story=story)
    except SimulationFailed as failure:
        sys.stdout.write(f"{story}\n{failure.summary}\n")
        return 1
    sys.stdout.write(f"{story}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
