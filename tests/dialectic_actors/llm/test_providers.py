"""Providers by name: what is missing is said before the first call."""

import subprocess
import sys
from pathlib import Path

import pytest

from dialectic_actors.llm.providers import endpoint_problem, open_provider, provider_names
from dialectic_events.calls import CallAnswered, CallFailed
from dialectic_events.errors import DialecticError, ExitCode
from support.asks import an_ask, endings_of
from support.loopback import serving

ENDPOINTS = [
    ("openai", "OPENAI_API_KEY", "OPENAI_BASE_URL"),
    ("openrouter", "OPENROUTER_API_KEY", "OPENROUTER_BASE_URL"),
]


@pytest.mark.parametrize(("name", "key", "address"), ENDPOINTS)
@pytest.mark.parametrize("value", [None, "", "  \n"])
def test_a_missing_key_names_its_variable_and_the_way_without(
    name: str, key: str, address: str, value: str | None
) -> None:
    """Also for a server of one's own, which gets any value."""
    for url in ({}, {address: "http://127.0.0.1:9/v1"}):
        problem = endpoint_problem(name, url if value is None else {**url, key: value})
        assert problem is not None
        assert problem.exit_code == ExitCode.CONFIGURATION
        assert key in problem.where
        assert "--offline" in problem.fix
        assert ("takes any value" in problem.what) == bool(url)


@pytest.mark.parametrize("value", ["sk one", "sk-\u2026", "sk\n1"])
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(value: str) -> None:
    """Most are broken by copying."""
    problem = endpoint_problem("openai", {"OPENAI_API_KEY": value})
    assert problem is not None
    assert value not in str(problem)


@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://x/v1", "http://", "http://[::1", "http://a:0"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """With the variable that holds it."""
    problem = endpoint_problem("openai", {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": url})
    assert problem is not None
    assert "OPENAI_BASE_URL" in problem.where


def test_an_unknown_provider_is_refused_with_a_suggestion() -> None:
    """A letter too few is the usual reason."""
    problem = endpoint_problem("opnai", {})
    assert problem is not None
    assert (problem.exit_code, problem.fix) == (ExitCode.CONFIGURATION, "did you mean openai?")
    with pytest.raises(DialecticError, match="no provider named 'opnai'"):
        open_provider("opnai", {})


def test_local_providers_need_nothing() -> None:
    """No key, no address, no limit."""
    assert {"openai", "openrouter", "recorded", "rehearsal", "scripted"} == set(provider_names())
    for name in ("recorded", "rehearsal", "scripted"):
        assert endpoint_problem(name, {}) is None
        assert open_provider(name, {}).concurrency is None


@pytest.mark.parametrize(("name", "key", "address"), ENDPOINTS)
def test_a_base_url_is_honored_and_its_dialect_found_out(name: str, key: str, address: str) -> None:
    """Keys and calls go there and nowhere else."""
    with serving(dialect="chat") as server:
        provider = open_provider(name, {key: " any \n", address: server.url + "/"})
        (ending,) = endings_of(provider, [an_ask()])
        assert all("Bearer any\r\n" in entry.head for entry in server.ledger.requests)
    assert isinstance(ending, CallAnswered)
    assert provider.concurrency == 400
    # Only OpenAI's own price list is known; OpenRouter states costs itself.
    assert (ending.cost_usd is None) == (name == "openrouter")


@pytest.mark.parametrize("url", ["http://me:hidden@a/v1", "http://hidden@a", "ftp://me:hidden@a"])
def test_an_address_with_a_password_is_refused_and_not_shown(url: str) -> None:
    """It could not be sent beside the key, and an address is shown to people."""
    problem = endpoint_problem("openai", {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": url})
    assert problem is not None
    assert "hidden" not in str(problem)


def test_what_a_file_states_of_its_own_server_is_not_believed_of_another() -> None:
    """OpenAI takes schemas; a server at its variable is asked."""
    with serving(structured=False) as server:
        env = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": server.url}
        endings_of(open_provider("openai", env), [an_ask()])
        schema = '{"type": "object", "properties": {}}'
        asks = [an_ask(index, schema=schema) for index in range(10)]
        endings = endings_of(open_provider("openai", env), asks)
        assert [200, 400] + [200] * 10 == [entry.status for entry in server.ledger.requests]
    assert {CallAnswered} == {type(ending) for ending in endings}


def test_a_wrong_script_is_found_by_the_preflight(tmp_path: Path) -> None:
    """As early as a missing key."""
    problem = endpoint_problem("scripted", {}, [str(tmp_path / "gone.yaml")])
    assert problem is not None
    assert "gone.yaml" in problem.where


@pytest.mark.parametrize(("name", "key", "address"), ENDPOINTS)
def test_an_organization_is_named_to_openai_alone(
    name: str, key: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK would name it to every server."""
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    with serving() as server:
        env = {key: "k", address: server.url, "OPENAI_ORG_ID": "org-1"}
        endings_of(open_provider(name, env), [an_ask()])
        (entry,) = server.ledger.requests
    assert ("org-1" in entry.head) == (name == "openai")
    assert ("x-title: dialectic - multi-agent debate" in entry.head.lower()) == (
        name == "openrouter"
    )


@pytest.mark.parametrize("header", ["Authorization", "authorization", "X-Team", "content-type"])
def test_headers_that_the_sdk_reads_from_the_environment_are_not_sent(
    header: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are meant for one server, and the SDK would send them to all."""
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"{header}: team-secret")
    with serving() as server:
        env = {"OPENROUTER_API_KEY": "k", "OPENROUTER_BASE_URL": server.url}
        endings_of(open_provider("openrouter", env), [an_ask()])
        (entry,) = server.ledger.requests

    assert "team-secret" not in entry.head
    assert "Authorization: Bearer k\r\n".lower() in entry.head.lower()


@pytest.mark.parametrize("value", ["Gesellschaft für Kühlung", "one\ntwo"])
def test_a_name_that_no_header_can_hold_is_refused(value: str) -> None:
    """Before the first call, with the variable to mend."""
    env = {"OPENAI_API_KEY": "sk-test", "OPENAI_ORG_ID": value}
    error = endpoint_problem("openai", env)

    assert error is not None
    assert "environment variable OPENAI_ORG_ID" == error.where
    assert "OpenAI-Organization" in error.what


def test_the_rehearsal_costs_nothing_and_needs_nobody() -> None:
    """The same words for the same ask."""
    first, second = (endings_of(open_provider("rehearsal", {}), [an_ask()])[0] for _ in range(2))
    assert isinstance(first, CallAnswered)
    assert isinstance(second, CallAnswered)
    assert (first.model, first.cost_usd, first.usage) == ("rehearsal", 0.0, None)
    assert first.text == second.text
    assert first.text.strip()


def test_a_recording_is_handed_in_when_it_is_opened() -> None:
    """Without one, every call fails."""
    said = CallAnswered(call=an_ask().call, text="yes", model="m")
    (with_it,) = endings_of(open_provider("recorded", {}, endings={said.call: said}), [an_ask()])
    (without,) = endings_of(open_provider("recorded", {}), [an_ask()])
    assert isinstance(with_it, CallAnswered)
    assert isinstance(without, CallFailed)


def test_a_preflight_imports_neither_openai_nor_a_transport() -> None:
    """It must stay cheap."""
    program = (
        "import sys\n"
        "from dialectic_actors.llm.gateway import LoopGateway\n"
        "from dialectic_actors.llm.providers import endpoint_problem\n"
        "assert endpoint_problem('openai', {}) is not None\n"
        "print(*{'openai', 'aiohttp', 'httpx2', 'pydantic'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
