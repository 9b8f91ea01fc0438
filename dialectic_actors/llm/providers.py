"""Providers by name: what their files say, what they lack on this machine, and how they are opened.

A provider answers an ask with an ending and raises nothing. Nothing imported at the top of this
module may import openai: a preflight must be cheap.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec
from msgspec import Struct

from dialectic_actors.actors.ports import Ask
from dialectic_actors.llm.addresses import is_address
from dialectic_events.calls import CallAnswered, Ending
from dialectic_events.contents import write_content
from dialectic_events.errors import DialecticError, ExitCode

__all__ = [
    "NoKey",
    "Provider",
    "ProviderFile",
    "Server",
    "Streaming",
    "endpoint_problem",
    "has_prices",
    "open_provider",
    "provider_names",
    "server_of",
]


class NoKey(DialecticError):
    """The variable that holds a provider's key is not set."""


class Provider(Protocol):
    """Answers calls."""

    concurrency: int | None
    """How many calls it takes at once; None for any number."""

    async def complete(self, ask: Ask) -> Ending:
        """Make the call once and say how it ended."""
        ...

    async def aclose(self) -> None:
        """Let go of what is open."""
        ...


@runtime_checkable
class Streaming(Provider, Protocol):
    """A provider that can tell an answer while it comes."""

    async def stream(self, ask: Ask, hear: Callable[[str], None]) -> Ending:
        """Make the call once and say how it ended; `hear` is told the text in pieces."""
        ...


class ProviderFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A provider as its file states it.

    The variables override the address, hold the key and fill headers. `body` are fields added to
    every request, `dialect` is what the server at `base_url` speaks, `structured` and `streamed`
    whether it takes the schema of an answer and gives answers in pieces (elsewhere it is found
    out), `prices` says that the price table applies.
    """

    kind: Literal["openai", "rehearsal", "scripted", "recorded"]
    base_url: str = ""
    base_url_variable: str = ""
    key_variable: str = ""
    headers: Mapping[str, str] = {}
    header_variables: Mapping[str, str] = {}
    body: Mapping[str, Any] = {}
    concurrency: int = 400
    dialect: Literal["responses", "chat"] | None = None
    structured: bool | None = None
    streamed: bool | None = None
    prices: bool = False


class Server(Struct, frozen=True):
    """Where a provider's calls go, and the headers that they carry: the key is one of them, so
    never show these.
    """

    base_url: str
    key_variable: str
    headers: Mapping[str, str]

    def __repr__(self) -> str:
        """Without the key."""
        return f"Server({self.base_url!r})"


class Rehearsal:
    """The debater that needs no model."""

    concurrency: int | None = None

    async def complete(self, ask: Ask) -> Ending:
        """What the rehearsal says; it costs nothing."""
        from dialectic_actors.llm.rehearsal import rehearse, wanted_tools

        wanted = wanted_tools(ask)
        return CallAnswered(
            call=ask.call,
            text="" if wanted else rehearse(ask),
            model="rehearsal",
            cost_usd=0.0,
            finish="tool_calls" if wanted else "stop",
            tools=write_content(wanted) if wanted else "",
        )

    async def aclose(self) -> None:
        """Nothing is open."""


@cache
def _files() -> Mapping[str, Any]:
    folder = resources.files("dialectic_configs") / "providers"
    return {
        path.name.removesuffix(".yaml"): path
        for path in folder.iterdir()
        if path.name.endswith(".yaml")
    }


def provider_names() -> tuple[str, ...]:
    """The names of all providers, in order."""
    return tuple(sorted(_files()))


@cache
def _read(name: str) -> ProviderFile:
    """Raises DialecticError (exit 4) for an unknown name or a file that is not a provider's."""
    import yaml

    path = _files().get(name)
    if path is None:
        near = difflib.get_close_matches(name, provider_names(), n=1)
        fix = f"did you mean {near[0]}?" if near else f"use one of {', '.join(provider_names())}"
        raise _problem(f"there is no provider named {name!r}", fix=fix)
    try:
        return msgspec.convert(yaml.safe_load(path.read_text("utf-8")), ProviderFile)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise _problem(f"not a provider file: {error}", where=str(path)) from error


def endpoint_problem(
    name: str, env: Mapping[str, str], models: Collection[str] = ()
) -> DialecticError | None:
    """What keeps the provider from being opened for `models`, found without opening it.

    None when nothing does.
    """
    try:
        file = _read(name)
        if file.kind == "scripted":
            from dialectic_actors.llm.scripted import Scripted

            Scripted(models)
    except DialecticError as error:
        return error
    if file.kind != "openai":
        return None
    return (
        _key_problem(name, file, env) or _header_problem(file, env) or _address_problem(file, env)
    )


def _header_problem(file: ProviderFile, env: Mapping[str, str]) -> DialecticError | None:
    for header, variable in file.header_variables.items():
        value = env.get(variable, "").strip()
        if not (value.isascii() and value.isprintable()):
            what = f"it would be the header {header}, which takes printable ASCII only"
            where, fix = f"environment variable {variable}", f"unset {variable}, or copy it again"
            return _problem(what, where=where, fix=fix)
    return None


def _key_problem(name: str, file: ProviderFile, env: Mapping[str, str]) -> DialecticError | None:
    key = env.get(file.key_variable, "").strip()
    if not key:
        _, own = _base_url(file, env)
        what = f"{name} needs a key, and {file.key_variable} is not set"
        if not own:
            what += "; a server that asks for none takes any value, but it must be set"
        fix = (
            f"export {file.key_variable}=… or write it into .env; "
            "or add --offline to rehearse without a model"
        )
        where = f"environment variable {file.key_variable}"
        return NoKey(what, where=where, fix=fix, exit_code=ExitCode.CONFIGURATION)
    if not (key.isascii() and key.isprintable()) or " " in key:
        what = "the key holds characters that no key has (blanks, line breaks, typographic signs)"
        return _problem(
            what, where=f"environment variable {file.key_variable}", fix="copy the key again"
        )
    return None


def _address_problem(file: ProviderFile, env: Mapping[str, str]) -> DialecticError | None:
    url, _ = _base_url(file, env)
    where = f"environment variable {file.base_url_variable}"
    if "@" in url:
        # It could not be sent beside the key, and an address is shown to people.
        fix = f"leave out all up to the @, and put the key into {file.key_variable}"
        return _problem("the address holds a name or a password", where=where, fix=fix)
    if is_address(url):
        return None
    fix = "give an address like http://localhost:8000/v1, or unset it"
    what = f"{url!r} is not the address of a server"
    return _problem(what, where=where, fix=fix)


def _base_url(file: ProviderFile, env: Mapping[str, str]) -> tuple[str, bool]:
    """Where calls go, and whether that is the provider's own address."""
    given = env.get(file.base_url_variable, "").strip().rstrip("/")
    return (given, given == file.base_url) if given else (file.base_url, True)


def server_of(name: str, env: Mapping[str, str]) -> Server | None:
    """Where the calls of a provider go; None for one that needs no server.

    Raises DialecticError (exit 4) when there is no such provider, or a key or an address is missing
    or wrong.
    """
    problem = endpoint_problem(name, env)
    if problem is not None:
        raise problem
    file = _read(name)
    if file.kind != "openai":
        return None
    key = env[file.key_variable].strip()
    headers = {**file.headers, "Authorization": f"Bearer {key}"}
    return Server(_base_url(file, env)[0], file.key_variable, headers)


def has_prices(name: str) -> bool | None:
    """Whether the price table says what the calls of a provider cost; None where they are free."""
    file = _read(name)
    return file.prices if file.kind == "openai" else None


def open_provider(
    name: str,
    env: Mapping[str, str],
    *,
    models: Collection[str] = (),
    endings: Mapping[str, Ending] | None = None,
) -> Provider:
    """Open a provider for calls to `models` (scripts are read now). `endings` is what `recorded`
    answers from.

    Raises DialecticError (exit 4) when a key, an address or a script is missing or wrong.
    """
    problem = endpoint_problem(name, env)
    if problem is not None:
        raise problem
    file = _read(name)
    match file.kind:
        case "rehearsal":
            return Rehearsal()
        case "scripted":
            from dialectic_actors.llm.scripted import Scripted

            return Scripted(models)
        case "recorded":
            from dialectic_actors.llm.recorded import Recorded

            return Recorded(endings or {})
        case "openai":
            return _open_endpoint(file, env)


def _open_endpoint(file: ProviderFile, env: Mapping[str, str]) -> Provider:
    from dialectic_actors.llm.openai_dialect import Endpoint, OpenAIDialect
    from dialectic_actors.llm.prices import cost_usd

    url, own = _base_url(file, env)
    takes: dict[Literal["structured", "streamed"], bool] = {}
    if own and file.structured is not None:
        takes["structured"] = file.structured
    if own and file.streamed is not None:
        takes["streamed"] = file.streamed
    endpoint = Endpoint(
        base_url=url,
        key=env[file.key_variable].strip(),
        headers={
            **file.headers,
            **{
                header: env[variable].strip()
                for header, variable in file.header_variables.items()
                if env.get(variable, "").strip()
            },
        },
        body=file.body,
        concurrency=file.concurrency,
        dialect=file.dialect if own else None,
        takes=takes,
    )
    return OpenAIDialect(endpoint, cost_usd if file.prices else None)


def _problem(what: str, *, where: str = "", fix: str = "") -> DialecticError:
    return DialecticError(what, where=where, fix=fix, exit_code=ExitCode.CONFIGURATION)
