"""Law 5 and law 12 on the real command: kill it anywhere, resume, and nothing is paid twice."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from support.ledgers import answered, facts, log_of, lost, prompts, sent, tokens
from support.loopback import Ledger, serving
from support.program import dialectic, started

PROBLEM = "Design a queue that must not lose a message"
OPTIONS = ("--seed", "7", "-a", "architect,security,kiss", "-r", "2")
LATENCY_MS = 40.0
CALLS = 26


def wait_for(process: subprocess.Popen[bytes], ledger: Ledger, requests: int) -> None:
    """Until the server has seen so many requests, or the process has ended by itself."""
    while len(ledger.requests) < requests and process.poll() is None:
        time.sleep(0.002)


def kill_points(seed: int) -> list[tuple[int, float]]:
    """Where to kill: after how many further requests, and how many seconds later."""
    draw = random.Random(seed)
    early = [(draw.choice([0, 1]), draw.uniform(0, LATENCY_MS / 1000))]
    late = [(draw.randint(4, 9), draw.uniform(0, 0.06)) for _ in range(draw.randint(1, 2))]
    return early + late if seed % 2 else late


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    """The facts of the same debate when nobody kills it."""
    cwd = tmp_path_factory.mktemp("undisturbed")
    with serving() as server:
        ended = dialectic(cwd, "debate", PROBLEM, *OPTIONS, url=server.url)
    assert 0 == ended.code, ended.err
    with log_of(cwd) as store:
        return facts(store.log("@"))


@pytest.mark.parametrize("seed", range(5))
def test_a_killed_debate_resumes_to_the_same_facts(
    seed: int, undisturbed: Counter[str], tmp_path: Path
) -> None:
    """No answer on record is asked for again, calls under way are repeated once per kill, and the
    log counts what the server counted but for the calls that were lost.
    """
    kept: dict[str, int] = {}
    command: tuple[str, ...] = ("debate", PROBLEM, *OPTIONS)
    with serving(latency_ms=LATENCY_MS, sigma=0.4, seed=seed) as server:
        for further, pause_s in kill_points(seed):
            seen = len(server.ledger.requests)
            # Held answers keep the debate from ending before it is killed.
            server.release(further)
            process = started(tmp_path, *command, url=server.url)
            wait_for(process, server.ledger, seen + further)
            time.sleep(pause_s)
            process.kill()
            process.communicate()
            assert -signal.SIGKILL == process.returncode
            if (tmp_path / "debates" / "log.db").exists():
                with log_of(tmp_path) as store:
                    if store.runs():
                        command = ("resume",)
                        digests, counts = prompts(store, "@"), sent(server.ledger)
                        for call in answered(store, "@"):
                            kept.setdefault(digests[call], counts[digests[call]])
        server.release()
        ended = dialectic(tmp_path, *command, url=server.url)
        counts = sent(server.ledger)

    assert 0 == ended.code, ended.err
    with log_of(tmp_path) as store:
        digests, repeats = prompts(store, "@"), lost(store, "@")
        assert undisturbed == facts(store.log("@"))
        assert kept
        assert kept == {digest: counts[digest] for digest in kept}
        assert CALLS == len(set(digests.values()))
        for call, digest in digests.items():
            assert 1 <= counts[digest] <= 1 + repeats[call]
        billed = {entry.digest: entry for entry in server.ledger.answered}
        assert tokens(store["@"].run) == (
            sum(entry.input_tokens for entry in billed.values()),
            sum(entry.output_tokens for entry in billed.values()),
        )
        assert 1 == len(list(store.verify()))


def test_a_debate_killed_before_its_first_call_leaves_nothing_to_pay(tmp_path: Path) -> None:
    """Whatever was recorded by then can be resumed; what was not is simply not there."""
    with serving() as server:
        # It waits for its problem, however slowly the signal comes.
        waiting = ("debate", "-p", "-", *OPTIONS)
        process = started(tmp_path, *waiting, url=server.url, stdin=subprocess.PIPE)
        process.kill()
        process.communicate()
        listed = dialectic(tmp_path, "ls")

        assert (0, "") == (listed.code, listed.out)
        assert [] == server.ledger.requests


def test_a_second_resume_of_a_live_run_is_refused_and_names_its_owner(tmp_path: Path) -> None:
    """Only one process may continue a run; the other says which one has it, and calls nobody."""
    with serving(answers=0) as server:
        process = started(tmp_path, "debate", PROBLEM, *OPTIONS, url=server.url)
        wait_for(process, server.ledger, 3)
        before = len(server.ledger.requests)
        second = dialectic(tmp_path, "resume", url=server.url)
        heads = [entry.head for entry in server.ledger.requests]
        process.kill()
        process.communicate()

    assert (1, "") == (second.code, second.out)
    assert f":{process.pid}:" in second.err
    assert 1 == second.err.count("error: ")
    assert before == len(heads)


def test_resuming_an_ended_run_prints_its_solution_again(tmp_path: Path) -> None:
    """Nothing is left to do, no key is needed, and the exit code is that of the run."""
    first = dialectic(tmp_path, "debate", PROBLEM, *OPTIONS, "--offline")
    again = dialectic(tmp_path, "resume", "-o", "state.json", network=False)
    plain = dialectic(tmp_path, "resume", network=False)

    assert (0, first.out) == (plain.code, plain.out)
    assert "nothing is left to do" in plain.err
    assert 0 == again.code
    assert (tmp_path / "state.json").read_text(encoding="utf-8").startswith("{")
