"""An OpenAI-compatible server on this machine, for tests and benchmarks: it fails on demand and
counts every request.

A raw asyncio protocol, so that the client is what a benchmark measures. Nothing of the product may
be imported here: the server is the independent witness of what was sent. `python -m
support.loopback --port 0` prints its URL.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import os
import random
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from support.dialects import Asked, Said, events, fitting, read_asked, shape, typed
from support.ledger import Dialect, Entry, Fault, Ledger, Options

__all__ = [
    "Dialect",
    "Entry",
    "Fault",
    "Ledger",
    "Loopback",
    "Options",
    "Running",
    "answer",
    "serving",
]

ABSENT = 404
HUGE_BYTES = 17 * 1024 * 1024
POLL_S = 0.25
STREAM = {"content-type": "text/event-stream"}

_SENTENCES = (
    "Every write carries an idempotency key, so a repeated request settles once.",
    "The hot path must stay below 150 ms at the 99th percentile; everything else can wait.",
    "- **Risk:** a regional outage leaves carts readable but not payable for minutes.",
    "- **Mitigation:** replicate the log synchronously to two zones, asynchronously to a third.",
    "A queue between intake and settlement absorbs the peak of the evening sale.",
    "We accept stale reads of prices up to 30 seconds, because checkout verifies them again.",
    "Keys are rotated every 90 days and never leave the hardware module.",
    "One team can operate this with the tools that it already knows.",
)


def answer(prompt: str, size: int) -> str:
    """Markdown of about `size` bytes that depends on nothing but the prompt."""
    digest = sha256(prompt.encode("utf-8", "replace")).digest()
    first, lines, length = digest[0], [f"## Answer {digest.hex()[:8]}", ""], 24
    for index in range(max(1, size)):
        line = _SENTENCES[(first + index * (digest[1] | 1)) % len(_SENTENCES)]
        lines.append(line)
        length += len(line) + 1
        if length >= size - 120:
            break
    lines += ["", "## Requirements Coverage", "", "- must survive an outage → replicated log"]
    lines += ["", f"Confidence: {60 + digest[2] % 40}/100"]
    return "\n".join(lines)


class Loopback:
    """The server's behavior apart from its sockets."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.ledger = Ledger()
        self.open: set[_Connection] = set()
        self.last_seen = time.monotonic()
        self._left = [fault.times for fault in options.faults]
        self._answered_up_to = math.inf if options.answers is None else options.answers
        self._held: dict[_Connection, Callable[[], None]] = {}

    def fault(self, path: str, body: bytes) -> Fault | None:
        """The fault that the next request meets, counted down."""
        for index, fault in enumerate(self.options.faults):
            left = self._left[index]
            if left == 0 or fault.path not in path or fault.contains.encode() not in body:
                continue
            self._left[index] = None if left is None else left - 1
            return fault
        return None

    def give(self, connection: _Connection, reply: Callable[[], None]) -> None:
        """Reply, or hold the answer back until it is released."""
        if len(self.ledger.requests) <= self._answered_up_to:
            reply()
        else:
            self._held[connection] = reply

    def release(self, further: float) -> None:
        """Answer all that is held back, and so many further requests."""
        self._answered_up_to = len(self.ledger.requests) + further
        held, self._held = self._held, {}
        for reply in held.values():
            reply()

    def forget(self, connection: _Connection) -> None:
        """The connection is gone, and nobody waits at it any more."""
        self.open.discard(connection)
        self._held.pop(connection, None)

    def serves(self, path: str) -> bool:
        """Whether this dialect has the path."""
        if path.endswith("/chat/completions"):
            return self.options.dialect != "responses"
        return path.endswith("/responses") and self.options.dialect != "chat"

    def delay_s(self, digest: bytes) -> float:
        """How long the model seems to think."""
        mean = self.options.latency_ms / 1000
        if not mean or not self.options.sigma:
            return mean
        draw = random.Random(digest + self.options.seed.to_bytes(8, "big", signed=True))
        sigma = self.options.sigma
        return draw.lognormvariate(math.log(mean) - sigma * sigma / 2, sigma)

    def refusal(self, asked: Asked) -> dict[str, Any] | None:
        """Why the request is a bad one for this server."""
        if asked.stream and not self.options.streams:
            return {"message": "streaming is not supported here", "param": "stream"}
        if asked.schema is not None and not self.options.structured:
            message = "'response_format' of type 'json_schema' is not supported with this model"
            return {"message": message, "type": "invalid_request_error"}
        return None

    def say(self, asked: Asked) -> Said:
        """What the model says: tools first, then what the prompt or the schema wants."""
        given = len(asked.prompt) // 4 + 1
        uses = tuple(use for use in self.options.uses if use[0] in asked.tools)
        if uses and not asked.used:
            return Said("", (given, sum(len(arguments) for _, arguments in uses) // 4 + 1), uses)
        text = answer(asked.prompt, self.options.answer_bytes)
        wanted = typed(asked.prompt, text)
        if wanted is None and asked.schema is not None:
            wanted = msgspec.json.encode(fitting(asked.schema)).decode()
        text = text if wanted is None else wanted
        return Said(text, (given, len(text) // 4 + 1))


class _Connection(asyncio.Protocol):
    def __init__(self, server: Loopback) -> None:
        self.server = server
        self.buffer = bytearray()
        self.busy = False
        self.is_open_ended = False
        self.head = ""
        self.arrived_s = 0.0
        self.entry: Entry | None = None
        self.transport: asyncio.Transport | None = None
        self.timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.ledger.connections += 1
        self.server.open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.forget(self)
        self.server.last_seen = time.monotonic()
        self.transport = None
        if self.timer is not None:
            self.timer.cancel()
        if self.busy:
            self.server.ledger.in_flight -= 1

    def close(self) -> None:
        """Cut the connection."""
        if self.transport is not None:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self._next()

    def _next(self) -> None:
        while not self.busy:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self.buffer[:end])
            mark = head.lower().find(b"content-length:")
            length = int(head[mark + 15 :].split(b"\r\n", 1)[0]) if mark >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            body = bytes(self.buffer[end + 4 : end + 4 + length])
            del self.buffer[: end + 4 + length]
            self._request(head, body)

    def _request(self, head: bytes, body: bytes) -> None:
        method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        path = target.split("?", 1)[0]
        server = self.server
        if method == "GET":
            known = path.endswith("/ledger")
            self._send(200 if known else ABSENT, msgspec.json.encode(server.ledger))
            return
        ledger = server.ledger
        ledger.in_flight += 1
        ledger.in_flight_max = max(ledger.in_flight_max, ledger.in_flight)
        self.busy = True
        self.arrived_s = time.monotonic()
        self.head = head.decode("latin-1")
        try:
            asked = read_asked(body)
        except msgspec.MsgspecError as error:
            self._refuse(path, "", None, 400, {"message": str(error), "code": "invalid_json"})
            return
        digest = sha256(asked.prompt.encode())
        name = digest.hexdigest()
        fault = server.fault(path, body)
        refusal = server.refusal(asked)
        if fault is not None:
            self._fail(fault, path, name, asked)
        elif not server.serves(path):
            message = {"message": f"no route {path}", "type": "not_found"}
            self._refuse(path, name, asked, ABSENT, message)
        elif refusal is not None:
            self._refuse(path, name, asked, 400, refusal)
        else:
            self._answer(path, asked, digest.digest())

    def _answer(self, path: str, asked: Asked, digest: bytes) -> None:
        said = self.server.say(asked)
        name = digest.hex()
        self._note(path, name, asked, 200, *said.tokens)
        shaped = shape(path, asked.model, said, name[:24], self.server.options.cost_usd)
        delay_s = self.server.delay_s(digest)
        if asked.stream:
            body, headers = b"".join(events(path, shaped)), STREAM
        else:
            body, headers = msgspec.json.encode(shaped), None
        self.server.give(self, partial(self._reply, 200, body, headers, delay_s=delay_s))

    def _note(
        self, path: str, name: str, asked: Asked | None, status: int, given: int = 0, made: int = 0
    ) -> None:
        model, wants = ("", ()) if asked is None else (asked.model, asked.wants)
        self.entry = Entry(
            path, name, model, status, given, made, self.head, self.arrived_s, wants=wants
        )
        self.server.ledger.requests.append(self.entry)

    def _refuse(
        self, path: str, name: str, asked: Asked | None, status: int, error: dict[str, Any]
    ) -> None:
        self._note(path, name, asked, status)
        self._reply(status, msgspec.json.encode({"error": error}))

    def _fail(self, fault: Fault, path: str, name: str, asked: Asked) -> None:
        status = fault.status if fault.kind == "status" else 200
        self._note(path, name, asked, status)
        plain = {"error": {"message": f"fault {fault.kind} {status}", "code": None}}
        match fault.kind:
            case "status":
                body = msgspec.json.encode(plain) if fault.body is None else fault.body.encode()
                self._reply(status, body, fault.headers)
            case "error-200":
                error = {"error": {"message": "upstream failed", "code": 502}}
                body = msgspec.json.encode(error) if fault.body is None else fault.body.encode()
                self._reply(200, body, fault.headers)
            case "empty":
                self._reply(200, msgspec.json.encode(_shaped(path, asked, "")))
            case "malformed":
                self._reply(200, b'{"id": "x", "choices": [{"mess')
            case "foreign":
                self._reply(200, b'{"hello": "world"}')
            case "surrogate":
                body = msgspec.json.encode(_shaped(path, asked, "one MARK two"))
                self._reply(200, body.replace(b"MARK", b"\\ud800"))
            case "huge":
                self._reply(200, msgspec.json.encode(_shaped(path, asked, "x" * HUGE_BYTES)))
            case "reset":
                self.close()
            case "hang":
                pass
            case "cut" | "unended" | "error-inside" | "unclosed":
                self._break_off(fault, events(path, _shaped(path, asked, "It breaks off here.")))

    def _break_off(self, fault: Fault, written: list[bytes]) -> None:
        """Stream an answer that does not end as it should."""
        body = b"".join(written if fault.kind == "unclosed" else written[: len(written) // 2])
        if fault.kind == "error-inside":
            error = fault.body or '{"error": {"message": "upstream failed", "code": 502}}'
            body += b"data: " + error.encode() + b"\n\n"
        self.is_open_ended = fault.kind in ("cut", "unclosed")
        self._reply(200, body, STREAM)
        if fault.kind == "cut" and self.transport is not None:
            self.transport.close()

    def _reply(
        self,
        status: int,
        body: bytes,
        headers: dict[str, str] | None = None,
        delay_s: float = 0.0,
    ) -> None:
        if delay_s:
            loop = asyncio.get_running_loop()
            self.timer = loop.call_later(delay_s, self._finish, status, body, headers)
        else:
            self._finish(status, body, headers)

    def _finish(self, status: int, body: bytes, headers: dict[str, str] | None) -> None:
        self.busy = False
        self.server.ledger.in_flight -= 1
        if self.entry is not None:
            self.entry.answered_s = time.monotonic()
        self._send(status, body, headers)
        self._next()

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        if self.transport is None:
            return
        given = {"content-type": "application/json"} | (headers or {})
        lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        if headers is STREAM:
            head = f"HTTP/1.1 {status} X\r\n{lines}transfer-encoding: chunked\r\n\r\n"
            chunk = f"{len(body):x}\r\n".encode() + body + b"\r\n"
            end = b"" if self.is_open_ended else b"0\r\n\r\n"
            self.transport.write(head.encode() + chunk + end)
            return
        head = f"HTTP/1.1 {status} X\r\n{lines}content-length: {len(body)}\r\n\r\n"
        self.transport.write(head.encode() + body)


def _shaped(path: str, asked: Asked, text: str) -> dict[str, Any]:
    return shape(path, asked.model, Said(text, (10, 0)), "fault")


class Running(Struct, frozen=True):
    """A server in this process: where it listens, and its ledger (read it when nothing is in
    flight).
    """

    url: str
    ledger: Ledger
    _release: Callable[[float], None]

    def release(self, further: float = math.inf) -> None:
        """Answer all that is held back, and so many further requests; unless it is said, all."""
        self._release(further)


async def _listen(loopback: Loopback, port: int) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: _Connection(loopback), "127.0.0.1", port, backlog=4096)


def _url(server: asyncio.Server) -> str:
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


@contextlib.contextmanager
def serving(options: Options | None = None, /, **changes: Any) -> Iterator[Running]:
    """A server in a thread of this process, for as long as the block runs. `changes` are fields of
    `Options`.
    """
    loopback = Loopback(options or Options(**changes))
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(_listen(loopback, 0))
    thread = threading.Thread(target=loop.run_forever, name="loopback", daemon=True)
    thread.start()

    def release(further: float) -> None:
        loop.call_soon_threadsafe(loopback.release, further)

    try:
        yield Running(_url(server), loopback.ledger, release)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        for connection in list(loopback.open):
            connection.close()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


async def _serve(options: Options, port: int) -> None:
    loopback = Loopback(options)
    parent = os.getppid()
    async with await _listen(loopback, port) as server:
        sys.stdout.write(_url(server) + "\n")
        sys.stdout.flush()
        while os.getppid() == parent:
            if not loopback.open and time.monotonic() - loopback.last_seen > options.idle_s:
                return
            await asyncio.sleep(POLL_S)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until the parent process is gone or nobody has been connected for the idle limit."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--options", default="{}", help="fields of Options, as JSON")
    given = parser.parse_args(arguments)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(msgspec.json.decode(given.options, type=Options), given.port))


if __name__ == "__main__":
    main()
