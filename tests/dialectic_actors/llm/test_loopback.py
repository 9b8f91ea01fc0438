"""The server that tests and benchmarks trust: deterministic, honest about what it saw, and gone
when nobody needs it.
"""

import json
import os
import subprocess
import sys
import time
import urllib.request
from http.client import HTTPConnection
from pathlib import Path
from statistics import mean
from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.llm.openai_dialect import Endpoint, Found, OpenAIDialect
from support.asks import an_ask, endings_of
from support.loopback import Loopback, Options, Running, answer, serving

TESTS = Path(__file__).parents[2]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(TESTS)}


@given(st.text(max_size=30), st.integers(200, 5000))
def test_an_answer_depends_on_the_prompt_alone_and_keeps_its_size(prompt: str, size: int) -> None:
    """Two systems that ask the same are told the same."""
    text = answer(prompt, size)
    assert text == answer(prompt, size)
    assert abs(len(text) - size) <= 220


def test_drawn_latencies_are_fixed_by_seed_and_prompt_and_have_the_stated_mean() -> None:
    """Log-normal around it, the same in every process."""
    server = Loopback(Options(latency_ms=200, sigma=0.6, seed=3))
    digests = [bytes([index % 256, index // 256]) * 16 for index in range(4000)]
    draws = [server.delay_s(digest) for digest in digests]
    assert draws == [server.delay_s(digest) for digest in digests]
    assert abs(mean(draws) - 0.2) < 0.01
    assert len(set(draws)) > 3900


def test_the_ledger_over_http_is_the_ledger() -> None:
    """Every request with its prompt's digest and its tokens."""
    with serving(dialect="chat") as server:
        provider = OpenAIDialect(Endpoint(base_url=server.url, key="k"), found=Found())
        endings = endings_of(provider, [an_ask(index) for index in range(3)])
        with urllib.request.urlopen(server.url + "/ledger") as reply:
            ledger = json.load(reply)
    assert len(ledger["requests"]) == 4
    billed = [entry for entry in ledger["requests"] if entry["output_tokens"]]
    assert len({entry["digest"] for entry in billed}) == 3
    tokens = sorted(ending.usage.output_tokens for ending in endings if ending.usage)
    assert tokens == sorted(entry["output_tokens"] for entry in billed)


def test_a_server_that_nobody_uses_ends_by_itself() -> None:
    """A benchmark that was killed leaves nothing behind."""
    command = [sys.executable, "-m", "support.loopback", "--options", '{"idle_s": 0.2}']
    done = subprocess.run(
        command, env=ENVIRONMENT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.startswith("http://127.0.0.1:")


def test_a_server_ends_with_the_process_that_started_it() -> None:
    """Also when that one was killed and could not say so."""
    program = (
        "import os, subprocess, sys\n"
        "server = subprocess.Popen([sys.executable, '-m', 'support.loopback'], "
        "stdout=subprocess.PIPE, text=True)\n"
        "server.stdout.readline()\n"
        "print(server.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    server = Path("/proc") / killed.stdout.strip()
    for _ in range(600):
        if not server.exists() or ") Z" in (server / "stat").read_text():
            return
        time.sleep(0.05)
    raise AssertionError("the server outlived its parent")


def asked(server: Running, number: int) -> HTTPConnection:
    """A connection whose request the server has seen, as its request of that number."""
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    body = json.dumps({"messages": [{"role": "user", "content": f"Design part {number}."}]})
    connection.request("POST", "/v1/chat/completions", body)
    while len(server.ledger.requests) < number:
        time.sleep(0.002)
    return connection


def test_answers_are_held_back_until_they_are_released() -> None:
    """Who waits is answered first, then so many more as were released; who left is forgotten."""
    with serving(answers=1) as server:
        asking = [asked(server, 1), asked(server, 2), asked(server, 3)]
        assert 200 == asking[0].getresponse().status
        assert [True, False, False] == [bool(each.answered_s) for each in server.ledger.requests]

        asking.pop(1).close()
        server.release(1)
        asking += [asked(server, 4), asked(server, 5)]
        assert [200, 200] == [each.getresponse().status for each in asking[1:3]]
        assert not server.ledger.requests[4].answered_s

        server.release()
        asking.append(asked(server, 6))
        assert [200, 200] == [each.getresponse().status for each in asking[3:]]
        for connection in asking:
            connection.close()
