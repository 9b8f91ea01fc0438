"""What installed packages bring under a name: protocols, tools.

A name is looked for only when it is asked for: looking through the installed packages takes longer
than a listing may. What is brought is judged by whoever wants it.
"""

from __future__ import annotations

from dialectic_events.errors import DialecticError, ExitCode

__all__ = ["broken", "brought"]


def brought(group: str, kind: str, name: str) -> tuple[object, str] | None:
    """What an installed package brings as the `kind` (in words) of this name, and which entry point
    that is; None when there is none.

    Raises DialecticError (exit 4) when that package is broken, or several bring one of that name.
    """
    from importlib.metadata import entry_points

    found = {each.value: each for each in entry_points(group=group, name=name)}
    if len(found) > 1:
        raise DialecticError(
            f"several installed packages bring the {kind} {name!r}: {', '.join(sorted(found))}",
            where=f"entry points {group}",
            fix="uninstall all but one",
            exit_code=ExitCode.CONFIGURATION,
        )
    for value, each in found.items():
        place = f"entry point {value}" + (f" of {each.dist.name}" if each.dist else "")
        try:
            return each.load(), place
        except Exception as error:
            problem = f"cannot be loaded: {type(error).__name__}: {error}"
            raise broken(f"the {kind} {name!r} {problem}", place) from error
    return None


def broken(what: str, place: str) -> DialecticError:
    """The error of a package that brings what cannot be used."""
    return DialecticError(
        what,
        where=place,
        fix="mend or upgrade the package that brings it",
        exit_code=ExitCode.CONFIGURATION,
    )
