"""Hypothesis strategies of faults: what may go wrong, and in which order things happen."""

from __future__ import annotations

from hypothesis import strategies as st

from dialectic_actors.testing.simulation.faults import SWITCHES, TROUBLES, Faults

__all__ = ["faults"]

_CHOICES = st.lists(st.integers(0, 2**10 - 1), max_size=200).map(tuple)


def faults(*, troubles: bool = True, **switches: bool) -> st.SearchStrategy[Faults]:
    """Faults with a schedule that shrinks to the calm one.

    `crashes=True` lets that fault be drawn, `crashes=False` leaves it out; without any switch all
    may be drawn. `troubles` says whether calls may fail. Raises TypeError for an unknown switch.
    """
    if unknown := switches.keys() - set(SWITCHES):
        raise TypeError(
            f"no such fault: {', '.join(sorted(unknown))}; there are {', '.join(SWITCHES)}"
        )
    wanted = {name for name, on in switches.items() if on}
    drawn = wanted or set(SWITCHES) - switches.keys()
    kinds = st.lists(st.sampled_from(TROUBLES), unique=True, max_size=3).map(tuple)
    return st.builds(
        Faults,
        provider=st.integers(0, 31),
        failing=st.sampled_from((0, 10, 30)) if troubles else st.just(0),
        troubles=kinds if troubles else st.just(()),
        schedule=_CHOICES,
        **{name: st.booleans() for name in sorted(drawn)},
    )
