"""What every benchmark prints: one line per measurement, ours beside the limit and the peer.

Must not go in here: how anything is measured. Absolute numbers belong to one machine, so a goal is
set on what travels: a ratio to the limit or the peer. Bounds on our own number need no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

__all__ = ["Goal", "Row", "show"]

HEADER = ("what", "ours", "limit", "x limit", "peer", "x peer", "unit", "goal", "verdict")
LEFT = (0, 6, 7, 8)

Of = Literal["x limit", "x peer", "ours"]


class Goal(NamedTuple):
    """The most that `of` may be: the ratio to the limit or to the peer, or our own number."""

    at_most: float
    of: Of = "x peer"

    def __str__(self) -> str:
        return f"{self.of} <= {self.at_most:.3g}"


class Row(NamedTuple):
    """One measurement, smaller being better; `limit` and `peer` are None where there is none."""

    name: str
    ours: float
    limit: float | None
    peer: float | None
    goal: Goal | None
    unit: str

    @property
    def verdict(self) -> str:
        """Whether the goal is reached; "" without one, or what kept it from being judged."""
        if self.goal is None:
            return ""
        measured = {
            "ours": self.ours,
            "x limit": _over(self.ours, self.limit),
            "x peer": _over(self.ours, self.peer),
        }[self.goal.of]
        if measured is None:
            return "peer not installed" if self.goal.of == "x peer" else "limit not measured"
        return "pass" if measured <= self.goal.at_most else "MISS"


def show(rows: Sequence[Row]) -> None:
    """Print `rows` as an aligned table on standard output."""
    lines = [HEADER, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    for line in lines:
        cells = (
            cell.ljust(width) if column in LEFT else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        print("  ".join(cells).rstrip(), flush=True)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        _number(row.ours),
        _number(row.limit),
        _number(_over(row.ours, row.limit)),
        _number(row.peer),
        _number(_over(row.ours, row.peer)),
        row.unit,
        "" if row.goal is None else str(row.goal),
        row.verdict,
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"


def _over(ours: float, other: float | None) -> float | None:
    return ours / other if other else None
