"""Asking a server whether it answers: one question, whatever comes back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from dialectic_actors.llm.probe import _date, probe
from dialectic_actors.llm.providers import Server
from support.loopback import serving

KEY = "sk-secret"


@contextmanager
def answering(
    status: int, body: bytes = b"", location: str = ""
) -> Iterator[tuple[str, list[str]]]:
    """A server that always answers so, and the paths with keys that it was asked."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers['Authorization']}")
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Keep the output of tests clean."""

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        server.server_close()


def server(url: str) -> Server:
    """A provider's server, with its key."""
    return Server(url, "OPENAI_API_KEY", {"Authorization": f"Bearer {KEY}"})


def test_models_that_a_server_lists_are_known() -> None:
    """It is asked once, with the key, and says when it is."""
    with answering(200, b'{"data": [{"id": "m1"}, {"id": "m2"}]}') as (url, asked):
        found = probe(server(url), 5.0)

    assert (200, ("m1", "m2")) == (found.status, found.models)
    assert [f"/v1/models Bearer {KEY}"] == asked
    assert found.at is not None
    assert found.at.tzinfo is not None


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": [1]}', b"[" * 100_000, b"\xff", b"<html>"])
def test_an_answer_without_a_list_is_an_answer(body: bytes) -> None:
    """Whatever it says."""
    with answering(200, body) as (url, _):
        assert (200, ()) == ((found := probe(server(url), 5.0)).status, found.models)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
def test_a_refusal_has_its_status(status: int) -> None:
    """It is told as it came."""
    with answering(status) as (url, _):
        assert status == probe(server(url), 5.0).status


def test_a_redirect_takes_the_key_nowhere() -> None:
    """The other server is never asked."""
    with answering(200) as (elsewhere, asked), answering(302, location=elsewhere) as (url, _):
        assert 302 == probe(server(url), 5.0).status

    assert [] == asked


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("Mon, 01 Jan 2024 00:00:00 -0000", datetime(2024, 1, 1, tzinfo=UTC)),
        ("Mon, 01 Jan 2024 00:00:00", datetime(2024, 1, 1, tzinfo=UTC)),
        ("Mon, 01 Jan 2024 00:00:00 +99999999999999", None),
        ("soon", None),
    ],
)
def test_a_date_of_a_server_can_be_compared_or_is_none(date: str, at: datetime | None) -> None:
    """Whatever it says of its zone."""
    assert at == _date({"Date": date})


def test_a_server_that_is_not_there_is_told_with_the_reason() -> None:
    """Nobody listens, no such name, no such address: never an exception."""
    with answering(200) as (url, _):
        pass
    for gone in (url, "http://127.0.0.1:1/v1", "http://\x00/v1", "http://[::1/v1"):
        found = probe(server(gone), 5.0)
        assert found.status is None
        assert found.trouble
        assert KEY not in repr(found)


def test_a_server_like_those_of_tests_answers() -> None:
    """It lists no models, which is no fault."""
    with serving() as running:
        assert 404 == probe(server(running.url), 5.0).status


def test_a_server_is_shown_without_its_key() -> None:
    """Also in a traceback."""
    assert KEY not in repr(server("http://localhost/v1"))
