"""The settings that a debate would be run with, layer over layer, and where each came from.

Defaults under a person's file under the project's under the environment under the command line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from msgspec import Struct

from dialectic_actors.settings.debate import Settings
from dialectic_actors.settings.documents import Document, Steps, field_path
from dialectic_actors.settings.layers import load, user_folder
from dialectic_actors.settings.overrides import (
    VARIABLES,
    select,
    with_environment,
    with_model,
    with_rounds,
)
from dialectic_actors.settings.written import written
from dialectic_events.errors import DialecticError, ExitCode

__all__ = ["Effective", "Origin", "effective", "origins"]

_OLDER: Mapping[Steps, Steps] = {
    ("debate", "history"): ("debate", "includeFullHistory"),
    ("debate", "limits", "round_deadline_s"): ("debate", "timeoutPerRound"),
    ("debate", "limits", "run_deadline_s"): ("debate", "timeout"),
}
"""Other keys that may have stated a setting."""

_ROUTE = ("models", "provider", "model")


class Effective(Struct, frozen=True):
    """Settings, the files that they were loaded from, and who changed `models` and `rounds` above
    them.
    """

    settings: Settings
    document: Document
    models: str | None = None
    rounds: str | None = None


class Origin(Struct, frozen=True):
    """A setting by its path in a file, its value, and where it came from: `file:line`, `default`,
    `environment NAME`, an option.
    """

    field: str
    value: Any
    origin: str


def effective(
    config: str | PathLike[str] | None,
    *,
    cwd: Path,
    env: Mapping[str, str],
    agents: Sequence[str] = (),
    rounds: int | None = None,
    model: str | None = None,
    offline: bool = False,
) -> Effective:
    """The settings in `config`, or in what lies under `cwd`, with the environment and what the
    caller asks for on top.

    Raises DialecticError: exit 4 for a file or a variable that is not understood, 2 for the rest,
    also for values of other types.
    """
    _check_types(config, agents, rounds, model)
    if offline and model is not None:
        raise DialecticError(
            "a rehearsal asks no model: offline and a model exclude each other",
            fix="leave one out",
            exit_code=ExitCode.USAGE,
        )
    loaded = load(None if config is None else Path(config), cwd=cwd, user=user_folder(env))
    document, settings = loaded.document, loaded.sound()
    settings = select(with_environment(settings, env), agents)
    named = {name.removeprefix("DIALECTIC_"): f"environment {name}" for name in VARIABLES}
    by = {key: name for key, name in named.items() if env.get(f"DIALECTIC_{key}", "").strip()}
    if rounds is not None:
        settings, by["ROUNDS"] = with_rounds(settings, rounds), "--rounds"
    if offline:
        settings, by["MODEL"] = with_model(settings, "rehearsal"), "--offline"
    elif model is not None:
        settings, by["MODEL"] = with_model(settings, model), "--model"
    return Effective(settings, document, by.get("MODEL"), by.get("ROUNDS"))


def _check_types(config: object, agents: object, rounds: object, model: object) -> None:
    """Refuse what only a program can get wrong: on a command line everything has its type."""
    if config is not None and not isinstance(config, str | PathLike):
        what, fix = "`config` is no path", "write the settings into a file, and give its path"
    elif isinstance(agents, str):
        what, fix = "`agents` is one text, not a list", f'write agents=["{agents}"]'
    elif agents is not None and not _are_texts(agents):
        fix = 'give a list of roles or agent ids: agents=["architect", "kiss"]'
        what = f"`agents` is {agents!r}"
    elif isinstance(rounds, bool) or not isinstance(rounds, int | None):
        what, fix = f"`rounds` is {rounds!r}", "give a whole number: rounds=2"
    elif not isinstance(model, str | None):
        what, fix = f"`model` is {model!r}", 'give "provider/model" as a text'
    else:
        return
    raise DialecticError(what, fix=fix, exit_code=ExitCode.USAGE)


def _are_texts(given: object) -> bool:
    return isinstance(given, Collection) and all(isinstance(each, str) for each in given)


def origins(found: Effective) -> Iterator[Origin]:
    """Every setting with its value and its origin, in the order of a file."""
    for steps, value in _leaves(written(found.settings), ()):
        yield Origin(field_path(steps), value, _origin(found, steps))


def _origin(found: Effective, steps: Steps) -> str:
    if found.models is not None and any(step in _ROUTE for step in steps):
        return found.models
    if found.rounds is not None and steps == ("debate", "rounds"):
        return found.rounds
    for place in _places(found, steps):
        if _stated(found.document.value, place):
            return found.document.line(place)
    return "default"


def _places(found: Effective, steps: Steps) -> Iterator[Steps]:
    """Where a file may have stated the setting at `steps`, the strongest first."""
    match steps:
        case ("agents", int(index), *rest):
            agent = found.settings.agents[index].id
            listed = found.document.value.get("agents", ())
            own = [n for n, each in enumerate(listed) if each.get("id") == agent]
            places: list[Steps] = [("agents", n, *rest) for n in own]
        case _:
            places = [steps]
    for place in places:
        yield place
        for n, step in enumerate(place):
            if step in _ROUTE:
                yield place[: n + 2]
                yield (*place[:n], "models")
        if place[-1] == "summaryPromptPath":
            yield (*place[:-1], "summarization", "promptPath")
    if steps in _OLDER:
        yield _OLDER[steps]
    if "summarization" in steps:
        yield ("debate", *steps[steps.index("summarization") :])


def _stated(value: Any, steps: Steps) -> bool:
    try:
        for step in steps:
            value = value[step]
    except (KeyError, IndexError, TypeError):
        return False
    return True


def _leaves(value: Any, steps: Steps) -> Iterator[tuple[Steps, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*steps, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*steps, index))
    else:
        yield steps, value
