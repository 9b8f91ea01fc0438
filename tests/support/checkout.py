"""This checkout as the tests see it: where it is, and how another process imports it."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("dialectic_actors", "events", "replay", "configs")


def checkout_environment() -> dict[str, str]:
    """Return the environment in which a new interpreter imports the packages of this checkout."""
    places = (ROOT, *(ROOT / room for room in ROOMS[1:]))
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places))}
