"""What somebody probably meant by a name that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["did_you_mean"]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Advice for an unknown `name`: the closest known one, or all of them."""
    names = {each.lower(): each for each in known}
    # Matching is quadratic, and no known name is longer than this.
    close = get_close_matches(name[:60].lower(), names, n=1)
    if close:
        return f"did you mean `{names[close[0]]}`?"
    return f"choose one of {', '.join(names.values())}"
