"""Looking whether a debate would run here: program, settings, keys, servers, log, clock.

Nothing is mended and nothing is paid for: each fault comes with the command that mends it. No key
is ever put into a diagnosis.
"""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from dialectic_actors.api.store_checks import check_store
from dialectic_events.errors import DialecticError, ExitCode

if TYPE_CHECKING:
    from dialectic_actors.llm.probe import Probed
    from dialectic_actors.llm.providers import Server
    from dialectic_actors.settings import Settings

__all__ = ["Diagnosis", "diagnose", "exit_code_of"]

DEADLINE_S = 5.0
_SKEW = timedelta(minutes=5)
_STRICT = (3, 37)
"""The SQLite that can hold columns to their types; the log works without."""


class Diagnosis(Struct, frozen=True):
    """What was found in one place, and what mends it. `exit_code` is that of a problem."""

    name: str
    status: Literal["ok", "warning", "problem"]
    detail: str
    fix: str = ""
    exit_code: int = ExitCode.CONFIGURATION


def diagnose(
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    config: Path | None = None,
    store: str | Path | None = None,
    offline: bool = False,
) -> Iterator[Diagnosis]:
    """Look at everything that a debate in `cwd` would need, one place after the other. `offline`
    asks no server. Raises nothing that is a fault of the place.
    """
    here = cwd or Path.cwd()
    yield from _program()
    settings, found = _settings(config, here, env)
    yield found
    times: list[datetime] = []
    if settings is not None:
        yield from _providers(settings, env, offline, times)
    for part in check_store(store, here, env):
        times += [] if part.at is None else [part.at]
        yield Diagnosis(part.name, part.status, part.detail, part.fix, part.exit_code)
    yield _clock(datetime.now(UTC), times)


def exit_code_of(found: list[Diagnosis]) -> int:
    """0 without a problem; else the code of the gravest: the log, then the configuration, then a
    provider.
    """
    codes = {each.exit_code for each in found if each.status == "problem"}
    if not codes:
        return ExitCode.DONE
    if ExitCode.INTEGRITY in codes:
        return ExitCode.INTEGRITY
    return ExitCode.PROVIDER if codes == {ExitCode.PROVIDER} else ExitCode.CONFIGURATION


def _program() -> Iterator[Diagnosis]:
    from dialectic_actors._version import __version__

    yield Diagnosis("python", "ok", f"{platform.python_version()}, dialectic-actors {__version__}")
    if sqlite3.sqlite_version_info >= _STRICT:
        yield Diagnosis("sqlite", "ok", sqlite3.sqlite_version)
    else:
        detail = f"{sqlite3.sqlite_version} cannot hold columns to their types"
        yield Diagnosis("sqlite", "warning", detail, "use a Python with SQLite 3.37 or newer")


def _settings(
    config: Path | None, cwd: Path, env: Mapping[str, str]
) -> tuple[Settings | None, Diagnosis]:
    from dialectic_actors.settings import effective

    try:
        settings = effective(config, cwd=cwd, env=env).settings
    except DialecticError as error:
        detail = f"{error.where}: {error.what}" if error.where else error.what
        return None, Diagnosis("settings", "problem", detail, error.fix, error.exit_code)
    source = settings.path or "the built-in settings"
    words = f"{source}: agents {len(settings.agents)}, rounds {settings.rounds}"
    return settings, Diagnosis("settings", "ok", words)


def _providers(
    settings: Settings, env: Mapping[str, str], offline: bool, times: list[datetime]
) -> Iterator[Diagnosis]:
    """The keys that the settings need, then their servers, all asked at once."""
    from dialectic_actors.llm.providers import server_of

    servers: dict[str, Server] = {}
    models = _models(settings)
    for name in models:
        try:
            server = server_of(name, env)
        except DialecticError as error:
            yield Diagnosis(f"key {name}", "problem", error.what, error.fix, error.exit_code)
            continue
        if server is None:
            yield Diagnosis(f"key {name}", "ok", "none is needed")
            continue
        yield Diagnosis(f"key {name}", "ok", f"{server.key_variable} is set")
        servers[name] = server
    if offline or not servers:
        for name, server in servers.items():
            yield Diagnosis(f"server {name}", "ok", f"{server.base_url} was not asked (--offline)")
        return
    from dialectic_actors.llm.probe import probe

    with ThreadPoolExecutor(len(servers)) as pool:
        probes = {name: pool.submit(probe, each, DEADLINE_S) for name, each in servers.items()}
        for name, asked in probes.items():
            probed = asked.result()
            times += [] if probed.at is None else [probed.at]
            yield _server(name, servers[name], probed, models[name])


def _models(settings: Settings) -> dict[str, list[str]]:
    """The models that each provider is asked for."""
    models: dict[str, list[str]] = {}
    for agent in (*settings.agents, settings.judge):
        for model in agent.route:
            names = models.setdefault(model.provider, [])
            if model.name not in names:
                names.append(model.name)
    return models


def _server(name: str, server: Server, probed: Probed, models: list[str]) -> Diagnosis:
    def found(status: Literal["ok", "warning", "problem"], words: str, fix: str = "") -> Diagnosis:
        detail = f"{server.base_url} {words}"
        return Diagnosis(f"server {name}", status, detail, fix, ExitCode.PROVIDER)

    retry = "check the network, or add --offline to rehearse without a model"
    match probed.status:
        case None:
            return found("problem", f"cannot be reached: {probed.trouble}", retry)
        case 401 | 403:
            fix = f"set {server.key_variable} to a key that the provider takes"
            return found("problem", f"refuses the key ({probed.status} {probed.trouble})", fix)
        case 404 | 405:
            return found("ok", "answers, and lists no models")
        case 200:
            missing = [model for model in models if probed.models and model not in probed.models]
            if missing:
                fix = "name one of its models with --model or in the settings"
                return found("warning", f"answers, but does not list {', '.join(missing)}", fix)
            return found("ok", "answers")
        case status if 300 <= status < 400:
            fix = "give the address that it redirects to"
            return found("problem", f"redirects ({status}), which no call follows", fix)
        case status:
            return found("warning", f"answers {status} {probed.trouble}", "try again later")


def _clock(now: datetime, times: list[datetime]) -> Diagnosis:
    """The clock against the log, which cannot come from the future, and against servers."""
    fix = "set the clock; names of runs and Retry-After depend on it"
    shown = f"{now.astimezone():%Y-%m-%d %H:%M:%S %Z}"
    for time in times:
        if time - now > _SKEW:
            return Diagnosis(
                "clock", "warning", f"{shown} is before {time:%Y-%m-%d %H:%M} UTC", fix
            )
    return Diagnosis("clock", "ok", shown)
