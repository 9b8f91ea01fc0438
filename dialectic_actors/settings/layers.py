"""Where settings come from: the built-in defaults under a person's own file, under the project's.

The environment and the command line change what is loaded here: see `overrides`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from dialectic_actors.settings.debate import Settings
from dialectic_actors.settings.documents import Document, Steps, read_document, refuse
from dialectic_actors.settings.meaning import settings_of
from dialectic_actors.settings.misfits import read_shape
from dialectic_actors.settings.shapes import ConfigurationShape
from dialectic_events.errors import DialecticError

__all__ = ["CONFIG_NAMES", "USER_NAMES", "Loaded", "load", "load_settings", "user_folder"]

CONFIG_NAMES = tuple(f"debate-config.{suffix}" for suffix in ("json", "yaml", "yml", "toml"))
"""The configurations that are looked for in the working directory when none is named."""

USER_NAMES = tuple(f"config.{suffix}" for suffix in ("json", "yaml", "yml", "toml"))
"""The configurations that are looked for in a person's own folder."""

_RIVALS = (
    ({"models"}, {"model", "provider"}),
    ({"history"}, {"includeFullHistory"}),
)
"""Keys that say the same in two ways: one of a stronger layer replaces its rivals of a weaker."""

_NOWHERE = Document("the built-in settings", {}, {})


class Loaded(Struct, frozen=True):
    """What was found: the files' values and their places, the settings (None for a file that is no
    configuration at all), and each problem.
    """

    document: Document
    settings: Settings | None
    problems: tuple[DialecticError, ...] = ()

    def sound(self) -> Settings:
        """The settings. Raises the first problem instead, if there is one."""
        if self.settings is None or self.problems:
            raise self.problems[0]
        return self.settings


def user_folder(env: Mapping[str, str]) -> Path | None:
    """The folder of a person's own configuration: `DIALECTIC_CONFIG_DIR`, else where the system
    keeps such things; None when the variable is empty.
    """
    if "DIALECTIC_CONFIG_DIR" in env:
        return Path(env["DIALECTIC_CONFIG_DIR"]) if env["DIALECTIC_CONFIG_DIR"] else None
    from platformdirs import user_config_path

    return user_config_path("dialectic", appauthor=False)


def load_settings(path: Path | None, *, cwd: Path, user: Path | None = None) -> Settings:
    """The settings in `path`, or in `debate-config.json` (`.yaml`, `.toml`) under `cwd`, over those
    of the folder `user` if there are any; without a file, the defaults.

    Relative paths start at `cwd`, those inside a file at its directory. Raises DialecticError (exit
    4) with file, line and field for anything that is not understood.
    """
    return load(path, cwd=cwd, user=user).sound()


def load(path: Path | None, *, cwd: Path, user: Path | None = None) -> Loaded:
    """The same with every problem that can be found. Raises DialecticError (exit 4) for a file that
    cannot be read, or is not JSON, YAML or TOML.
    """
    file = cwd / path if path is not None else _only(cwd, CONFIG_NAMES)
    own = None if user is None else _only(user, USER_NAMES)
    fix = "check the path after --config, or leave it out to use the built-in settings"
    layers = [read_document(each, fix=fix) for each in (own, file) if each is not None]
    problems: list[DialecticError] = []
    for layer in layers:
        # Each by itself first: what misfits in a weaker layer must not be hidden by a stronger one.
        if read_shape(layer, lambda problem, _: problems.append(problem)) is None:
            return Loaded(layer, None, tuple(problems))
    document = layers[0] if layers else _NOWHERE
    for layer in layers[1:]:
        document = _over(document, layer)
    # Nothing misfits in sound layers together that did not alone, but what was mended is so again.
    shape = read_shape(document, lambda *_: None) or ConfigurationShape()
    name = None if file is None else str(file.resolve())
    settings = settings_of(document, shape, name, problems.append)
    return Loaded(document, settings, tuple(problems))


def _only(folder: Path, names: tuple[str, ...]) -> Path | None:
    """The one file of `names` in `folder`, if there is one."""
    found = [folder / name for name in names if (folder / name).exists()]
    if len(found) > 1:
        others = ", ".join(each.name for each in found[1:])
        fix = "keep one of them, or name it with --config"
        raise refuse(str(found[0]), f"{others} lies beside it", fix)
    return found[0] if found else None


def _over(under: Document, over: Document) -> Document:
    """One document over another: mappings are merged, everything else is replaced."""
    values, hidden = _merged(under.value, over.value, ())
    places = {
        steps: place
        for steps, place in under.places.items()
        if not any(steps[: len(each)] == each for each in hidden)
    }
    lower = Document(under.source, under.value, places)
    return Document(over.source, values, over.places, lower)


def _merged(under: Any, over: Any, steps: Steps) -> tuple[Any, list[Steps]]:
    """The values of two layers, and what of the lower one is replaced."""
    if not isinstance(under, dict) or not isinstance(over, dict):
        return over, [steps]
    rivals = {
        key
        for one, other in _RIVALS
        for mine, theirs in ((one, other), (other, one))
        if mine & over.keys()
        for key in theirs - over.keys()
    }
    values = {key: value for key, value in under.items() if key not in rivals}
    hidden: list[Steps] = [(*steps, key) for key in rivals]
    for key, value in over.items():
        if key in values:
            values[key], replaced = _merged(values[key], value, (*steps, key))
            hidden.extend(replaced)
        else:
            values[key] = value
    return values, hidden
