"""From a failure to the smallest one that breaks the same law: fewer agents, rounds and features,
fewer faults, fewer and calmer choices.

Every candidate is a whole run; nothing is guessed from the run before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from dialectic_actors.testing.config import Config
from dialectic_actors.testing.simulation.faults import CALM, SWITCHES, Faults
from dialectic_actors.testing.simulation.run import SimulationFailed, simulate

__all__ = ["shrink"]


def shrink(failure: SimulationFailed, *, attempts: int = 2_000) -> SimulationFailed:
    """The smallest failure of the same law that some `attempts` runs lead to."""
    best = failure
    for _ in range(attempts):
        for config, faults, choices in _smaller(best):
            attempts -= 1
            found = _fails(config, faults, choices)
            if found is not None and found.law == best.law and _size(found) < _size(best):
                best = found
                break
            if attempts <= 0:
                return best
        else:
            return best
    return best


def _fails(config: Config, faults: Faults, choices: Sequence[int]) -> SimulationFailed | None:
    try:
        simulate(config, faults, choices=choices)
    except SimulationFailed as failure:
        return failure
    return None


def _size(failure: SimulationFailed) -> tuple[int, ...]:
    """What makes one failure smaller than another, the weightiest first."""
    config, faults = failure.config, failure.faults
    switches = sum(getattr(faults, name) != getattr(CALM, name) for name in _SWITCHES)
    features = sum(getattr(config, name) != getattr(_PLAIN, name) for name in _FEATURES)
    return (
        len(failure.events),
        switches,
        failure.steps,
        len(config.speakers),
        config.rounds,
        features,
        faults.failing,
        sum(map(bool, failure.choices)),
        len(failure.choices),
    )


_SWITCHES = (*SWITCHES, "failing", "troubles")
_PLAIN = Config()
_FEATURES = ("clarifications", "summaries", "stop", "synthesis", "failure", "tools", "limits")


def _smaller(failure: SimulationFailed) -> Iterator[tuple[Config, Faults, Sequence[int]]]:
    config, faults, choices = failure.config, failure.faults, failure.choices
    for agents in range(1, len(config.speakers)):
        yield replace(config, agents=config.speakers[:agents]), faults, choices
    for rounds in range(1, config.rounds):
        yield replace(config, rounds=rounds), faults, choices
    for name in _FEATURES:
        if getattr(config, name) != getattr(_PLAIN, name):
            yield replace(config, **{name: getattr(_PLAIN, name)}), faults, choices
    for name in _SWITCHES:
        if getattr(faults, name) != getattr(CALM, name):
            yield config, replace(faults, **{name: getattr(CALM, name)}), choices
    for outage in range(faults.outage):
        yield config, replace(faults, outage=outage), choices
    for trouble in faults.troubles:
        # A key that is refused always is a run that rests for ever.
        if len(faults.troubles) > 1 and trouble != "auth":
            yield config, replace(faults, troubles=(trouble,), failing=100), choices
    yield from ((config, faults, fewer) for fewer in _fewer(choices))


def _fewer(choices: Sequence[int]) -> Iterator[Sequence[int]]:
    """Shorter lists, then lists with a stretch left out, then calmer ones."""
    length = len(choices)
    stretch = length
    while stretch:
        yield choices[: length - stretch]
        for start in range(0, length, stretch):
            if any(choices[start : start + stretch]):
                yield (*choices[:start], *(0,) * stretch, *choices[start + stretch :])
            yield (*choices[:start], *choices[start + stretch :])
        stretch //= 2
    for index, choice in enumerate(choices):
        if choice > 1:
            yield (*choices[:index], choice // 2, *choices[index + 1 :])
