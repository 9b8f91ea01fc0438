"""Answers that no well-behaved server gives: every one ends as a value, with all that is known."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import pytest

from dialectic_actors.llm.openai_dialect import Endpoint, Found, OpenAIDialect
from dialectic_events.calls import CallFailed
from support.asks import an_ask, endings_of
from support.systems import PATIENCE_S

BUSY = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\nContent-Type: application/json\r\n"


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """A server that takes one request, says `answer` whatever was asked, and hangs up."""

    def serve() -> None:
        with closing(listener.accept()[0]) as taken:
            asked = b""
            while b"\r\n\r\n" not in asked:
                asked += taken.recv(65536)
            # A client may have heard enough before all is said.
            with suppress(OSError):
                taken.sendall(answer)
                taken.shutdown(socket.SHUT_WR)
                while taken.recv(65536):
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE_S)
        server = threading.Thread(target=serve)
        server.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        server.join(PATIENCE_S)


def failure(answer: bytes) -> CallFailed:
    """How a call fails that is answered like this."""
    with answering(answer) as url:
        endpoint = Endpoint(base_url=url, key="k", dialect="chat")
        (ending,) = endings_of(OpenAIDialect(endpoint, found=Found()), [an_ask()])
    assert isinstance(ending, CallFailed)
    return ending


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 9000 + b"\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"",
    ],
    ids=["another protocol", "a long header", "a wrong chunk", "nothing"],
)
def test_what_is_no_http_is_a_lost_connection(answer: bytes) -> None:
    """It may be asked again, and nothing is raised."""
    assert "connection" == failure(answer).error


@pytest.mark.parametrize(
    "rest",
    [
        b'Content-Length: 500\r\n\r\n{"error": {"mess',
        b"Content-Length: 3\r\nContent-Encoding: gzip\r\n\r\nabc",
        b"Content-Length: 20000000\r\n\r\n" + b"x" * 20_000_000,
    ],
    ids=["cut off", "not what it says", "too much"],
)
def test_a_refusal_counts_even_if_its_body_cannot_be_read(rest: bytes) -> None:
    """Its status says what it is, its header when to come back."""
    ending = failure(BUSY + rest)

    assert ("rate-limited", 429, 3.0) == (ending.error, ending.status, ending.retry_after_s)


def test_a_refusal_in_a_strange_encoding_is_read_as_text() -> None:
    """No name of an encoding makes a defect of it."""
    said = b"HTTP/1.1 500 Oops\r\nContent-Type: text/plain; charset=base64\r\nContent-Length: 4\r\n"
    ending = failure(said + b"\r\nsad!")

    assert ("server", "sad!") == (ending.error, ending.detail)
