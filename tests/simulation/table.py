"""The table of planted bugs in the proof: `PYTHONPATH=tests python -m simulation.table` finds them
all again and writes it, with the smallest counterexample of each; `… NAME` tells that of one.

The tests hold the table to what the code does today, so it cannot be out of date for long.
"""

from __future__ import annotations

import re
import sys
from multiprocessing import get_context
from pathlib import Path

from dialectic_actors.testing.simulation.cases import read_case, write_case
from simulation.killing import SEEDS, SHORT, find, planted
from simulation.mutants import MUTANTS
from support.checkout import ROOT

__all__ = ["PROOF", "counterexample", "kills"]

PROOF = ROOT / "docs" / "explanation" / "proof.md"

_FOLDER = Path(__file__).parent / "counterexamples"
_HEAD = (
    "| Planted bug | What it does | Broken law | Found by seed | Steps | Events |\n"
    "|---|---|---|---|---|---|"
)
_TABLE = re.compile(r"(?<=<!-- table -->\n).*?(?=<!-- end -->)", re.DOTALL)


def counterexample(name: str) -> Path:
    """Where the smallest counterexample of a planted bug is kept."""
    return _FOLDER / f"{name}.json"


def kills() -> dict[str, tuple[str, int]]:
    """The lines of the table as they are written, each with its seed, by the bug's name."""
    lines = PROOF.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| `")]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return {
        name.strip("`"): (row, int(seed))
        for row, (name, _, _, seed, *_) in zip(rows, cells, strict=True)
    }


def _row(name: str) -> str:
    """Find a planted bug, keep its counterexample, and give its line; why not, if it cannot be."""
    mutant = next(each for each in MUTANTS if each.name == name)
    found = find(mutant)
    if found is None:
        return f"{name} lives: {SEEDS} seeds break no law"
    kill, smallest = found
    write_case(counterexample(name), smallest)
    if kill.events > SHORT:
        return f"{name} does not shrink: {kill.events} events"
    return kill.row()


def _write() -> int:
    with get_context("spawn").Pool() as pool:
        rows = pool.map(_row, [mutant.name for mutant in MUTANTS], chunksize=1)
    failed = [row for row in rows if not row.startswith("|")]
    for row in failed:
        sys.stderr.write(f"{row}\n")
    table = "\n".join([_HEAD, *(row for row in rows if row.startswith("|"))])
    text = PROOF.read_text(encoding="utf-8")
    PROOF.write_text(_TABLE.sub(lambda _: f"\n{table}\n\n", text), encoding="utf-8")
    return 1 if failed else 0


def _tell(name: str) -> int:
    mutant = next((each for each in MUTANTS if each.name == name), None)
    if mutant is None:
        sys.stderr.write(f"there is no {name}; the table in {PROOF.name} has all names\n")
        return 2
    with planted(mutant):
        story = read_case(counterexample(name)).story()
    sys.stdout.write(
        f"{mutant.planted}\n\n{mutant.place}\n- {mutant.old}\n+ {mutant.new}\n\n{story}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(_tell(sys.argv[1]) if len(sys.argv) > 1 else _write())
